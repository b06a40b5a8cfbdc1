"""Connect tokens: the JWT that tells Rollout's UI and API who a partner's user is.

Sources: docs.rollout.com/documentation/authenticating-with-rollout (``iss``, ``sub``, ``iat`` and ``exp`` are required;
the namespace key ``rollout.com``), the same page at docs.rollouthq.com (the legacy key ``rollouthq.com`` and ``dev``),
npm ``@rollout/framework`` 2.2.169 (``zConsumerTokenData``), the RolloutHQ/rollout-hq-docs repository (a lifetime of
more than one hour is refused), and RFC 7519 section 4.1 (what the registered claims mean).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, final

from ._json import as_object
from ._jws import MAX_TOKEN_LENGTH, header_segment, seconds_claim, sign_claims, text_claim, verified_claims
from ._secrecy import masked_repr, sealed
from ._text import checked_user_id
from ._time import HOUR, LAST_SECOND, MINUTE, check_duration, check_instant, epoch_seconds, instant, whole_seconds
from .auth_data import AuthData, check_auth_data
from .credentials import ClientCredentials, check_credentials, given_or_environment
from .errors import (
    ConfigurationError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidUserIdError,
    TokenExpiredError,
    TokenNotYetValidError,
)

NAMESPACE: Literal["rollout.com"] = "rollout.com"
"""The claim that holds ``authData``."""

LEGACY_NAMESPACE: Literal["rollouthq.com"] = "rollouthq.com"
"""The claim's earlier name. Today's Rollout ignores it, and authData with it, without an error."""

Namespace = Literal["rollout.com", "rollouthq.com"]

MAX_LIFETIME = 3600
"""Seconds between ``iat`` and ``exp``."""

_ACCEPTED_LIFETIME = MAX_LIFETIME + 1  # half of the tokens of Rollout's own sample, which rounds exp up
_OTHER_NAMES = (NAMESPACE, LEGACY_NAMESPACE, "authData")
_HEADER = header_segment()


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False)
class ConnectToken:
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
    claims: dict[str, object] = field(default_factory=dict[str, object], repr=False, compare=False)
    """Everything that the token says: ``wire.ConnectTokenClaims``. No part of equality."""

    @sealed
    def __post_init__(self) -> None:
        if not (isinstance(self.client_id, str) and isinstance(self.user_id, str)):
            raise TypeError("client_id and user_id of a connect token are strings: pass str(...)")
        if not isinstance(self.auth_data, (AuthData, type(None))):
            raise TypeError(f"auth_data is {type(self.auth_data).__name__}: pass AuthData(...) or None")
        if not isinstance(self.claims, dict):
            raise TypeError(f"claims is {type(self.claims).__name__}: pass a dict")
        _check_dev(self.dev)
        check_instant(self.issued_at, "issued_at")
        check_instant(self.expires_at, "expires_at")

    def __repr__(self) -> str:
        return masked_repr(self)


class ConnectTokenSigner:
    """Signs many connect tokens with settings that are checked once: those of ``generate_connect_token``.

    It can be pickled, copied, and shared by threads.

    Raises ``TypeError`` for an argument of the wrong type and ``ConfigurationError`` for ``ttl`` (whole seconds, 1 s to
    1 h), ``namespace`` or ``dev`` (legacy namespace only).
    """

    __slots__ = ("__dict__", "__weakref__", "_dev", "_namespace", "_secret", "_ttl_seconds", "client_id")

    client_id: str
    """Whose tokens are signed: the ``iss`` claim."""

    @sealed
    def __init__(
        self,
        credentials: ClientCredentials,
        *,
        ttl: timedelta = HOUR,
        namespace: Namespace = NAMESPACE,
        dev: bool = False,
    ) -> None:
        check_credentials(credentials)
        _check_dev(dev)
        self._namespace = checked_namespace(namespace)
        if dev and self._namespace != LEGACY_NAMESPACE:
            raise ConfigurationError("only the legacy namespace, 'rollouthq.com', has dev: leave it out, or use that")
        self._dev = dev
        self._ttl_seconds = whole_seconds("ttl", ttl, least=1, most=MAX_LIFETIME)
        self._secret = credentials.client_secret.encode()
        self.client_id = credentials.client_id

    @sealed
    def sign(self, user_id: str, auth_data: AuthData | None = None, *, now: datetime | None = None) -> str:
        """A connect token for one user; see ``generate_connect_token`` for the arguments and the errors."""
        issued_at = epoch_seconds(now)
        expires_at = issued_at + self._ttl_seconds
        if expires_at > LAST_SECOND:
            raise ConfigurationError("the token would expire after the year 9999: pass the current time as now")
        claims: dict[str, object] = {
            "iss": self.client_id,
            "sub": checked_user_id(user_id),
            "iat": issued_at,
            "exp": expires_at,
        }
        details: dict[str, object] = {}
        if auth_data is not None:
            check_auth_data(auth_data)
            details["authData"] = auth_data.to_dict()
        if self._dev:
            details["dev"] = True
        if details:
            claims[self._namespace] = details
        token = sign_claims(claims, self._secret, _HEADER)
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
    ttl: timedelta = HOUR,
    namespace: Namespace = NAMESPACE,
    dev: bool = False,
    now: datetime | None = None,
) -> str:
    """Sign a connect token, to hand to Rollout's UI or to send as ``Authorization: Bearer``.

    Args:
        user_id: the user's persistent, unique id in your system, as a string without white space at its ends.
        auth_data: the user's API key; signed, not encrypted.
        credentials: None reads ``ROLLOUT_CLIENT_ID`` and ``ROLLOUT_CLIENT_SECRET`` at each call.
        ttl: how long the token is valid, whole seconds from 1 s to 1 h.
        namespace: the claim that holds authData: ``NAMESPACE``, or ``LEGACY_NAMESPACE``.
        dev: show unpublished triggers and actions; only the legacy namespace has it.
        now: the instant of issue, an aware datetime; None is the current time. Fractions are cut off.

    Returns the compact JWT: at most 8,168 characters.

    Raises:
        TypeError: an argument is of the wrong type, such as an ``int`` user id: pass ``str(user.pk)``.
        InvalidUserIdError: the user id is blank, has white space at an end, NUL or lone surrogates, is too long, or is
            the text of a user who is not signed in: ``"None"``, ``"null"``, ``"undefined"`` or ``"AnonymousUser"``.
        InvalidAuthDataError: the token would be too long for a header.
        ConfigurationError: credentials are missing or cannot be used; ``ttl``, ``namespace``, ``dev`` or ``now`` is
            wrong.

    Source: docs.rollout.com/documentation/authenticating-with-rollout.
    """
    credentials = given_or_environment(credentials)
    check_duration("ttl", ttl)
    _check_dev(dev)
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
    leeway: timedelta = MINUTE,
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
        BadSignatureError: no configured secret signed it.
        TokenExpiredError: ``exp`` is ``leeway`` or more in the past.
        TokenNotYetValidError: ``iat`` or ``nbf`` is more than ``leeway`` in the future.
        InvalidClaimError: a claim is missing or not valid, the lifetime exceeds 3,601 s (Rollout's own sample rounds
            ``exp`` up), the token has ``aud``, another issuer signed it, or authData is under another name than
            ``namespace``.
        TypeError, ConfigurationError: the caller's own arguments, never the token's content; or PyJWT cannot be used.

    Source: as for ``generate_connect_token``; RFC 7519 section 4.1 for the meaning of the claims.
    """
    credentials = given_or_environment(credentials)
    namespace = checked_namespace(namespace)
    leeway_seconds = whole_seconds("leeway", leeway, least=0)
    moment = epoch_seconds(now)
    claims = verified_claims(token, credentials.secrets)
    if text_claim(claims, "iss") != credentials.client_id:
        raise InvalidClaimError(
            "iss is another issuer than this configuration's: sign with the client id of these credentials", claim="iss"
        )
    if "aud" in claims:
        raise InvalidClaimError("aud is there, so the token is for somebody else: sign without it", claim="aud")
    user_id = text_claim(claims, "sub")
    issued_at, expires_at = seconds_claim(claims, "iat"), seconds_claim(claims, "exp")
    _check_times(claims, issued_at, expires_at, moment=moment, leeway=leeway_seconds)
    auth_data, dev = _details(claims, namespace)
    return ConnectToken(credentials.client_id, user_id, auth_data, instant(issued_at), instant(expires_at), dev, claims)


def checked_namespace(namespace: str) -> Namespace:
    """One of the two names, whatever the class of the ``str``. Raises ``ConfigurationError`` for any other."""
    for known in (NAMESPACE, LEGACY_NAMESPACE):
        if isinstance(namespace, str) and namespace == known:
            return known
    raise ConfigurationError(f"the namespace must be {NAMESPACE!r} or, on legacy, {LEGACY_NAMESPACE!r}")


def _check_dev(dev: bool) -> None:
    if not isinstance(dev, bool):
        raise TypeError(f"dev is {type(dev).__name__}: pass True or False")


def _check_times(claims: Mapping[str, object], issued_at: int, expires_at: int, *, moment: int, leeway: int) -> None:
    """Raise unless the lifetime is allowed, and the token is valid at the moment."""
    lifetime = expires_at - issued_at
    if not 0 < lifetime <= _ACCEPTED_LIFETIME:
        raise InvalidClaimError(f"exp is {lifetime} s after iat: sign for 1 s to {MAX_LIFETIME} s", claim="exp")
    starts = max(issued_at, seconds_claim(claims, "nbf")) if "nbf" in claims else issued_at
    if starts > moment + leeway:
        raise TokenNotYetValidError(
            f"the token becomes valid in {starts - moment} s: set the clocks of both machines",
            valid_from=instant(starts),
        )
    if expires_at <= moment - leeway:
        raise TokenExpiredError(
            f"the token expired {moment - expires_at} s ago: sign a new one for each page",
            expired_at=instant(expires_at),
        )


def _details(claims: Mapping[str, object], namespace: str) -> tuple[AuthData | None, bool]:
    """``authData`` and ``dev`` under the namespace's claim. Raises ``InvalidClaimError``."""
    details = as_object(claims.get(namespace, {}))
    if details is None:
        raise InvalidClaimError(f"{namespace} is not an object: sign with AuthData", claim=namespace)
    dev = details.get("dev", False) if namespace == LEGACY_NAMESPACE else False
    if not isinstance(dev, bool):
        raise InvalidClaimError(f"dev under {namespace} is not a boolean: sign with True or False", claim=namespace)
    if "authData" not in details:
        _check_misplaced(claims, namespace)
        return None, dev
    try:
        return AuthData.from_dict(as_object(details["authData"]) or {}), dev
    except InvalidAuthDataError as error:
        raise InvalidClaimError(f"authData under {namespace} cannot be used: {error}", claim=namespace) from None


def _check_misplaced(claims: Mapping[str, object], namespace: str) -> None:
    """Refuse a token whose authData is where Rollout does not look: it would be lost without an error."""
    for name, value in claims.items():
        is_other = name in _OTHER_NAMES and name != namespace
        if is_other or "authData" in (as_object(value) or ()):
            shown = repr(name) if is_other else "another name"
            raise InvalidClaimError(
                f"authData belongs under {namespace!r}, and not under {shown}: sign with namespace={namespace!r}",
                claim=name,
            )
