from __future__ import annotations

import copy
import json
import pickle
import threading
from collections import OrderedDict
from enum import Enum, IntEnum
from types import MappingProxyType

import pytest

from rollout_auth import MalformedTokenError
from rollout_auth._json import MAX_DEPTH, MAX_EXTRA_DEPTH, FrozenObject, dumps, loads_object, plain, quote


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> bytes:
    return (opening * depth + "1" + closing * depth).encode()


def in_object(value: str) -> bytes:
    return f'{{"a":{value}}}'.encode()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a":[1,-2,3.5,1e3,true,false,null,"x"],"b":{}}',
        ' { "a" : "\\ud83d\\ude00 \\u00e9" } ',
        f'{{"a":{2**64 - 1},"b":{-(2**63)}}}',
        f'{{"a":{"[],{},"[:-1].join(["[", "]"])}}}',
    ],
)
def test_reads_what_json_reads(text: str) -> None:
    """Ordinary JSON is read as the standard library reads it."""
    assert loads_object(text.encode(), "it", MalformedTokenError) == json.loads(text)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"{} {}", "is not JSON"),
        (b"{'a':1}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (in_object('"\t"'), "is not JSON"),
        (in_object("01"), "is not JSON"),
        (b'{"a":"\xff"}', "is not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "is not UTF-8"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (b"[]", "is not a JSON object"),
        (b"1", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'{"a":1,"a":1}', "duplicate key"),
        (b'{"a":{"b":1,"c":2,"b":3}}', "duplicate key"),
        (b'{"a":1,"\\u0061":2}', "duplicate key"),
        (in_object("NaN"), "NaN"),
        (in_object("Infinity"), "Infinity"),
        (in_object("-Infinity"), "-Infinity"),
        (in_object("1e400"), "beyond 64 bits"),
        (in_object("-1e400"), "beyond 64 bits"),
        (in_object(str(2**64)), "beyond 64 bits"),
        (in_object(str(-(2**63) - 1)), "beyond 64 bits"),
        (in_object("1" * 21), "beyond 64 bits"),
        (in_object("1" * 10_000), "beyond 64 bits"),
        (in_object('"\\ud800"'), "lone surrogate"),
        (in_object('"\\uDC00x"'), "lone surrogate"),
        (b'{"\\udfff":1}', "lone surrogate"),
        (in_object('["x",{"y":"\\uD83D"}]'), "lone surrogate"),
        (nested(MAX_DEPTH + 1), "levels deep"),
        (in_object(nested(MAX_DEPTH, "[", "]").decode()), "levels deep"),
        (in_object("[" * MAX_DEPTH + "]" * MAX_DEPTH), "levels deep"),
        (in_object(nested(MAX_DEPTH - 1, "[", "]").decode().replace("1", "{}")), "levels deep"),
        (b'["\\"' + b'",{"[[[' * 40, "levels deep"),
        (b'{"a":"' + b'\\"[' * 5000 + b"\\", "brackets do not match"),
        (nested(100_000), "levels deep"),
        (nested(100_000, "[", "]"), "levels deep"),
    ],
)
def test_refuses_what_may_be_read_in_two_ways(data: bytes, problem: str) -> None:
    """What two parsers may understand differently is refused, with the reason and without the content."""
    with pytest.raises(MalformedTokenError, match=f"^it (is|has|contains) .*{problem}|^it {problem}") as caught:
        loads_object(data, "it", MalformedTokenError)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_depth_counts_nesting_alone() -> None:
    """Thirty-two levels are allowed, many objects side by side are not deep, and a bracket in a text is text."""
    assert loads_object(nested(MAX_DEPTH), "it", MalformedTokenError)
    assert loads_object(in_object(nested(MAX_DEPTH - 1, "[", "]").decode()), "it", MalformedTokenError)
    assert loads_object(in_object(f"[{','.join(['{}', '[]'] * MAX_DEPTH)}]"), "it", MalformedTokenError)
    assert loads_object(in_object('"' + "[{" * MAX_DEPTH + '"'), "it", MalformedTokenError)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":['])
def test_small_stack(opening: bytes) -> None:
    """A text that is nested without end is refused before it is read, whatever the size of the thread's stack."""
    outcomes: list[str] = []

    def read() -> None:
        try:
            loads_object(opening * 60_000, "it", MalformedTokenError)
        except MalformedTokenError as error:
            outcomes.append(error.code)

    before = threading.stack_size(128 * 1024)
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    threading.stack_size(before)
    assert outcomes == ["malformed_token"]


def test_writes_as_jwt_libraries_do() -> None:
    """JSON is written compactly and in ASCII."""
    assert dumps({"a": [1, "é"]}) == '{"a":[1,"\\u00e9"]}'
    assert quote('é"') == '"\\u00e9\\""'


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
    with pytest.raises(ValueError, match=message):
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
    deep = json.loads(nested(MAX_EXTRA_DEPTH))
    assert plain(deep) == deep
    with pytest.raises(ValueError, match="16 levels deep"):
        plain(json.loads(nested(MAX_EXTRA_DEPTH + 1)))


def test_plain_has_a_budget() -> None:
    """A value that is small in memory and endless in JSON is refused."""
    value: list[object] = [1]
    for _ in range(14):
        value = [value] * 10
    with pytest.raises(ValueError, match="has more than 4096 values"):
        plain({"a": value})
    assert plain({"a": [1] * 4094}) == {"a": [1] * 4094}


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


def test_frozen_object_copies() -> None:
    """Copies and pickles are equal to it."""
    frozen = FrozenObject({"a": {"b": [1]}})
    for twin in (copy.copy(frozen), copy.deepcopy(frozen), *(pickle.loads(pickle.dumps(frozen, p)) for p in range(6))):
        assert twin == frozen
        assert twin.text == frozen.text


def test_frozen_object_repr() -> None:
    """Its keys show, and none of its values."""
    assert repr(FrozenObject({"a": "canary", "b": 1})) == "{'a': <hidden>, 'b': <hidden>}"
