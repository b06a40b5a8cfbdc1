"""Ways to reach an app in this process: WSGI, ASGI, and Django's test client.

Sources: PEP 3333 (WSGI), the ASGI HTTP specification 2.3, docs.djangoproject.com "The test client".
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from rollout_auth import ConfigurationError

from .messages import Request, Response

__tracebackhide__ = True

T = TypeVar("T")

_HOST = "testserver"  # the name that Django's, Starlette's and other test clients use


class WSGITransport:
    """Calls a WSGI app in this process, one request after another."""

    def __init__(self, app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self._app = app

    def send(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests one after another."""
        return [self._answer(request) for request in requests]

    async def send_async(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests one after another, because a WSGI app cannot await."""
        return self.send(requests)

    def _answer(self, request: Request) -> Response:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            del exc_info
            started.append((status, headers))
            return written.append

        written: list[bytes] = []
        chunks = self._app(_environ(request), start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if not started:
            raise TypeError("the app did not call start_response: call it, as every WSGI app must (PEP 3333)")
        status, headers = started[-1]
        return Response(int(status[:3]), headers, b"".join(written) + body)


class ASGITransport:
    """Calls an ASGI app in this process, without its lifespan. For the lifespan, use the framework's test client."""

    def __init__(self, app: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        self._app = app

    def send(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests at once, in an event loop of their own."""
        return run(self.send_async(requests))

    async def send_async(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests at once."""
        import asyncio  # noqa: PLC0415  imported late: WSGI apps do not need it

        return await asyncio.gather(*(self._answer(request) for request in requests))

    async def _answer(self, request: Request) -> Response:
        import asyncio  # noqa: PLC0415  likewise

        unread = [{"type": "http.request", "body": request.body, "more_body": False}]
        ended = asyncio.Event()
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if unread:
                return unread.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                ended.set()

        await self._app(_scope(request), receive, send)
        if not sent:
            raise TypeError("the app sent no response: send http.response.start and http.response.body (ASGI)")
        start, *bodies = sent
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start.get("headers", ())]
        return Response(start["status"], headers, b"".join(message.get("body", b"") for message in bodies))


class DjangoTransport:
    """Sends requests with ``django.test.Client`` or ``django.test.AsyncClient``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests one after another."""
        answers = map(self._sent, requests)
        return [_of_django(run(answer) if inspect.isawaitable(answer) else answer) for answer in answers]

    async def send_async(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests one after another, because a Django test has one connection to its database."""
        answers = map(self._sent, requests)
        return [await _of_django_async(await answer if inspect.isawaitable(answer) else answer) for answer in answers]

    def _sent(self, request: Request) -> Any:
        headers = {name: value for name, value in request.headers if name.lower() != "content-type"}
        content_type = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        return self._client.generic(
            request.method, request.target, data=request.body, content_type=content_type, headers=headers
        )


def run(awaitable: Awaitable[T]) -> T:
    """Run an awaitable and return its result. Raises ``ConfigurationError`` if an event loop is running here."""
    import asyncio  # noqa: PLC0415  imported late: WSGI apps do not need it

    async def awaited() -> T:
        return await awaitable

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        is_running = False
    else:
        is_running = True
    if not is_running:
        return asyncio.run(awaited())
    if inspect.iscoroutine(awaitable):
        awaitable.close()
    raise ConfigurationError("an event loop is running here: use AsyncRolloutSimulator, and await its methods")


def _environ(request: Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(request.body)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": _HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": _HOST,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ and key != "HTTP_HOST" else value
    return environ


def _scope(request: Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    headers = [("Host", _HOST), ("Content-Length", str(len(request.body))), *request.headers]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode(),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 0),
        "server": (_HOST, 80),
    }


async def _of_django_async(response: Any) -> Response:
    if not getattr(response, "is_async", False):
        return _of_django(response)
    chunks = [chunk async for chunk in response]
    return Response(response.status_code, response.items(), b"".join(chunks))


def _of_django(response: Any) -> Response:
    return Response(response.status_code, response.items(), response.getvalue())
