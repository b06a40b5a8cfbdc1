"""The edge to HTTP, without a web framework: headers of any shape in, the three parts of a response out.

Source: PEP 3333 (a WSGI environ), the ASGI HTTP specification (pairs of bytes), RFC 9110 sections 5.1 to 5.3 (names are
case-insensitive; several lines of one field are equal to one line with commas).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from ._secrecy import masked_repr, sealed
from .errors import ConfigurationError, VerificationError

Headers = Mapping[str, str | None] | Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]]
"""Headers as a framework has them: a mapping in any case, a WSGI environ (Django's ``META`` too), ASGI's pairs of
bytes, or pairs of str, which Werkzeug's are."""

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749 section 5.1: an answer that holds a token is not to be cached."""

_TEXT_TYPES = (str, bytes)
_WHITE_SPACE = " \t"  # RFC 9110 section 5.6.3; other white space may be a part of UTF-8 that was read as Latin-1
_LONGEST_LINE = 16 * 1024  # twice what servers commonly allow; a longer line is left as it is, and fits nothing
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2


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
        return masked_repr(self, "body", "status", "headers", hidden=("body",))


def json_response(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> ResponseParts:
    """A response of JSON that nobody may cache."""
    return ResponseParts(text.encode(), status, {"Content-Type": "application/json", **NO_STORE, **(headers or {})})


def check_body(body: bytes) -> None:
    """Raise ``TypeError`` unless this is a body as it arrived."""
    if not isinstance(body, bytes):
        raise TypeError(
            f"body is {type(body).__name__}: pass the raw bytes, which are request.body (Django), request.get_data()"
            " (Flask) or await request.body() (FastAPI, Starlette)"
        )


def check_header_name(name: str) -> None:
    """Raise ``TypeError`` or ``ConfigurationError`` unless the name is one that a header can have."""
    if not isinstance(name, str):
        raise TypeError(f"header is {type(name).__name__}: pass the header's name as a str")
    if not re.fullmatch(_FIELD_NAME, name):
        raise ConfigurationError("header is not the name of an HTTP header: pass one such as 'X-Api-Token'")


def header_value(headers: Headers, name: str, error: type[VerificationError]) -> str | None:
    """The one value of a header; None if it is missing or blank.

    ``name`` is in lower case. Lines that say the same are one, also where a server has joined them by commas. Raises
    ``error`` for lines that differ, and ``TypeError`` for something that is no headers.
    """
    lines = _lines(headers, name)
    if len(lines) == 1 and "," not in lines[0]:
        return lines[0].strip(_WHITE_SPACE) or None
    values = {without_repetition(line) for line in lines}
    values.discard("")
    if len(values) > 1:
        raise error(f"the header {name} has two different values: send it once")
    return values.pop() if values else None


def without_repetition(line: str) -> str:
    """A line that a server has joined of equal ones, as one of them; any other line without white space around it."""
    if "," in line and len(line) <= _LONGEST_LINE:
        parts = {part.strip(_WHITE_SPACE) for part in line.split(",")} - {""}
        if len(parts) <= 1:
            return "".join(parts)
    return line.strip(_WHITE_SPACE)


def _lines(headers: Headers, name: str) -> list[str]:
    lines: list[str] = []
    size = len(name)
    for pair in _pairs(headers, name):
        try:
            key, value = pair
        except (TypeError, ValueError):
            break
        if not isinstance(key, _TEXT_TYPES):
            raise _no_text(key)
        if len(key) == size and key.isascii() and _text(key).lower() == name and value is not None:
            lines.append(_text(value))
    else:
        return lines
    raise TypeError(_no_headers(headers))


def _pairs(headers: object, name: str) -> Iterable[tuple[object, object]]:
    """The names and values of something that may be headers."""
    if isinstance(headers, dict):
        values = cast("dict[str, object]", headers)
        if "REQUEST_METHOD" in values:  # PEP 3333
            key = name.upper().replace("-", "_")
            return [(name, values.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"))]
        nested = values.get("headers")
        if nested is None or isinstance(nested, _TEXT_TYPES):
            return values.items()
        raise TypeError(_no_headers(values))
    if not _is_readable_twice(headers) or hasattr(headers, "headers"):
        raise TypeError(_no_headers(headers))
    items = getattr(headers, "items", None)
    return cast("Iterable[tuple[object, object]]", items() if callable(items) else headers)


def _is_readable_twice(headers: object) -> bool:
    return isinstance(headers, Iterable) and not isinstance(headers, (str, bytes, Iterator))


def _no_headers(headers: object) -> str:
    return (
        f"headers is {type(headers).__name__}: pass request.headers (Django, Flask, FastAPI, Starlette),"
        " the WSGI environ, or scope['headers'] (ASGI)"
    )


def _text(value: object) -> str:
    """A name or value as the text that every server makes of bytes: one character for each."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    raise _no_text(value)


def _no_text(value: object) -> TypeError:
    return TypeError(f"headers has a {type(value).__name__} where a str belongs: pass names and values as text")
