"""Connect tokens: the JWT by which Rollout's UI and API know a partner's user.

Source: docs.rollout.com/documentation/authenticating-with-rollout. The rules for each claim stand in ``_claims``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from ._checks import LAST_SECOND, check_duration, check_instant, checked_user_id, epoch_seconds, instant, whole_seconds
from ._claims import (
    LEGACY_NAMESPACE,
    MAX_LIFETIME,
    NAMESPACE,
    Namespace,
    check_dev,
    checked_namespace,
    namespace_claim,
    text_claim,
    time_claims,
)
from ._json import loads_object, quote
from ._jws import MAX_TOKEN_LENGTH, Signer, verified_payload
from ._secrecy import Value, clear_frames, immutable, masked_repr, sealed
from .auth_data import AuthData, check_auth_data, wire_json
from .credentials import ClientCredentials, check_credentials, given_or_environment
from .errors import (
    ConfigurationError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidUserIdError,
    MalformedTokenError,
)

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@immutable
class ConnectToken(Value):
    """What a verified connect token says. Raises ``TypeError``, and ``ConfigurationError`` for a naive instant."""

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

    def __init__(  # noqa: PLR0917  the fields in their order
        self,
        client_id: str,
        user_id: str,
        auth_data: AuthData | None,
        issued_at: datetime,
        expires_at: datetime,
        dev: bool = False,
    ) -> None:
        if not (isinstance(client_id, str) and isinstance(user_id, str)):
            raise TypeError("client_id and user_id of a connect token are strings: pass str(...)")
        if auth_data is not None:
            check_auth_data(auth_data)
        check_dev(dev)
        check_instant(issued_at, "issued_at")
        check_instant(expires_at, "expires_at")
        put = object.__setattr__
        put(self, "client_id", client_id)
        put(self, "user_id", user_id)
        put(self, "auth_data", auth_data)
        put(self, "issued_at", issued_at)
        put(self, "expires_at", expires_at)
        put(self, "dev", dev)

    def __repr__(self) -> str:
        return masked_repr(self, "client_id", "user_id", "auth_data", "issued_at", "expires_at", "dev")


class ConnectTokenSigner:
    """Signs many connect tokens with settings that are checked once: those of ``generate_connect_token``.

    Raises ``TypeError`` for an argument of the wrong type and ``ConfigurationError`` for ``ttl`` (whole seconds, 1 s to
    1 h), ``namespace`` or ``dev`` (legacy namespace only).
    """

    __slots__ = ("_auth_data_end", "_auth_data_start", "_end", "_signer", "_start", "_ttl_seconds", "client_id")
    client_id: str
    """Whose tokens are signed: the ``iss`` claim."""

    @sealed
    def __init__(
        self,
        credentials: ClientCredentials,
        *,
        ttl: timedelta = _HOUR,
        namespace: Namespace = NAMESPACE,
        dev: bool = False,
    ) -> None:
        check_credentials(credentials)
        namespace = checked_namespace(namespace)
        check_dev(dev)
        if dev and namespace != LEGACY_NAMESPACE:
            raise ConfigurationError("only the legacy namespace, 'rollouthq.com', has dev: leave it out, or use that")
        self._ttl_seconds = whole_seconds("ttl", ttl, least=1, most=MAX_LIFETIME)
        self.client_id = credentials.client_id
        self._signer = Signer(credentials.client_secret)
        self._start = f'{{"iss":{quote(credentials.client_id)},"sub":'
        self._end = f',"{namespace}":{{"dev":true}}}}' if dev else "}"
        self._auth_data_start = f',"{namespace}":{{"authData":'
        self._auth_data_end = ',"dev":true}}' if dev else "}}"

    def sign(self, user_id: str, auth_data: AuthData | None = None, *, now: datetime | None = None) -> str:
        """A connect token for one user; see ``generate_connect_token`` for the arguments and the errors."""
        try:
            return self._sign(user_id, auth_data, now)
        except Exception as error:
            del user_id, auth_data, now
            clear_frames(error)
            raise

    def _sign(self, user_id: str, auth_data: AuthData | None, now: datetime | None) -> str:
        user_id = checked_user_id(user_id)
        issued = epoch_seconds(now)
        expires = issued + self._ttl_seconds
        if expires > LAST_SECOND:
            raise ConfigurationError("the token would end after the year 9999: pass the current time as now")
        claims = f'{self._start}{quote(user_id)},"iat":{issued},"exp":{expires}'
        if auth_data is None:
            token = self._signer.sign(claims + self._end)
        else:
            check_auth_data(auth_data)
            data = wire_json(auth_data)
            token = self._signer.sign(f"{claims}{self._auth_data_start}{data}{self._auth_data_end}")
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
    ttl: timedelta = _HOUR,
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

    Returns the compact JWT: at most 8,168 characters.

    Raises:
        TypeError: an argument is of the wrong type, such as an ``int`` user id: pass ``str(user.pk)``.
        InvalidUserIdError: the user id is blank, has white space at an end, NUL or lone surrogates, or is too long.
        InvalidAuthDataError: the token would be too long for a header.
        ConfigurationError: credentials are missing or unusable; ``ttl``, ``namespace``, ``dev`` or ``now`` is wrong.

    Source: docs.rollout.com/documentation/authenticating-with-rollout.
    """
    credentials = given_or_environment(credentials)
    check_duration("ttl", ttl)
    check_dev(dev)
    return _signer(credentials, ttl, checked_namespace(namespace), dev).sign(user_id, auth_data, now=now)


@lru_cache(maxsize=16)
def _signer(credentials: ClientCredentials, ttl: timedelta, namespace: Namespace, dev: bool) -> ConnectTokenSigner:
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
    credentials = given_or_environment(credentials)
    namespace = checked_namespace(namespace)
    leeway_seconds = whole_seconds("leeway", leeway, least=0)
    moment = epoch_seconds(now)
    payload = verified_payload(token, credentials.secrets)
    claims = loads_object(payload, "the token's payload", MalformedTokenError)
    if text_claim(claims, "iss") != credentials.client_id:
        raise InvalidClaimError("iss is another client id: sign with the client id of these credentials", claim="iss")
    user_id = text_claim(claims, "sub")
    issued, expires = time_claims(claims, moment, leeway_seconds)
    auth_data, dev = namespace_claim(claims, namespace)
    return ConnectToken(credentials.client_id, user_id, auth_data, instant(issued), instant(expires), dev)
