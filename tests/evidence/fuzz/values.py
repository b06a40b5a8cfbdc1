"""Targets for values: JSON, authData, credentials, and the tokens that are signed from them."""

from __future__ import annotations

import json
from datetime import timedelta

from rollout_auth import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    AuthData,
    ClientCredentials,
    ConfigurationError,
    ConnectToken,
    ConnectTokenSigner,
    InvalidAuthDataError,
    InvalidUserIdError,
    MalformedTokenError,
    generate_connect_token,
    verify_connect_token,
)
from rollout_auth._json import loads_object

from .common import CREDENTIALS, NOW, by_rfc_7493, read_by_pyjwt

_SIGNER = ConnectTokenSigner(CREDENTIALS)
_LONG = "long-enough-for-HS512-" + "0123456789abcdef" * 4


def strict_json(data: bytes) -> None:
    """The strict parser accepts exactly the objects that json.loads reads and RFC 7493 allows, with the same value."""
    try:
        value: object = loads_object(data, "it", MalformedTokenError)
    except MalformedTokenError:
        value = None
    assert repr(value) == repr(by_rfc_7493(data))


def auth_data(data: bytes) -> None:
    """Any JSON raises InvalidAuthDataError, or is AuthData that writes the same JSON, and is equal when read again."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        built = AuthData.from_dict(value)
    except InvalidAuthDataError:
        return
    again = AuthData.from_dict(loads_object(json.dumps(built.to_dict()).encode(), "it", MalformedTokenError))
    assert json.dumps(built.to_dict(), sort_keys=True) == json.dumps(value, sort_keys=True)
    assert (built, hash(built)) == (again, hash(again))


def credentials(data: bytes) -> None:
    """Any id and secrets raise ConfigurationError, or PyJWT verifies our tokens, and we accept the previous secret."""
    client_id, secret, previous = (*data.decode("utf-8", "surrogateescape").split("\n"), "", "")[:3]
    try:
        built = ClientCredentials(client_id, secret + _LONG, [_LONG + previous])
    except ConfigurationError:
        return
    token = generate_connect_token("user-1", credentials=built, now=NOW)
    assert read_by_pyjwt(token, [secret + _LONG])["payload"]["iss"] == client_id
    rotated = ClientCredentials(client_id, _LONG + previous)
    token = generate_connect_token("user-1", credentials=rotated, now=NOW)
    assert verify_connect_token(token, credentials=built, now=NOW).client_id == client_id


def sign(data: bytes) -> None:
    """Any user id and authData are refused as such, or both we and PyJWT read exactly these in the token."""
    user_id, built = _user(data)
    try:
        token = _SIGNER.sign(user_id, built, now=NOW)
    except (InvalidUserIdError, InvalidAuthDataError):
        return
    verified = verify_connect_token(token, credentials=CREDENTIALS, now=NOW)
    assert verified == ConnectToken(CREDENTIALS.client_id, user_id, built, NOW, NOW + timedelta(hours=1))
    now = int(NOW.timestamp())
    claims: dict[str, object] = {"iss": CREDENTIALS.client_id, "sub": user_id, "iat": now, "exp": now + 3600}
    if built is not None:
        claims[NAMESPACE] = {"authData": built.to_dict()}
    assert read_by_pyjwt(token, CREDENTIALS.secrets)["payload"] == claims


def generate_legacy(data: bytes) -> None:
    """With the legacy namespace, dev and a lifetime of one second, the token says exactly what it was made from."""
    user_id, built = _user(data)
    second = timedelta(seconds=1)
    try:
        token = generate_connect_token(
            user_id, built, credentials=CREDENTIALS, ttl=second, namespace=LEGACY_NAMESPACE, dev=True, now=NOW
        )
    except (InvalidUserIdError, InvalidAuthDataError):
        return
    verified = verify_connect_token(token, credentials=CREDENTIALS, namespace=LEGACY_NAMESPACE, now=NOW)
    assert verified == ConnectToken(CREDENTIALS.client_id, user_id, built, NOW, NOW + second, dev=True)


def _user(data: bytes) -> tuple[str, AuthData | None]:
    """The first line is the user id, and JSON after it the authData; without usable JSON, there is none."""
    user_id, _, text = data.partition(b"\n")
    try:
        built = AuthData.from_dict(json.loads(text))
    except (ValueError, RecursionError):
        built = None
    return user_id.decode("utf-8", "surrogateescape"), built
