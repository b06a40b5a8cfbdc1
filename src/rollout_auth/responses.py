"""What your routes answer: a connect token to the browser, a renewed key to Rollout, a refusal to anybody.

Sources: "Implementing User Auth with API Key" of docs.rollout.com (the refresh endpoint answers with the refreshable
authData), RFC 6749 sections 5.1 (no cache) and 5.2 (names of the errors), RFC 6750 section 3 (``WWW-Authenticate``),
RFC 9110 sections 10.2.3 (``Retry-After``) and 15.5.2 (a 401 has a challenge).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ._json import dumps, loads_object
from ._jws import check_header, read_token, seconds_claim
from ._secrecy import masked_repr, sealed
from ._text import plain_text
from ._time import instant
from .auth_data import AuthData, check_auth_data
from .errors import InvalidAuthDataError, MalformedTokenError, RequestRefusedError, TemporarilyUnavailableError

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_LONGEST_LOG_MESSAGE = 300


class ResponseParts:
    """A response to hand to your framework: ``flask.Response(parts.body, parts.status, parts.headers)``.

    The same three are the arguments of Starlette's and FastAPI's ``Response`` and, by keyword (``content``, ``status``,
    ``headers``), of Django's ``HttpResponse``. It is neither a tuple, a mapping nor a dataclass: a view that returns it
    as it is fails, instead of showing its content as JSON. ``repr`` hides the body.
    """

    __slots__ = ("body", "headers", "status")

    body: bytes
    """The body, as it travels."""
    status: int
    """The HTTP status."""
    headers: dict[str, str]
    """Every header that matters, ``Content-Type`` included."""

    @sealed
    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self.body = body
        self.status = status
        self.headers = dict(headers)

    def __repr__(self) -> str:
        return masked_repr(self, "status", "headers", hidden=("body",))


@sealed
def connect_token_response(token: str) -> ResponseParts:
    """Answer the browser: 200 with ``{"token", "expiresAt"}``, the latter an ISO 8601 instant in UTC.

    ``token`` is what ``generate_connect_token`` returned; its signature is not verified again.
    Raises ``TypeError``, ``MalformedTokenError`` and ``InvalidClaimError`` for something else.
    """
    text = plain_text(token)
    if text is None:
        raise TypeError(f"token is {type(token).__name__}: pass the str that generate_connect_token returned")
    header, payload, *_ = read_token(text)
    check_header(header)
    expires_at = instant(seconds_claim(loads_object(payload, "the token's payload", MalformedTokenError), "exp"))
    return token_answer(text, expires_at)


def token_answer(token: str, expires_at: datetime) -> ResponseParts:
    """The answer with a token that needs no check."""
    return _json_response({"token": token, "expiresAt": expires_at.isoformat()})


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
    return _json_response(auth_data.to_dict())


@sealed
def error_response(error: RequestRefusedError) -> ResponseParts:
    """Refuse a request: the error's status with ``{"error": error.error}``, which does not say which check failed.

    A 401 has ``WWW-Authenticate: Bearer``, for keys and tokens with ``error="invalid_token"``; a 503 has
    ``Retry-After`` in seconds. Nobody may cache the answer. Logs one WARNING to the logger ``rollout_auth``: the code
    and the message, whose control characters are escaped and which is cut at 300 characters, and for a 503 the type of
    its cause. Raises ``TypeError`` for any other error: those are yours to fix, so let them pass through as a 500.
    """
    if not isinstance(error, RequestRefusedError):
        raise TypeError(
            f"error is {type(error).__name__}: pass a RequestRefusedError, and let every other error pass through"
        )
    headers: dict[str, str] = {}
    if error.status == 401:  # noqa: PLR2004  Unauthorized
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if error.error == "invalid_token" else "Bearer"
    cause = ""
    if isinstance(error, TemporarilyUnavailableError):
        headers["Retry-After"] = str(error.retry_after // timedelta(seconds=1))
        origin = error.__cause__ if error.__suppress_context__ else error.__context__
        cause = "" if origin is None else f" (because of {type(origin).__name__})"
    _log(f"{error.code}: {error}"[:_LONGEST_LOG_MESSAGE] + cause)
    return _json_response({"error": error.error}, error.status, headers)


def _log(message: str) -> None:
    import logging  # noqa: PLC0415  imported when first needed: most apps have imported it already

    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in message
    )
    logging.getLogger("rollout_auth").warning("%s", escaped)


def _json_response(
    content: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> ResponseParts:
    """A response of JSON that nobody may cache."""
    all_headers = {"Content-Type": "application/json", **_NO_STORE, **(headers or {})}
    return ResponseParts(dumps(content).encode(), status, all_headers)
