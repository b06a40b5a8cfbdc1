"""Apps in this process: WSGI, ASGI and Django's test clients, each by real frameworks and by plain callables."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django import http as django_http
from django.conf import settings
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.functional import empty
from fastapi import FastAPI
from fastapi import Request as FastAPIRequest
from flask import Flask
from flask import request as flask_request
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from rollout_auth import ConfigurationError
from rollout_auth.testing import ASGITransport, DjangoTransport, Request, Response, WSGITransport
from rollout_auth.testing.in_process import run

PATIENCE = 30  # seconds until a test fails, where it would hang
ECHO = Request(
    "POST",
    "/echo/%C3%A9%2F%20?q=a+b&q=%C3%BC",
    [("Content-Type", "application/json"), ("Authorization", "Bearer é"), ("X-Two", "1"), ("x-two", "2")],
    b'{"a": "\xc3\xa9"}',
)
GET = Request("GET", "/")


def sent(transport: Any, request: Request = GET) -> Response:
    (response,) = transport.send([request])
    return response


def sent_async(transport: Any, *requests: Request) -> list[Response]:
    return asyncio.run(transport.send_async(requests))


# --- frameworks -----------------------------------------------------------------------------------------------------


def flask_app() -> Any:
    app = Flask(__name__)

    @app.post("/echo/<path:rest>")
    def echo(rest: str) -> Any:
        return (
            {
                "rest": rest,
                "query": flask_request.args.getlist("q"),
                "type": flask_request.mimetype,
                "key": flask_request.headers["Authorization"],
                "two": flask_request.headers["X-Two"],
                "body": flask_request.get_data().decode(),
                "host": flask_request.host_url,
            },
            201,
            {"X-Answer": "é"},
        )

    return app


async def starlette_echo(request: Any) -> Any:
    fields = {
        "rest": request.path_params["rest"],
        "query": request.query_params.getlist("q"),
        "type": request.headers["content-type"],
        "key": request.headers["authorization"],
        "two": ",".join(request.headers.getlist("x-two")),
        "body": (await request.body()).decode(),
        "host": str(request.base_url),
    }
    return JSONResponse(fields, 201, {"X-Answer": "é"})


def starlette_app() -> Any:
    return Starlette(routes=[Route("/echo/{rest:path}", starlette_echo, methods=["POST"])])


def fastapi_app() -> Any:
    app = FastAPI()

    @app.post("/echo/{rest:path}")
    async def echo(rest: str, request: FastAPIRequest) -> Any:
        assert request.path_params["rest"] == rest
        return await starlette_echo(request)

    return app


def wsgi_echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    fields = {
        "rest": environ["PATH_INFO"].encode("latin-1").decode().removeprefix("/echo/"),
        "query": [environ["QUERY_STRING"]],
        "type": environ["CONTENT_TYPE"],
        "key": environ["HTTP_AUTHORIZATION"],
        "two": environ["HTTP_X_TWO"],
        "body": environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode(),
        "host": f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}/",
    }
    assert environ["wsgi.errors"] is sys.stderr
    start_response("201 Created", [("X-Answer", "é")])
    return [json.dumps(fields).encode()]


async def asgi_echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    message = await receive()
    headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
    fields = {
        "rest": scope["path"].removeprefix("/echo/"),
        "query": [scope["query_string"].decode()],
        "type": dict(headers)["content-type"],
        "key": dict(headers)["authorization"],
        "two": ",".join(value for name, value in headers if name == "x-two"),
        "body": message["body"].decode(),
        "host": f"{scope['scheme']}://{dict(headers)['host']}/",
    }
    assert (scope["type"], scope["raw_path"], message["more_body"]) == ("http", b"/echo/%C3%A9%2F%20", False)
    await send({"type": "http.response.start", "status": 201, "headers": [(b"X-Answer", b"\xe9")]})
    await send({"type": "http.response.body", "body": json.dumps(fields).encode()})


TRANSPORTS = {
    "flask": lambda: WSGITransport(flask_app()),
    "wsgi": lambda: WSGITransport(wsgi_echo),
    "starlette": lambda: ASGITransport(starlette_app()),
    "fastapi": lambda: ASGITransport(fastapi_app()),
    "asgi": lambda: ASGITransport(asgi_echo),
}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", TRANSPORTS)
def test_request_arrives_whole(kind: str, is_async: bool) -> None:
    """Path, query, headers and body arrive as they were sent, characters beyond ASCII included, and so do answers."""
    transport = TRANSPORTS[kind]()
    (response,) = sent_async(transport, ECHO) if is_async else transport.send([ECHO])
    plain = kind in ("wsgi", "asgi")
    assert json.loads(response.body) == {
        "rest": "é/ ",
        "query": ["q=a+b&q=%C3%BC"] if plain else ["a b", "ü"],
        "type": "application/json",
        "key": "Bearer é",
        "two": "1,2",
        "body": '{"a": "é"}',
        "host": "http://testserver/",
    }
    assert (response.status, response.header("x-answer")) == (201, "é")


def test_environ_to_the_letter() -> None:
    """A WSGI app gets all that PEP 3333 requires; a header that is sent twice has both values, except for the host."""
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    headers = [("X-a-B", "1"), ("x-A-b", "2"), ("CONTENT-type", "a/b"), ("Host", "shop.test")]
    assert sent(WSGITransport(app), Request("PUT", "/%C3%A9%3F?a=%20?b", headers, b"body")) == Response(
        200, (), b"body"
    )
    (environ,) = seen
    del environ["wsgi.input"]
    assert environ == {
        "REQUEST_METHOD": "PUT",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/\xc3\xa9?",
        "QUERY_STRING": "a=%20?b",
        "CONTENT_LENGTH": "4",
        "CONTENT_TYPE": "a/b",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "shop.test",
        "HTTP_X_A_B": "1,2",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    sent(WSGITransport(app))
    assert (seen[1]["HTTP_HOST"], "CONTENT_TYPE" in seen[1], seen[1]["QUERY_STRING"]) == ("testserver", False, "")


def test_scope_to_the_letter() -> None:
    """An ASGI app gets all that the specification requires, and the body in one piece."""
    seen: list[Any] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.extend([scope, await receive()])
        await send({"type": "http.response.start", "status": 201, "headers": [(b"X-A", b"1"), (b"X-A", b"\xe9")]})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    request = Request("PUT", "/%C3%A9%3F?a=%20?b", [("X-a", "é"), ("x-A", "2")], b"body")
    assert sent(ASGITransport(app), request) == Response(201, [("X-A", "1"), ("X-A", "é")], b"ab")
    assert seen == [
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "PUT",
            "scheme": "http",
            "path": "/é?",
            "raw_path": b"/%C3%A9%3F",
            "query_string": b"a=%20?b",
            "root_path": "",
            "headers": [(b"host", b"testserver"), (b"content-length", b"4"), (b"x-a", b"\xe9"), (b"x-a", b"2")],
            "client": ("127.0.0.1", 0),
            "server": ("testserver", 80),
        },
        {"type": "http.request", "body": b"body", "more_body": False},
    ]


# --- WSGI -----------------------------------------------------------------------------------------------------------


def test_wsgi_one_after_the_other() -> None:
    """Requests to a WSGI app are sent in their order, each when the one before it is answered."""
    seen: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(f"start {environ['PATH_INFO']}")
        start_response("200 OK", [])
        seen.append(f"end {environ['PATH_INFO']}")
        return [environ["PATH_INFO"].encode()]

    requests = [Request("GET", "/1"), Request("GET", "/2")]
    assert [response.body for response in WSGITransport(app).send(requests)] == [b"/1", b"/2"]
    assert seen == ["start /1", "end /1", "start /2", "end /2"]


class Chunks:
    """What a WSGI app returns: chunks, which must be closed."""

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self.chunks, self.error, self.closed = chunks, error, 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
def test_wsgi_close(error: Exception | None) -> None:
    """``close()`` is called once when the chunks are read, also if reading them fails."""
    chunks = Chunks(b"a", b"b", error=error)

    def app(_: object, start_response: Any) -> Chunks:
        start_response("200 OK", [])
        return chunks

    if error is None:
        assert sent(WSGITransport(app)).body == b"ab"
    else:
        with pytest.raises(ZeroDivisionError):
            sent(WSGITransport(app))
    assert chunks.closed == 1


def test_wsgi_without_close() -> None:
    """Chunks that have no ``close`` need none, and the status is the number before its phrase."""

    def app(_: object, start_response: Any) -> tuple[bytes, ...]:
        start_response("404", [])
        return (b"a", b"b")

    assert sent(WSGITransport(app)) == Response(404, (), b"ab")


def test_wsgi_in_a_loop() -> None:
    """A WSGI app is called where a loop runs, for each request in its order."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    requests = [Request("GET", "/1"), Request("GET", "/2")]
    assert [response.body for response in sent_async(WSGITransport(app), *requests)] == [b"/1", b"/2"]


def test_wsgi_generator() -> None:
    """An app that is a generator, and so starts its response late, is understood; its ``finally`` has run."""
    closed: list[bool] = []

    def app(_: object, start_response: Any) -> Iterator[bytes]:
        try:
            start_response("202 Accepted", [("A", "1"), ("A", "2")])
            yield b"a"
            yield b""
            yield b"b"
        finally:
            closed.append(True)

    assert sent(WSGITransport(app)) == Response(202, [("A", "1"), ("A", "2")], b"ab")
    assert closed == [True]


def test_wsgi_write() -> None:
    """What is written by ``write`` comes before what is returned."""

    def app(_: object, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"first, ")
        write(b"second, ")
        return [b"third"]

    assert sent(WSGITransport(app)).body == b"first, second, third"


def test_wsgi_start_again() -> None:
    """An app that fails late may start another response, with ``exc_info``: that is the answer."""

    def app(_: object, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("A", "1")])
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            start_response("500 Internal Server Error", [("B", "2")], sys.exc_info())
        return [b"sorry"]

    assert sent(WSGITransport(app)) == Response(500, [("B", "2")], b"sorry")


# --- ASGI -----------------------------------------------------------------------------------------------------------


def test_asgi_at_once() -> None:
    """Requests to an ASGI app are under way at the same time, and answered in their order."""
    arrived: list[str] = []
    both = asyncio.Event()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        arrived.append(scope["path"])
        if len(arrived) == 2:
            both.set()
        await both.wait()
        await PlainTextResponse(scope["path"])(scope, receive, send)

    async def within_patience() -> list[Response]:
        requests = [Request("GET", "/1"), Request("GET", "/2")]
        return await asyncio.wait_for(ASGITransport(app).send_async(requests), PATIENCE)

    assert [response.body for response in asyncio.run(within_patience())] == [b"/1", b"/2"]


def test_asgi_streams() -> None:
    """A streamed body is whole, behind a middleware that wraps its stream too, and background tasks have run."""
    done: list[str] = []

    async def stream(_: Any) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for chunk in (b"a", b"", b"b"):
                yield chunk

        return StreamingResponse(chunks(), background=BackgroundTask(done.append, "done"))

    async def marked(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["X-Marked"] = "1"
        return response

    app = Starlette(routes=[Route("/", stream)], middleware=[Middleware(BaseHTTPMiddleware, dispatch=marked)])
    response = sent(ASGITransport(app))
    assert (response.status, response.body, response.header("X-Marked")) == (200, b"ab", "1")
    assert done == ["done"]


def test_asgi_disconnects_after_the_response() -> None:
    """Whoever waits for the client to go hears of it when the response is complete, and no sooner."""
    heard: list[str] = []

    async def app(scope: object, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"

        async def listen() -> None:
            heard.append((await receive())["type"])

        listener = asyncio.create_task(listen())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, False):
            for _ in range(5):
                await asyncio.sleep(0)
            assert heard == []
            await send({"type": "http.response.body", "body": b"x", "more_body": more})
        await asyncio.wait_for(listener, PATIENCE)

    assert sent(ASGITransport(app)).body == b"xx"
    assert heard == ["http.disconnect"]


def test_asgi_defaults() -> None:
    """The messages of a response may leave out what is empty (ASGI HTTP specification)."""

    async def app(scope: object, receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    assert sent(ASGITransport(app)) == Response(204)


def test_asgi_error_has_no_context() -> None:
    """An app's own error is raised unchanged, without an error of this package as its context."""

    async def app(scope: object, receive: object, send: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failure:
        sent(ASGITransport(app))
    assert failure.value.__context__ is None


def test_asgi_listens_again() -> None:
    """Whoever asks again after the request hears of the end, each time."""
    heard: list[str] = []

    async def app(scope: object, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"x"})
        heard.extend([(await asyncio.wait_for(receive(), PATIENCE))["type"] for _ in range(3)])

    assert sent(ASGITransport(app)).body == b"x"
    assert heard == ["http.request", "http.disconnect", "http.disconnect"]


# --- event loops ----------------------------------------------------------------------------------------------------


class Later:
    """Something to await that is no coroutine."""

    def __await__(self) -> Iterator[Any]:
        yield from asyncio.sleep(0).__await__()
        return "later"


def test_run() -> None:
    """Anything that can be awaited is run in a loop of its own."""
    assert run(Later()) == "later"
    assert run(asyncio.sleep(0, "now")) == "now"


@pytest.mark.parametrize("make", [Later, lambda: asyncio.sleep(0)], ids=["awaitable", "coroutine"])
def test_run_within_a_loop(make: Any) -> None:
    """Inside a running loop nothing can be awaited: the error names the fix, and leaves no coroutine behind."""

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="use AsyncRolloutSimulator, and await its methods"):
            run(make())

    asyncio.run(main())


def test_asgi_within_a_loop() -> None:
    """An ASGI app is not called synchronously where a loop runs."""

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="an event loop is running here"):
            ASGITransport(asgi_echo).send([ECHO])

    asyncio.run(main())


# --- Django ---------------------------------------------------------------------------------------------------------


def django_echo(request: Any, rest: str) -> Any:
    fields = {
        "rest": rest,
        "query": request.GET.getlist("q"),
        "type": request.content_type,
        "key": request.headers.get("Authorization"),
        "body": request.body.decode(),
    }
    return django_http.JsonResponse(fields, status=201, headers={"X-Answer": "1"})


def django_stream(request: object) -> Any:
    return django_http.StreamingHttpResponse(iter([b"a", b"b"]))


async def django_async_stream(request: object) -> Any:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in (b"a", b"b"):
            yield chunk

    return django_http.StreamingHttpResponse(chunks(), status=203, content_type="text/csv")


def django_error(request: object) -> Any:
    raise ZeroDivisionError


URLS = (
    path("echo/<path:rest>", django_echo),
    path("stream", django_stream),
    path("async-stream", django_async_stream),
    path("error", django_error),
)


@pytest.fixture
def _django() -> Iterator[None]:
    """Settings of this module's own, whatever another has configured."""
    before = settings._wrapped
    settings._wrapped = empty
    settings.configure(ROOT_URLCONF=URLS, ALLOWED_HOSTS=["testserver"], MIDDLEWARE=[])
    try:
        yield
    finally:
        settings._wrapped = before


@pytest.mark.usefixtures("_django")
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_django(client: Any, is_async: bool) -> None:
    """Either of Django's clients reaches a view, from a synchronous test and from an asynchronous one."""
    headers = [("Authorization", "Bearer k"), ("content-TYPE", "application/json; charset=utf-8")]
    request = Request("POST", "/echo/a%20b?q=a+b&q=%C3%BC", headers, b'{"a":1}')
    transport = DjangoTransport(client())
    (response,) = sent_async(transport, request) if is_async else transport.send([request])
    assert (response.status, response.header("x-answer"), response.media_type) == (201, "1", "application/json")
    assert response.json() == {
        "rest": "a b",
        "query": ["a b", "ü"],
        "type": "application/json",
        "key": "Bearer k",
        "body": '{"a":1}',
    }


class Told:
    """A client that records what it should send, and answers as Django does."""

    is_async = False
    status_code = 203

    def __init__(self) -> None:
        self.told: list[Any] = []

    def generic(self, *arguments: Any, **options: Any) -> Told:
        self.told.append((arguments, options))
        return self

    def items(self) -> list[tuple[str, str]]:
        return [("A", "1"), ("A", "2")]

    def getvalue(self) -> bytes:
        return b"body"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_django_to_the_letter(is_async: bool) -> None:
    """Django's client gets the body's type apart from the headers, and a blank one if there is none."""
    client = Told()
    typed = Request("PUT", "/a?b", [("X-A", "1"), ("CONTENT-type", "a/b"), ("Content-Type", "c/d")], b"{}")
    responses = (
        sent_async(DjangoTransport(client), typed, GET) if is_async else DjangoTransport(client).send([typed, GET])
    )
    assert responses == [Response(203, [("A", "1"), ("A", "2")], b"body")] * 2
    assert client.told == [
        (("PUT", "/a?b"), {"data": b"{}", "content_type": "a/b", "headers": {"X-A": "1"}}),
        (("GET", "/"), {"data": b"", "content_type": "", "headers": {}}),
    ]


@pytest.mark.usefixtures("_django")
def test_django_path_beyond_ascii() -> None:
    """A path beyond ASCII reaches the view as it is, and a request needs neither a body nor its type."""
    response = sent(DjangoTransport(Client()), Request("GET", "/echo/%C3%A9"))
    assert response.json() == {"rest": "é", "query": [], "type": "", "key": None, "body": ""}


@pytest.mark.usefixtures("_django")
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_django_order(client: Any) -> None:
    """Several requests are answered in their order."""
    requests = [Request("GET", f"/echo/{number}") for number in range(3)]
    rests = [response.json()["rest"] for response in sent_async(DjangoTransport(client()), *requests)]
    assert rests == ["0", "1", "2"]


@pytest.mark.usefixtures("_django")
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_django_streams(client: Any) -> None:
    """A streamed body is whole."""
    (response,) = sent_async(DjangoTransport(client()), Request("GET", "/stream"))
    assert response.body == b"ab"


@pytest.mark.usefixtures("_django")
def test_django_streams_asynchronously() -> None:
    """A body that a view streams asynchronously is whole."""
    (response,) = sent_async(DjangoTransport(AsyncClient()), Request("GET", "/async-stream"))
    assert (response.status, response.media_type, response.body) == (203, "text/csv", b"ab")


@pytest.mark.usefixtures("_django")
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_django_error(client: Any) -> None:
    """A view's own error comes out as it is, and no request that was to follow is left unawaited."""
    with pytest.raises(ZeroDivisionError):
        sent_async(DjangoTransport(client()), Request("GET", "/error"), Request("GET", "/echo/1"))


@pytest.mark.usefixtures("_django")
def test_django_within_a_loop() -> None:
    """Django's asynchronous client is not called synchronously where a loop runs."""

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="an event loop is running here"):
            DjangoTransport(AsyncClient()).send([Request("GET", "/echo/1")])

    asyncio.run(main())


def test_wsgi_without_a_start() -> None:
    """A WSGI app that starts no response gets an error that names what is missing."""
    with pytest.raises(TypeError, match="did not call start_response"):
        sent(WSGITransport(lambda _environ, _start_response: []))


def test_asgi_without_a_response() -> None:
    """An ASGI app that sends nothing gets an error that names what is missing."""

    async def app(scope: object, receive: object, send: object) -> None:
        """Return without an answer."""

    with pytest.raises(TypeError, match=r"send http\.response\.start"):
        sent(ASGITransport(app))
