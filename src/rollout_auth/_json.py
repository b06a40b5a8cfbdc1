"""Strict JSON, both ways.

Reading refuses what two parsers may read differently: duplicate keys, NaN and infinities, numbers beyond 64 bits, lone
surrogates, deep nesting, and anything but UTF-8. Writing refuses what would be lost on the way to a JavaScript reader.

Sources: RFC 8259 section 4 (duplicate names), RFC 7493 section 2 (I-JSON: numbers, surrogates).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, cast

from ._checks import is_well_formed
from ._secrecy import HIDDEN

if TYPE_CHECKING:
    from .errors import RolloutAuthError

MAX_DEPTH = 32
MAX_EXTRA_DEPTH = 16
MAX_EXTRA_VALUES = 4096
MAX_SAFE_INTEGER = 2**53 - 1
"""RFC 7493 section 2.2: a larger integer does not survive a reader that has only doubles, such as Rollout's."""

_LONGEST_INTEGER = len(str(2**64))


class _RefusedError(ValueError):
    """Carries a reason from a decoder's hook to ``loads``."""


def loads_object(data: bytes, what: str, error: type[RolloutAuthError]) -> dict[str, object]:
    """Read a UTF-8 JSON object strictly; raise ``error`` with a reason that quotes nothing of the data."""
    value, problem = _read(data)
    fields = as_object(value)
    if problem is None and fields is None:
        problem = "is not a JSON object"
    if fields is None or problem:
        raise error(f"{what} {problem}: send JSON that every parser reads alike")
    return fields


def as_object(value: object) -> dict[str, object] | None:
    """The value, if it was read from a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _read(data: bytes) -> tuple[object, str | None]:
    try:
        text = data.decode().strip(" \t\n\r")
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    if _may_be_deep(text) and _is_deep(text):
        return None, f"is nested more than {MAX_DEPTH} levels deep, or its brackets do not match"
    try:
        value, end = _DECODER.raw_decode(text)
    except _RefusedError as refused:
        return None, str(refused)
    except ValueError:
        return None, "is not JSON"
    if end != len(text):
        return None, "is not JSON"
    if (
        "\\" in text
        and ("\\ud" in text or "\\uD" in text)
        and not is_well_formed(json.dumps(value, ensure_ascii=False))
    ):
        return None, "contains a lone surrogate"
    return value, None


def _may_be_deep(text: str) -> bool:
    """Whether the text has more brackets than it may have levels; of a long and flat one, ``find`` skips the most."""
    brackets = 0
    for bracket in "[{":
        position = text.find(bracket)
        while position >= 0 and brackets <= MAX_DEPTH:
            brackets += 1
            position = text.find(bracket, position + 1)
    return brackets > MAX_DEPTH


def _is_deep(text: str) -> bool:
    """Whether brackets are left when, outside of strings, each innermost pair is taken away as often as allowed.

    The text is judged before it is read, because the reader recurses, and a thread's stack may be small.
    """
    outside = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', "", text, flags=re.DOTALL)
    brackets = re.sub(r"[^][{}]+", "", outside).replace("{", "[").replace("}", "]")
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("[]", "")
    return bool(brackets)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _RefusedError("has an object with a duplicate key")
    return result


def _integer(literal: str) -> int:
    value = int(literal) if len(literal) <= _LONGEST_INTEGER else 2**64
    if not -(2**63) <= value < 2**64:
        raise _RefusedError("has a number beyond 64 bits")
    return value


def _float(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise _RefusedError("has a number beyond 64 bits")
    return value


def _constant(name: str) -> float:
    raise _RefusedError(f"has the number {name}, which JSON does not know")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)

_written = json.JSONEncoder(ensure_ascii=False).encode

dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Compact JSON in ASCII, as every common JWT library writes it."""

quote = json.encoder.encode_basestring_ascii
"""``dumps`` for a single text."""


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
    if value is None or isinstance(value, (bool, str, int, float)):
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
