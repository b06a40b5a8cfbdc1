"""``AuthData``: what a connect token tells Rollout about a user's API key.

Source: "Implementing User Auth with API Key" of docs.rollout.com (``apiKey``, ``refreshToken``, ``expiresIn`` in
seconds); on Rollout v2 the connector's own code reads the object, so it may hold further fields (npm
``@rollout/framework`` 2.2.169 types it ``any``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import cast, final

from ._secrecy import HIDDEN, masked_repr, sealed
from ._text import checked_text, is_well_formed, plain_text, text_problem
from ._time import TEN_YEARS
from .errors import InvalidAuthDataError

MAX_EXTRA_DEPTH = 16
MAX_EXTRA_VALUES = 4096
MAX_SAFE_INTEGER = 2**53 - 1
"""RFC 7493 section 2.2: a larger integer does not survive a reader that has only doubles, such as Rollout's."""

_WIRE_NAMES = {"api_key": "apiKey", "refresh_token": "refreshToken", "expires_in": "expiresIn"}


class UnusableValueError(ValueError):
    """Something that JSON, or its reader, would lose; ``str`` names the place and the fix."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.path: list[str] = []

    def __str__(self) -> str:
        return f"extra{''.join(reversed(self.path))} {self.args[0]}"


def _plain(value: object, depth: int, seen: list[None]) -> object:
    """A deep copy that is made of JSON's own types. Raises ``UnusableValueError``."""
    seen.append(None)
    if len(seen) > MAX_EXTRA_VALUES:
        raise UnusableValueError(f"has more than {MAX_EXTRA_VALUES} values: pass less, no token would hold them")
    if value is None or isinstance(value, (str, int, float)):
        return _scalar(value)
    if not isinstance(value, (Mapping, list, tuple)):
        raise UnusableValueError(f"is {type(value).__name__}, which JSON does not know: pass a str, int, float or bool")
    if depth == 0:
        raise UnusableValueError(f"is nested more than {MAX_EXTRA_DEPTH} levels deep, or contains itself: flatten it")
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {_key(key): _plain_at(key, item, depth - 1, seen) for key, item in items}
    places = enumerate(cast("Sequence[object]", value))
    return [_plain_at(index, item, depth - 1, seen) for index, item in places]


def _plain_at(place: object, value: object, depth: int, seen: list[None]) -> object:
    try:
        return _plain(value, depth, seen)
    except UnusableValueError as error:
        error.path.append(f"[{place!r:.60}]")
        raise


def _scalar(value: str | float | None) -> object:
    if value is None or isinstance(value, bool):
        return None if value is None else bool(value)
    text = plain_text(value)
    if text is not None:
        if not (text.isascii() or is_well_formed(text)):
            raise UnusableValueError("contains a lone surrogate: decode it as UTF-8")
        return text
    if isinstance(value, int):
        number = int(value)
        if abs(number) > MAX_SAFE_INTEGER:
            raise UnusableValueError("is an integer beyond 2**53, which a JavaScript reader rounds: pass it as a str")
        return number
    fraction = float(cast("float", value))
    if not math.isfinite(fraction):
        raise UnusableValueError("is NaN or infinite, which JSON does not know: pass None or a str")
    return fraction


def _key(key: object) -> str:
    text = plain_text(key)
    if text is None or not (text.isascii() or is_well_formed(text)):
        raise UnusableValueError("has a key that is not well-formed text: pass a str")
    return text


@final
@sealed
class FrozenObject(Mapping[str, object]):
    """The further fields of an AuthData: a deep copy of a mapping, immutable and hashable; its items are copies.

    Two are equal if their JSON is, whatever the order of the keys; beside another mapping, equality is Python's.
    """

    __slots__ = ("_value",)
    _value: dict[str, object]

    def __init__(self, value: Mapping[str, object]) -> None:
        plain = cast("dict[str, object]", _plain(value, MAX_EXTRA_DEPTH, []))
        for name in _WIRE_NAMES.values():
            if name in plain:
                raise UnusableValueError(f"may not contain {name!r}: pass it as an argument of its own")
        object.__setattr__(self, "_value", plain)

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenObject, (self._value,)

    @sealed
    def __getitem__(self, key: str) -> object:
        return deepcopy(self._value[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    @sealed
    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenObject):
            return self._canonical() == other._canonical()
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self._canonical())

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{key!r}: {HIDDEN}' for key in getattr(self, '_value', ()))}}}"

    __sentry_repr__ = __repr__  # sentry-sdk shows a mapping by its items, unless it finds this

    @sealed
    def _canonical(self) -> str:
        return json.dumps(self._value, sort_keys=True)


NO_EXTRA = FrozenObject({})


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False)
class AuthData:
    """A user's API key and, if it can be renewed, its refresh token and how long it is valid.

    Args:
        api_key: what Rollout sends back to your API; no white space at its ends.
        refresh_token: what Rollout sends to your refresh endpoint; together with ``expires_in``, or not at all.
        expires_in: how long the key is valid, in seconds, counted from when Rollout reads it: from 1 to ten years.
        extra: further JSON fields for the connector, kept as a deep copy: numbers within ±(2**53 - 1), at most 16
            levels deep, and none named ``apiKey``, ``refreshToken`` or ``expiresIn``.

    Raises:
        TypeError: an argument is of the wrong type, such as a ``bool`` or ``float`` for ``expires_in``.
        InvalidAuthDataError: a value cannot be used, or only one of ``refresh_token`` and ``expires_in`` is given.

    The values are signed into a connect token, not encrypted: the user's browser can read them. ``repr`` hides them.
    Serialize with ``to_dict``: generic serializers of dataclasses do not know the names on the wire. pydantic accepts
    and checks an ``AuthData``. When it refuses one, the text of its error shows the input, unless
    ``hide_input_in_errors`` is set; ``.errors()``, and so FastAPI's answer 422, contains it in any case.
    """

    api_key: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: int | None = None
    extra: Mapping[str, object] = NO_EXTRA

    @sealed
    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "api_key", checked_text("api_key", self.api_key, text_problem, InvalidAuthDataError))
        if self.api_key[:7].lower() == "bearer ":
            raise InvalidAuthDataError("api_key starts with 'Bearer ': pass what follows it")
        if self.refresh_token is not None:
            text = checked_text("refresh_token", self.refresh_token, text_problem, InvalidAuthDataError)
            put(self, "refresh_token", text)
        if self.expires_in is not None:
            put(self, "expires_in", _checked_seconds(self.expires_in))
        if (self.refresh_token is None) != (self.expires_in is None):
            raise InvalidAuthDataError("refresh_token and expires_in belong together: pass both or neither")
        put(self, "extra", frozen_extra(self.extra))

    @property
    def is_refreshable(self) -> bool:
        """Whether Rollout can renew the key."""
        return self.refresh_token is not None

    @sealed
    def to_dict(self) -> dict[str, object]:
        """The object as it travels: ``{"apiKey", "refreshToken", "expiresIn", **extra}``, absent fields left out."""
        data: dict[str, object] = {"apiKey": self.api_key}
        if self.refresh_token is not None:
            data["refreshToken"] = self.refresh_token
            data["expiresIn"] = self.expires_in
        if self.extra is not NO_EXTRA:
            data.update(self.extra)
        return data

    @classmethod
    @sealed
    def from_dict(cls, data: Mapping[str, object]) -> AuthData:
        """Read what ``to_dict`` writes. Keys that are not Rollout's own become ``extra``.

        Raises ``InvalidAuthDataError`` for everything that is not such an object, wrong types included, because the
        data is foreign. A field that is ``null`` is refused; leave it out.
        """
        if not isinstance(data, Mapping):
            raise InvalidAuthDataError(f"authData is {type(data).__name__}: pass a mapping with the key 'apiKey'")
        if "apiKey" not in data:
            raise InvalidAuthDataError("authData has no 'apiKey': its keys are 'apiKey', 'refreshToken', 'expiresIn'")
        fields = {name: data[wire] for name, wire in _WIRE_NAMES.items() if wire in data}
        for name, value in fields.items():
            if value is None:
                fix = "pass a string" if name == "api_key" else "leave it out"
                raise InvalidAuthDataError(f"{_WIRE_NAMES[name]} is null: {fix}")
        extra = {key: value for key, value in data.items() if key not in _WIRE_NAMES.values()}
        try:
            return cls(**fields, extra=extra or NO_EXTRA)  # type: ignore[arg-type]  # foreign, and the call checks it
        except TypeError as error:
            raise InvalidAuthDataError(str(error)) from None

    def __repr__(self) -> str:
        return masked_repr(self)


def check_auth_data(auth_data: AuthData) -> None:
    """Raise ``TypeError`` unless the argument is what its name says."""
    if not isinstance(auth_data, AuthData):
        raise TypeError(f"auth_data is {type(auth_data).__name__}: pass AuthData(...) or AuthData.from_dict(...)")


def frozen_extra(extra: Mapping[str, object]) -> FrozenObject:
    """An immutable copy of further fields. Raises ``TypeError`` and ``InvalidAuthDataError``."""
    if type(extra) is FrozenObject:
        return extra
    if not isinstance(extra, Mapping):
        raise TypeError(f"extra is {type(extra).__name__}: pass a dict of JSON values")
    try:
        return FrozenObject(extra)
    except UnusableValueError as error:
        raise InvalidAuthDataError(str(error)) from None


def _checked_seconds(seconds: int) -> int:
    if not issubclass(type(seconds), int) or isinstance(seconds, bool):
        raise TypeError(f"expires_in is {type(seconds).__name__}: pass an int, in seconds")
    number = int.__int__(seconds)
    if not 0 < number <= TEN_YEARS:
        raise InvalidAuthDataError(
            f"expires_in must be from 1 to {TEN_YEARS} (ten years): pass seconds, not milliseconds or an instant"
        )
    return number
