"""The refresh endpoint: Rollout sends a refresh token, and gets a new key.

Source: "Implementing User Auth with API Key" of docs.rollout.com: the URL and the data of the request are the partner's
own choice in the dashboard, so the field is configurable, and both JSON and forms are read.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from inspect import isawaitable, iscoroutine
from typing import final

from ._json import loads_object
from ._jws import MAX_TOKEN_LENGTH
from ._secrecy import masked_repr, sealed, users_own, users_own_awaited
from ._text import plain_text
from .auth_data import AuthData
from .errors import MalformedRequestError, RequestRefusedError
from .headers import Headers, check_body, header_value
from .responses import ResponseParts, error_response, refresh_response
from .verification import RequestVerifier

MAX_REFRESH_BODY = 64 * 1024
"""Bytes, for your framework's own limit, which is set before a body is read."""

_LONGEST_CONTENT_TYPE = 256
_MEDIA_TYPE = r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+"  # RFC 6838 section 4.2
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'  # RFC 9110 section 5.6.4
_CHARSET = r";[ \t]*charset[ \t]*=[ \t]*([^;]*)"
_BAD_ESCAPE = rb"%(?![0-9A-Fa-f]{2})"


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False)
class RefreshRequest:
    """What Rollout asks for. ``repr`` hides the refresh token, and the other fields.

    Raises ``TypeError`` for a refresh token that is not a ``str``.
    """

    refresh_token: str = field(repr=False)
    """The refresh token, which is yet to be looked up or verified."""
    fields: dict[str, object] = field(default_factory=dict[str, object], repr=False, hash=False)
    """The other fields of the request, by name; those of a form are of type ``str``."""

    @sealed
    def __post_init__(self) -> None:
        text = plain_text(self.refresh_token)
        if text is None:
            raise TypeError(f"refresh_token is {type(self.refresh_token).__name__}: pass a str")
        if not isinstance(self.fields, dict):
            raise TypeError(f"fields is {type(self.fields).__name__}: pass a dict")
        object.__setattr__(self, "refresh_token", text)

    def __repr__(self) -> str:
        return masked_repr(self)


@sealed
def parse_refresh_request(
    body: bytes, content_type: str | None = None, *, field: str = "refreshToken"
) -> RefreshRequest:
    """Read a refresh request of JSON or of a form; nothing in it is verified.

    Args:
        body: the raw bytes, at most ``MAX_REFRESH_BODY``.
        content_type: the request's ``Content-Type``; without one, the body is JSON.
        field: the name under which the dashboard sends the refresh token.

    Raises:
        MalformedRequestError: another type or charset, a body that is not strictly of its type, a duplicate field, no
            text under ``field``, or text that no refresh token can be: with NUL, or of more than 8,168 characters.
        TypeError: an argument is of the wrong type.
    """
    check_body(body)
    if len(body) > MAX_REFRESH_BODY:
        raise MalformedRequestError(f"the body is larger than {MAX_REFRESH_BODY} bytes: send the refresh token alone")
    media_type = _checked_text("content_type", "" if content_type is None else content_type)
    name = _checked_text("field", field)
    fields = _form(body) if _is_form(media_type) else loads_object(body, "the body", MalformedRequestError)
    refresh_token = fields.pop(name, None)
    if not isinstance(refresh_token, str) or not refresh_token.strip():
        raise MalformedRequestError(
            f"the body has no text under {name!r}: rename the field in the Rollout dashboard, or pass its name as field"
        )
    if "\0" in refresh_token or len(refresh_token) > MAX_TOKEN_LENGTH:
        raise MalformedRequestError(
            f"the text under {name!r} contains NUL or is too long: send the refresh token there"
        )
    return RefreshRequest(refresh_token, fields)


def checked_field(field: str) -> str:
    """The name of a field. Raises ``TypeError`` for anything but a ``str``."""
    return _checked_text("field", field)


def _checked_text(name: str, value: str) -> str:
    text = plain_text(value)
    if text is None:
        raise TypeError(f"{name} is {type(value).__name__}: pass a str")
    return text


def _is_form(content_type: str) -> bool:
    if len(content_type) > _LONGEST_CONTENT_TYPE:
        raise MalformedRequestError(f"the Content-Type has more than {_LONGEST_CONTENT_TYPE} characters: send the type")
    text = re.sub(_QUOTED, lambda quoted: re.sub("[,;]", " ", quoted[1]), content_type.lower())
    if "," in text:
        raise MalformedRequestError("the Content-Type has a comma, as two that were joined have: send one")
    media_type = text.partition(";")[0].strip()
    charset = re.search(_CHARSET, text)
    if charset and charset[1].strip() not in ("", "utf-8", "utf8", "us-ascii"):
        raise MalformedRequestError("the body is in a charset other than UTF-8: send UTF-8")
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
    from urllib.parse import parse_qsl  # noqa: PLC0415  imported when first needed: few partners choose a form

    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        pairs = []
    if not pairs or re.search(_BAD_ESCAPE, body):
        raise MalformedRequestError("the body is not a form in UTF-8: set its Content-Type in the Rollout dashboard")
    fields: dict[str, object] = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedRequestError("the body has a duplicate field: send each once")
    return fields


class RefreshEndpoint:
    """The whole endpoint except its route: verifies, parses, asks your function for a new key, and answers.

    Args:
        refresh: gets the ``RefreshRequest`` and returns a refreshable ``AuthData``, or raises
            ``InvalidRefreshTokenError`` or any other ``RequestRefusedError``: these are answered. Whatever else it
            raises passes through. It may be ``async``.
        verifier: checks the verification token before anything is read; None goes without.
        field: the name under which the dashboard sends the refresh token.

    Raises ``TypeError`` for an argument of the wrong type.

    Source: "Implementing User Auth with API Key" of docs.rollout.com.
    """

    __slots__ = ("__dict__", "__weakref__", "_refresh", "field", "verifier")

    @sealed
    def __init__(
        self,
        refresh: Callable[[RefreshRequest], AuthData | Awaitable[AuthData]],
        *,
        verifier: RequestVerifier | None,
        field: str = "refreshToken",
    ) -> None:
        if verifier is not None and not isinstance(verifier, RequestVerifier):
            raise TypeError(f"verifier is {type(verifier).__name__}: pass RequestVerifier(...), or None to go without")
        if not callable(refresh):
            raise TypeError("refresh is a function: pass it without calling it")
        self._refresh = refresh
        self.verifier: RequestVerifier | None = verifier
        self.field: str = _checked_text("field", field)

    @sealed
    def handle(self, body: bytes, headers: Headers) -> ResponseParts:
        """Answer a request, for functions that are not ``async``.

        ``body`` and ``headers`` are as for ``verify_webhook``. Raises ``TypeError`` for something else or if the
        function is ``async``, and whatever your own function raises.
        """
        try:
            try:
                request = self._request(body, headers)
            finally:
                del body, headers  # others may look at the frame while the function runs, or a refusal is logged
            answer = users_own(self._refresh, request)
            if isawaitable(answer):
                if iscoroutine(answer):
                    answer.close()
                raise TypeError("refresh is async: call handle_async, and await it")
            return refresh_response(answer)
        except RequestRefusedError as error:
            return error_response(error)

    @sealed
    async def handle_async(self, body: bytes, headers: Headers) -> ResponseParts:
        """Answer a request as ``handle`` does, for functions that may be ``async``."""
        try:
            try:
                request = self._request(body, headers)
            finally:
                del body, headers  # likewise
            answer = users_own(self._refresh, request)
            return refresh_response(await users_own_awaited(answer) if isawaitable(answer) else answer)
        except RequestRefusedError as error:
            return error_response(error)

    @sealed
    def _request(self, body: bytes, headers: Headers) -> RefreshRequest:
        if self.verifier is not None:
            self.verifier.verify(headers)
        content_type = header_value(headers, "content-type", MalformedRequestError)
        return parse_refresh_request(body, content_type, field=self.field)

    def __repr__(self) -> str:
        return masked_repr(self, "field", "verifier")
