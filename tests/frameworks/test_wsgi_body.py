from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from rollout_auth import AuthData, verify_connect_token

WSGI_APP = Path(__file__).parent.parent.parent / "docs" / "examples" / "wsgi_app.py"
TERMINATED = {"wsgi.input_terminated": True}


class Input(BytesIO):
    """The stream of a server, which would wait for what is read beyond the body."""

    asked: int | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked = size
        return super().read(size)


@pytest.fixture
def app(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, Any]]:
    """Calls the WSGI example with some environ."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("wsgi_app_alone", WSGI_APP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(method: str, path: str, **environ: object) -> tuple[str, Any]:
        statuses: list[str] = []
        verification = {"HTTP_X_ROLLOUT_VERIFICATION_TOKEN": settings["ROLLOUT_VERIFICATION_TOKEN"]}
        body = module.app(
            {"REQUEST_METHOD": method, "PATH_INFO": path, **verification, **environ},
            lambda status, _headers: statuses.append(status),
        )
        return statuses[0][:3], json.loads(b"".join(body))

    return call


@pytest.fixture
def body(app: Callable[..., tuple[str, Any]]) -> bytes:
    """A refresh request with a refresh token of the example's."""
    token = app("GET", "/rollout/token", HTTP_X_DEMO_SESSION="demo-session")[1]["token"]
    auth_data: AuthData = verify_connect_token(token).auth_data
    return json.dumps({"refreshToken": auth_data.refresh_token}).encode()


@pytest.mark.parametrize("more", [{}, TERMINATED], ids=["", "terminated"])
def test_no_more_than_the_length(app: Callable[..., tuple[str, Any]], body: bytes, more: dict[str, bool]) -> None:
    """A body is read to its CONTENT_LENGTH, so that a server which keeps the connection open does not wait."""
    stream = Input(body)
    length = str(len(body))
    assert app("POST", "/rollout/refresh", **{"CONTENT_LENGTH": length, "wsgi.input": stream, **more})[0] == "200"
    assert stream.asked == len(body)


@pytest.mark.parametrize("length", [{}, {"CONTENT_LENGTH": ""}], ids=["missing", "blank"])
def test_body_in_chunks(app: Callable[..., tuple[str, Any]], body: bytes, length: dict[str, str]) -> None:
    """A body without a length is read if the server says where it ends."""
    assert app("POST", "/rollout/refresh", **{"wsgi.input": Input(body), **TERMINATED, **length})[0] == "200"


@pytest.mark.parametrize("length", [{}, *({"CONTENT_LENGTH": text} for text in ("", "-1", "+1", "1.0", "x", "\xb2"))])
def test_no_length(app: Callable[..., tuple[str, Any]], body: bytes, length: dict[str, str]) -> None:
    """Without a length, nothing is read: the request is refused, and no server waits."""
    stream = Input(body)
    answer = app("POST", "/rollout/refresh", **{"wsgi.input": stream, **length})
    assert answer == ("400", {"error": "invalid_request"})
    assert stream.asked == 0


@pytest.mark.parametrize("path", ["/rollout/refresh", "/rollout/webhook"])
def test_large_length(app: Callable[..., tuple[str, Any]], path: str) -> None:
    """Of a body that is too large, one byte more than is accepted is read."""
    stream = Input(b" ")
    app("POST", path, **{"CONTENT_LENGTH": str(10**12), "wsgi.input": stream, "HTTP_X_ROLLOUT_SIGNATURE": "x"})
    assert stream.asked == {"/rollout/refresh": 64 * 1024, "/rollout/webhook": 4 * 1024 * 1024}[path] + 1
