"""Strict JSON, both ways.

Reading refuses what two parsers may read differently: duplicate keys, NaN and infinities, numbers beyond 64 bits, lone
surrogates, deep nesting, and anything but UTF-8. Writing refuses what would be lost on the way to a JavaScript reader.

Sources: RFC 8259 section 4 (duplicate names), RFC 7493 section 2 (I-JSON: numbers, surrogates).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, cast

from ._checks import is_well_formed
from ._secrecy import HIDDEN

if TYPE_CHECKING:
    from .errors import RolloutAuthError

MAX_DEPTH = 32
MAX_EXTRA_DEPTH = 16
MAX_SAFE_INTEGER = 2**53 - 1
"""RFC 7493 section 2.2: a larger integer does not survive a reader that has only doubles, such as Rollout's."""

_LONGEST_INTEGER = len(str(-(2**63)))


class _RefusedError(ValueError):
    """Carries a reason from a decoder's hook to ``loads``."""


def loads_object(data: bytes, what: str, error: type[RolloutAuthError]) -> dict[str, object]:
    """Read a UTF-8 JSON object strictly; raise ``error`` with a reason that quotes nothing of the data."""
    value, problem = _read(data)
    fields = as_object(value)
    if problem is None and fields is None:
        problem = "is not a JSON object"
    if fields is None or problem:
        raise error(f"{what} {problem}")
    return fields


def as_object(value: object) -> dict[str, object] | None:
    """The value, if it was read from a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _read(data: bytes) -> tuple[object, str | None]:
    try:
        text = data.decode().strip(" \t\n\r")
        value, end = _DECODER.raw_decode(text)
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except RecursionError:
        return None, f"is nested more than {MAX_DEPTH} levels deep"
    except _RefusedError as refused:
        return None, str(refused)
    except ValueError:
        return None, "is not JSON"
    if end != len(text):
        return None, "is not JSON"
    if _may_be_deep(text) and _depth(value) > MAX_DEPTH:
        return None, f"is nested more than {MAX_DEPTH} levels deep"
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


def _depth(value: object) -> int:
    depth = 0
    level = [value]
    while level := [child for parent in level for child in _children(parent)]:
        depth += 1
    return depth


def _children(value: object) -> Iterable[object]:
    """What an array or object contains; for an empty one, something that contains nothing."""
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values() or (None,)
    return cast("list[object]", value) or (None,) if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _RefusedError("has an object with a duplicate key")
    return result


def _integer(literal: str) -> int:
    if len(literal) > _LONGEST_INTEGER:
        raise _RefusedError("has a number beyond 64 bits")
    return int(literal)


def _float(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise _RefusedError("has a number beyond 64 bits")
    return value


def _constant(name: str) -> float:
    raise _RefusedError(f"has the number {name}, which JSON does not know")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)

dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Compact JSON in ASCII, as every common JWT library writes it."""

quote = json.encoder.encode_basestring_ascii
"""``dumps`` for a single text."""


def plain(value: Mapping[str, object], path: str, depth: int = MAX_EXTRA_DEPTH) -> dict[str, object]:
    """A deep copy that is made of JSON's own types. Raises ``ValueError`` that names the place and the mend."""
    return {_key(key, path): _plain(item, f"{path}[{key!r}]", depth - 1) for key, item in value.items()}


def _plain(value: object, path: str, depth: int) -> object:
    if value is None or isinstance(value, (bool, str, int, float)):
        return _scalar(value, path)
    if depth == 0:
        raise ValueError(f"{path} is nested more than {MAX_EXTRA_DEPTH} levels deep (or contains itself): flatten it")
    if isinstance(value, Mapping):
        return plain(cast("Mapping[str, object]", value), path, depth)
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        return [_plain(item, f"{path}[{index}]", depth - 1) for index, item in enumerate(items)]
    raise ValueError(f"{path} is {type(value).__name__}, which JSON does not know: pass a str")


def _scalar(value: str | float | None, path: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not is_well_formed(value):
            raise ValueError(f"{path} contains a lone surrogate: decode it as UTF-8")
        return str.__str__(value)
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise ValueError(f"{path} is an integer beyond 2**53, which a JavaScript reader rounds: pass it as a str")
        return int(value)
    if not math.isfinite(value):
        raise ValueError(f"{path} is NaN or infinite, which JSON does not know: pass None or a str")
    return float(value)


def _key(key: object, path: str) -> str:
    if not isinstance(key, str) or not is_well_formed(key):
        raise ValueError(f"{path} has a key that is not well-formed text: pass a str")
    return str.__str__(key)


class FrozenObject(Mapping[str, object]):
    """An immutable JSON object: hashable, and what it hands out is a copy.

    Equality is that of the JSON text, whatever the order of the keys; beside another mapping it is that of Python.
    """

    __slots__ = ("_value", "text")
    text: str
    """The compact JSON."""

    def __init__(self, value: Mapping[str, object], path: str) -> None:
        self._value = plain(value, path)
        self.text = dumps(self._value)

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
