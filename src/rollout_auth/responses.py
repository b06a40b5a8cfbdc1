"""What the partner's two endpoints answer: a connect token to the browser, a renewed key or an error to Rollout.

Sources: "Implementing User Auth with API Key" of docs.rollout.com (the refresh endpoint answers with the refreshable
authData), RFC 6749 sections 5.1 (no cache), 5.2 (names of the errors) and 4.1.2.1 (``server_error``,
``temporarily_unavailable``), RFC 9110 section 10.2.3 (``Retry-After``).
"""

from __future__ import annotations

from datetime import timedelta

from ._checks import instant
from ._claims import seconds_claim
from ._json import dumps, loads_object
from ._jws import check_header, read_token
from ._secrecy import sealed
from .auth_data import AuthData, check_auth_data, wire_json
from .errors import (
    InvalidAuthDataError,
    InvalidRefreshTokenError,
    MalformedTokenError,
    RefreshUnavailableError,
    RolloutAuthError,
    VerificationError,
)
from .http import ResponseParts, json_response

_ERROR_CODES = {400: "invalid_request", 401: "invalid_client", 503: "temporarily_unavailable"}


@sealed
def connect_token_response(token: str) -> ResponseParts:
    """Answer the browser: 200 with ``{"token": ..., "expiresAt": ...}``, the token's end as an ISO 8601 instant in UTC.

    ``token`` is what ``generate_connect_token`` returned; its signature is not verified again.
    Raises ``TypeError``, ``MalformedTokenError`` and ``InvalidClaimError`` for something else.
    """
    if not isinstance(token, str):
        raise TypeError(f"token is {type(token).__name__}: pass the str that generate_connect_token returned")
    header, payload, *_ = read_token(token)
    check_header(header)
    claims = loads_object(payload, "the token's payload", MalformedTokenError)
    expires_at = instant(seconds_claim(claims, "exp"))
    return json_response(dumps({"token": token, "expiresAt": expires_at.isoformat()}))


@sealed
def refresh_response(auth_data: AuthData) -> ResponseParts:
    """Answer a refresh: 200 with ``{"apiKey", "refreshToken", "expiresIn"}``, and the extra fields of the AuthData.

    Raises ``InvalidAuthDataError`` for a key that is not refreshable, and ``TypeError`` for anything but AuthData.
    """
    check_auth_data(auth_data)
    if not auth_data.is_refreshable:
        raise InvalidAuthDataError(
            "a refresh is answered with a refreshable key: pass AuthData(api_key, refresh_token, expires_in)"
        )
    return json_response(wire_json(auth_data))


@sealed
def refresh_error_response(error: RolloutAuthError) -> ResponseParts:
    """Refuse a refresh: the error's status with ``{"error": ...}``, which does not say which check failed.

    400 ``invalid_grant`` (the refresh token), 400 ``invalid_request`` (the request), 401 ``invalid_client`` (the
    verification token, and every other error of status 401), 503 ``temporarily_unavailable`` with ``Retry-After`` in
    seconds, and ``server_error`` for anything of status 500. Raises ``TypeError`` for an error that is not ours.
    """
    if not isinstance(error, RolloutAuthError):
        raise TypeError(f"error is {type(error).__name__}: pass an error of rollout_auth, and let others pass through")
    code = "invalid_grant" if isinstance(error, InvalidRefreshTokenError) else _ERROR_CODES.get(error.status)
    if code is None and isinstance(error, VerificationError):
        code = "invalid_request"
    headers: dict[str, str] = {}
    if isinstance(error, RefreshUnavailableError):
        headers["Retry-After"] = str(error.retry_after // timedelta(seconds=1))
    return json_response(dumps({"error": code or "server_error"}), error.status, headers)
