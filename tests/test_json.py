from __future__ import annotations

import json
import threading

import pytest

from rollout_auth import MalformedRequestError, MalformedTokenError
from rollout_auth._json import MAX_DEPTH, dumps, loads_object, loads_signed_object


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
        (b"X{}", "is not JSON"),
        (b"{}X", "is not JSON"),
        ("\u00a0{}".encode(), "is not JSON"),
        (b"{}\x0c", "is not JSON"),
        (b"{'a':1}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (in_object('"\t"'), "is not JSON"),
        (in_object("01"), "is not JSON"),
        (in_object('"\\\n' + "[" * 40 + '"'), "is not JSON"),
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
        (in_object("1e400"), "beyond the range of a double"),
        (in_object("-1e400"), "beyond the range of a double"),
        (in_object(str(2**64)), "beyond 64 bits"),
        (in_object(str(-(2**63) - 1)), "beyond 64 bits"),
        (in_object("1" * 21), "beyond 64 bits"),
        (in_object("1" * 10_000), "beyond 64 bits"),
        (in_object('"\\ud800"'), "lone surrogate"),
        (in_object('"\\uDC00x"'), "lone surrogate"),
        (b'{"\\udfff":1}', "lone surrogate"),
        (in_object('["x",{"y":"\\uD83D"}]'), "lone surrogate"),
        (nested(MAX_DEPTH + 1), "levels deep"),
        (nested(MAX_DEPTH + 1, "[", "]"), "levels deep"),
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


def test_documented_depth() -> None:
    """Thirty-two levels are documented, and allowed where there are more brackets than that."""
    assert MAX_DEPTH == 32
    assert loads_object(b'{"a":[],"b":' + nested(MAX_DEPTH - 1) + b"}", "it", MalformedTokenError)


def test_writes_no_nan() -> None:
    """What JSON does not know is not written, whoever asks for it."""
    with pytest.raises(ValueError, match="JSON"):
        dumps({"a": float("nan")})


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


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":{"b":1,"c":2,"b":3}}', {"a": {"b": 3, "c": 2}}),
        (b'{"a":1,"\\u0061":2}', {"a": 2}),
        (in_object("1" * 21), {"a": int("1" * 21)}),
        (in_object("-" + "9" * 4000), {"a": -int("9" * 4000)}),
        (in_object('"\\ud83d"'), {"a": "\ufffd"}),
        (in_object('"x\\uDE00\\uD83Dy"'), {"a": "x\ufffd\ufffdy"}),
        (in_object('"\\ud83d\\ude00\\ud83d"'), {"a": "\U0001f600\ufffd"}),
        (in_object('["x",{"y":["\\uD83D",1,null]}]'), {"a": ["x", {"y": ["\ufffd", 1, None]}]}),
        (b'{"\\udfff":1}', {"\ufffd": 1}),
        (b'{"\\ud800":1,"\\ud801":2}', {"\ufffd": 2}),
        (in_object('"\\\\ud800"'), {"a": "\\ud800"}),
        (in_object('"\\u00e9"'), {"a": "\u00e9"}),
        (nested(MAX_DEPTH), json.loads(nested(MAX_DEPTH))),
    ],
)
def test_reads_what_is_signed_as_javascript_does(data: bytes, value: object) -> None:
    """Of a repeated key the last value counts, a lone surrogate becomes U+FFFD, an integer keeps all of its digits."""
    assert loads_signed_object(data, "it", MalformedRequestError) == value


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is not JSON"),
        (b"{} {}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (b'{"a":"\xed\xa0\x80"}', "is not UTF-8"),
        (b"[]", "is not a JSON object"),
        (in_object("NaN"), "NaN"),
        (in_object("-Infinity"), "-Infinity"),
        (in_object("1e400"), "beyond the range of a double"),
        (in_object("1" * 5000), "is not JSON"),
        (nested(MAX_DEPTH + 1), "levels deep"),
        (nested(100_000, "[", "]"), "levels deep"),
    ],
)
def test_refuses_what_javascript_does_not_write(data: bytes, problem: str) -> None:
    """What ``JSON.stringify`` never writes, or would overflow a stack, is refused although it is signed."""
    with pytest.raises(MalformedRequestError, match=f"^it .*{problem}.*although its signature is right") as caught:
        loads_signed_object(data, "it", MalformedRequestError)
    assert caught.value.__context__ is None
