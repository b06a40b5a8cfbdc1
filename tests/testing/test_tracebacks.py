"""What pytest shows of a failure: the test's own lines and the app's, and none of this package's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from testing.handwritten import HandWritten

from rollout_auth import generate_connect_token
from rollout_auth.testing import (
    CREDENTIALS,
    ASGITransport,
    AsyncRolloutSimulator,
    DjangoTransport,
    FunctionTransport,
    HTTPTransport,
    RolloutSimulator,
    WSGITransport,
    assert_connect_token,
)


class App:
    """An app of every kind, which fails."""

    def fail(self, *_: object, **__: object) -> Any:
        raise ZeroDivisionError

    async def fail_later(self, *_: object, **__: object) -> Any:
        raise ZeroDivisionError

    generic = fail


def simulator(app: Any = None, **settings: Any) -> RolloutSimulator:
    return RolloutSimulator(app or HandWritten(**settings), credentials=CREDENTIALS)


async def awaited(transport: Any) -> None:
    await AsyncRolloutSimulator(transport, credentials=CREDENTIALS).connect()


FAILURES: dict[str, Callable[[], object]] = {
    "assertion": lambda: assert_connect_token(
        generate_connect_token("user-1", credentials=CREDENTIALS), user_id="user-2", credentials=CREDENTIALS
    ),
    "step": lambda: simulator(algorithm="HS256").connect(),
    "async step": lambda: asyncio.run(awaited(HandWritten(algorithm="HS256"))),
    "report": lambda: simulator(algorithm="HS256").run().check(),
    "listener of a scenario": lambda: simulator().run(App().fail),
    "function": lambda: simulator(FunctionTransport(App().fail)).connect(),
    "async function": lambda: asyncio.run(awaited(FunctionTransport(App().fail_later))),
    "WSGI app": lambda: simulator(WSGITransport(App().fail)).connect(),
    "ASGI app": lambda: simulator(ASGITransport(App().fail_later)).connect(),
    "Django's client": lambda: simulator(DjangoTransport(App())).connect(),
    "no server": lambda: simulator(HTTPTransport("http://127.0.0.1:1")).connect(),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_traceback(failure: str) -> None:
    """The traceback shows the test or the app that failed, and no line of the test kit."""
    with pytest.raises((AssertionError, ZeroDivisionError)) as caught:
        FAILURES[failure]()
    shown = str(caught.getrepr(style="short"))
    assert "test_tracebacks.py" in shown
    assert [line for line in shown.splitlines() if "rollout_auth/" in line] == []
