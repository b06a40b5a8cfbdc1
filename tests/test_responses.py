from __future__ import annotations

import inspect
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    ClientCredentials,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    MalformedTokenError,
    RefreshUnavailableError,
    RolloutAuthError,
    VerificationError,
    connect_token_response,
    errors,
    generate_connect_token,
    refresh_error_response,
    refresh_response,
)

HEADER = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"
HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
ATTRIBUTES: dict[str, Any] = {
    "TokenExpiredError": {"expired_at": datetime.now(timezone.utc)},
    "TokenNotYetValidError": {"valid_from": datetime.now(timezone.utc)},
    "InvalidClaimError": {"claim": "exp"},
    "MissingHeaderError": {"header": "X"},
}


def test_connect_token(credentials: ClientCredentials, now: datetime) -> None:
    """The browser gets the token and its end, as an instant in UTC."""
    token = generate_connect_token("user-1", credentials=credentials, now=now)
    parts = connect_token_response(token)
    assert json.loads(parts.body) == {"token": token, "expiresAt": "2026-03-01T13:00:00+00:00"}
    assert (parts.status, parts.headers) == (200, HEADERS)
    assert datetime.fromisoformat(json.loads(parts.body)["expiresAt"]) == now.replace(microsecond=0) + timedelta(
        hours=1
    )


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("x", MalformedTokenError),
        (f"{HEADER}.e30.e30", InvalidClaimError),
        ("e30.e30.e30", MalformedTokenError),
        (b"x", TypeError),
        (None, TypeError),
    ],
)
def test_no_connect_token(token: Any, error: type[Exception]) -> None:
    """Something else than a token is not sent to a browser."""
    with pytest.raises(error):
        connect_token_response(token)


def test_other_kinds_of_token() -> None:
    """An API key or a refresh token is no connect token, and is not sent as one."""
    issued = ApiKeyIssuer("0123456789abcdef" * 4).issue("user-1")
    for token in (issued.api_key, issued.refresh_token):
        with pytest.raises(MalformedTokenError, match="it is a token for something else"):
            connect_token_response(token)


def test_refresh(auth_data: AuthData) -> None:
    """Rollout gets exactly the documented keys, the life as an integer, and the extra fields."""
    parts = refresh_response(AuthData("key-2", "refresh-2", 3600))
    assert parts.body == b'{"apiKey":"key-2","refreshToken":"refresh-2","expiresIn":3600}'
    assert (parts.status, parts.headers) == (200, HEADERS)
    assert json.loads(refresh_response(auth_data).body) == auth_data.to_dict()


def test_refresh_needs_a_refreshable_key() -> None:
    """A key that could not be renewed again would end the connection."""
    with pytest.raises(InvalidAuthDataError, match=r"pass AuthData\(api_key, refresh_token, expires_in\)"):
        refresh_response(AuthData("key-2"))


@pytest.mark.parametrize("value", [None, {"apiKey": "x"}, "x"])
def test_refresh_type(value: Any) -> None:
    """Something else than AuthData is refused with the mend."""
    with pytest.raises(TypeError, match=r"pass AuthData\(\.\.\.\)"):
        refresh_response(value)


EXPECTED = {
    "MalformedRequestError": (400, "invalid_request"),
    "InvalidRefreshTokenError": (400, "invalid_grant"),
    "RefreshUnavailableError": (503, "temporarily_unavailable"),
    "RolloutAuthError": (500, "server_error"),
    "ConfigurationError": (500, "server_error"),
    "InvalidAuthDataError": (500, "server_error"),
    "InvalidUserIdError": (500, "server_error"),
}


def test_error_of_the_partners_own() -> None:
    """A class of the partner's own is answered by its status."""

    class TooManyError(RolloutAuthError):
        status = 400

    parts = refresh_error_response(TooManyError())
    assert (parts.status, parts.body) == (400, b'{"error":"invalid_request"}')


@pytest.mark.parametrize(
    "cls", [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, RolloutAuthError)]
)
def test_errors(cls: type[RolloutAuthError]) -> None:
    """Each error has its name of RFC 6749, and nothing in the answer says which check failed."""
    parts = refresh_error_response(cls("canary", **ATTRIBUTES.get(cls.__name__, {})))
    status, code = EXPECTED.get(cls.__name__, (401, "invalid_client"))
    assert (parts.status, json.loads(parts.body)) == (status, {"error": code})
    retry = {"Retry-After": "30"} if status == 503 else {}
    assert parts.headers == {**HEADERS, **retry}


def test_retry_after() -> None:
    """The time to wait is told in seconds."""
    parts = refresh_error_response(RefreshUnavailableError(retry_after=timedelta(minutes=2)))
    assert parts.headers["Retry-After"] == "120"


def test_subclasses() -> None:
    """An application's own subclass is answered as its base is."""

    class RevokedError(InvalidRefreshTokenError):
        """The key was revoked."""

    assert json.loads(refresh_error_response(RevokedError()).body) == {"error": "invalid_grant"}

    class TooManyError(VerificationError):
        """The caller asks too often."""

        status = 429

    parts = refresh_error_response(TooManyError())
    assert (parts.status, json.loads(parts.body)) == (429, {"error": "invalid_request"})

    class AwayError(RefreshUnavailableError):
        """The database is away."""

        def __init__(self) -> None:
            Exception.__init__(self, "away")

    assert refresh_error_response(AwayError()).headers["Retry-After"] == "30"


def test_other_errors() -> None:
    """An error of the application's own is not answered in Rollout's terms."""
    with pytest.raises(TypeError, match="pass an error of rollout_auth"):
        refresh_error_response(ValueError("x"))
