"""The tokens of a grant: API keys and refresh tokens, each a compact JWS of its own type under a key of its own.

Claims: ``sub`` (the user id), ``gid`` (the grant id), ``gat`` (when the grant began, in milliseconds since 1970),
``iat``, ``exp`` and ``jti`` (RFC 7519; the last lets no two tokens be the same), and in a refresh token ``ext`` (the
AuthData's further fields). The keys are derived from the partner's secret for each purpose (RFC 5869) and the types are
explicit (RFC 8725 section 3.11), so that a connect token, an API key and a refresh token never stand in for one
another, even under one secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from ._checks import EPOCH, LAST_SECOND, check_instant, instant
from ._claims import seconds_claim, text_claim
from ._hmac import derived_secret
from ._json import loads_object
from ._jws import Signer, verified_payload
from ._secrecy import Value, masked_repr, sealed_class
from .errors import InvalidClaimError, MalformedTokenError

API_KEY_TYPE = "rollout-api-key+jwt"
REFRESH_TOKEN_TYPE = "rollout-refresh-token+jwt"

_CLOCK_DIFFERENCE = 60


@sealed_class
class ApiKeyGrant(Value):
    """What a verified API key or refresh token says. It holds no secret.

    Raises ``TypeError`` for a field of the wrong type, and ``ConfigurationError`` for a naive instant.
    """

    __slots__ = ("expires_at", "grant_id", "granted_at", "issued_at", "user_id")
    __match_args__: ClassVar[tuple[str, ...]] = ("grant_id", "user_id", "granted_at", "issued_at", "expires_at")

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

    def __init__(
        self, grant_id: str, user_id: str, granted_at: datetime, issued_at: datetime, expires_at: datetime
    ) -> None:
        if not (isinstance(grant_id, str) and isinstance(user_id, str)):
            raise TypeError("grant_id and user_id of a grant are strings: pass str(...)")
        check_instant(granted_at, "granted_at")
        check_instant(issued_at, "issued_at")
        check_instant(expires_at, "expires_at")
        fields = (grant_id, user_id, granted_at, issued_at, expires_at)
        for name, value in zip(self.__match_args__, fields, strict=True):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return masked_repr(self, *self.__match_args__)


class GrantTokens:
    """One kind of token: its type, and the secrets that were derived for it alone."""

    __slots__ = ("_secrets", "_type", "signer")

    def __init__(self, typ: str, secrets: Sequence[str]) -> None:
        self._type = typ
        self._secrets = [derived_secret(secret, typ) for secret in secrets]
        self.signer = Signer(self._secrets[0], typ)

    def read(self, token: str | bytes, moment: int) -> tuple[ApiKeyGrant, int, dict[str, object]]:
        """The grant, its first instant in milliseconds and the claims of a token, whether that has ended or not.

        Raises ``MalformedTokenError``, ``BadSignatureError`` and ``InvalidClaimError``.
        """
        payload = verified_payload(token, self._secrets, self._type)
        claims = loads_object(payload, "the payload", MalformedTokenError)
        issued = seconds_claim(claims, "iat")
        if issued > moment + _CLOCK_DIFFERENCE:
            raise InvalidClaimError("iat is in the future: set the clocks of all your machines", claim="iat")
        granted = claims.get("gat")
        if type(granted) is not int or not 0 <= granted <= LAST_SECOND * 1000:
            raise InvalidClaimError("gat is not a time in milliseconds since 1970", claim="gat")
        grant = ApiKeyGrant(
            text_claim(claims, "gid"),
            text_claim(claims, "sub"),
            EPOCH + timedelta(milliseconds=granted),
            instant(issued),
            instant(seconds_claim(claims, "exp")),
        )
        return grant, granted, claims
