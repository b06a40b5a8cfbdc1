"""JSON that cannot change: a deep copy of what a caller passes, without anything that would be lost on its way.

What JSON does not know, or a JavaScript reader would round, is refused, with its place and the mend. Source: RFC 7493
section 2 (I-JSON: numbers, surrogates).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import cast

from ._checks import is_well_formed
from ._json import dumps
from ._secrecy import HIDDEN

MAX_EXTRA_DEPTH = 16
MAX_EXTRA_VALUES = 4096
MAX_SAFE_INTEGER = 2**53 - 1
"""RFC 7493 section 2.2: a larger integer does not survive a reader that has only doubles, such as Rollout's."""


class UnusableValueError(ValueError):
    """Something that JSON, or its reader, would lose; ``str`` names the place and the mend."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.path: list[str] = []

    def __str__(self) -> str:
        return f"extra{''.join(reversed(self.path))} {self.args[0]}"


def plain(value: Mapping[str, object]) -> dict[str, object]:
    """A deep copy that is made of JSON's own types. Raises ``UnusableValueError``."""
    return cast("dict[str, object]", _plain(value, MAX_EXTRA_DEPTH, []))


def _plain(value: object, depth: int, seen: list[None]) -> object:
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
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        if not is_well_formed(text):
            raise UnusableValueError("contains a lone surrogate: decode it as UTF-8")
        return text
    if isinstance(value, int):
        number = int.__int__(value)
        if abs(number) > MAX_SAFE_INTEGER:
            raise UnusableValueError("is an integer beyond 2**53, which a JavaScript reader rounds: pass it as a str")
        return number
    if not math.isfinite(value):
        raise UnusableValueError("is NaN or infinite, which JSON does not know: pass None or a str")
    return float.__float__(value)


def _key(key: object) -> str:
    if not isinstance(key, str) or not is_well_formed(key):
        raise UnusableValueError("has a key that is not well-formed text: pass a str")
    return str.__str__(key)


class FrozenObject(Mapping[str, object]):
    """An immutable JSON object: hashable, and what it hands out is a copy.

    Equality is that of the JSON text, whatever the order of the keys; beside another mapping it is that of Python.
    """

    __slots__ = ("_value", "text")
    _value: dict[str, object]
    text: str
    """The compact JSON."""

    def __init__(self, value: Mapping[str, object]) -> None:
        copy = plain(value)
        object.__setattr__(self, "_value", copy)
        object.__setattr__(self, "text", dumps(copy))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("extra is immutable: build another AuthData, with dataclasses.replace for example")

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenObject, (self._value,)

    def __getitem__(self, key: str) -> object:
        return deepcopy(self._value[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenObject):
            return self._canonical() == other._canonical()
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self._canonical())

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{key!r}: {HIDDEN}' for key in getattr(self, '_value', ()))}}}"

    __sentry_repr__ = __repr__  # sentry-sdk shows a mapping by its items, unless it finds this

    def _canonical(self) -> str:
        return json.dumps(self._value, sort_keys=True)
