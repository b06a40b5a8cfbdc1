"""Requests as a partner writes them in Rollout's dashboard, with placeholders that Rollout fills in.

Source: "Implementing User Auth with API Key" of docs.rollout.com: partners put ``{{context.authData.apiKey}}`` wherever
they want it. ``{{verificationToken}}`` is this package's own placeholder: in the dashboard, it is the token itself.
"""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

from rollout_auth import ConfigurationError
from rollout_auth._json import as_object
from rollout_auth._secrecy import sealed
from rollout_auth.headers import checked_header_name

from ._masks import hidden
from .messages import Request

Context = dict[str, object]

V = TypeVar("V")

VERIFICATION_TOKEN = "verificationToken"
API_KEY = "context.authData.apiKey"
REFRESH_TOKEN = "context.authData.refreshToken"

_PLACE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_PATH = r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]*"  # RFC 3986 section 3.3
_PUBLIC_HEADERS = ("accept", "content-type")
_SCHEME = "(?:[A-Z][a-z]{1,9})? ?"  # RFC 9110 section 11.1


class DashboardRequest:
    """A request with placeholders: ``{{context.authData.apiKey}}``, ``{{context.userId}}``, any field of authData.

    Args:
        method: such as ``"POST"``.
        path: such as ``"/rollout/refresh"``.
        headers: names and values.
        query: names and values of the query.
        json: a JSON value for the body. A string that is exactly one placeholder becomes the value, of any type.
        form: names and values for a form in the body.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigurationError: the method, the path or a header name is invalid, or both ``json`` and ``form`` are given.

    Do not write a production secret as a literal header value, because many people read tests. ``repr`` hides it.
    """

    def __init__(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> None:
        if json is not None and form is not None:
            raise ConfigurationError("json and form are both given: a request has one body, so pass one of them")
        for name, text in (("method", method), ("path", path)):
            if not isinstance(text, str):
                raise TypeError(f"{name} is {type(text).__name__}: pass a str")
        if not re.fullmatch(r"[A-Z]+", method):
            raise ConfigurationError("method is not an HTTP method: pass one such as 'POST', in capitals")
        if not path.startswith("/"):
            raise ConfigurationError("path does not begin with a slash: pass one such as '/rollout/refresh'")
        if not re.fullmatch(_PATH, _PLACE.sub("", path)):
            raise ConfigurationError("path has characters that a path cannot have: quote them, or pass query=...")
        self.method = method
        self.path = path
        self.headers: Mapping[str, str] = _fixed("headers", headers or {})
        self.query: Mapping[str, str] = _fixed("query", query or {})
        self.json: object = _mapped(json, str)
        self.form: Mapping[str, str] | None = None if form is None else _fixed("form", form)
        for name in self.headers:
            checked_header_name(name)

    @sealed
    def fill(self, context: Context) -> Request:
        """The request with every placeholder filled in; ``context`` has a value for each name, nested as the names are.

        Raises ``ConfigurationError`` for a placeholder without a value.
        """
        path = _filled(self.path, context, lambda text: quote(text, safe=""))
        query = {name: _filled(value, context) for name, value in self.query.items()}
        headers = [(name, _header(name, _filled(value, context))) for name, value in self.headers.items()]
        body, content_type = self._body(context)
        if content_type and "content-type" not in (name.lower() for name in self.headers):
            headers.append(("Content-Type", content_type))
        return Request(self.method, f"{path}?{urlencode(query)}" if query else path, headers, body)

    def _body(self, context: Context) -> tuple[bytes, str]:
        if self.form is not None:
            fields = {name: _filled(value, context) for name, value in self.form.items()}
            return urlencode(fields).encode(), "application/x-www-form-urlencoded"
        if self.json is None:
            return b"", ""
        value = _mapped(self.json, lambda text: _filled_value(text, context))
        return json_module.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), "application/json"

    def has(self, place: str) -> bool:
        """Whether the request contains a placeholder with this name."""
        texts = [self.path, *self.headers.values(), *self.query.values(), *(self.form or {}).values()]
        return any(place in _places(text) for text in [*texts, _as_text(self.json)])

    def without(self, place: str) -> DashboardRequest:
        """The same request without the headers, query fields and body fields that contain the placeholder."""
        body = as_object(self.json)
        return DashboardRequest(
            self.method,
            self.path,
            headers=_without(place, self.headers),
            query=_without(place, self.query),
            json=self.json if body is None else _without(place, body),
            form=self.form and _without(place, self.form),
        )

    def __str__(self) -> str:
        query = "&".join(f"{name}={_shown(value)}" for name, value in self.query.items())
        parts = [f"{self.method} {self.path}{'?' * bool(query)}{query}"]
        parts += [
            f"{name}: {value if name.lower() in _PUBLIC_HEADERS else _shown(value)}"
            for name, value in self.headers.items()
        ]
        if self.form is not None:
            parts.append("form " + "&".join(f"{name}={_shown(value)}" for name, value in self.form.items()))
        if self.json is not None:
            parts.append("JSON " + json_module.dumps(_mapped(self.json, _shown)))
        return "  ".join(parts)

    def __repr__(self) -> str:
        return f"<DashboardRequest {self}>"


def _filled(text: str, context: Context, encode: Callable[[str], str] = str) -> str:
    return _PLACE.sub(lambda match: encode(_as_text(_value(match[1], context))), text)


def _filled_value(text: str, context: Context) -> object:
    """The text filled in; the value itself, if the text is exactly one placeholder."""
    match = _PLACE.fullmatch(text)
    return _value(match[1], context) if match else _filled(text, context)


def _value(name: str, context: Context) -> object:
    value: object = context
    for part in name.split("."):
        fields = as_object(value)
        if fields is None or part not in fields:
            known = f" (known: {', '.join(sorted(fields))})" if fields else ""
            fix = "sign it into authData, or remove it from the request"
            raise ConfigurationError(f"there is no value for {{{{{name}}}}}{known}: {fix}")
        value = fields[part]
    return value


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json_module.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _mapped(value: object, change: Callable[[str], object]) -> object:
    """A JSON value, with each string changed that is not a key."""
    if isinstance(value, Mapping):
        return {name: _mapped(item, change) for name, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(item, change) for item in cast("list[object]", value)]
    return change(value) if isinstance(value, str) else value


def _header(name: str, value: str) -> str:
    """RFC 9110 section 5.5 allows no control characters, and HTTP libraries send nothing beyond Latin-1."""
    if any(ord(character) in (*range(9), *range(10, 32), 127) or character > "\xff" for character in value):
        raise ConfigurationError(f"the header {name} cannot hold this value: put it into the query or the body")
    return value


def _places(text: str) -> list[str]:
    return _PLACE.findall(text)


def _fixed(name: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """A copy that cannot be changed, because dashboards share requests."""
    for value in fields.values():
        if not isinstance(value, str):
            raise TypeError(f"{name} has a {type(value).__name__} as a value: pass str(...)")
    return MappingProxyType(dict(fields))


def _without(place: str, fields: Mapping[str, V]) -> dict[str, V]:
    return {name: value for name, value in fields.items() if place not in _places(_as_text(value))}


def _shown(text: str) -> str:
    """The text with its placeholders, and of the rest only a scheme such as ``Bearer``."""
    parts = re.split(r"(\{\{[^{}]+\}\})", text)
    shown = rf"{_PLACE.pattern}|{_SCHEME if len(parts) > 1 else ''}"
    return "".join(part if re.fullmatch(shown, part) else hidden(part) for part in parts)
