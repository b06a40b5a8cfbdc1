from __future__ import annotations

import copy
import json
import pickle
from collections import OrderedDict
from enum import Enum, IntEnum
from types import MappingProxyType

import pytest

from rollout_auth._frozen import MAX_EXTRA_DEPTH, FrozenObject, plain


def nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = json.loads('{"a":' * depth + "1" + "}" * depth)
    return value


class _Colour(str, Enum):
    RED = "red"


class _Number(IntEnum):
    ONE = 1


def test_plain_copies() -> None:
    """What is kept is made of JSON's own types, in the same order, and shares nothing with the original."""
    inner = {"x": 1}
    value = {"b": OrderedDict(c=(1, 2.5, None, True)), "a": MappingProxyType(inner), "e": [_Colour.RED, _Number.ONE]}
    result = plain(value)
    assert result == {"b": {"c": [1, 2.5, None, True]}, "a": {"x": 1}, "e": ["red", 1]}
    assert list(result) == ["b", "a", "e"]
    assert [type(item) for item in result["e"]] == [str, int]
    inner["x"] = 2
    assert result["a"] == {"x": 1}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": float("nan")}, r"extra\['a'\] is NaN or infinite"),
        ({"a": [1, {"b": float("-inf")}]}, r"extra\['a'\]\[1\]\['b'\] is NaN or infinite"),
        ({"a": 2**53}, r"extra\['a'\] is an integer beyond 2\*\*53.*pass it as a str"),
        ({"a": -(2**53)}, r"extra\['a'\] is an integer beyond 2\*\*53.*pass it as a str"),
        ({"a": "\ud800"}, r"extra\['a'\] contains a lone surrogate"),
        ({"a": b"x"}, r"extra\['a'\] is bytes.*pass a str, int, float or bool"),
        ({"a": {1, 2}}, r"extra\['a'\] is set"),
        ({"a": object()}, r"extra\['a'\] is object"),
        ({1: "a"}, "extra has a key that is not well-formed text"),
        ({"a": {None: 1}}, r"extra\['a'\] has a key"),
        ({"\ud800": 1}, "extra has a key"),
    ],
)
def test_plain_refuses_what_would_be_lost(value: dict[str, object], message: str) -> None:
    """What JSON or a JavaScript reader would lose is refused, with its place and the mend."""
    with pytest.raises(ValueError, match=f"^{message}"):
        plain(value)


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53 - 1), 0.1, -0.0, 1e308, "", "\0", "\uffff"])
def test_plain_keeps_what_survives(value: object) -> None:
    """Everything that survives a JavaScript reader is kept as it is."""
    assert plain({"a": value}) == {"a": value}


def test_plain_ends() -> None:
    """A value that contains itself is refused like any other that is too deep; sixteen levels are not."""
    loop: dict[str, object] = {}
    loop["a"] = [loop]
    with pytest.raises(ValueError, match="16 levels deep"):
        plain(loop)
    deep = nested(MAX_EXTRA_DEPTH)
    assert plain(deep) == deep
    with pytest.raises(ValueError, match="16 levels deep"):
        plain(nested(MAX_EXTRA_DEPTH + 1))


def test_plain_has_a_budget() -> None:
    """A value that is small in memory and endless in JSON is refused."""
    value: list[object] = [1]
    for _ in range(14):
        value = [value] * 10
    with pytest.raises(ValueError, match="has more than 4096 values"):
        plain({"a": value})
    assert plain({"a": [1] * 4094}) == {"a": [1] * 4094}
    with pytest.raises(ValueError, match="has more than 4096 values"):
        plain({"a": [1] * 4095})


def test_frozen_object_is_immutable() -> None:
    """Nothing of it can be set."""
    frozen = FrozenObject({"a": 1})
    with pytest.raises(AttributeError, match="build another AuthData"):
        frozen.text = "{}"


def test_frozen_object_is_a_mapping() -> None:
    """It reads like the dict that it was made from, and is equal to it."""
    frozen = FrozenObject({"a": 1, "b": [2]})
    assert dict(frozen) == {"a": 1, "b": [2]}
    assert (len(frozen), list(frozen), "a" in frozen, "c" in frozen) == (2, ["a", "b"], True, False)
    assert frozen == {"b": [2], "a": 1}
    assert frozen != {"a": 1}
    assert frozen != 1


def test_frozen_object_hands_out_copies() -> None:
    """Changing what came out of it changes nothing."""
    frozen = FrozenObject({"a": [1]})
    frozen["a"].append(2)
    assert frozen["a"] == [1]


def test_frozen_object_equality() -> None:
    """Equal means the same JSON, whatever the order: 1, 1.0 and true are three values there."""
    assert FrozenObject({"a": 1, "b": 2}) == FrozenObject({"b": 2, "a": 1})
    assert hash(FrozenObject({"a": 1, "b": 2})) == hash(FrozenObject({"b": 2, "a": 1}))
    assert len({FrozenObject({"a": value}) for value in (1, 1.0, True)}) == 3
    assert len({hash(FrozenObject({"a": value})) for value in range(100)}) > 1


def test_frozen_object_is_not_pythons_number() -> None:
    """Unlike Python's, the numbers 1, 1.0 and true of JSON are unequal."""
    one, real, true = (FrozenObject({"a": value}) for value in (1, 1.0, True))
    assert one != real
    assert one != true
    assert real != true


def test_frozen_object_hands_out_deep_copies() -> None:
    """Changing what lies deep in what came out of it changes nothing."""
    frozen = FrozenObject({"a": {"b": [1]}})
    frozen["a"]["b"].append(2)
    assert frozen["a"] == {"b": [1]}


class _Real(float):
    __slots__ = ()


def test_plain_types_of_keys_and_numbers() -> None:
    """A key or number of a class of its own is kept as JSON's own type."""
    ((key, number),) = plain({_Colour.RED: _Real(0.5)}).items()
    assert (type(key), type(number)) == (str, float)


def test_documented_depth() -> None:
    """Sixteen levels of further fields are documented."""
    assert MAX_EXTRA_DEPTH == 16


def test_frozen_object_copies() -> None:
    """Copies and pickles are equal to it."""
    frozen = FrozenObject({"a": {"b": [1]}})
    for twin in (copy.copy(frozen), copy.deepcopy(frozen), *(pickle.loads(pickle.dumps(frozen, p)) for p in range(6))):
        assert twin == frozen
        assert twin.text == frozen.text


def test_frozen_object_repr() -> None:
    """Its keys show, and none of its values."""
    assert repr(FrozenObject({"a": "canary", "b": 1})) == "{'a': <hidden>, 'b': <hidden>}"
