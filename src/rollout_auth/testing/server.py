"""A WSGI app on a free port of this machine, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


@contextmanager
def serve(app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> Generator[str, None, None]:
    """A context manager that serves a WSGI app on loopback, and gives its base URL: ``"http://127.0.0.1:49152"``.

    The server is the standard library's: for tests, and for nothing else. It ends with the block.
    """
    with make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_QuietHandler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="rollout-auth serve")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    """A browser opens connections that it does not use yet: each has a thread of its own, which may be left behind."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without looking up the name of this machine, which may take seconds where there is no DNS."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing: a request's target may hold a key."""
