from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from types import MappingProxyType, SimpleNamespace
from typing import Any
from wsgiref.headers import Headers as WSGIHeaders

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from sanic.compat import Header as SanicHeader
from werkzeug.datastructures import Headers as WerkzeugHeaders
from werkzeug.local import LocalProxy

from rollout_auth import BadVerificationTokenError, ConfigurationError
from rollout_auth.headers import check_body, checked_header_name, header_value

NAME = "x-rollout-signature"


def value_in(headers: Any, name: str = NAME) -> str | None:
    return header_value(headers, name, BadVerificationTokenError)


def message(*lines: tuple[str, str]) -> Message:
    result = Message()
    for name, value in lines:
        result[name] = value
    return result


LAMBDA = {
    "version": "2.0",
    "requestContext": {"http": {"method": "POST"}},
    "headers": {"x-rollout-signature": "v"},
    "isBase64Encoded": False,
}
"""Of API Gateway's payload format 2.0: docs.aws.amazon.com, "AWS Lambda proxy integrations for HTTP APIs"."""

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
    "wsgiref": WSGIHeaders([("X-Rollout-Signature", "v")]),
    "Werkzeug": WerkzeugHeaders({"X-Rollout-Signature": "v"}),
    "aiohttp": CIMultiDict({"X-Rollout-Signature": "v"}),
    "Sanic, whose headers answer every attribute": SanicHeader({"X-Rollout-Signature": "v"}),
    "lazy": LocalProxy(lambda: {"X-Rollout-Signature": "v"}),
    "lazy value": {"X-Rollout-Signature": LocalProxy(lambda: "v")},
    "an event of AWS Lambda, its headers": LAMBDA["headers"],
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
        make_mocked_request("GET", "/", headers={NAME: "v"}),
        "",
        b"",
        {"type": "http", "headers": [(b"x-rollout-signature", b"v")]},
        generator(),
    ],
)
def test_no_headers(headers: Any) -> None:
    """A request object, an ASGI scope, or anything else in the place of headers is refused with the fix."""
    with pytest.raises(TypeError, match=r"pass request\.headers .*, the WSGI environ, scope\['headers'\]"):
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


@pytest.mark.parametrize(
    "event",
    [
        LAMBDA,
        {"httpMethod": "GET", "requestContext": {}, "headers": None},
        {"httpMethod": "GET", "requestContext": {"elb": {}}, "multiValueHeaders": {NAME: ["v"]}},
        {"multiValueHeaders": {NAME: ["v"]}},
    ],
    ids=["2.0", "1.0", "load balancer", "multiValueHeaders alone"],
)
def test_lambda_events(event: Any) -> None:
    """An event of AWS Lambda in any version is refused, and the message says what to pass, which works."""
    with pytest.raises(TypeError, match=r"headers is an AWS Lambda event: pass event\['headers'\], or where") as caught:
        value_in(event)
    if "multiValueHeaders" in event:
        pairs = eval(str(caught.value).partition("missing ")[2], {"event": event})
        assert value_in(pairs) == "v"


@pytest.mark.parametrize("name", ["requestContext", "multiValueHeaders", "headers"])
def test_headers_of_a_stranger(name: str) -> None:
    """A header that is called like a field of an event or a scope is a header: a stranger may send it."""
    assert value_in({name: "x", NAME: "v"}) == "v"
    assert value_in({name: "x"}) is None


def test_values_beyond_ascii_of_a_message() -> None:
    """A value that ``email`` makes an object of, because it is not ASCII, is text like any other."""
    assert value_in(message_from_bytes(b"X-Rollout-Signature: v\r\n\r\n")) == "v"
    assert value_in(message_from_bytes(b"X-Rollout-Signature: \xff\r\n\r\n")) == "\ufffd"


def test_values_of_lambda() -> None:
    """The lists of ``multiValueHeaders`` are refused, and the message says how to pass them."""
    with pytest.raises(TypeError, match=r"has a list where a str belongs: .* as a pair \(name, value\)"):
        value_in({NAME: ["v"]})


def test_a_header_called_headers() -> None:
    """A plain dict may hold a header of that name."""
    for value in ("x", b"x", None):
        assert value_in({"headers": value, NAME: "v"}) == "v"


@pytest.mark.parametrize("name", ["X-Token", "authorization", "x_token", "a!#$%&'*+-.^_`|~1"])
def test_header_names(name: str) -> None:
    """Every name that RFC 9110 allows is one."""
    checked_header_name(name)


@pytest.mark.parametrize("name", ["", " ", "X Token", "X-Token:", "X-Token\n", "é", "X-Token "])
def test_no_header_names(name: str) -> None:
    """Text that no header can have as its name is a mistake in the settings."""
    with pytest.raises(ConfigurationError, match="not the name of an HTTP header"):
        checked_header_name(name)


@pytest.mark.parametrize("name", [None, b"X-Token", 42])
def test_header_name_type(name: Any) -> None:
    """A name is a str."""
    with pytest.raises(TypeError, match="pass the header's name as a str"):
        checked_header_name(name)


@pytest.mark.parametrize("body", [None, "{}", {"a": 1}, ["a"], bytearray(b"{}"), memoryview(b"{}")])
def test_raw_bodies(body: Any) -> None:
    """A body that was parsed or decoded is refused, and the message names the call that gives the raw one."""
    with pytest.raises(
        TypeError, match=r"request\.body \(Django\), request\.get_data\(\) \(Flask\) or await request\.bo"
    ):
        check_body(body)
