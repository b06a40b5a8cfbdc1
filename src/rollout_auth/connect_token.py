"""Connect tokens: the JWT by which Rollout's UI and API know a partner's user.

Sources: docs.rollout.com/documentation/authenticating-with-rollout (HS512; ``iss``, ``sub``, ``iat`` and ``exp`` are
required; the namespace key ``rollout.com``), the same page at docs.rollouthq.com (the legacy key ``rollouthq.com`` and
``dev``), npm ``@rollout/framework`` 2.2.169 (``zConsumerTokenData``), and the RolloutHQ/rollout-hq-docs repository (a
lifetime of more than one hour is refused).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from ._checks import LAST_SECOND, check_user_id, epoch_seconds, instant, whole_seconds
from ._json import as_object, loads_object, quote
from ._jws import MAX_TOKEN_LENGTH, Signer, verified_payload
from ._secrecy import masked_repr, sealed
from .auth_data import AuthData, wire_json
from .credentials import ClientCredentials, check_credentials, credentials_from_environment
from .errors import (
    ConfigurationError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidUserIdError,
    MalformedTokenError,
    TokenExpiredError,
    TokenNotYetValidError,
)

NAMESPACE: Literal["rollout.com"] = "rollout.com"
"""The claim that holds ``authData``."""

LEGACY_NAMESPACE: Literal["rollouthq.com"] = "rollouthq.com"
"""The claim's earlier name. A Rollout of today ignores it, and authData with it, without an error."""

Namespace = Literal["rollout.com", "rollouthq.com"]

MAX_LIFETIME = timedelta(hours=1)
_MAX_LIFETIME_SECONDS = 3600
_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, repr=False)
class ConnectToken:
    """What a verified connect token says.

    Raises ``TypeError`` for a field of the wrong type and ``ConfigurationError`` for a naive instant.
    """

    client_id: str
    """The ``iss`` claim."""
    user_id: str
    """The ``sub`` claim."""
    auth_data: AuthData | None
    """The ``authData`` under the namespace claim, or None."""
    issued_at: datetime
    """The ``iat`` claim, aware and in UTC."""
    expires_at: datetime
    """The ``exp`` claim, aware and in UTC."""
    dev: bool = False
    """Whether unpublished triggers and actions are shown; only the legacy namespace has it."""

    def __post_init__(self) -> None:
        if not (isinstance(self.client_id, str) and isinstance(self.user_id, str)):
            raise TypeError("client_id and user_id of a connect token are strings: pass str(...)")
        epoch_seconds(self.issued_at, "issued_at")
        epoch_seconds(self.expires_at, "expires_at")

    def __repr__(self) -> str:
        return masked_repr(self, "client_id", "user_id", "auth_data", "issued_at", "expires_at", "dev")


class ConnectTokenSigner:
    """Signs connect tokens with settings that were checked once.

    Args:
        credentials: whose client id and secret to use.
        ttl: the tokens' life, whole seconds from 1 s to 1 h.
        namespace: the claim that holds authData: ``NAMESPACE``, or ``LEGACY_NAMESPACE``.
        dev: show unpublished triggers and actions; only the legacy namespace has it.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigurationError: ``ttl``, ``namespace`` or ``dev`` is not allowed.
    """

    __slots__ = ("_auth_data_end", "_auth_data_start", "_end", "_signer", "_start", "_ttl_seconds", "client_id")

    def __init__(
        self,
        credentials: ClientCredentials,
        *,
        ttl: timedelta = MAX_LIFETIME,
        namespace: Namespace = NAMESPACE,
        dev: bool = False,
    ) -> None:
        check_credentials(credentials)
        _check_namespace(namespace)
        if not isinstance(dev, bool):
            raise TypeError(f"dev is {type(dev).__name__}: pass True or False")
        if dev and namespace != LEGACY_NAMESPACE:
            raise ConfigurationError("only the legacy namespace has dev: leave it out, or pass LEGACY_NAMESPACE too")
        self._ttl_seconds = whole_seconds("ttl", ttl, least=1, most=_MAX_LIFETIME_SECONDS)
        self.client_id = credentials.client_id
        self._signer = Signer(credentials.client_secret)
        self._start = f'{{"iss":{quote(credentials.client_id)},"sub":'
        self._end = f',"{namespace}":{{"dev":true}}}}' if dev else "}"
        self._auth_data_start = f',"{namespace}":{{"authData":'
        self._auth_data_end = ',"dev":true}}' if dev else "}}"

    @sealed
    def sign(self, user_id: str, auth_data: AuthData | None = None, *, now: datetime | None = None) -> str:
        """A connect token for one user; see ``generate_connect_token`` for the arguments and the errors."""
        check_user_id(user_id)
        issued = epoch_seconds(now)
        expires = issued + self._ttl_seconds
        if expires > LAST_SECOND:
            raise ConfigurationError("the token would end after the year 9999: pass the current time as now")
        claims = f'{self._start}{quote(user_id)},"iat":{issued},"exp":{expires}'
        if auth_data is None:
            token = self._signer.sign(claims + self._end)
        elif isinstance(auth_data, AuthData):
            data = wire_json(auth_data)
            token = self._signer.sign(f"{claims}{self._auth_data_start}{data}{self._auth_data_end}")
        else:
            raise TypeError(f"auth_data is {type(auth_data).__name__}: pass AuthData(...) or AuthData.from_dict(...)")
        if len(token) > MAX_TOKEN_LENGTH:
            error = InvalidUserIdError if auth_data is None else InvalidAuthDataError
            raise error(
                f"the connect token would have {len(token)} characters, and a header holds {MAX_TOKEN_LENGTH}:"
                " pass a shorter user_id, or less in auth_data (an API key, not a document)"
            )
        return token

    def __repr__(self) -> str:
        return masked_repr(self, "client_id")


@sealed
def generate_connect_token(
    user_id: str,
    auth_data: AuthData | None = None,
    *,
    credentials: ClientCredentials | None = None,
    ttl: timedelta = MAX_LIFETIME,
    namespace: Namespace = NAMESPACE,
    dev: bool = False,
    now: datetime | None = None,
) -> str:
    """Sign a connect token, to hand to Rollout's UI or to send as ``Authorization: Bearer``.

    Args:
        user_id: the user's persistent, unique id in your system, as a string without white space at its ends.
        auth_data: the user's API key; signed, not encrypted.
        credentials: None reads ``ROLLOUT_CLIENT_ID`` and ``ROLLOUT_CLIENT_SECRET`` at each call.
        ttl: the token's life, whole seconds from 1 s to 1 h.
        namespace: the claim that holds authData: ``NAMESPACE``, or ``LEGACY_NAMESPACE``.
        dev: show unpublished triggers and actions; only the legacy namespace has it.
        now: the instant of issue, an aware datetime; None is the current time. Fractions are cut off.

    Returns:
        The compact JWT, signed with HS512: at most 8,168 characters.

    Raises:
        TypeError: an argument is of the wrong type, such as an ``int`` user id: pass ``str(user.pk)``.
        InvalidUserIdError: the user id is blank, has white space at an end, NUL or lone surrogates, or is too long.
        InvalidAuthDataError: the token would be too long for a header.
        ConfigurationError: credentials are missing or unusable; ``ttl``, ``namespace``, ``dev`` or ``now`` is wrong.

    Source: docs.rollout.com/documentation/authenticating-with-rollout.
    """
    if credentials is None:
        credentials = credentials_from_environment()
    else:
        check_credentials(credentials)
    return _signer(credentials, ttl, namespace, dev).sign(user_id, auth_data, now=now)


@lru_cache(maxsize=16, typed=True)
def _signer(credentials: ClientCredentials, ttl: timedelta, namespace: Namespace, dev: bool) -> ConnectTokenSigner:  # noqa: FBT001
    return ConnectTokenSigner(credentials, ttl=ttl, namespace=namespace, dev=dev)


@sealed
def verify_connect_token(
    token: str | bytes,
    *,
    credentials: ClientCredentials | None = None,
    namespace: Namespace = NAMESPACE,
    leeway: timedelta = _MINUTE,
    now: datetime | None = None,
) -> ConnectToken:
    """Verify a connect token as strictly as Rollout may, and return what it says.

    Args:
        token: the compact JWT, without ``Bearer``.
        credentials: None reads the environment at each call; previous secrets verify too.
        namespace: the claim in which authData is expected.
        leeway: how far the clocks may differ, whole seconds.
        now: the instant to verify at, an aware datetime; None is the current time.

    Raises:
        MalformedTokenError: not a compact JWT of the strict form, another algorithm, or more than 8,168 characters.
        BadSignatureError: no configured secret has signed it.
        TokenExpiredError: ``exp`` is ``leeway`` or more in the past.
        TokenNotYetValidError: ``iat`` or ``nbf`` is more than ``leeway`` in the future.
        InvalidClaimError: a claim is missing or not valid, the lifetime exceeds one hour, the token is another
            client's, or authData is under another name than ``namespace``.
        TypeError, ConfigurationError: the caller's own arguments, never the token's content.

    Source: as for ``generate_connect_token``; RFC 7519 section 4.1 for the claims' meaning.
    """
    if credentials is None:
        credentials = credentials_from_environment()
    check_credentials(credentials)
    _check_namespace(namespace)
    leeway_seconds = whole_seconds("leeway", leeway, least=0)
    moment = epoch_seconds(now)
    payload = verified_payload(token, credentials.secrets)
    claims = loads_object(payload, "the token's payload", MalformedTokenError)
    if _text(claims, "iss") != credentials.client_id:
        raise InvalidClaimError("iss is another client id: sign with the client id of these credentials", claim="iss")
    user_id = _text(claims, "sub")
    issued, expires = _times(claims, moment, leeway_seconds)
    auth_data, dev = _rollout_claim(claims, namespace)
    return ConnectToken(credentials.client_id, user_id, auth_data, instant(issued), instant(expires), dev)


def _check_namespace(namespace: str) -> None:
    if namespace not in (NAMESPACE, LEGACY_NAMESPACE):
        raise ConfigurationError(f"the namespace must be {NAMESPACE!r} or, on legacy, {LEGACY_NAMESPACE!r}")


def _text(claims: dict[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        state = "is missing" if name not in claims else "is not a string with text"
        raise InvalidClaimError(f"{name} {state}: sign with a string", claim=name)
    return value


def _seconds(claims: dict[str, object], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        state = "is missing" if name not in claims else "is not a time in whole seconds since 1970"
        raise InvalidClaimError(f"{name} {state}: sign with an integer", claim=name)
    return value


def _times(claims: dict[str, object], moment: int, leeway: int) -> tuple[int, int]:
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if not 0 < expires - issued <= _MAX_LIFETIME_SECONDS:
        raise InvalidClaimError(
            f"exp is {expires - issued} s after iat: sign for 1 s to {_MAX_LIFETIME_SECONDS} s", claim="exp"
        )
    starts = max(issued, _seconds(claims, "nbf")) if "nbf" in claims else issued
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


def _rollout_claim(claims: dict[str, object], namespace: str) -> tuple[AuthData | None, bool]:
    if namespace not in claims:
        _check_misplaced(claims, namespace)
        return None, False
    value = as_object(claims[namespace])
    if value is None:
        raise InvalidClaimError(f"{namespace} is not an object: sign with AuthData", claim=namespace)
    dev = value.get("dev", False) if namespace == LEGACY_NAMESPACE else False
    if not isinstance(dev, bool):
        raise InvalidClaimError(f"dev under {namespace} is not a boolean: sign with True or False", claim=namespace)
    if "authData" not in value:
        return None, dev
    try:
        return AuthData.from_dict(as_object(value["authData"]) or {}), dev
    except InvalidAuthDataError as error:
        problem = str(error)
    raise InvalidClaimError(f"authData under {namespace} is not usable: {problem}", claim=namespace)


def _check_misplaced(claims: dict[str, object], namespace: str) -> None:
    """Refuse a token whose authData stands where Rollout does not look: it would be lost without an error."""
    for name, value in claims.items():
        if name in (NAMESPACE, LEGACY_NAMESPACE, "authData") or "authData" in (as_object(value) or ()):
            raise InvalidClaimError(
                f"authData is under {name!r}, not under {namespace!r}, where it is read: sign with {namespace!r}",
                claim=name,
            )
