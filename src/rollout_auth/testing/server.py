"""Serves a WSGI app on a free port of this machine, for the duration of a ``with`` block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


@contextmanager
def serve(app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> Generator[str, None, None]:
    """A context manager that serves a WSGI app on loopback, and yields its base URL: ``"http://127.0.0.1:49152"``.

    The server is the standard library's: use it for tests only. It stops at the end of the block.
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
    """A browser opens connections that it does not use yet, so each has its own thread, which may be left behind."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without looking up this machine's name, which may take seconds without DNS."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Log nothing: a request's target may contain a key."""
