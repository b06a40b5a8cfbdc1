"""Ways to reach the app under test: over HTTP, through a function, or in this process (see ``in_process``)."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from rollout_auth import ConfigurationError

from .in_process import ASGITransport, DjangoTransport, WSGITransport, run
from .messages import Request, Response

__tracebackhide__ = True

_PATIENCE = 30  # seconds


class Transport(Protocol):
    """Sends requests to an app, and returns the responses in the same order."""

    def send(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests, at once if the transport can."""
        ...

    async def send_async(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests at once."""
        ...


class HTTPTransport:
    """Sends requests over HTTP to a base URL, such as ``"http://127.0.0.1:8000"``.

    Raises ``ConfigurationError`` for text that is not such a URL.
    """

    def __init__(self, base_url: str) -> None:
        try:
            parts = urlsplit(base_url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise ConfigurationError("the app's URL is not a base URL: pass one such as 'http://127.0.0.1:8000'")
        self._connection = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname, port or self._connection.default_port
        self._prefix = parts.path.rstrip("/")

    def send(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests at once, each over a connection of its own."""
        if len(requests) <= 1:
            return list(map(self._answer, requests))
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  imported late: most requests are sent alone

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self._answer, requests))

    async def send_async(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests at once, without blocking the event loop."""
        import asyncio  # noqa: PLC0415  imported late: most programs are not async

        return await asyncio.to_thread(self.send, requests)

    def _answer(self, request: Request) -> Response:
        connection = self._connection(self._host, self._port, timeout=_PATIENCE)
        try:
            headers: dict[str, bytes] = {}
            for name, value in request.headers:
                line, key = value.encode("latin-1"), name.lower()
                headers[key] = b",".join([headers[key], line]) if key in headers else line
            connection.request(request.method, self._prefix + request.target, request.body or None, headers)
            response = connection.getresponse()
            return Response(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


class FunctionTransport:
    """Passes each ``Request`` to a function, which returns a ``Response`` or an awaitable of one."""

    def __init__(self, function: Callable[[Request], Response | Awaitable[Response]]) -> None:
        self._function = function

    def send(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests one after another."""
        return [_checked(_finished(self._function(request))) for request in requests]

    async def send_async(self, requests: Sequence[Request]) -> list[Response]:
        """Send the requests at once, if the function is ``async``."""
        import asyncio  # noqa: PLC0415  imported late: most functions are not async

        async def answer(request: Request) -> Response:
            result = self._function(request)
            return _checked(await result if inspect.isawaitable(result) else result)

        return await asyncio.gather(*(answer(request) for request in requests))


def transport_for(app: Any) -> Transport:
    """The transport for an app: the app itself if it is a transport, or one for apps of its kind.

    A ``str`` is a base URL, and an object with a ``generic`` method is one of Django's test clients. For any other
    callable, the number of arguments decides: one for a function of a ``Request``, two for WSGI, three for ASGI.
    """
    if isinstance(app, str):
        return HTTPTransport(app)
    if callable(getattr(app, "send", None)) and callable(getattr(app, "send_async", None)):
        return cast("Transport", app)
    if callable(getattr(app, "generic", None)):
        return DjangoTransport(app)
    transports: dict[int, Callable[[Any], Transport]] = {1: FunctionTransport, 2: WSGITransport, 3: ASGITransport}
    transport = transports.get(_arguments(app)) if callable(app) else None
    if transport is None:
        raise TypeError(
            f"app is {type(app).__name__}: pass a WSGI or ASGI app, Django's test client, a function that takes a"
            " Request and returns a Response, or a base URL; for an app that takes *args, WSGITransport(app) or"
            " ASGITransport(app); for Flask's test client, client.application"
        )
    return transport(app)


def _arguments(function: Callable[..., object]) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some types that are written in C have none
        return 0
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 0
    return sum(parameter.kind in kinds and parameter.default is parameter.empty for parameter in parameters)


def _finished(answer: Response | Awaitable[Response]) -> object:
    return run(answer) if inspect.isawaitable(answer) else answer


def _checked(answer: object) -> Response:
    if not isinstance(answer, Response):
        raise TypeError(f"the app returned {type(answer).__name__}: return rollout_auth.testing.Response(...)")
    return answer
