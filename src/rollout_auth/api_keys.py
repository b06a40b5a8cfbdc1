"""Refreshable API keys without a database, for partners that have none of their own.

A key and its refresh token are signed texts that say whose they are and when they expire: there is nothing to store,
and nothing for workers to share. A refresh can be repeated, because every refresh token works until it expires: lost
responses, retries and races never break a connection. Rollout is a confidential client, whose refresh tokens should not
be rotated (FAPI 2.0 Security Profile, section 5.3.2.1).

Each is a compact JWS with the claims ``sub`` (the user id), ``gid`` (the grant id), ``gat`` (when the grant began, in
milliseconds since 1970), ``iat``, ``exp``, ``jti`` (RFC 7519; it makes each token unique), and in a refresh token
``ext`` (the AuthData's further fields). The keys are derived from the partner's secret for each purpose (RFC 5869) and
the types are explicit (RFC 8725 section 3.11), so that a connect token, an API key and a refresh token never stand in
for one another, even under one secret.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from inspect import isawaitable, iscoroutine
from typing import NamedTuple, final

from ._json import as_object
from ._jws import (
    MAX_TOKEN_LENGTH,
    base64url,
    header_segment,
    pyjwt_hs512,
    seconds_claim,
    sign_claims,
    text_claim,
    verified_claims,
)
from ._secrecy import masked_repr, sealed, users_own, users_own_awaited
from ._text import (
    checked_text,
    checked_texts,
    checked_user_id,
    plain_text,
    setting_problem,
    text_problem,
    warn_of_short_secrets,
)
from ._time import EPOCH, HOUR, LAST_SECOND, TEN_YEARS, check_instant, epoch_milliseconds, instant, whole_seconds
from .auth_data import NO_EXTRA, AuthData, FrozenObject, frozen_extra
from .credentials import OF_YOUR_OWN, environment, required_variables
from .errors import (
    ApiKeyExpiredError,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    VerificationError,
)

API_KEY_TYPE = "rollout-api-key+jwt"
REFRESH_TOKEN_TYPE = "rollout-refresh-token+jwt"
LATE = 3660
"""Seconds for which a key is accepted longer than it says: a connect token's lifetime, and a minute."""

API_KEY_SECRET_VARIABLE = "ROLLOUT_API_KEY_SECRET"
PREVIOUS_API_KEY_SECRET_VARIABLE = "ROLLOUT_PREVIOUS_API_KEY_SECRET"

_REVOKED_KEY = "the API key is revoked: the user has to connect again"
_REVOKED_REFRESH_TOKEN = "the refresh token is revoked: the user has to connect again"
_HALF_A_YEAR = timedelta(days=180)
_FASTEST_CLOCK = 24 * 3600
"""Seconds by which the clock of another machine of yours may be ahead: a lost connection is worse than a late end."""

_API_KEY_HEADER = header_segment(API_KEY_TYPE)
_REFRESH_TOKEN_HEADER = header_segment(REFRESH_TOKEN_TYPE)


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False)
class ApiKeyGrant:
    """What a verified API key or refresh token says. It holds no secret.

    Raises ``TypeError`` for a field of the wrong type, and ``ConfigurationError`` for a naive instant.
    """

    grant_id: str
    """What the key and all its successors have in common: random, or the partner's own choice."""
    user_id: str
    """Whose key it is, as ``issue`` was told."""
    granted_at: datetime
    """When the first key of the grant was issued, to the millisecond; aware and in UTC."""
    issued_at: datetime
    """When this one was; aware and in UTC."""
    expires_at: datetime
    """Until when this one is accepted; aware and in UTC."""

    @sealed
    def __post_init__(self) -> None:
        if not (isinstance(self.grant_id, str) and isinstance(self.user_id, str)):
            raise TypeError("grant_id and user_id of a grant are strings: pass str(...)")
        check_instant(self.granted_at, "granted_at")
        check_instant(self.issued_at, "issued_at")
        check_instant(self.expires_at, "expires_at")

    def __repr__(self) -> str:
        return masked_repr(self)


IsRevoked = Callable[[ApiKeyGrant], bool | Awaitable[bool]]
"""Whether a grant is refused, although its key or refresh token is otherwise good."""


class _Renewal(NamedTuple):
    grant: ApiKeyGrant
    moment: int
    extra: FrozenObject


class ApiKeyIssuer:
    """Issues, checks and renews API keys that are signed and need no storage.

    It can be copied, pickled if ``is_revoked`` can, and shared by threads.

    Args:
        secrets: your own secret, or several during a rotation, newest first: the first signs, all are accepted. Not the
            Rollout client secret, which Rollout knows too.
        api_key_ttl: how long a key is valid, as Rollout is told: whole seconds up to ten years. The key is accepted for
            one hour and a minute longer, because it reaches Rollout up to an hour after it was issued.
        refresh_token_ttl: how long a connection may rest and still be renewed; at least as long as a key is accepted.
        is_revoked: is asked about each grant that is otherwise good, and returns True to refuse it. It may be
            ``async``, for ``authenticate_async`` and ``refresh_async``. It raises ``TemporarilyUnavailableError`` while
            its store is down.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigurationError: a secret cannot be used (as for ``ClientCredentials``), a duration is out of range, or PyJWT
            is missing, is another package of that name, or does not work.

    Warns:
        ShortSecretWarning: a secret has fewer than 64 bytes.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_api_key_secrets",
        "_api_key_ttl",
        "_is_revoked",
        "_refresh_token_secrets",
        "_refresh_token_ttl",
    )

    @sealed
    def __init__(
        self,
        secrets: str | Sequence[str],
        *,
        api_key_ttl: timedelta = HOUR,
        refresh_token_ttl: timedelta = _HALF_A_YEAR,
        is_revoked: IsRevoked | None = None,
    ) -> None:
        if not (is_revoked is None or callable(is_revoked)):
            raise TypeError("is_revoked is a function: pass it without calling it")
        usable = checked_texts("a secret", secrets, setting_problem)
        self._api_key_ttl = whole_seconds("api_key_ttl", api_key_ttl, least=1, most=TEN_YEARS)
        self._refresh_token_ttl = whole_seconds(
            "refresh_token_ttl", refresh_token_ttl, least=self._api_key_ttl + LATE, most=2 * TEN_YEARS
        )
        self._is_revoked = is_revoked
        self._api_key_secrets = tuple(derived_secret(secret, API_KEY_TYPE) for secret in usable)
        self._refresh_token_secrets = tuple(derived_secret(secret, REFRESH_TOKEN_TYPE) for secret in usable)
        pyjwt_hs512()
        warn_of_short_secrets("a secret for API keys", usable)

    @classmethod
    @sealed
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        api_key_ttl: timedelta = HOUR,
        refresh_token_ttl: timedelta = _HALF_A_YEAR,
        is_revoked: IsRevoked | None = None,
    ) -> ApiKeyIssuer:
        """Read ``ROLLOUT_API_KEY_SECRET`` and, if set, ``ROLLOUT_PREVIOUS_API_KEY_SECRET``: secrets of your own.

        ``environ`` is ``os.environ`` unless another mapping is given; an empty variable counts as unset.
        Raises ``ConfigurationError`` if the first is not set, or for a value that cannot be used.
        """
        environ = environment(environ)
        (current,) = required_variables(environ, API_KEY_SECRET_VARIABLE, source=OF_YOUR_OWN)
        previous = environ.get(PREVIOUS_API_KEY_SECRET_VARIABLE)
        secrets = [current, previous] if previous else current
        return cls(secrets, api_key_ttl=api_key_ttl, refresh_token_ttl=refresh_token_ttl, is_revoked=is_revoked)

    @sealed
    def issue(
        self,
        user_id: str,
        *,
        extra: Mapping[str, object] = NO_EXTRA,
        grant_id: str | None = None,
        now: datetime | None = None,
    ) -> AuthData:
        """A refreshable key for a user, for ``generate_connect_token``.

        Args:
            user_id: as for ``generate_connect_token``.
            extra: further fields of the AuthData; each refresh gives them again.
            grant_id: the partner's own name for the grant, such as one that is raised to revoke; random if left out.
            now: the instant of issue, an aware datetime; None is the current time.

        Raises:
            TypeError: an argument is of the wrong type.
            InvalidUserIdError, InvalidAuthDataError, ConfigurationError: the user id, ``extra``, or ``grant_id`` or
                ``now`` cannot be used.
        """
        user_id = checked_user_id(user_id)
        chosen = checked_text("grant_id", _random_text(16) if grant_id is None else grant_id, text_problem)
        granted_at = epoch_milliseconds(now)
        return self._signed(chosen, user_id, granted_at, granted_at // 1000, frozen_extra(extra))

    @sealed
    def authenticate(
        self, api_key: str | bytes | None, *, is_revoked: IsRevoked | None = None, now: datetime | None = None
    ) -> ApiKeyGrant:
        """Whose key this is.

        Args:
            api_key: what the request brought, without ``Bearer``; None if it brought none.
            is_revoked: asked beside the constructor's, such as with the request's database session; one yes is enough.
            now: the instant to verify at, an aware datetime; None is the current time.

        Raises:
            ApiKeyExpiredError: the key was good, and is no longer accepted.
            InvalidApiKeyError: there is no key, another one, or ``is_revoked`` refuses its grant.
            TypeError: the key is not text, or ``is_revoked`` is ``async`` or returned anything but a bool.
            ConfigurationError: ``now`` is naive or before 1970.
        """
        grant = self._authenticated(api_key, now)
        del api_key  # the user's function may look at the frame, as a log handler does
        if any(_answer(rule, grant) for rule in self._rules(is_revoked)):
            raise InvalidApiKeyError(_REVOKED_KEY)
        return grant

    @sealed
    async def authenticate_async(
        self, api_key: str | bytes | None, *, is_revoked: IsRevoked | None = None, now: datetime | None = None
    ) -> ApiKeyGrant:
        """Whose key this is: as ``authenticate``, for an ``is_revoked`` that may be ``async``."""
        grant = self._authenticated(api_key, now)
        del api_key  # likewise
        for rule in self._rules(is_revoked):
            if await _answer_async(rule, grant):
                raise InvalidApiKeyError(_REVOKED_KEY)
        return grant

    @sealed
    def refresh(
        self, refresh_token: str, *, is_revoked: IsRevoked | None = None, now: datetime | None = None
    ) -> AuthData:
        """A new key, and a new refresh token, of the same grant and with the same ``extra``.

        The refresh token that was used keeps working until it expires.

        Args:
            refresh_token: ``RefreshRequest.refresh_token``.
            is_revoked: asked beside the constructor's; one yes is enough.
            now: the instant of issue, an aware datetime; None is the current time.

        Raises:
            InvalidRefreshTokenError: the token is not one of this issuer's, has expired, or ``is_revoked`` refuses its
                grant; the message tells your log which.
            TypeError: the refresh token is not a ``str``, or ``is_revoked`` is ``async`` or returned anything but a
                bool.
            ConfigurationError: ``now`` is naive or before 1970.
        """
        renewal = self._renewal(refresh_token, now)
        del refresh_token  # likewise
        if any(_answer(rule, renewal.grant) for rule in self._rules(is_revoked)):
            raise InvalidRefreshTokenError(_REVOKED_REFRESH_TOKEN)
        return self._renewed(renewal)

    @sealed
    async def refresh_async(
        self, refresh_token: str, *, is_revoked: IsRevoked | None = None, now: datetime | None = None
    ) -> AuthData:
        """A new key: as ``refresh``, for an ``is_revoked`` that may be ``async``."""
        renewal = self._renewal(refresh_token, now)
        del refresh_token  # likewise
        for rule in self._rules(is_revoked):
            if await _answer_async(rule, renewal.grant):
                raise InvalidRefreshTokenError(_REVOKED_REFRESH_TOKEN)
        return self._renewed(renewal)

    def _rules(self, of_the_call: IsRevoked | None) -> list[IsRevoked]:
        if not (of_the_call is None or callable(of_the_call)):
            raise TypeError("is_revoked is a function: pass it without calling it")
        return [rule for rule in (self._is_revoked, of_the_call) if rule is not None]

    def _authenticated(self, api_key: str | bytes | None, now: datetime | None) -> ApiKeyGrant:
        moment = epoch_milliseconds(now) // 1000
        if api_key is not None and not isinstance(api_key, (str, bytes)):
            raise TypeError(f"api_key is {type(api_key).__name__}: pass it as str or bytes")
        if not api_key:
            raise InvalidApiKeyError(
                "the request has no API key: put {{context.authData.apiKey}} into the request in the Rollout dashboard"
            )
        try:
            grant = _grant(verified_claims(api_key, self._api_key_secrets, API_KEY_TYPE), moment)
        except VerificationError as error:
            raise InvalidApiKeyError(f"not an API key of this application: {error}") from None
        if grant.expires_at <= instant(moment):
            raise ApiKeyExpiredError("the API key has expired: Rollout renews it with its refresh token")
        return grant

    def _renewal(self, refresh_token: str, now: datetime | None) -> _Renewal:
        moment = epoch_milliseconds(now) // 1000
        text = plain_text(refresh_token)
        if text is None:
            raise TypeError(f"refresh_token is {type(refresh_token).__name__}: pass it as str")
        try:
            claims = verified_claims(text, self._refresh_token_secrets, REFRESH_TOKEN_TYPE)
            grant = _grant(claims, moment)
            fields = as_object(claims.get("ext", {}))
            if fields is None:
                raise InvalidClaimError("ext is not an object: sign with the AuthData's further fields", claim="ext")
            extra = frozen_extra(fields)
        except (VerificationError, InvalidAuthDataError) as error:
            raise InvalidRefreshTokenError(f"not a refresh token of this application: {error}") from None
        if grant.expires_at <= instant(moment):
            raise InvalidRefreshTokenError("the refresh token has expired: the user has to connect again")
        return _Renewal(grant, moment, extra)

    def _renewed(self, renewal: _Renewal) -> AuthData:
        grant = renewal.grant
        granted_at = (grant.granted_at - EPOCH) // timedelta(milliseconds=1)
        try:
            return self._signed(grant.grant_id, grant.user_id, granted_at, renewal.moment, renewal.extra)
        except InvalidAuthDataError as error:
            raise InvalidRefreshTokenError(f"a refresh token that cannot be renewed: {error}") from None

    def _signed(self, grant_id: str, user_id: str, granted_at: int, moment: int, extra: FrozenObject) -> AuthData:
        """A key and a refresh token; ``granted_at`` in milliseconds, ``moment`` in seconds since 1970."""
        expires_at = moment + self._refresh_token_ttl
        if expires_at > LAST_SECOND:
            raise ConfigurationError("the refresh token would expire after the year 9999: pass the current time as now")
        claims = {"sub": user_id, "gid": grant_id, "gat": granted_at, "iat": moment, "jti": _random_text(8)}
        refresh_claims = {**claims, "exp": expires_at, "ext": dict(extra)}
        refresh_token = sign_claims(refresh_claims, self._refresh_token_secrets[0].encode(), _REFRESH_TOKEN_HEADER)
        if len(refresh_token) > MAX_TOKEN_LENGTH:
            raise InvalidAuthDataError(
                f"the refresh token would have more than {MAX_TOKEN_LENGTH} characters: pass less in extra"
            )
        key_claims = {**claims, "exp": moment + self._api_key_ttl + LATE}
        api_key = sign_claims(key_claims, self._api_key_secrets[0].encode(), _API_KEY_HEADER)
        return AuthData(api_key, refresh_token, self._api_key_ttl, extra)

    def __repr__(self) -> str:
        return masked_repr(self)


def _answer(is_revoked: IsRevoked, grant: ApiKeyGrant) -> bool:
    answer = users_own(is_revoked, grant)
    if isawaitable(answer):
        if iscoroutine(answer):
            answer.close()
        raise TypeError("is_revoked is async: await authenticate_async and refresh_async instead")
    return _checked_answer(answer)


async def _answer_async(is_revoked: IsRevoked, grant: ApiKeyGrant) -> bool:
    answer = users_own(is_revoked, grant)
    return _checked_answer(await users_own_awaited(answer) if isawaitable(answer) else answer)


def _checked_answer(answer: object) -> bool:
    if not isinstance(answer, bool):
        raise TypeError(f"is_revoked returned {type(answer).__name__}: return True or False")
    return answer


def derived_secret(secret: str, purpose: str) -> str:
    """Another secret, for one purpose alone: HKDF-SHA512 (RFC 5869) without salt, 64 bytes as base64url text."""
    extracted = hmac.digest(bytes(64), secret.encode(), "sha512")
    expanded = hmac.digest(extracted, purpose.encode() + b"\x01", "sha512")
    return base64url(expanded).decode()


def _grant(claims: Mapping[str, object], moment: int) -> ApiKeyGrant:
    """What a token says, whether it has expired or not. Raises ``InvalidClaimError``."""
    issued_at = seconds_claim(claims, "iat")
    if issued_at > moment + _FASTEST_CLOCK:
        raise InvalidClaimError("iat is more than a day ahead: set the clocks of all your machines", claim="iat")
    granted_at = claims.get("gat")
    if type(granted_at) is not int or not 0 <= granted_at <= LAST_SECOND * 1000:
        raise InvalidClaimError("gat is not a time in milliseconds since 1970: sign with an integer", claim="gat")
    return ApiKeyGrant(
        text_claim(claims, "gid"),
        text_claim(claims, "sub"),
        EPOCH + timedelta(milliseconds=granted_at),
        instant(issued_at),
        instant(seconds_claim(claims, "exp")),
    )


def _random_text(size: int) -> str:
    return base64url(os.urandom(size)).decode()
