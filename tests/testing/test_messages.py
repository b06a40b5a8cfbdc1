"""HTTP requests and responses as values."""

from __future__ import annotations

import copy
import pickle
import traceback
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollout_auth import MalformedRequestError
from rollout_auth.testing import Request, Response

CANARY = "canary-0123456789abcdef"
REQUEST = Request("POST", f"/a?key={CANARY}", [("X-Key", CANARY)], CANARY.encode())
RESPONSE = Response(200, {"X-Key": CANARY}, CANARY.encode())
VALUES = {"request": REQUEST, "response": RESPONSE}

value = pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)


@value
def test_copies_are_equal(value: Any) -> None:
    """A copy, deep or pickled, is equal to its original, and has its hash."""
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert other == value
        assert hash(other) == hash(value)


def test_dataclasses() -> None:
    """Both are dataclasses, which ``replace`` copies with the checks and ``match`` takes apart in this order."""
    assert [field.name for field in fields(Request)] == ["method", "target", "headers", "body"]
    assert [field.name for field in fields(Response)] == ["status", "headers", "body"]
    assert replace(REQUEST, body=b"other") == REQUEST.with_body(b"other")
    assert replace(RESPONSE, headers={"A": "1"}).headers == (("A", "1"),)
    with pytest.raises(TypeError, match=r"^body is str"):
        replace(RESPONSE, body="text")
    match REQUEST, RESPONSE:
        case Request(method, target, headers, body), Response(status, _, same):
            assert (method, target, headers, body) == ("POST", REQUEST.target, REQUEST.headers, same)
            assert status == 200


@pytest.mark.parametrize("kind", [Request, Response])
def test_final(kind: type) -> None:
    """Neither can be derived from, because a derived class would have a constructor without the checks."""
    with pytest.raises(TypeError, match="is final"):
        type("Derived", (kind,), {})


@pytest.mark.parametrize(
    "other",
    [
        Request("PUT", REQUEST.target, REQUEST.headers, REQUEST.body),
        Request("POST", "/a", REQUEST.headers, REQUEST.body),
        Request("POST", REQUEST.target, (), REQUEST.body),
        Request("POST", REQUEST.target, REQUEST.headers),
        RESPONSE,
        None,
    ],
)
def test_requests_differ(other: object) -> None:
    """A request differs from one that differs in any part, and from everything else."""
    assert other != REQUEST


@pytest.mark.parametrize(
    "other", [Response(201, RESPONSE.headers, RESPONSE.body), Response(200, (), RESPONSE.body), Response(200), 200]
)
def test_responses_differ(other: object) -> None:
    """A response differs from one that differs in any part, and from everything else."""
    assert other != RESPONSE


@value
def test_immutable(value: Any) -> None:
    """No part can be set or deleted, and what was to be set is not in the refusal."""
    with pytest.raises(FrozenInstanceError) as refusal:
        value.body = CANARY
    assert CANARY not in str(refusal.value)
    with pytest.raises(FrozenInstanceError):
        del value.headers


@value
def test_repr_shows_no_content(value: Any) -> None:
    """What may hold a secret is not shown; the method and the status are."""
    assert CANARY not in repr(value)
    assert repr(value) in (
        "Request(method='POST', target=<hidden>, headers=<hidden>, body=<hidden>)",
        "Response(status=200, headers=<hidden>, body=<hidden>)",
    )


def test_repr_shows_what_is_empty() -> None:
    """An empty part is shown as empty."""
    assert repr(Request("GET", "/")) == "Request(method='GET', target=<hidden>, headers=(), body=b'')"
    assert repr(Response(204)) == "Response(status=204, headers=(), body=b'')"


def test_with_body() -> None:
    """A request with another body is another one, the same in all else."""
    changed = REQUEST.with_body(b"other")
    assert changed == Request(REQUEST.method, REQUEST.target, REQUEST.headers, b"other")
    assert REQUEST.body == CANARY.encode()


def test_headers_of_any_iterable() -> None:
    """Headers come as pairs, once or again and again; those of a response also as a mapping."""
    pairs = (("A", "1"), ("B", "2"))
    assert Request("GET", "/", iter(pairs)).headers == pairs
    assert Response(200, iter(pairs)) == Response(200, dict(pairs))
    assert Response(200, dict(pairs)).headers == pairs


def test_header() -> None:
    """A header is found in any case; several lines of it are one with commas, and none is empty text."""
    response = Response(200, [("Cache-Control", "no-store"), ("X-Other", "1"), ("cache-control", "private")])
    assert response.header("CACHE-CONTROL") == "no-store, private"
    assert response.header("Cache") == ""


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [
        ("application/json", "application/json"),
        (" Application/JSON ; charset=utf-8", "application/json"),
        ("", ""),
    ],
)
def test_media_type(content_type: str, media_type: str) -> None:
    """The media type is in lower case, without parameters and white space."""
    assert Response(200, [("content-type", content_type)]).media_type == media_type


@given(st.integers(100, 599))
@example(199)
@example(200)
@example(299)
@example(300)
def test_is_success(status: int) -> None:
    """A success is 2xx, and nothing else."""
    assert Response(status).is_success is (status // 100 == 2)


def test_json() -> None:
    """The body is read as a JSON object."""
    assert Response(200, (), b' {"a": [1, null, "\xc3\xa9"]}\n').json() == {"a": [1, None, "é"]}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff", b"{}{}", b"{"]
)
def test_json_is_strict(body: bytes) -> None:
    """What is no JSON object, or what parsers read differently, is refused."""
    with pytest.raises(MalformedRequestError, match=r"^the body"):
        Response(200, (), body).json()


def test_json_refusal_keeps_nothing() -> None:
    """No frame of the refusal holds the body in its variables, for a reporter to show."""
    with pytest.raises(MalformedRequestError) as refusal:
        Response(200, (), f'{{"a":"{CANARY}"'.encode()).json()
    frames = [frame for frame, _ in traceback.walk_tb(refusal.value.__traceback__)]
    inner = [frame for frame in frames if frame.f_globals["__name__"].startswith("rollout_auth")]
    assert inner
    assert not any(CANARY in repr(frame.f_locals) for frame in inner)
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("make", [lambda body: Request("GET", "/", (), body), lambda body: Response(200, (), body)])
def test_body_is_bytes(make: Any) -> None:
    """A text for a body is refused when the message is made, with the fix."""
    with pytest.raises(TypeError, match=r"^body is str: pass bytes, such as text\.encode\(\)"):
        make("text")
