"""Connecting, calling and renewing: what is sent, what is stored, and how answers are reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import chain, repeat
from typing import Any

import pytest

from rollout_auth import AuthData, ConfigurationError, generate_connect_token
from rollout_auth.testing import (
    CREDENTIALS,
    Clock,
    Dashboard,
    DashboardRequest,
    IntegrationError,
    Request,
    Response,
    RolloutSimulator,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
NO_STORE = {"Content-Type": "application/json", "Cache-Control": "no-store"}
KEY = AuthData("key-1", "refresh-1", 3600)


class Answers:
    """An app that answers with these statuses, then with 200; each answer holds a new key, and the token."""

    def __init__(self, *statuses: int, token: str = "") -> None:
        self.statuses: Iterator[int] = chain(statuses, repeat(200))
        self.requests: list[Request] = []
        self.token = token

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        key = {"apiKey": f"new-{len(self.requests)}", "refreshToken": "refresh-2", "expiresIn": 3600}
        return Response(next(self.statuses), NO_STORE, json.dumps({**key, "token": self.token}).encode())


@pytest.fixture
def connected(simulate: Callable[..., RolloutSimulator]) -> Callable[..., RolloutSimulator]:
    def make(app: Any, auth_data: AuthData | None = KEY, **dashboard: Any) -> RolloutSimulator:
        simulator = simulate(app, clock=Clock(NOON), dashboard=Dashboard(**dashboard))
        simulator.connect(generate_connect_token("user-1", auth_data, credentials=CREDENTIALS, now=NOON))
        return simulator

    return make


def purposes(simulator: RolloutSimulator) -> list[str]:
    return [exchange.purpose for exchange in simulator.exchanges]


# --- connecting -----------------------------------------------------------------------------------------------------


def test_token_is_a_secret(simulate: Any) -> None:
    """A token that was fetched is named wherever the app shows it again."""
    token = "an odd token, and so no word"
    simulator = simulate(Answers(token=token))
    assert simulator.fetch_token() == token
    simulator.fetch_token()
    first, second = simulator.transcript.splitlines()
    assert f'"token": "<hidden, {len(token)} characters>"' in first
    assert '"token": "<connect token>"' in second


def test_token_of_the_dashboard(simulate: Any) -> None:
    """The token is asked for, and read, where the dashboard says."""
    app = Answers(token="not this one")
    dashboard = Dashboard(token=DashboardRequest("POST", "/session/token"), token_field="refreshToken")
    assert simulate(app, dashboard=dashboard).fetch_token() == "refresh-2"
    assert (app.requests[0].method, app.requests[0].target) == ("POST", "/session/token")


def test_connect_by_the_dashboard_and_the_clock(simulate: Any) -> None:
    """A token is verified under the dashboard's claim name, at the time of Rollout's clock."""
    simulator = simulate(Answers(), clock=Clock(NOON), dashboard=Dashboard(namespace="rollouthq.com"))
    token = generate_connect_token("user-1", KEY, credentials=CREDENTIALS, namespace="rollouthq.com", now=NOON)
    verified = simulator.connect(token)
    assert (verified.user_id, verified.auth_data, simulator.auth_data) == ("user-1", KEY, KEY)
    connection = simulator._conversation.connection
    assert (connection.user_id, connection.read_at, connection.is_proven) == ("user-1", NOON, False)
    assert simulator._conversation.tokens == {token: verified.expires_at}


# --- calls ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("auth_data", "life"),
    [(KEY, "is valid for 3600 s (expiresIn)"), (AuthData("key-1"), "has no expiresIn"), (None, "has no expiresIn")],
)
def test_key_that_ends_early(auth_data: AuthData | None, life: str, status: int, connected: Any) -> None:
    """An accepted key that is refused within its lifetime is reported with that lifetime and its seconds of use."""
    simulator = connected(Answers(200, status), auth_data, api=DashboardRequest("GET", "/api"))
    simulator.call()
    simulator.advance(timedelta(seconds=600, milliseconds=900))
    with pytest.raises(IntegrationError) as caught:
        simulator.call()
    assert caught.value.problem == (f"the key {life}, but was refused 600 s after Rollout read it")
    assert caught.value.code == "key_ended_early"


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([401], "call_refused"),
        ([403], "call_refused"),
        ([200, 400], "call_refused"),
        ([200, 402], "call_refused"),
        ([200, 404], "no_such_route"),
        ([200, 500], "server_error"),
    ],
)
def test_call_that_is_refused(statuses: list[int], code: str, connected: Any) -> None:
    """A key that was never accepted has not expired early, and another status means something else."""
    simulator = connected(Answers(*statuses))
    for _ in statuses[1:]:
        simulator.call()
    with pytest.raises(IntegrationError, match=f"^the API returned {statuses[-1]}: ") as caught:
        simulator.call()
    assert caught.value.code == code
    if code == "call_refused":
        assert caught.value.fix.startswith("accept the key that you issued; ")


def test_user_without_a_key_is_refused(connected: Any) -> None:
    """A user without a key at the first call has none that expired early."""
    simulator = connected(Answers(401), None, api=DashboardRequest("GET", "/api"))
    with pytest.raises(IntegrationError, match="call_refused"):
        simulator.call()


def test_new_key_is_not_proven(connected: Any) -> None:
    """A new key that is refused has not expired early, although the one before it was accepted."""
    simulator = connected(Answers(200, 200, 401))
    simulator.call()
    simulator.renew()
    with pytest.raises(IntegrationError, match="call_refused"):
        simulator.call()


@pytest.mark.parametrize(
    ("life", "after", "renews"),
    [(3600, 3299, False), (3600, 3300, True), (600, 299, False), (600, 300, True), (60, 29, False), (60, 30, True)],
)
def test_when_a_key_is_renewed(life: int, after: int, renews: bool, connected: Any) -> None:
    """A key is renewed five minutes before it expires, or after half its lifetime if that is later; never earlier."""
    simulator = connected(Answers(), AuthData("key-1", "refresh-1", life))
    simulator.advance(timedelta(seconds=after))
    simulator.call()
    assert purposes(simulator) == (["refresh", "call"] if renews else ["call"])


def test_send(connected: Any) -> None:
    """Any request can be sent, and whatever comes back is returned."""
    simulator = connected(Answers(500))
    response = simulator.send(DashboardRequest("GET", "/health"))
    assert (response.status, purposes(simulator)) == (500, ["request"])
    assert simulator.exchanges[0].request.target == "/health"


# --- refreshes ------------------------------------------------------------------------------------------------------


def test_renew_once_at_once(connected: Any) -> None:
    """Renewing at once may mean a single refresh."""
    simulator = connected(Answers())
    assert [key.api_key for key in simulator.renew_at_once(1)] == ["new-1"]


def test_no_refresh_at_once(connected: Any) -> None:
    """Renewing zero times is refused."""
    simulator = connected(Answers())
    with pytest.raises(ConfigurationError, match="less than one"):
        simulator.renew_at_once(0)
    assert purposes(simulator) == []


@pytest.mark.parametrize(
    ("statuses", "code", "problem"),
    [
        (
            [200, 400, 200],
            "refresh_race",
            "3 refreshes were sent at once with one refresh token, and one of them got 400",
        ),
        (
            [409, 200, 200],
            "refresh_race",
            "3 refreshes were sent at once with one refresh token, and one of them got 409",
        ),
        ([200, 500, 200], "server_error", "the refresh endpoint returned 500"),
        ([400, 400, 400], "refresh_refused", "the refresh endpoint returned 400"),
        ([200, 200, 201], "refresh_status", "the refresh endpoint returned 201"),
    ],
)
def test_refreshes_at_once(statuses: list[int], code: str, problem: str, connected: Any) -> None:
    """It is a race if one refresh is refused and another is not; otherwise each answer is checked on its own."""
    simulator = connected(Answers(*statuses))
    with pytest.raises(IntegrationError) as caught:
        simulator.renew_at_once(3)
    assert (caught.value.code, caught.value.problem) == (code, problem)
    assert purposes(simulator) == ["refresh"] * 3


def test_lost_answer_is_told(connected: Any) -> None:
    """A refresh token that stops working after a lost answer is reported, with how long to keep it."""
    simulator = connected(Answers(200, 400))
    simulator.lose_next_answer()
    with pytest.raises(IntegrationError) as caught:
        simulator.renew()
    assert caught.value.reason == (
        "the response to a refresh was lost, and the repeated request got 400:"
        " accept an old refresh token until an hour after its key expires [refresh_not_repeatable]"
    )
    assert simulator.auth_data == KEY
    simulator.renew()
    assert purposes(simulator) == ["refresh"] * 3


def test_fields_of_the_key_before(connected: Any) -> None:
    """An answer is compared with the key before it, one refresh at a time or several."""
    key = AuthData("key-1", "refresh-1", 3600, {"region": "eu"})
    for step in (lambda simulator: simulator.renew(), lambda simulator: simulator.renew_at_once()):
        with pytest.raises(IntegrationError, match="lacks its region: "):
            step(connected(Answers(), key))


def test_traceback_of_a_call(connected: Any, ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the simulator's own."""
    simulator = connected(Answers(401))
    assert ends_at_the_call(simulator.call)
