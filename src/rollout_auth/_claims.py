"""The claims of a connect token: their names, and the strict reading of what a verified token says.

Sources: docs.rollout.com/documentation/authenticating-with-rollout (``iss``, ``sub``, ``iat`` and ``exp`` are required;
the namespace key ``rollout.com``), the same page at docs.rollouthq.com (the legacy key ``rollouthq.com`` and ``dev``),
npm ``@rollout/framework`` 2.2.169 (``zConsumerTokenData``), the RolloutHQ/rollout-hq-docs repository (a lifetime of
more than one hour is refused), and RFC 7519 section 4.1 (what the registered claims mean).
"""

from __future__ import annotations

from typing import Literal

from ._checks import LAST_SECOND, instant
from ._json import as_object
from .auth_data import AuthData
from .errors import (
    ConfigurationError,
    InvalidAuthDataError,
    InvalidClaimError,
    TokenExpiredError,
    TokenNotYetValidError,
)

NAMESPACE: Literal["rollout.com"] = "rollout.com"
"""The claim that holds ``authData``."""

LEGACY_NAMESPACE: Literal["rollouthq.com"] = "rollouthq.com"
"""The claim's earlier name. A Rollout of today ignores it, and authData with it, without an error."""

Namespace = Literal["rollout.com", "rollouthq.com"]

_OTHER_NAMES = (NAMESPACE, LEGACY_NAMESPACE, "authData")

MAX_LIFETIME = 3600
"""Seconds between ``iat`` and ``exp``."""


def check_dev(dev: bool) -> None:
    """Raise ``TypeError`` for anything but a ``bool``."""
    if not isinstance(dev, bool):
        raise TypeError(f"dev is {type(dev).__name__}: pass True or False")


def checked_namespace(namespace: str) -> Namespace:
    """One of the two names, whatever the class of the ``str``. Raises ``ConfigurationError`` for any other."""
    for known in (NAMESPACE, LEGACY_NAMESPACE):
        if isinstance(namespace, str) and namespace == known:
            return known
    raise ConfigurationError(f"the namespace must be {NAMESPACE!r} or, on legacy, {LEGACY_NAMESPACE!r}")


def text_claim(claims: dict[str, object], name: str) -> str:
    """A required claim that is a string with text. Raises ``InvalidClaimError``."""
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        state = "is missing" if name not in claims else "is not a string with text"
        raise InvalidClaimError(f"{name} {state}: sign with a string", claim=name)
    return value


def seconds_claim(claims: dict[str, object], name: str) -> int:
    """A claim that is a time, in whole seconds since 1970. Raises ``InvalidClaimError``."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        state = "is missing" if name not in claims else "is not a time in whole seconds since 1970"
        raise InvalidClaimError(f"{name} {state}: sign with an integer", claim=name)
    return value


def time_claims(claims: dict[str, object], moment: int, leeway: int) -> tuple[int, int]:
    """``iat`` and ``exp``, in seconds, if the token is valid at the moment.

    Raises ``InvalidClaimError``, ``TokenNotYetValidError`` and ``TokenExpiredError``.
    """
    issued, expires = seconds_claim(claims, "iat"), seconds_claim(claims, "exp")
    if not 0 < expires - issued <= MAX_LIFETIME:
        raise InvalidClaimError(f"exp is {expires - issued} s after iat: sign for 1 s to {MAX_LIFETIME} s", claim="exp")
    starts = max(issued, seconds_claim(claims, "nbf")) if "nbf" in claims else issued
    if starts > moment + leeway:
        raise TokenNotYetValidError(
            f"the token starts {starts - moment} s from now: set the clocks of both machines",
            valid_from=instant(starts),
        )
    if expires <= moment - leeway:
        raise TokenExpiredError(
            f"the token ended {moment - expires} s ago: sign a new one for each page", expired_at=instant(expires)
        )
    return issued, expires


def namespace_claim(claims: dict[str, object], namespace: str) -> tuple[AuthData | None, bool]:
    """``authData`` and ``dev`` under the namespace's claim. Raises ``InvalidClaimError``."""
    value = as_object(claims.get(namespace, {}))
    if value is None:
        raise InvalidClaimError(f"{namespace} is not an object: sign with AuthData", claim=namespace)
    dev = value.get("dev", False) if namespace == LEGACY_NAMESPACE else False
    if not isinstance(dev, bool):
        raise InvalidClaimError(f"dev under {namespace} is not a boolean: sign with True or False", claim=namespace)
    if "authData" not in value:
        _check_misplaced(claims, namespace)
        return None, dev
    try:
        return AuthData.from_dict(as_object(value["authData"]) or {}), dev
    except InvalidAuthDataError as error:
        problem = str(error)
    raise InvalidClaimError(f"authData under {namespace} is not usable: {problem}", claim=namespace)


def _check_misplaced(claims: dict[str, object], namespace: str) -> None:
    """Refuse a token whose authData stands where Rollout does not look: it would be lost without an error."""
    for name, value in claims.items():
        is_other = name in _OTHER_NAMES and name != namespace
        if is_other or "authData" in (as_object(value) or ()):
            shown = repr(name) if is_other else "another name"
            raise InvalidClaimError(
                f"authData belongs under {namespace!r}, and not under {shown}: sign with namespace={namespace!r}",
                claim=name,
            )
