"""What error reporters see of a failed test holds no secret: neither of the test's, nor of what the app has issued."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from canaries import (
    ACCOUNT,
    API_KEY,
    CANARY_PIECES,
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    NESTED,
    OTHER_SECRET,
    PREVIOUS_SECRET,
    REFRESH_TOKEN,
    VERIFICATION_TOKEN,
    assert_hidden,
)

from rollout_auth import AuthData, ClientCredentials, ConfigurationError, connect_token_response, generate_connect_token
from rollout_auth.testing import (
    AsyncRolloutSimulator,
    IntegrationError,
    Request,
    Response,
    RolloutSimulator,
    assert_connect_token,
)

HIDDEN_AUTH_DATA = AuthData(API_KEY, REFRESH_TOKEN, 3600, {"account": ACCOUNT, "settings": [NESTED]})
EXTRA_GONE = {"apiKey": API_KEY, "refreshToken": REFRESH_TOKEN, "expiresIn": 3600}
MILLISECONDS = {**HIDDEN_AUTH_DATA.to_dict(), "expiresIn": 3_600_000}
NO_STORE = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def app(request: Request) -> Response:
    """Issues canaries, and makes a mistake with every refresh."""
    if request.target == "/rollout/token":
        parts = connect_token_response(generate_connect_token("user-1", HIDDEN_AUTH_DATA, credentials=CREDENTIALS))
        return Response(parts.status, parts.headers, parts.body)
    if request.target == "/rollout/refresh":
        return Response(200, NO_STORE, json.dumps(EXTRA_GONE).encode())
    body = f"<p>no key {API_KEY}, {REFRESH_TOKEN}; {base64.b64encode(CLIENT_SECRET.encode()).decode()}</p>"
    return Response(403, {"Content-Type": "text/html"}, body.encode())


def simulator(answer: Callable[[Request], Response] = app, kind: Any = RolloutSimulator, **options: Any) -> Any:
    return kind(answer, **{"credentials": CREDENTIALS, "verification_token": VERIFICATION_TOKEN, **options})


def connected(**options: Any) -> Any:
    made = simulator(**options)
    made.connect()
    return made


def old_token() -> str:
    now = simulator().clock.now() - timedelta(hours=2)
    return generate_connect_token("user-1", HIDDEN_AUTH_DATA, credentials=CREDENTIALS, now=now)


def raising(_: Request) -> Response:
    raise LookupError


FAILURES: dict[str, tuple[type[Exception], Callable[[], object]]] = {
    "refused call": (IntegrationError, lambda: connected().call()),
    "lost fields": (IntegrationError, lambda: connected().renew()),
    "lost fields at once": (IntegrationError, lambda: connected().renew_at_once()),
    "milliseconds": (
        IntegrationError,
        lambda: simulator(lambda _: Response(200, NO_STORE, json.dumps(MILLISECONDS).encode())).connect(),
    ),
    "old token": (IntegrationError, lambda: simulator().connect(old_token())),
    "another secret": (
        IntegrationError,
        lambda: simulator(credentials=ClientCredentials(CLIENT_ID, OTHER_SECRET, [PREVIOUS_SECRET])).connect(
            simulator().fetch_token()
        ),
    ),
    "refused webhook": (IntegrationError, lambda: simulator().deliver("peopleCreated")),
    "whole scenario": (IntegrationError, lambda: simulator().run().check()),
    "app that raises": (IntegrationError, lambda: simulator(raising).connect()),
    "verification token that is none": (
        ConfigurationError,
        lambda: simulator(verification_token=f"{VERIFICATION_TOKEN}\n"),
    ),
    "credentials that are none": (TypeError, lambda: simulator(credentials=CLIENT_SECRET)),
    "another user": (
        AssertionError,
        lambda: assert_connect_token(simulator().fetch_token(), user_id="user-2", credentials=CREDENTIALS),
    ),
    "another key": (
        AssertionError,
        lambda: assert_connect_token(
            simulator().fetch_token(), user_id="user-1", auth_data=AuthData(NESTED), credentials=CREDENTIALS
        ),
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures(reporters: Any, name: str) -> None:
    """Neither the message nor a frame of a failed step shows one."""
    error, call = FAILURES[name]
    assert_hidden(reporters, error, call)


def test_awaited_failure(reporters: Any) -> None:
    """Nor does a step that was awaited."""

    def call() -> None:
        step = simulator(kind=AsyncRolloutSimulator).connect(old_token())
        step.send(None)

    assert_hidden(reporters, IntegrationError, call)


def test_transcript() -> None:
    """Nor does the transcript of an app that shows them itself, in pages of its own."""
    failing = connected()
    report = failing.run()
    shown = "\n".join([failing.transcript, str(report), repr(report), *(str(step.error) for step in report.steps)])
    assert [piece for piece in CANARY_PIECES if piece in shown] == []
    assert "<hidden" in shown
