from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    BadVerificationTokenError,
    ClientCredentials,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    MalformedRequestError,
    MalformedTokenError,
    MissingHeaderError,
    RequestRefusedError,
    ResponseParts,
    RolloutAuthError,
    TemporarilyUnavailableError,
    VerificationError,
    connect_token_response,
    error_response,
    generate_connect_token,
    refresh_response,
)

HEADER = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"
HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}


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
    """Something else than AuthData is refused with the fix."""
    with pytest.raises(TypeError, match=r"pass AuthData\(\.\.\.\)"):
        refresh_response(value)


class TooManyError(VerificationError):
    """An application's own refusal."""

    status = 429
    error = "slow_down"


@pytest.mark.parametrize(
    ("error", "status", "name", "headers"),
    [
        (RequestRefusedError(), 400, "invalid_request", {}),
        (MalformedRequestError(), 400, "invalid_request", {}),
        (InvalidRefreshTokenError(), 400, "invalid_grant", {}),
        (VerificationError(), 401, "invalid_token", {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
        (InvalidApiKeyError(), 401, "invalid_token", {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
        (MissingHeaderError(), 401, "invalid_client", {"WWW-Authenticate": "Bearer"}),
        (BadVerificationTokenError(), 401, "invalid_client", {"WWW-Authenticate": "Bearer"}),
        (TemporarilyUnavailableError(), 503, "temporarily_unavailable", {"Retry-After": "30"}),
        (
            TemporarilyUnavailableError(retry_after=timedelta(minutes=2)),
            503,
            "temporarily_unavailable",
            {"Retry-After": "120"},
        ),
        (TooManyError(), 429, "slow_down", {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_refusals(error: RequestRefusedError, status: int, name: str, headers: dict[str, str]) -> None:
    """Each refusal has its status, its name of RFC 6749 or RFC 6750, and the headers that go with the status."""
    parts = error_response(error)
    assert (parts.status, json.loads(parts.body)) == (status, {"error": name})
    assert parts.headers == {**HEADERS, **headers}


def test_refusal_without_the_constructor() -> None:
    """A class of the application's own that does not call our constructor is answered as its base is."""

    class AwayError(TemporarilyUnavailableError):
        def __init__(self) -> None:
            Exception.__init__(self, "away")

    assert error_response(AwayError()).headers["Retry-After"] == "30"


@pytest.mark.parametrize("error", [ValueError("x"), ConfigurationError(), RolloutAuthError(), InvalidAuthDataError()])
def test_other_errors(error: Any) -> None:
    """An error that is not the caller's fault is not answered in Rollout's terms."""
    with pytest.raises(TypeError, match="pass a RequestRefusedError, and let every other error pass through"):
        error_response(error)


class TestLog:
    @pytest.fixture
    def logged(self, caplog: pytest.LogCaptureFixture) -> Any:
        """What one refusal logs, checked to be one WARNING of the logger ``rollout_auth``."""

        def log(error: RequestRefusedError) -> str:
            caplog.clear()
            error_response(error)
            ((name, level, message),) = caplog.record_tuples
            assert (name, level) == ("rollout_auth", logging.WARNING)
            return message

        return log

    def test_code_and_message(self, logged: Any) -> None:
        """The code and the message are there."""
        assert logged(InvalidApiKeyError("revoked")) == "invalid_api_key: revoked"
        assert logged(InvalidApiKeyError("100 %s")) == "invalid_api_key: 100 %s"

    def test_control_characters(self, logged: Any) -> None:
        """A message of the application's own may hold anything: nothing in it starts a line or controls a terminal."""
        assert logged(VerificationError("a\r\nb\x1b[31m\u2028\ud800é")) == (
            r"verification_failed: a\r\nb\x1b[31m\u2028\ud800é"
        )

    def test_length(self, logged: Any) -> None:
        """A long message is cut."""
        assert logged(VerificationError("x" * 279)) == f"verification_failed: {'x' * 279}"
        assert logged(VerificationError("x" * 280)) == f"verification_failed: {'x' * 279}"

    def test_cause(self, logged: Any) -> None:
        """Of a store that is away, the type of the error that said so is there, and nothing of its text."""

        def raised(how: str) -> TemporarilyUnavailableError:
            try:
                try:
                    raise ConnectionError("canary")
                except ConnectionError as error:
                    if how == "from":
                        raise TemporarilyUnavailableError from error
                    if how == "hidden":
                        raise TemporarilyUnavailableError from None
                    raise TemporarilyUnavailableError  # noqa: B904  what applications write
            except TemporarilyUnavailableError as error:
                return error

        base = "temporarily_unavailable: the request cannot be answered right now"
        assert logged(raised("from")) == logged(raised("in")) == f"{base} (because of ConnectionError)"
        assert logged(raised("hidden")) == logged(TemporarilyUnavailableError()) == base

    def test_name_of_a_cause(self, logged: Any) -> None:
        """The type of a cause may have any name: nothing in it starts a line."""
        error = TemporarilyUnavailableError("away")
        error.__cause__ = type("A\nFAKE LINE", (Exception,), {})()
        assert logged(error) == r"temporarily_unavailable: away (because of A\nFAKE LINE)"

    def test_no_cause_of_other_refusals(self, logged: Any) -> None:
        """What caused another refusal may have come with the request, and is not told."""
        error = VerificationError("x")
        error.__cause__ = ValueError("canary")
        assert logged(error) == "verification_failed: x"

    def test_no_handler_of_ours(self) -> None:
        """The logger has no handler, so that an app without logging sees the line on standard error."""
        error_response(VerificationError())
        assert logging.getLogger("rollout_auth").handlers == []


class TestResponseParts:
    def test_parts(self) -> None:
        """The three parts are what was given, the headers as a copy."""
        headers = {"Content-Type": "text/plain"}
        parts = ResponseParts(b"x", 201, headers)
        headers["X"] = "y"
        assert (parts.body, parts.status, parts.headers) == (b"x", 201, {"Content-Type": "text/plain"})

    def test_repr(self) -> None:
        """The body does not show."""
        assert repr(ResponseParts(b"canary", 200, {})) == "ResponseParts(status=200, headers={}, body=<hidden>)"

    def test_is_nothing_that_a_framework_would_send(self) -> None:
        """It is no tuple, mapping or dataclass, cannot be called or iterated, and has no ``__dict__``."""
        parts = ResponseParts(b"canary", 200, {})
        for attribute in ("__iter__", "__len__", "__getitem__", "keys", "__call__", "__dict__", "__dataclass_fields__"):
            assert not hasattr(parts, attribute)
