"""The refresh endpoint: Rollout sends a refresh token, and gets a new key.

Source: "Implementing User Auth with API Key" of docs.rollout.com: the URL and the data of the request are the partner's
own choice in the dashboard, so the field is configurable, and both JSON and forms are read.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutine
from typing import ClassVar, cast

from ._json import loads_object
from ._secrecy import Value, masked_repr, sealed, sealed_class
from .auth_data import AuthData
from .errors import MalformedRequestError, RefreshUnavailableError, RolloutAuthError, VerificationError
from .http import Headers, ResponseParts, check_body, header_value
from .responses import refresh_error_response, refresh_response
from .verification import RequestVerifier

MAX_BODY = 64 * 1024
"""Bytes."""

_MEDIA_TYPE = r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+"  # RFC 6838 section 4.2
_CHARSET = r";[ \t]*charset[ \t]*=[ \t]*\"?([^\";]*)"
_BAD_ESCAPE = rb"%(?![0-9A-Fa-f]{2})"


@sealed_class
class RefreshRequest(Value):
    """What Rollout asks. ``repr`` hides the refresh token, and the other fields.

    Raises ``TypeError`` for a refresh token that is no ``str``.
    """

    __slots__ = ("fields", "refresh_token")
    __match_args__: ClassVar[tuple[str, ...]] = ("refresh_token", "fields")

    refresh_token: str
    """The refresh token, which is yet to be looked up or verified."""
    fields: dict[str, object]
    """The other fields of the request, by name; those of a form are of type ``str``."""

    def __init__(self, refresh_token: str, fields: dict[str, object] | None = None) -> None:
        if not isinstance(refresh_token, str):
            raise TypeError(f"refresh_token is {type(refresh_token).__name__}: pass a str")
        object.__setattr__(self, "refresh_token", refresh_token)
        object.__setattr__(self, "fields", {} if fields is None else fields)

    def __hash__(self) -> int:
        return hash(self.refresh_token)

    def __repr__(self) -> str:
        return masked_repr(self, "refresh_token", "fields", hidden=("refresh_token", "fields"))


@sealed
def parse_refresh_request(
    body: bytes, content_type: str | None = None, *, field: str = "refreshToken"
) -> RefreshRequest:
    """Read a refresh request of JSON or of a form; nothing in it is verified.

    Args:
        body: the raw bytes, at most 64 KiB.
        content_type: the request's ``Content-Type``; without one, it is JSON.
        field: the name under which the dashboard sends the refresh token.

    Raises:
        MalformedRequestError: another type or charset, a body that is not strictly of its type, a duplicate field, or
            no text under ``field``.
        TypeError: an argument is of the wrong type.
    """
    check_body(body)
    if len(body) > MAX_BODY:
        raise MalformedRequestError(f"the body is larger than {MAX_BODY} bytes")
    content_type = "" if content_type is None else content_type
    for name, value in (("content_type", content_type), ("field", field)):
        if not isinstance(value, str):
            raise TypeError(f"{name} is {type(value).__name__}: pass a str")
    fields = _form(body) if _is_form(content_type) else loads_object(body, "the body", MalformedRequestError)
    refresh_token = fields.pop(field, None)
    if not isinstance(refresh_token, str) or not refresh_token.strip():
        raise MalformedRequestError(f"the body has no text under {field!r}: send the refresh token there")
    return RefreshRequest(refresh_token, fields)


def _is_form(content_type: str) -> bool:
    text = content_type.lower()
    if "," in text:
        raise MalformedRequestError("the Content-Type has a comma, as two that were joined have: send one")
    media_type = text.partition(";")[0].strip()
    charset = re.search(_CHARSET, text)
    if charset and charset[1].strip() not in ("", "utf-8", "utf8", "us-ascii"):
        raise MalformedRequestError("the body is in another charset than UTF-8")
    if media_type == "application/x-www-form-urlencoded":
        return True
    is_json = media_type == "application/json" or (
        media_type.endswith("+json") and re.fullmatch(_MEDIA_TYPE, media_type)
    )
    if media_type and not is_json:
        raise MalformedRequestError(
            "the body is neither JSON nor a form: set its Content-Type in the Rollout dashboard"
        )
    return False


def _form(body: bytes) -> dict[str, object]:
    from urllib.parse import parse_qsl  # noqa: PLC0415  imported late: few partners choose a form

    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        pairs = []
    if not pairs or re.search(_BAD_ESCAPE, body):
        raise MalformedRequestError("the body is not a form in UTF-8")
    fields: dict[str, object] = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedRequestError("the body has a duplicate field")
    return fields


class RefreshEndpoint:
    """The whole endpoint but its route: verifies, parses, asks your function for a new key, and answers.

    Args:
        refresh: gets the ``RefreshRequest`` and returns a refreshable ``AuthData``, or raises
            ``InvalidRefreshTokenError``, any other ``VerificationError``, or ``RefreshUnavailableError``: these are
            answered. Whatever else it raises is your own, and passes through. It may be ``async``.
        verifier: checks the verification token before anything is read; None goes without.
        field: the name under which the dashboard sends the refresh token.
        on_refused: is told of each error that is answered, for your log: the answer itself does not say which it was.

    Raises ``TypeError`` for an argument of the wrong type.

    Source: "Implementing User Auth with API Key" of docs.rollout.com.
    """

    __slots__ = ("_on_refused", "_refresh", "field", "verifier")

    @sealed
    def __init__(
        self,
        refresh: Callable[[RefreshRequest], AuthData | Awaitable[AuthData]],
        *,
        verifier: RequestVerifier | None,
        field: str = "refreshToken",
        on_refused: Callable[[RolloutAuthError], object] | None = None,
    ) -> None:
        if verifier is not None and not isinstance(verifier, RequestVerifier):
            raise TypeError(f"verifier is {type(verifier).__name__}: pass RequestVerifier(...), or None to go without")
        if not callable(refresh) or not (on_refused is None or callable(on_refused)):
            raise TypeError("refresh and on_refused are functions: pass them without calling them")
        if not isinstance(field, str):
            raise TypeError(f"field is {type(field).__name__}: pass a str")
        self._refresh = refresh
        self.verifier: RequestVerifier | None = verifier
        self.field: str = field
        self._on_refused = on_refused

    def handle(self, headers: Headers, body: bytes) -> ResponseParts:
        """Answer a request, for functions that are not ``async``.

        ``headers`` and ``body`` are as for ``verify_webhook``. Raises ``TypeError`` for something else or if a function
        is ``async``, and whatever your own function raises.
        """
        try:
            try:
                request = self._request(headers, body)
            finally:
                del headers, body
            return refresh_response(cast("AuthData", _finished(self._refresh(request))))
        except (VerificationError, RefreshUnavailableError) as error:
            if self._on_refused is not None:
                _finished(self._on_refused(error))
            return refresh_error_response(error)

    async def handle_async(self, headers: Headers, body: bytes) -> ResponseParts:
        """Answer a request as ``handle`` does, for functions that may be ``async``."""
        try:
            try:
                request = self._request(headers, body)
            finally:
                del headers, body
            return refresh_response(cast("AuthData", await _awaited(self._refresh(request))))
        except (VerificationError, RefreshUnavailableError) as error:
            if self._on_refused is not None:
                await _awaited(self._on_refused(error))
            return refresh_error_response(error)

    @sealed
    def _request(self, headers: Headers, body: bytes) -> RefreshRequest:
        if self.verifier is not None:
            self.verifier.verify(headers)
        content_type = header_value(headers, "content-type", MalformedRequestError)
        return parse_refresh_request(body, content_type, field=self.field)

    def __repr__(self) -> str:
        return masked_repr(self, "field", "verifier")


def _finished(result: object) -> object:
    """What a function returned, if that is not something to await."""
    if isawaitable(result):
        if iscoroutine(result):
            result.close()
        raise TypeError("a function of this endpoint is async: call handle_async, and await it")
    return result


async def _awaited(result: object) -> object:
    return await result if isawaitable(result) else result
