"""Strict JSON for what strangers send, and JavaScript's reading for what Rollout has signed.

Strict: whatever two parsers may read differently is refused. That is duplicate keys, NaN and infinities, numbers beyond
64 bits, lone surrogates, deep nesting, and anything but UTF-8. Sources: RFC 8259 section 4 (duplicate names), RFC 7493
section 2 (I-JSON: numbers, surrogates).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, cast

from ._text import is_well_formed

if TYPE_CHECKING:
    from .errors import RolloutAuthError

MAX_DEPTH = 32
_LONGEST_INTEGER = len(str(2**64))
_ESCAPE = r"\\.?"
_STRING = r'"[^"]*(?:"|\Z)'
_NO_BRACKETS = r"[^][{}]+"
_SURROGATE = "[\ud800-\udfff]"

dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
"""Compact JSON in ASCII, as every common JWT library writes it."""


class _RefusedError(ValueError):
    """Carries a reason from a decoder's hook to ``_read``."""


def loads_object(data: bytes, what: str, error: type[RolloutAuthError]) -> dict[str, object]:
    """Read a UTF-8 JSON object strictly; raise ``error`` with a reason that quotes nothing of the data."""
    value, problem = _read(data, _STRICT)
    if problem is None and b"\\" in data and _has_lone_surrogate(data, value):
        problem = "contains a lone surrogate"
    if problem is None and isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise error(f"{what} {problem or 'is not a JSON object'}: send JSON that every parser reads alike")


def loads_signed_object(data: bytes, what: str, error: type[RolloutAuthError]) -> dict[str, object]:
    """Read a UTF-8 JSON object as JavaScript does; raise ``error`` with a reason that quotes nothing of the data.

    Of a repeated key, the last value counts (ECMA-262, ``JSON.parse``). A lone surrogate, which ``JSON.stringify``
    writes for half an emoji, becomes U+FFFD, because databases refuse it. An integer keeps all of its digits.
    """
    value, problem = _read(data, _TOLERANT)
    if problem is None and b"\\" in data and _has_lone_surrogate(data, value):
        value = _without_surrogates(value)
    if problem is None and isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise error(f"{what} {problem or 'is not a JSON object'}, although its signature is right: ask Rollout to fix it")


def as_object(value: object) -> dict[str, object] | None:
    """The value, if it was read from a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _read(data: bytes, decoder: json.JSONDecoder) -> tuple[object, str | None]:
    try:
        text = data.decode().strip(" \t\n\r")
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    if _may_be_deep(text) and _is_deep(text):
        return None, f"is nested more than {MAX_DEPTH} levels deep, or its brackets do not match"
    try:
        value, end = decoder.raw_decode(text)
    except _RefusedError as refused:
        return None, str(refused)
    except ValueError:
        return None, "is not JSON"
    return value, None if end == len(text) else "is not JSON"


def _may_be_deep(text: str) -> bool:
    """Whether the text has more brackets than it may have levels; ``find`` skips most of a long and flat text."""
    brackets = 0
    for bracket in "[{":
        place = text.find(bracket)
        while place >= 0 and brackets <= MAX_DEPTH:
            brackets += 1
            place = text.find(bracket, place + 1)
    return brackets > MAX_DEPTH


def _is_deep(text: str) -> bool:
    """Whether brackets are left when, outside of strings, each innermost pair is removed as often as allowed.

    The text is checked before it is read, because the reader recurses, and a thread's stack may be small.
    """
    outside = re.sub(_STRING, "", re.sub(_ESCAPE, "", text, flags=re.DOTALL))
    brackets = re.sub(_NO_BRACKETS, "", outside).replace("{", "[").replace("}", "]")
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("[]", "")
    return bool(brackets)


def _has_lone_surrogate(data: bytes, value: object) -> bool:
    is_escaped = b"\\ud" in data or b"\\uD" in data
    return is_escaped and not is_well_formed(json.dumps(value, ensure_ascii=False))


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
        raise _RefusedError("has a number beyond the range of a double")
    return value


def _constant(name: str) -> float:
    raise _RefusedError(f"has the number {name}, which JSON does not know")


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return re.sub(_SURROGATE, "\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {re.sub(_SURROGATE, "\ufffd", key): _without_surrogates(item) for key, item in items}
    return value


_TOLERANT = json.JSONDecoder(parse_float=_float, parse_constant=_constant)
_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
