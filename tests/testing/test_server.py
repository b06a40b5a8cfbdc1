"""A server for tests: it is there for the block, serves requests at once, says nothing, and is gone afterwards."""

from __future__ import annotations

import socket
import threading
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from rollout_auth.testing import HTTPTransport, Request, serve

PATIENCE = 30  # seconds until a test fails, where it would hang
GET = Request("GET", "/?key=canary")


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REMOTE_ADDR']} {environ['SERVER_NAME']}".encode()]


def port_of(base_url: str) -> int:
    port = urlsplit(base_url).port
    assert port is not None
    return port


def is_open(base_url: str) -> bool:
    with socket.socket() as client:
        client.settimeout(PATIENCE)
        return client.connect_ex(("127.0.0.1", port_of(base_url))) == 0


def test_serves_on_loopback_alone() -> None:
    """The base URL names a port of this machine's loopback, and a request to it reaches the app."""
    with serve(app) as base_url:
        assert base_url == f"http://127.0.0.1:{port_of(base_url)}"
        assert HTTPTransport(base_url).send([GET])[0].status == 200


def test_looks_up_no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its own name nor that of a client is looked up, which takes seconds where there is no DNS."""

    def look_up(*_: object) -> None:
        pytest.fail("a name is looked up")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname", "gethostname"):
        monkeypatch.setattr(socket, name, look_up)
    with serve(app) as base_url:
        assert HTTPTransport(base_url).send([GET])[0].body == b"127.0.0.1 127.0.0.1"


def test_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Requests leave no trace on the terminal, where a key in their target could be read."""
    with serve(app) as base_url:
        HTTPTransport(base_url).send([GET])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", [None, ZeroDivisionError])
def test_ends_with_the_block(error: type[Exception] | None) -> None:
    """After the block, even if it raised, nothing listens and no thread is left."""
    before = set(threading.enumerate())
    seen: list[str] = []
    try:
        with serve(app) as base_url:
            seen = [thread.name for thread in set(threading.enumerate()) - before]
            assert is_open(base_url)
            if error:
                raise error
    except ZeroDivisionError:
        assert error
    assert seen == ["rollout-auth serve"]
    assert "rollout-auth serve" not in [thread.name for thread in set(threading.enumerate()) - before]
    assert not is_open(base_url)


def test_waits_for_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the block waits for the end of the server's thread."""
    waited: list[str] = []
    join = threading.Thread.join

    def wait(thread: threading.Thread, timeout: float | None = None) -> None:
        waited.append(thread.name)
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", wait)
    with serve(app):
        assert "rollout-auth serve" not in waited
    assert "rollout-auth serve" in waited


def test_requests_overlap() -> None:
    """A request is served while another one is."""
    barrier = threading.Barrier(2, timeout=PATIENCE)

    def meeting(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        barrier.wait()
        return app(environ, start_response)

    with serve(meeting) as base_url:
        assert [response.status for response in HTTPTransport(base_url).send([GET, GET])] == [200, 200]


def test_idle_connection_holds_nothing_up() -> None:
    """A connection on which nothing is sent, such as a browser opens, delays neither others nor the end."""
    idle = None
    try:
        with serve(app) as base_url:
            idle = socket.create_connection(("127.0.0.1", port_of(base_url)), PATIENCE)
            assert HTTPTransport(base_url).send([GET])[0].status == 200
    finally:
        assert idle is not None
        idle.close()


def test_two_servers() -> None:
    """Several servers run beside each other, each on a port of its own."""
    with serve(app) as one, serve(app) as two:
        assert one != two
        assert [HTTPTransport(url).send([GET])[0].status for url in (one, two)] == [200, 200]


def test_paths_beyond_ascii() -> None:
    """A path arrives as PEP 3333 has it: the bytes of the URL, one character for each."""
    seen: list[str] = []

    def keep(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        return app(environ, start_response)

    with serve(keep) as base_url:
        connection = HTTPConnection("127.0.0.1", port_of(base_url), timeout=PATIENCE)
        connection.request("GET", "/%C3%A9")
        assert connection.getresponse().status == 200
        connection.close()
    assert seen == ["/\xc3\xa9"]
