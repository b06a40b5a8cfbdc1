from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from email.message import Message
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from rollout_auth import BadVerificationTokenError, ConfigurationError, ResponseParts
from rollout_auth.http import check_body, check_header_name, header_value, json_response

NAME = "x-rollout-signature"


def value_in(headers: Any, name: str = NAME) -> str | None:
    return header_value(headers, name, BadVerificationTokenError)


def message(*lines: tuple[str, str]) -> Message:
    result = Message()
    for name, value in lines:
        result[name] = value
    return result


SHAPES = {
    "lower case": {NAME: "v"},
    "title case": {"X-Rollout-Signature": "v"},
    "upper case": {"X-ROLLOUT-SIGNATURE": "v"},
    "among others": {"Host": "x", "X-Rollout-Signature": "v", "X-Rollout-Signature-2": "w"},
    "proxy": MappingProxyType({NAME: "v"}),
    "with None": {"X-Other": None, NAME: "v"},
    "bytes": {b"x-rollout-signature": b"v"},
    "white space": {NAME: " v\t"},
    "environ": {"REQUEST_METHOD": "GET", "HTTP_X_ROLLOUT_SIGNATURE": "v"},
    "ASGI": [(b"host", b"x"), (b"x-rollout-signature", b"v")],
    "ASGI, lists": [[b"X-Rollout-Signature", b"v"]],
    "ASGI, tuple": ((b"x-rollout-signature", b"v"),),
    "pairs of str": [("X-Rollout-Signature", "v")],
    "standard library": message(("X-Rollout-Signature", "v")),
    "twice": [(b"x-rollout-signature", b"v"), (b"X-Rollout-Signature", b"v ")],
    "twice in two cases": {"X-Rollout-Signature": "v", "x-rollout-signature": "v"},
    "joined": {NAME: "v, v"},
    "joined without a space": {"REQUEST_METHOD": "GET", "HTTP_X_ROLLOUT_SIGNATURE": "v,v"},
    "beside a blank one": [(b"x-rollout-signature", b""), (b"x-rollout-signature", b"v")],
    "joined with a blank one": {NAME: ",v"},
}


@pytest.mark.parametrize("headers", SHAPES.values(), ids=SHAPES)
def test_shapes(headers: Any) -> None:
    """A header is found in whatever shape and case a framework has it; equal lines are one."""
    assert value_in(headers) == "v"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        [],
        {NAME: None},
        {NAME: ""},
        {NAME: " \t"},
        {NAME: ","},
        {"x_rollout_signature": "v"},
        {"HTTP_X_ROLLOUT_SIGNATURE": "v"},
        {"REQUEST_METHOD": "GET", "X-Rollout-Signature": "v"},
        {"REQUEST_METHOD": "GET", "HTTP_X_ROLLOUT_SIGNATURE": ""},
        [(b"x-rollout-signature", b" ")],
    ],
)
def test_missing(headers: Any) -> None:
    """A blank header is a missing one, and a name that only resembles it is another."""
    assert value_in(headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-rollout-signature", b"v"), (b"x-rollout-signature", b"w")],
        {"X-Rollout-Signature": "v", "x-rollout-signature": "w"},
        message((NAME, "v"), ("X-Rollout-Signature", "w")),
        [(b"x-rollout-signature", b"v"), (b"x-rollout-signature", b"V")],
    ],
)
def test_two_values(headers: Any) -> None:
    """Two different values for one header are refused, with the error of the check that asked."""
    with pytest.raises(BadVerificationTokenError, match="two different values: send it once"):
        value_in(headers)


def test_values_with_commas() -> None:
    """A value that merely has a comma is left as it is: the check that asked refuses what it does not know."""
    assert value_in({NAME: "v, w"}) == "v, w"

    assert value_in({NAME: " v, \xc3\xa0"}) == "v, \xc3\xa0"


@pytest.mark.parametrize("value", ["X", "XaX", "\xc3\xa0", "\x0bv\x85"])
def test_white_space_of_headers(value: str) -> None:
    """Spaces and tabs are white space; other characters, some of which are a part of UTF-8, are the value's own."""
    assert value_in({NAME: f"\t {value} "}) == value
    assert value_in({NAME: f"{value} ,\t{value}"}) == value


def test_long_lines() -> None:
    """A line that is longer than any server allows is not taken apart."""
    longest = "v," * (8 * 1024)
    assert value_in({NAME: longest}) == "v"
    assert value_in({NAME: f"{longest}v"}) == f"{longest}v"


def test_environ_names() -> None:
    """The content type has a name of its own in an environ."""
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/plain", "HTTP_CONTENT_TYPE": "x"}
    assert value_in(environ, "content-type") == "text/plain"
    assert value_in({"Content-Type": "text/plain"}, "content-type") == "text/plain"
    assert value_in({"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "1"}, "content-length") == "1"


def test_bytes_are_latin_1() -> None:
    """Bytes are read as every server reads them: one character for each."""
    assert value_in([(b"x-rollout-signature", b"\xff\xc3\xa9")]) == "\xff\xc3\xa9"


class _Request(UserDict[str, str]):
    """Like Starlette's, a mapping of something else than its headers."""

    headers = MappingProxyType({NAME: "v"})


class _Pairs(list[tuple[str, str]]):
    items = "of an attribute that is no method"


def test_pairs_with_items() -> None:
    """Only a method of that name makes a mapping."""
    assert value_in(_Pairs([(NAME, "v")])) == "v"


def generator() -> Iterator[tuple[bytes, bytes]]:
    yield (b"x-rollout-signature", b"v")


@pytest.mark.parametrize(
    "headers",
    [
        None,
        42,
        "X-Rollout-Signature: v",
        b"X-Rollout-Signature: v",
        ["X-Rollout-Signature"],
        [1],
        [None],
        bytearray(b"x"),
        memoryview(b"x"),
        [(b"x-rollout-signature",)],
        [("x", "y", "z")],
        {"x"},
        object(),
        SimpleNamespace(headers={NAME: "v"}),
        _Request(),
        "",
        b"",
        {"type": "http", "headers": [(b"x-rollout-signature", b"v")]},
        generator(),
    ],
)
def test_no_headers(headers: Any) -> None:
    """A request object, an ASGI scope, or anything else in the place of headers is refused with the mend."""
    with pytest.raises(TypeError, match=r"pass request\.headers .*, the WSGI environ, or scope\['headers'\]"):
        value_in(headers)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({NAME: 42}, "int"),
        ({NAME: ["v"]}, "list"),
        ({42: "v"}, "int"),
        ([(b"x-rollout-signature", None), (None, b"")], "NoneType"),
    ],
)
def test_wrong_types_within(headers: Any, kind: str) -> None:
    """A name or value that is no text is the caller's mistake, and the message says what it is."""
    with pytest.raises(TypeError, match=f"^headers has a {kind} where a str belongs"):
        value_in(headers)


def test_a_header_called_headers() -> None:
    """A plain dict may hold a header of that name."""
    for value in ("x", b"x", None):
        assert value_in({"headers": value, NAME: "v"}) == "v"


@pytest.mark.parametrize("name", ["X-Token", "authorization", "x_token", "a!#$%&'*+-.^_`|~1"])
def test_header_names(name: str) -> None:
    """Every name that RFC 9110 allows is one."""
    check_header_name(name)


@pytest.mark.parametrize("name", ["", " ", "X Token", "X-Token:", "X-Token\n", "é", "X-Token "])
def test_no_header_names(name: str) -> None:
    """Text that no header can have as its name is a mistake in the settings."""
    with pytest.raises(ConfigurationError, match="not the name of an HTTP header"):
        check_header_name(name)


@pytest.mark.parametrize("name", [None, b"X-Token", 42])
def test_header_name_type(name: Any) -> None:
    """A name is a str."""
    with pytest.raises(TypeError, match="pass the header's name as a str"):
        check_header_name(name)


@pytest.mark.parametrize("body", [None, "{}", {"a": 1}, ["a"], bytearray(b"{}"), memoryview(b"{}")])
def test_raw_bodies(body: Any) -> None:
    """A body that was parsed or decoded is refused, and the message names the call that gives the raw one."""
    with pytest.raises(
        TypeError, match=r"request\.body \(Django\), request\.get_data\(\) \(Flask\) or await request\.bo"
    ):
        check_body(body)


class TestResponseParts:
    def test_parts(self) -> None:
        """The three parts are what was given, the headers as a copy."""
        headers = {"Content-Type": "text/plain"}
        parts = ResponseParts(b"x", 201, headers)
        headers["X"] = "y"
        assert (parts.body, parts.status, parts.headers) == (b"x", 201, {"Content-Type": "text/plain"})

    def test_json(self) -> None:
        """An answer of JSON says so, and that nobody may keep it."""
        parts = json_response("{}", 400, {"Retry-After": "30"})
        assert (parts.body, parts.status) == (b"{}", 400)
        assert parts.headers == {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            "Retry-After": "30",
        }

    def test_repr(self) -> None:
        """The body does not show."""
        assert repr(ResponseParts(b"canary", 200, {})) == "ResponseParts(body=<hidden>, status=200, headers={})"

    def test_is_nothing_that_a_framework_would_send(self) -> None:
        """It is no tuple, mapping or dataclass, cannot be called or iterated, and has no ``__dict__``."""
        parts = ResponseParts(b"canary", 200, {})
        for attribute in ("__iter__", "__len__", "__getitem__", "keys", "__call__", "__dict__", "__dataclass_fields__"):
            assert not hasattr(parts, attribute)
