"""Refreshable API keys without a database, for partners that have none of their own.

A key and its refresh token are signed texts that say whose they are and when they end (see ``_grants``): there is
nothing to store, and nothing for workers to share. A refresh can be repeated for ever, because every refresh token
works until its own end: a lost answer, a duplicate, a race or a stale browser ends no connection. Rollout is a
confidential client, whose refresh tokens are not to be rotated (FAPI 2.0 Security Profile, section 5.3.2.1).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from inspect import iscoroutine

from ._checks import (
    LAST_SECOND,
    checked_text,
    checked_user_id,
    epoch_milliseconds,
    one_or_several,
    secret_problem,
    text_problem,
    warn_of_short_secrets,
    whole_seconds,
)
from ._frozen import FrozenObject
from ._grants import API_KEY_TYPE, REFRESH_TOKEN_TYPE, ApiKeyGrant, GrantTokens
from ._json import as_object, quote
from ._jws import MAX_TOKEN_LENGTH, base64url
from ._secrecy import masked_repr, sealed
from .auth_data import NO_EXTRA, AuthData, frozen_extra
from .errors import (
    ApiKeyExpiredError,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    VerificationError,
)

LATE = 3660
"""Seconds that a key is accepted for longer than it says: the life of a connect token that carries it, and a minute."""

_HOUR = timedelta(hours=1)
_HALF_A_YEAR = timedelta(days=180)
_TEN_YEARS = 315_360_000


class ApiKeyIssuer:
    """Issues, checks and renews API keys that are signed and need no storage.

    Args:
        secrets: your own secret, or several during a rotation, newest first: the first signs, all are accepted. Not the
            Rollout client secret, which Rollout knows too.
        api_key_ttl: the key's life as Rollout is told, whole seconds up to ten years. The key is accepted for one hour
            and a minute longer, because it reaches Rollout up to an hour after it was issued.
        refresh_token_ttl: how long a connection may rest and still be renewed; at least as long as a key is accepted.
        is_revoked: is asked about each grant that is otherwise good, and returns True to refuse it.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigurationError: a secret is unusable (as for ``ClientCredentials``), or a duration out of range.

    Warns:
        ShortSecretWarning: a secret has fewer than 64 bytes.
    """

    __slots__ = ("_api_key_ttl", "_api_keys", "_is_revoked", "_refresh_token_ttl", "_refresh_tokens")

    @sealed
    def __init__(
        self,
        secrets: str | Sequence[str],
        *,
        api_key_ttl: timedelta = _HOUR,
        refresh_token_ttl: timedelta = _HALF_A_YEAR,
        is_revoked: Callable[[ApiKeyGrant], bool] | None = None,
    ) -> None:
        if not (is_revoked is None or callable(is_revoked)):
            raise TypeError("is_revoked is a function: pass it without calling it")
        usable = [checked_text("a secret", one, secret_problem) for one in one_or_several("secrets", secrets)]
        self._api_key_ttl = whole_seconds("api_key_ttl", api_key_ttl, least=1, most=_TEN_YEARS)
        least = self._api_key_ttl + LATE
        self._refresh_token_ttl = whole_seconds(
            "refresh_token_ttl", refresh_token_ttl, least=least, most=2 * _TEN_YEARS
        )
        self._is_revoked = is_revoked
        self._api_keys = GrantTokens(API_KEY_TYPE, usable)
        self._refresh_tokens = GrantTokens(REFRESH_TOKEN_TYPE, usable)
        warn_of_short_secrets("a secret for API keys", usable)

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
                ``now`` is unusable.
        """
        user_id = checked_user_id(user_id)
        chosen = _random_text(16) if grant_id is None else grant_id
        chosen = checked_text("grant_id", chosen, text_problem)
        moment = epoch_milliseconds(now)
        return self._auth_data(chosen, user_id, moment, moment // 1000, frozen_extra(extra))

    def authenticate(self, api_key: str | bytes | None, *, now: datetime | None = None) -> ApiKeyGrant:
        """Whose key this is.

        Args:
            api_key: what the request brought, without ``Bearer``; None if it brought none.
            now: the instant to judge at, an aware datetime; None is the current time.

        Raises:
            ApiKeyExpiredError: the key was good, and is no longer accepted.
            InvalidApiKeyError: there is no key, another one, or ``is_revoked`` refuses its grant.
            TypeError: the key is no text, or ``is_revoked`` returned anything but a bool.
            ConfigurationError: ``now`` is naive or before 1970.
        """
        try:
            grant = self._authenticated(api_key, now)
        finally:
            del api_key, now
        if self._revokes(grant):
            raise InvalidApiKeyError("the API key is revoked")
        return grant

    def refresh(self, refresh_token: str, *, now: datetime | None = None) -> AuthData:
        """A new key, and a refresh token whose life starts again, of the same grant and with the same ``extra``.

        The refresh token that was used goes on working until its own end.

        Args:
            refresh_token: ``RefreshRequest.refresh_token``.
            now: the instant of issue, an aware datetime; None is the current time.

        Raises:
            InvalidRefreshTokenError: the token is not one of this issuer's, has ended, or ``is_revoked`` refuses its
                grant; the message tells your log which.
            TypeError: the refresh token is no ``str``, or ``is_revoked`` returned anything but a bool.
            ConfigurationError: ``now`` is naive or before 1970.
        """
        try:
            grant, granted, moment, extra = self._renewable(refresh_token, now)
        finally:
            del refresh_token, now
        if self._revokes(grant):
            raise InvalidRefreshTokenError("the refresh token is revoked")
        try:
            return self._auth_data(grant.grant_id, grant.user_id, granted, moment, extra)
        except InvalidAuthDataError as error:
            problem = str(error)
        raise InvalidRefreshTokenError(f"not a refresh token that can be renewed: {problem}")

    @sealed
    def _authenticated(self, api_key: str | bytes | None, now: datetime | None) -> ApiKeyGrant:
        moment = epoch_milliseconds(now) // 1000
        if not isinstance(api_key, (str, bytes, type(None))):
            raise TypeError(f"api_key is {type(api_key).__name__}: pass it as str or bytes")
        try:
            grant, *_ = self._api_keys.read(api_key or b"", moment)
        except VerificationError as error:
            problem = str(error)
        else:
            if grant.expires_at.timestamp() > moment:
                return grant
            raise ApiKeyExpiredError("the API key has expired: Rollout renews it by its refresh token")
        raise InvalidApiKeyError(f"not an API key of this application: {problem}")

    @sealed
    def _renewable(self, refresh_token: str, now: datetime | None) -> tuple[ApiKeyGrant, int, int, FrozenObject]:
        moment = epoch_milliseconds(now) // 1000
        if not isinstance(refresh_token, str):
            raise TypeError(f"refresh_token is {type(refresh_token).__name__}: pass it as str")
        try:
            grant, granted, claims = self._refresh_tokens.read(refresh_token, moment)
            fields = as_object(claims.get("ext", {}))
            if fields is None:
                raise InvalidClaimError("ext is not an object: sign with the AuthData's further fields", claim="ext")
            extra = frozen_extra(fields)
        except (VerificationError, InvalidAuthDataError) as error:
            problem = str(error)
        else:
            if grant.expires_at.timestamp() > moment:
                return grant, granted, moment, extra
            problem = "it has expired"
        raise InvalidRefreshTokenError(f"not a refresh token of this application: {problem}")

    def _auth_data(self, grant_id: str, user_id: str, granted: int, moment: int, extra: FrozenObject) -> AuthData:
        keys_end, refresh_end = moment + self._api_key_ttl + LATE, moment + self._refresh_token_ttl
        if refresh_end > LAST_SECOND:
            raise ConfigurationError("the refresh token would end after the year 9999: pass the current time as now")
        start = f'{{"sub":{quote(user_id)},"gid":{quote(grant_id)},"gat":{granted},"iat":{moment},'
        claims = f'{start}"jti":"{_random_text(8)}","exp":'
        refresh_token = self._refresh_tokens.signer.sign(f'{claims}{refresh_end},"ext":{extra.text}}}')
        if len(refresh_token) > MAX_TOKEN_LENGTH:
            raise InvalidAuthDataError(
                f"the refresh token would have more than {MAX_TOKEN_LENGTH} characters: pass less in extra"
            )
        api_key = self._api_keys.signer.sign(f"{claims}{keys_end}}}")
        return AuthData(api_key, refresh_token, self._api_key_ttl, extra)

    def _revokes(self, grant: ApiKeyGrant) -> bool:
        answer: object = self._is_revoked is not None and self._is_revoked(grant)
        if iscoroutine(answer):
            answer.close()
        if isinstance(answer, bool):
            return answer
        kind = type(answer).__name__
        del answer
        raise TypeError(
            f"is_revoked returned {kind}, not a bool: if it is async, leave it out and check the grant that"
            " authenticate returns"
        )

    def __repr__(self) -> str:
        return masked_repr(self)


def _random_text(size: int) -> str:
    return base64url(os.urandom(size)).decode()
