"""A token route on one gunicorn worker: the CPU that a request takes, beside the same route written with PyJWT."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jwt
from benchmarks.material import AUTH_DATA, SECRET, USER_ID, claims
from benchmarks.tables import FLOOR, Sampler, Table

from rollout_auth import AuthData, connect_token_response, generate_connect_token

REQUESTS = 200
LIFE = 3600
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def ours(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """The route as the library's documentation shows it."""
    parts = connect_token_response(generate_connect_token(USER_ID, AuthData.from_dict(AUTH_DATA)))
    return answer(start_response, environ, parts.body, parts.headers)


def with_pyjwt(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """The same answer with the same headers."""
    token = jwt.encode(claims(), SECRET, algorithm="HS512")
    expires_at = datetime.fromtimestamp(int(time.time()) + LIFE, timezone.utc)
    body = json.dumps({"token": token, "expiresAt": expires_at.isoformat()}, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
    return answer(start_response, environ, body, headers)


def answer(
    start_response: StartResponse, environ: dict[str, Any], body: bytes, headers: dict[str, str]
) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/worker":
        body = str(os.getpid()).encode()
    start_response("200 OK", [*headers.items(), ("Content-Length", str(len(body)))])
    return [body]


class Worker(AbstractContextManager["Worker"]):
    """gunicorn with one worker that serves one of the apps on a free port of the loopback interface."""

    def __init__(self, app: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]
            command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--log-level", "error"]
            self._process = subprocess.Popen(
                [*command, f"benchmarks.routes:{app}"],
                pass_fds=[listener.fileno()],
                cwd=Path(__file__).parents[1],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            )
        self._pid = int(self._get("/worker"))

    def sample(self) -> float:
        """The seconds of CPU that the worker spends on a request, read off the scheduler."""
        before = self._cpu()
        for _ in range(REQUESTS):
            self._get("/token")
        return (self._cpu() - before) / REQUESTS

    def _cpu(self) -> float:
        return int(Path(f"/proc/{self._pid}/schedstat").read_text("ascii").split()[0]) / 1e9

    def _get(self, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("GET", path)
        content = connection.getresponse().read()
        connection.close()
        return content

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def route_table(workers: dict[str, Worker], rounds: int) -> Table:
    samplers: dict[str, Sampler] = {name: worker.sample for name, worker in workers.items()}
    floor = "the same route, written with `jwt.encode`, with the same headers"
    return Table("A token route on gunicorn", floor, samplers, {"rollout_auth": {FLOOR: 1.05}}, rounds)
