"""How secrets stay out of transcripts: a request is shown as its template, and a response is masked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from rollout_auth import AuthData, MalformedRequestError

if TYPE_CHECKING:
    from .messages import Response

_TOKEN_LIKE = r"(?![a-z_.-]+(?![0-9A-Za-z_.~+/=-]))[0-9A-Za-z_.~+/=-]{20,}"  # unlike any word of an error message
_SHOWN_FIELDS = ("code", "detail", "error", "error_description", "expiresAt", "message", "status", "title", "type")
_LONGEST = 300
_LONG = 12  # characters; shorter text in authData, such as a region, is an ordinary word
_SHORT = 8  # characters; a shorter secret is hidden only as a whole word


class Mask:
    """The secrets of a conversation, by name. Hides them in any text."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}

    def learn(self, name: str, *secrets: str) -> None:
        """Hide these secrets from now on: as they are, in JSON and in URLs, with any of their characters escaped."""
        for secret in secrets:
            if secret not in self._names:
                self._names[secret] = name
                self._patterns[secret] = _pattern(secret)

    def learn_auth_data(self, auth_data: AuthData) -> None:
        """Hide a key, its refresh token, and the longer strings in the other fields."""
        self.learn("API key", auth_data.api_key)
        if auth_data.refresh_token is not None:
            self.learn("refresh token", auth_data.refresh_token)
        self.learn("authData", *_long_texts(dict(auth_data.extra)))

    def hide(self, text: str) -> str:
        """The text, with each secret replaced by its name, and anything else that looks like a secret hidden."""
        for secret in sorted(self._names, key=len, reverse=True):
            text = self._patterns[secret].sub(f"<{self._names[secret]}>", text)
        return re.sub(_TOKEN_LIKE, lambda match: hidden(match[0]), text)

    def show(self, response: Response) -> str:
        """What a response says, on one line."""
        body = response.body
        if not body:
            return ""
        try:
            shown = json.dumps(self._fields(response.json()))
        except MalformedRequestError:
            if response.is_success:
                return printable(f"<{len(body)} bytes of {self.hide(response.media_type)[:_LONGEST] or 'no type'}>")
            shown = " ".join(self.hide(body.decode(errors="replace")).split())
        return printable(shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}...")

    def _fields(self, fields: dict[str, object]) -> dict[str, object]:
        return {self.hide(name): self._masked(name, item) for name, item in fields.items()}

    def _masked(self, key: str, value: object) -> object:
        if isinstance(value, dict):
            return self._fields(cast("dict[str, object]", value))
        if isinstance(value, list):
            return [self._masked(key, item) for item in cast("list[object]", value)]
        if not isinstance(value, str):
            number = json.dumps(value)
            return f"<{self._names[number]}>" if number in self._names else value
        if value in self._names:
            return f"<{self._names[value]}>"
        return self.hide(value) if key in _SHOWN_FIELDS else hidden(value)


def _long_texts(value: object) -> Iterator[str]:
    """The strings in a JSON value that may be secrets."""
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _long_texts(item)
    elif isinstance(value, str) and len(value) >= _LONG:
        yield value


def _pattern(secret: str) -> re.Pattern[str]:
    pattern = "".join(map(_in_any_form, secret))
    return re.compile(rf"(?<!\w){pattern}(?!\w)" if len(secret) < _SHORT else pattern)


def _in_any_form(character: str) -> str:
    """A pattern for a character: as it is, as URLs escape it, and as JSON escapes it."""
    if re.fullmatch("[0-9A-Za-z._~-]", character):  # RFC 3986 section 2.3: never escaped
        return re.escape(character)
    utf_16 = character.encode("utf-16-be").hex()
    escaped = "".join(rf"\\u{utf_16[place : place + 4]}" for place in range(0, len(utf_16), 4))
    percent = "".join(f"%{byte:02x}" for byte in character.encode())
    others = [json.dumps(character)[1:-1], {" ": "+", "/": r"\/"}.get(character, character)]
    return f"(?:(?i:{escaped}|{percent})|{'|'.join(map(re.escape, others))})"


def hidden(text: str) -> str:
    """A placeholder that tells only the length of the text."""
    return f"<hidden, {len(text)} characters>"


def printable(text: str) -> str:
    """The text, with the characters that control a terminal replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
