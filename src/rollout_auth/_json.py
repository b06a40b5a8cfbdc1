"""Strict JSON: what two parsers may read differently is refused.

That is duplicate keys, NaN and infinities, numbers beyond 64 bits, lone surrogates, deep nesting, and anything but
UTF-8. Sources: RFC 8259 section 4 (duplicate names), RFC 7493 section 2 (I-JSON: numbers, surrogates).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, cast

from ._checks import is_well_formed

if TYPE_CHECKING:
    from .errors import RolloutAuthError

MAX_DEPTH = 32
_LONGEST_INTEGER = len(str(2**64))


class _RefusedError(ValueError):
    """Carries a reason from a decoder's hook to ``loads``."""


def loads_object(data: bytes, what: str, error: type[RolloutAuthError]) -> dict[str, object]:
    """Read a UTF-8 JSON object strictly; raise ``error`` with a reason that quotes nothing of the data."""
    value, problem = _read(data)
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise error(f"{what} {problem or 'is not a JSON object'}: send JSON that every parser reads alike")


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
    brackets = 1
    for bracket in "[{":
        position = text.find(bracket, 1)
        while position > 0:
            brackets += 1
            if brackets > MAX_DEPTH:
                return True
            position = text.find(bracket, position + 1)
    return False


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

dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Compact JSON in ASCII, as every common JWT library writes it."""

quote = json.encoder.encode_basestring_ascii
"""``dumps`` for a single text."""
