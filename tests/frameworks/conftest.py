"""Serves each example on the server that its users run, and speaks HTTP to it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rollout_auth import AuthData, ClientCredentials, verify_connect_token

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
APPS = {
    "django": "django_app:application",
    "flask": "flask_app:app",
    "wsgi": "wsgi_app:app",
    "fastapi": "fastapi_app:app",
    "starlette": "starlette_app:app",
    "asgi": "asgi_app:app",
}
SERVERS = {
    "gunicorn": ["gunicorn", "--no-control-socket", "--bind", "fd://{fd}"],
    "uvicorn": ["uvicorn", "--fd", "{fd}"],
}
SECRET = "not-a-real-secret-" + "fedcba9876543210" * 4
PREVIOUS_SECRET = "not-a-real-secret-either-" + "0123456789abcdef" * 4
ENVIRONMENT = {
    "ROLLOUT_API_KEY_SECRET": "a-secret-of-the-apps-own-" + "0123456789abcdef" * 4,
    "ROLLOUT_CLIENT_ID": "client-1",
    "ROLLOUT_CLIENT_SECRET": SECRET,
    "ROLLOUT_PREVIOUS_CLIENT_SECRET": PREVIOUS_SECRET,
    "ROLLOUT_VERIFICATION_TOKEN": "verification-token-1",
    "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN": "vérification-0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "WEB_CONCURRENCY": "1",
}
PATIENCE = 30  # seconds until a test fails, where it would hang


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Speaks to one running example."""

    def __init__(self, app: str, server: str, port: int, log: Path) -> None:
        self.app, self.server, self.port, self._log = app, server, port, log

    def send(self, method: str, path: str, *headers: tuple[str, str | bytes], body: bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def send_bytes(self, data: bytes) -> int | None:
        """The status of the answer to these bytes, after which none follow; None if the server just hangs up."""
        line = b""
        with self.connect() as connection, connection.makefile("rb") as answer:
            with suppress(OSError):  # a server may hang up before it has read everything
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                line = answer.readline()
        return int(line.split()[1]) if line else None

    def log(self) -> str:
        return self._log.read_text("utf-8")


@pytest.fixture(scope="session", params=APPS)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A running example. Its first request waits in the socket, which is open before the server is."""
    app = request.param
    server = "gunicorn" if app in ("django", "flask", "wsgi") else "uvicorn"
    log = tmp_path_factory.mktemp(app) / "log.txt"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as stream:
        client = Client(app, server, listener.getsockname()[1], log)
        command = [sys.executable, "-m", *(part.format(fd=listener.fileno()) for part in SERVERS[server]), APPS[app]]
        process = subprocess.Popen(
            command,
            cwd=EXAMPLES,
            env={**os.environ, **ENVIRONMENT},
            pass_fds=[listener.fileno()],
            stdout=stream,
            stderr=stream,
        )
    try:
        try:
            client.send("GET", "/")
        except OSError as error:
            process.kill()
            pytest.fail(f"{' '.join(command)} does not answer ({error!r}):\n{client.log()}")
        yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="session")
def credentials() -> ClientCredentials:
    """The credentials of the running examples."""
    return ClientCredentials(ENVIRONMENT["ROLLOUT_CLIENT_ID"], SECRET, [PREVIOUS_SECRET])


@pytest.fixture(scope="session")
def settings() -> dict[str, str]:
    """The environment in which an example runs."""
    return ENVIRONMENT


@pytest.fixture(scope="session")
def names() -> dict[str, str]:
    """The module and the attribute of each example."""
    return APPS


@pytest.fixture(scope="session")
def verified() -> tuple[str, str]:
    """The header by which a request is known to be Rollout's."""
    return ("X-Rollout-Verification-Token", ENVIRONMENT["ROLLOUT_VERIFICATION_TOKEN"])


@pytest.fixture
def key(client: Client, credentials: ClientCredentials) -> AuthData:
    """A key that the running example has issued."""
    answer = client.send("GET", "/rollout/token", ("X-Demo-Session", "demo-session"))
    auth_data = verify_connect_token(answer.json["token"], credentials=credentials).auth_data
    assert auth_data is not None
    return auth_data
