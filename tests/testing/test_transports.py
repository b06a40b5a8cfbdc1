"""The ways to an app: over HTTP, by a function, and how an app's kind is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from threading import Barrier, current_thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient, Client
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette

from rollout_auth import ConfigurationError
from rollout_auth.testing import (
    ASGITransport,
    AsyncRolloutSimulator,
    DjangoTransport,
    FunctionTransport,
    HTTPTransport,
    Request,
    Response,
    WSGITransport,
    serve,
)
from rollout_auth.testing.transports import transport_for

PATIENCE = 30  # seconds until a test fails, where it would hang
GET = Request("GET", "/")
TWO = [Request("GET", "/1"), Request("GET", "/2")]


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers with the request line, in headers those of the request, and its body."""
    path = environ["PATH_INFO"].encode("latin-1").decode()
    line = f"{environ['REQUEST_METHOD']} {path}?{environ['QUERY_STRING']} {environ['CONTENT_TYPE']}"
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    headers = [("X-Key", environ.get("HTTP_X_KEY", "")), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    start_response("203 Non-Authoritative Information", headers)
    return [line.encode(), b"\n", body]


def meeting() -> Callable[[dict[str, Any], Any], list[bytes]]:
    """An app that answers a request when another one is there too."""
    barrier = Barrier(2, timeout=PATIENCE)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        barrier.wait()
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    return app


# --- HTTP -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("prefix", ["", "/", "/pre/FIX", "/pre/"])
def test_http(prefix: str, is_async: bool) -> None:
    """A request reaches a server under the base URL's path, and its answer comes back whole."""
    request = Request(
        "POST", "/a%2F%C3%A9?q=%C3%BC", [("X-Key", "é"), ("Content-Type", "application/json")], b'{"\xc3\xa9":1}'
    )
    with serve(echo) as base_url:
        transport = HTTPTransport(base_url + prefix)
        (response,) = asyncio.run(transport.send_async([request])) if is_async else transport.send([request])
    line = f"POST {prefix.rstrip('/')}/a/é?q=%C3%BC application/json"
    assert (response.status, response.body.decode()) == (203, f'{line}\n{{"é":1}}')
    assert response.header("x-key") == "é"
    assert [value for name, value in response.headers if name == "Set-Cookie"] == ["a=1", "b=2"]


def test_http_without_a_body() -> None:
    """A request without a body is sent without one."""
    with serve(echo) as base_url:
        assert HTTPTransport(base_url).send([GET])[0].body == b"GET /? text/plain\n"


def test_http_sends_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request on the wire has its headers once each, in bytes, no length without a body, and an end."""
    sent: list[Any] = []
    closed: list[object] = []

    def refuse(connection: object, *arguments: Any) -> None:
        sent.append(arguments)
        raise ConnectionRefusedError

    def close(connection: object) -> None:
        closed.append(connection)

    monkeypatch.setattr("http.client.HTTPConnection.request", refuse)
    monkeypatch.setattr("http.client.HTTPConnection.close", close)
    repeated = [("X-Key", "é"), ("A", "1"), ("x-key", "2"), ("X-KEY", "3")]
    for request in (GET, Request("PUT", "/b?c", repeated, b"d")):
        with pytest.raises(ConnectionRefusedError):
            HTTPTransport("http://127.0.0.1/pre/").send([request])
    assert sent == [("GET", "/pre/", None, {}), ("PUT", "/pre/b?c", b"d", {"x-key": b"\xe9,2,3", "a": b"1"})]
    assert len(closed) == 2


def test_http_many_at_once() -> None:
    """All requests are at the server at the same time, however many there are."""
    barrier = Barrier(40, timeout=PATIENCE)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        barrier.wait()
        start_response("204 No Content", [])
        return []

    with serve(app) as base_url:
        assert [response.status for response in HTTPTransport(base_url).send([GET] * 40)] == [204] * 40


def test_http_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that comes alone is sent without a thread of its own."""
    threads: list[object] = []

    def refuse(connection: object) -> None:
        threads.append(current_thread())
        raise ConnectionRefusedError

    monkeypatch.setattr("http.client.HTTPConnection.connect", refuse)
    with pytest.raises(ConnectionRefusedError):
        HTTPTransport("http://127.0.0.1").send([GET])
    assert threads == [current_thread()]


def test_http_repeats_headers() -> None:
    """A header that is there twice arrives with both values, as in this process."""
    with serve(echo) as base_url:
        (response,) = HTTPTransport(base_url).send([Request("GET", "/", [("X-Key", "1"), ("X-Key", "2")])])
    assert response.header("x-key") == "1,2"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_http_at_once(is_async: bool) -> None:
    """Two requests are at the server at the same time, and are answered in their order."""
    with serve(meeting()) as base_url:
        transport = HTTPTransport(base_url)
        responses = asyncio.run(transport.send_async(TWO)) if is_async else transport.send(TWO)
    assert responses == [Response(200, response.headers, f"/{i}".encode()) for i, response in enumerate(responses, 1)]


def test_http_does_not_block_the_loop() -> None:
    """While an answer is awaited, the event loop goes on: another task is what the server waits for."""
    barrier = Barrier(2, timeout=PATIENCE)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        barrier.wait()
        start_response("204 No Content", [])
        return []

    async def main(base_url: str) -> list[Response]:
        sending = HTTPTransport(base_url).send_async([GET])
        responses, _ = await asyncio.gather(sending, asyncio.to_thread(barrier.wait))
        return responses

    with serve(app) as base_url:
        assert [response.status for response in asyncio.run(main(base_url))] == [204]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_http_nothing_to_send(is_async: bool) -> None:
    """No requests have no answers."""
    transport = HTTPTransport("http://127.0.0.1:9")
    assert (asyncio.run(transport.send_async([])) if is_async else transport.send([])) == []


def test_http_server_is_gone() -> None:
    """Where nobody listens, the operating system's error comes out."""
    with serve(echo) as base_url:
        pass
    for requests in ([GET], TWO):
        with pytest.raises(ConnectionRefusedError):
            HTTPTransport(base_url).send(requests)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "localhost",
        "ftp://127.0.0.1",
        "http://",
        "http:///path",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://127.0.0.1/?q=1",
        "http://127.0.0.1/#part",
        "http://user@127.0.0.1",
        "http://user:canary@127.0.0.1",
        "http://:canary@127.0.0.1",
    ],
)
def test_http_base_url(url: str) -> None:
    """What is no base URL is refused when the transport is made, with an example, and is not quoted."""
    with pytest.raises(ConfigurationError, match=r"pass one such as 'http://127\.0\.0\.1:8000'") as refusal:
        HTTPTransport(url)
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "kind", "host", "port"),
    [
        ("http://rollout.test", "HTTPConnection", "rollout.test", 80),
        ("HTTPS://rollout.test", "HTTPSConnection", "rollout.test", 443),
        ("https://rollout.test:8443/a", "HTTPSConnection", "rollout.test", 8443),
        ("http://[::1]:8000", "HTTPConnection", "::1", 8000),
        ("http://[::1]/", "HTTPConnection", "::1", 80),
    ],
)
def test_http_connects_to(monkeypatch: pytest.MonkeyPatch, url: str, kind: str, host: str, port: int) -> None:
    """The connection is that of the URL: TLS for ``https``, its port or the scheme's; it waits half a minute."""
    connected: list[Any] = []

    def refuse(connection: Any) -> None:
        connected.append((type(connection).__name__, connection.host, connection.port, connection.timeout))
        raise ConnectionRefusedError

    for name in ("HTTPConnection", "HTTPSConnection"):
        monkeypatch.setattr(f"http.client.{name}.connect", refuse)
    with pytest.raises(ConnectionRefusedError):
        HTTPTransport(url).send([GET])
    assert connected == [(kind, host, port, 30)]


# --- functions ------------------------------------------------------------------------------------------------------


def answer(request: Request) -> Response:
    return Response(200, (), request.target.encode())


async def answer_async(request: Request) -> Response:
    await asyncio.sleep(0)
    return answer(request)


functions = pytest.mark.parametrize("function", [answer, answer_async])


@functions
def test_function(function: Any) -> None:
    """A function is handed each request, and its answers are returned in order; it may be ``async``."""
    assert [response.body for response in FunctionTransport(function).send(TWO)] == [b"/1", b"/2"]


@functions
def test_function_in_a_loop(function: Any) -> None:
    """The same where a loop runs."""
    responses = asyncio.run(FunctionTransport(function).send_async(TWO))
    assert [response.body for response in responses] == [b"/1", b"/2"]


def test_async_function_at_once() -> None:
    """In a loop, the calls of an ``async`` function are under way at the same time."""
    arrived: list[Request] = []
    both = asyncio.Event()

    async def meet(request: Request) -> Response:
        arrived.append(request)
        if len(arrived) == 2:
            both.set()
        await both.wait()
        return answer(request)

    async def main() -> list[Response]:
        return await asyncio.wait_for(FunctionTransport(meet).send_async(TWO), PATIENCE)

    assert [response.body for response in asyncio.run(main())] == [b"/1", b"/2"]


@pytest.mark.parametrize("value", [None, (200, {}, b""), "text"])
def test_function_returns_something_else(value: object) -> None:
    """What is no ``Response`` is refused by its type, with what to return."""

    async def later(request: Request) -> object:
        return value

    message = f"the app returned {type(value).__name__}: return rollout_auth.testing.Response"
    for function in (lambda request: value, later):
        transport = FunctionTransport(function)
        with pytest.raises(TypeError, match=message):
            transport.send([GET])
        with pytest.raises(TypeError, match=message):
            asyncio.run(transport.send_async([GET]))


def test_sync_use_within_a_loop() -> None:
    """An ``async`` function cannot be waited for where a loop runs: the fix is named; a plain one is called."""

    async def main() -> None:
        assert FunctionTransport(answer).send([GET])[0].body == b"/"
        with pytest.raises(ConfigurationError, match=f"use {AsyncRolloutSimulator.__name__}, and await its methods"):
            FunctionTransport(answer_async).send([GET])

    asyncio.run(main())


# --- which transport ------------------------------------------------------------------------------------------------


class Callable1:
    def __call__(self, request: Request, *, option: int = 0, **options: int) -> Response:
        return answer(request)

    def method(self, environ: object, start_response: object, extra: int = 0) -> list[bytes]:
        return []


async def asgi(scope: object, receive: object, send: object, /) -> None:
    """An ASGI app whose arguments have no names to be called by."""


KINDS: dict[str, tuple[Callable[[], Any], type]] = {
    "base URL": (lambda: "http://127.0.0.1:8000", HTTPTransport),
    "Flask": (lambda: Flask("app"), WSGITransport),
    "WSGI function": (lambda: echo, WSGITransport),
    "WSGI method": (lambda: Callable1().method, WSGITransport),
    "Starlette": (Starlette, ASGITransport),
    "FastAPI": (FastAPI, ASGITransport),
    "ASGI function": (lambda: asgi, ASGITransport),
    "Django's client": (Client, DjangoTransport),
    "Django's asynchronous client": (AsyncClient, DjangoTransport),
    "function": (lambda: answer, FunctionTransport),
    "async function": (lambda: answer_async, FunctionTransport),
    "object of a class": (Callable1, FunctionTransport),
}


@pytest.mark.parametrize("kind", KINDS)
def test_transport_for(kind: str) -> None:
    """The kind of an app is detected."""
    make, expected = KINDS[kind]
    assert type(transport_for(make())) is expected


def test_transport_for_a_transport() -> None:
    """A transport stays what it is, also one of a class that this package does not know."""
    own = SimpleNamespace(send=lambda requests: [], send_async=lambda requests: [])
    for transport in (own, WSGITransport(echo)):
        assert transport_for(transport) is transport


@pytest.mark.parametrize(
    "app",
    [
        None,
        8000,
        b"http://127.0.0.1:8000",
        SimpleNamespace(send=print),
        SimpleNamespace(send="a", send_async="b"),
        SimpleNamespace(send="a", send_async=print),
        SimpleNamespace(send=print, send_async="b"),
        SimpleNamespace(generic=None),
        SimpleNamespace(generic="a"),
        lambda: None,
        lambda *args: None,
        lambda request, *args: None,
        lambda a, b, c, d: None,
        lambda *, request: None,
        FastAPI,
        dict,
    ],
    ids=lambda app: getattr(app, "__name__", type(app).__name__),
)
def test_no_transport(app: object) -> None:
    """What is no app is refused by its type, with all that can be passed."""
    with pytest.raises(TypeError, match=f"app is {type(app).__name__}: pass a WSGI or ASGI app, Django's test client"):
        transport_for(app)


def test_no_transport_for_another_url() -> None:
    """Text that is no base URL is refused as that."""
    with pytest.raises(ConfigurationError, match="the app's URL is not a base URL"):
        transport_for("app.py")


@pytest.fixture
def served() -> Iterator[str]:
    with serve(echo) as base_url:
        yield base_url


def test_every_kind_answers(served: str) -> None:
    """What was known by its kind is reached by it."""
    assert transport_for(served).send([GET])[0].status == 203
    assert transport_for(echo).send([Request("GET", "/", [("Content-Type", "")])])[0].status == 203
    assert transport_for(answer).send([GET])[0].status == 200
    assert transport_for(Starlette()).send([GET])[0].status == 404
    assert transport_for(Flask("app")).send([GET])[0].status == 404
    told = SimpleNamespace(status_code=204, items=list, getvalue=lambda: b"")
    assert transport_for(SimpleNamespace(generic=lambda *_, **__: told)).send([GET])[0].status == 204
