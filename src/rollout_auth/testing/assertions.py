"""``assert_connect_token``: check what a token says, and show how it differs."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from rollout_auth import NAMESPACE, AuthData, ClientCredentials, ConnectToken, VerificationError, verify_connect_token
from rollout_auth._secrecy import HIDDEN, sealed
from rollout_auth._text import checked_user_id
from rollout_auth.auth_data import FrozenObject, check_auth_data
from rollout_auth.connect_token import Namespace

__tracebackhide__ = True

_ANYTHING = AuthData("whatever the token says")


@sealed
def assert_connect_token(
    token: str | bytes,
    *,
    user_id: str,
    auth_data: AuthData | None = _ANYTHING,
    credentials: ClientCredentials | None = None,
    namespace: Namespace = NAMESPACE,
    now: datetime | None = None,
) -> ConnectToken:
    """Assert that a token verifies and contains this user id and, if given, this authData. Returns what it says.

    Args:
        token: the compact JWT.
        user_id: the expected ``sub``.
        auth_data: the expected authData, or None for none; if it is left out, any authData is accepted.
        credentials: None reads the environment.
        namespace: the claim in which authData is expected.
        now: the instant to verify at; None is the current time.

    Raises ``AssertionError``, whose message has every difference and no secret. Wrong arguments raise ``TypeError``,
    ``InvalidUserIdError`` or ``ConfigurationError``.
    """
    user_id = checked_user_id(user_id)
    if auth_data is not None:
        check_auth_data(auth_data)
    try:
        verified = verify_connect_token(token, credentials=credentials, namespace=namespace, now=now)
    except VerificationError as error:
        problem = f"the connect token is refused: {error} [{error.code}]"
    else:
        differences = _differences(verified, user_id, auth_data)
        if not differences:
            return verified
        problem = "\n  ".join(["the connect token is not as expected:", *differences])
    raise AssertionError(problem)


def _differences(verified: ConnectToken, user_id: str, auth_data: AuthData | None) -> list[str]:
    lines: list[str] = []
    if verified.user_id != user_id:
        lines.append(f"user_id: {verified.user_id!r}, expected {user_id!r}")
    if auth_data is _ANYTHING or verified.auth_data == auth_data:
        return lines
    if verified.auth_data is None or auth_data is None:
        lines.append(f"auth_data: {verified.auth_data!r}, expected {auth_data!r}")
        return lines
    found, expected = verified.auth_data.to_dict(), auth_data.to_dict()
    for name in found | expected:
        if name not in expected:
            lines.append(f"authData.{name}: present, expected to be absent")
        elif name not in found:
            lines.append(f"authData.{name}: absent, expected {_shown(name, expected[name])}")
        elif FrozenObject({"value": found[name]}) != FrozenObject({"value": expected[name]}):
            pair = [_shown(name, value) for value in (found[name], expected[name])]
            lines.append(f"authData.{name}: {pair[0]}, expected {'another value' if pair[0] == pair[1] else pair[1]}")
    return lines


def _shown(name: str, value: object) -> str:
    """A number as it is, but only the length of a string, because it may be a secret."""
    if name == "expiresIn":
        return str(cast("int", value))
    return f"<hidden, {len(value)} characters>" if isinstance(value, str) else HIDDEN
