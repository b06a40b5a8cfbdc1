"""What is read of a request: one header out of any framework's headers, and the raw body.

Sources: PEP 3333 (a WSGI environ), the ASGI HTTP specification (pairs of bytes), RFC 9110 sections 5.1 to 5.3 (names
are case-insensitive; several lines of one field are equal to one line with commas).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, cast

from ._text import plain_text
from .errors import ConfigurationError, VerificationError


class HeaderItems(Protocol):
    """Headers that list their lines: ``email.message.Message`` (``http.client``'s too) and ``wsgiref.headers``'."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values, in order."""
        ...


Headers = Mapping[str, str | None] | HeaderItems | Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]]
"""Headers as a framework has them: a mapping in any case, a WSGI environ (Django's ``META`` too), ASGI's pairs of
bytes, pairs of str, which Werkzeug's are, or ``email.message.Message``."""

_TEXT_TYPES = (str, bytes)
_TEXT_OR_NONE = (str, bytes, type(None))
_WHITE_SPACE = " \t"  # RFC 9110 section 5.6.3; other white space may be a part of UTF-8 that was read as Latin-1
_LONGEST_LINE = 16 * 1024  # twice what servers commonly allow; a longer line is left as it is, and fits nothing
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2


def check_body(body: bytes) -> None:
    """Raise ``TypeError`` unless this is a body as it arrived."""
    if not issubclass(type(body), bytes):
        raise TypeError(
            f"body is {type(body).__name__}: pass the raw bytes first, and then the headers; they are request.body"
            " (Django), request.get_data() (Flask) or await request.body() (FastAPI, Starlette)"
        )


def checked_header_name(name: str, argument: str = "header") -> str:
    """A name that a header can have. Raises ``TypeError`` or ``ConfigurationError``."""
    text = plain_text(name)
    if text is None:
        raise TypeError(f"{argument} is {type(name).__name__}: pass the header's name as a str")
    if not re.fullmatch(_FIELD_NAME, text):
        raise ConfigurationError(f"{argument} is not the name of an HTTP header: pass one such as 'X-Api-Token'")
    return text


def header_value(headers: Headers, name: str, error: type[VerificationError]) -> str | None:
    """The one value of a header; None if it is missing or blank.

    ``name`` is in lower case. Lines that say the same are one, also where a server has joined them by commas. Raises
    ``error`` for lines that differ, and ``TypeError`` for unsupported types of headers.
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
    """One of the values of a line that a server has joined of equal ones; any other line without white space around."""
    if "," in line and len(line) <= _LONGEST_LINE:
        parts = {part.strip(_WHITE_SPACE) for part in line.split(",")} - {""}
        if len(parts) <= 1:
            return "".join(parts)
    return line.strip(_WHITE_SPACE)


def without_bearer(value: str | None) -> str | None:
    """The value of ``Authorization`` without its ``Bearer`` scheme, if it has that (RFC 6750 section 2.1)."""
    return value[7:].lstrip(_WHITE_SPACE) if value is not None and value[:7].lower() == "bearer " else value


def _lines(headers: Headers, name: str) -> list[str]:
    lines: list[str] = []
    size = len(name)
    for pair in _pairs(headers, name):
        try:
            key, value = pair
        except (TypeError, ValueError):
            raise _unsupported(headers) from None
        if type(key) is not str and not isinstance(key, _TEXT_TYPES):
            raise _not_text(key)
        if len(key) == size and value is not None and key.isascii() and _text(key).lower() == name:
            lines.append(_text(value))
    return lines


def _pairs(headers: object, name: str) -> Iterable[tuple[object, object]]:
    """The names and values of something that may be headers. A mapping is asked for its items alone."""
    if isinstance(headers, dict):
        return _pairs_of_dict(cast("dict[str, object]", headers), name)
    if isinstance(headers, Mapping):
        mapping = cast("Mapping[object, object]", headers)
        if hasattr(type(mapping), "headers"):  # Starlette's and aiohttp's requests are mappings of other things
            raise _unsupported(mapping)
        return mapping.items()
    if hasattr(headers, "headers") or isinstance(headers, (str, bytes, Iterator)):
        raise _unsupported(headers)  # pyright: ignore[reportUnknownArgumentType]
    items = getattr(headers, "items", None)
    if callable(items):  # email.message has objects of its own for values that are not ASCII
        lines = cast("Iterable[tuple[object, object]]", items())
        return [(name, value if isinstance(value, _TEXT_OR_NONE) else str(value)) for name, value in lines]
    if not isinstance(headers, Iterable):
        raise _unsupported(headers)
    return cast("Iterable[tuple[object, object]]", headers)


def _pairs_of_dict(headers: dict[str, object], name: str) -> Iterable[tuple[object, object]]:
    if "REQUEST_METHOD" in headers:  # PEP 3333
        key = name.upper().replace("-", "_")
        return [(name, headers.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"))]
    is_event = not isinstance(headers.get("requestContext"), _TEXT_OR_NONE)
    if is_event or not isinstance(headers.get("multiValueHeaders"), _TEXT_OR_NONE):
        raise TypeError(
            "headers is an AWS Lambda event: pass event['headers'], or where that is missing [(name, value)"
            " for name, values in event['multiValueHeaders'].items() for value in values]"
        )
    if isinstance(headers.get("headers"), _TEXT_OR_NONE):
        return headers.items()
    raise _unsupported(headers)


def _unsupported(headers: object) -> TypeError:
    return TypeError(
        f"headers is {type(headers).__name__}: pass request.headers (Django, Flask, FastAPI, Starlette),"
        " the WSGI environ, scope['headers'] (ASGI) or event['headers'] (AWS Lambda)"
    )


def _text(value: object) -> str:
    """A name or value as the text that every server makes of bytes: one character for each."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    text = plain_text(value)
    if text is None:
        raise _not_text(value)
    return text


def _not_text(value: object) -> TypeError:
    return TypeError(
        f"headers has a {type(value).__name__} where a str belongs: pass names and values as text, and of several"
        " values each as a pair (name, value)"
    )
