"""Node reads a signed body as ``verify_webhook`` does: half emojis, repeated keys and long integers included."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollout_auth import MalformedRequestError, parse_refresh_request, verify_webhook
from rollout_auth.testing import CREDENTIALS, sign_webhook

Node = Callable[..., dict[str, Any]]

EVENT = {
    "eventId": "event-1",
    "eventCreated": "2026-03-01T12:00:00Z",
    "event": "peopleUpdated",
    "resourceIds": ["person-1"],
    "uri": None,
}

# JSON as text, because what is wanted here, json.dumps does not write: the same key twice, and any mix of escapes.
pieces = st.sampled_from(
    [
        *(r"\ud83d", r"\uD83D", r"\udd11", r"\uDD11", r"\ud83d\udd11", r"\uD83D\uDD11"),
        *(r"\\ud83d", r"\\", r"\"", r"\/", r"\n", r"\u0000", r"\u00e9", r"\ufffd", r"\ufeff"),
        *("a", "é", "🔑", "\u2028", "\x7f", "d83d", "0"),
    ]
)
strings = st.lists(pieces, max_size=4).map(lambda parts: f'"{"".join(parts)}"')
keys = st.sampled_from(['"a"', r'"\u0061"', '"__proto__"', '"1"', r'"\ud83d"', r'"\udd11"', '"\ufffd"']) | strings
integers = st.integers(10**15, 10**40) | st.integers(-(10**40), -(10**15)) | st.integers(-9, 9)
numbers = integers.map(str) | st.sampled_from(
    ["-0", "-0.0", "0.1", "1E5", "1e-400", "1.7976931348623157e308", "9007199254740993", "123456789012345678901"]
)
spaces = st.sampled_from(["", " ", "\t", "\n", "\r\n "])


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.builds("{}{}:{}{}".format, spaces, keys, spaces, values)
    return st.lists(pairs, max_size=4).map(lambda members: f"{{{','.join(members)}}}")


values = st.recursive(
    st.sampled_from(["null", "true", "false"]) | numbers | strings,
    lambda inner: objects(inner) | st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
    max_leaves=12,
)


def body_of(members: list[tuple[str, str]]) -> str:
    """An event with further members, which may repeat the event's own."""
    own = [(json.dumps(name), json.dumps(value)) for name, value in EVENT.items()]
    return f"{{{','.join(f'{key}:{value}' for key, value in [*own, *members])}}}"


again = st.tuples(st.sampled_from(['"eventId"', r'"\u0065vent"', '"uri"']), strings.filter(lambda text: len(text) > 2))
bodies = st.lists(again | st.tuples(keys, values), max_size=5).map(body_of)


def as_javascript_has_it(value: object) -> object:
    """The value with each number as the double that JavaScript makes of it: ``Number(...)``."""
    if isinstance(value, dict):
        return {key: as_javascript_has_it(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(as_javascript_has_it, value))
    return float(value) if type(value) is int else value


def verified(text: str) -> Any:
    body = text.encode()
    return verify_webhook(body, sign_webhook(body, credentials=CREDENTIALS), credentials=CREDENTIALS)


@pytest.fixture(scope="module")
def node(start_node: Callable[[str], Node]) -> Node:
    return start_node("json.mjs")


@given(body=bodies)
@example(body=body_of([(r'"\ud83d"', "1"), (r'"\udd11"', "2"), (r'"\ud83d"', "3")]))
@example(body=body_of([('"a"', '{"b":1,"b":2}'), ('"eventId"', r'"\ud83d"')]))
@example(body=body_of([('"id"', "123456789012345678901"), ('"deep"', "[" * 31 + "]" * 31)]))
def test_node_reads_the_same(node: Node, body: str) -> None:
    """Whatever Rollout has signed is accepted, and read as ``JSON.parse`` reads it, with well-formed strings."""
    event = verified(body)
    read = node("parse", body=body)["result"]
    assert as_javascript_has_it(event.payload) == as_javascript_has_it(read)
    assert (event.event_id, event.event, event.uri) == (read["eventId"], read["event"], read["uri"])
    json.dumps(event.payload, ensure_ascii=False).encode()


@pytest.mark.parametrize("units", range(8))
def test_text_that_javascript_cut(node: Node, units: int) -> None:
    """A text that JavaScript has cut within an emoji, and written with ``JSON.stringify``, arrives without the half."""
    name = "Zoë 🔑🔑"
    written = node("stringifyCut", event={**EVENT, "name": name}, field="name", units=units)["result"]
    whole = name.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "replace")
    assert verified(written).payload == {**EVENT, "name": whole}
    assert (r"\ud83d" in written) == (units in (5, 7))


@pytest.mark.parametrize(
    "text",
    [
        *(
            '{"a":NaN}',
            '{"a":Infinity}',
            '{"a":-Infinity}',
            '{"a":01}',
            '{"a":1.}',
            '{"a":.5}',
            '{"a":+1}',
            '{"a":0x1}',
        ),
        *('{"a":"\t"}', '{"a":"\\x41"}', "{'a':1}", '{"a":1,}', '{"a":1}}', '{"a":[1,]}', '{"a":1}//', '{"a"}', ""),
        *('\ufeff{"a":1}', '\u00a0{"a":1}', '{"a":True}', '{"a":"\\ud83"}', "{"),
    ],
)
def test_node_refuses_the_same(node: Node, text: str) -> None:
    """What ``JSON.parse`` refuses is refused, signed or not."""
    body = text.replace("{", json.dumps(EVENT)[:-1] + ",", 1) if text.startswith("{") else text
    assert node("parse", body=body)["error"].startswith("SyntaxError")
    with pytest.raises(MalformedRequestError):
        verified(body)
    with pytest.raises(MalformedRequestError):
        parse_refresh_request(body.encode())
