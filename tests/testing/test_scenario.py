"""The scenario: what each step sends and when, which steps are skipped, and how they are reported."""

from __future__ import annotations

import json
import time
from itertools import count
from typing import Any

import pytest
from testing.handwritten import HandWritten

from rollout_auth import ClientCredentials, verify_webhook
from rollout_auth.testing import (
    CREDENTIALS,
    Clock,
    Dashboard,
    DashboardRequest,
    IntegrationError,
    Report,
    RolloutSimulator,
    StepResult,
)

NOON = 1_772_366_400
PREVIOUS = "p" * 64
ROTATED = ClientCredentials(CREDENTIALS.client_id, CREDENTIALS.client_secret, [PREVIOUS])
NAMES = [
    "a user connects",
    "the same user connects again",
    "the clocks are half a minute apart",
    "a call with the key",
    "the key is about to expire",
    "the response to a refresh is lost",
    "two refreshes at once",
    "a browser with a token that is about to expire",
    "the renewed key is about to expire",
    "a webhook",
    "a webhook with unusual text",
    "the same webhook several times",
    "two webhooks in the wrong order",
    "a webhook signed with the previous secret",
    "a stranger",
    "garbage",
]
WITH_A_CONNECTION = [*NAMES[1:4], "a stranger"]
WITH_A_REFRESH = NAMES[4:9]
WITH_WEBHOOKS = NAMES[9:14]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The machine's clock, stopped at noon until the test sets it."""
    now = [float(NOON)]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def rotated(simulate: Any, **settings: Any) -> RolloutSimulator:
    return simulate(HandWritten(secrets=ROTATED.secrets, **settings), credentials=ROTATED)


def timeline(report: Report, names: list[str]) -> dict[str, list[str]]:
    """For each step the seconds since noon by Rollout's clock, with what was sent then."""
    return {
        step.name: [
            f"{exchange.at.timestamp() - NOON:+.0f} {exchange.purpose}{' (lost)' * exchange.is_lost}"
            for exchange in step.exchanges
        ]
        for step in report.steps
        if step.name in names
    }


def reasons(report: Report) -> dict[str, str]:
    return {step.name: step.reason for step in report.steps if step.outcome == "skipped"}


# --- what is sent, and when -----------------------------------------------------------------------------------------


def test_names(simulate: Any) -> None:
    """The steps are these, in this order."""
    assert [step.name for step in rotated(simulate).run().steps] == NAMES


def test_connections(simulate: Any) -> None:
    """A user connects twice, and once more with Rollout's clock half a minute behind and ahead, which then is right."""
    assert timeline(rotated(simulate).run(), NAMES[:4]) == {
        "a user connects": ["+0 token"],
        "the same user connects again": ["+0 token"],
        "the clocks are half a minute apart": ["-30 token", "+30 token"],
        "a call with the key": ["+0 call"],
    }


def test_timeline(simulate: Any) -> None:
    """A key of an hour, read by a clock half a minute ahead, is renewed five minutes before its end, and ever again."""
    assert timeline(rotated(simulate).run(), WITH_A_REFRESH) == {
        "the key is about to expire": ["+3330 refresh", "+3330 call"],
        "the response to a refresh is lost": ["+3330 refresh (lost)", "+3330 refresh", "+3330 call"],
        "two refreshes at once": ["+3330 refresh", "+3330 refresh", "+3330 call", "+3330 call"],
        "a browser with a token that is about to expire": ["+3540 call", "+6840 refresh", "+6840 call"],
        "the renewed key is about to expire": ["+10139 call", "+10140 refresh", "+10140 call"],
    }


def test_timeline_of_a_long_key(simulate: Any) -> None:
    """A key that outlives the first token is renewed early, while that token is still valid."""
    assert timeline(rotated(simulate, life=86_400).run(), WITH_A_REFRESH) == {
        "the key is about to expire": ["+0 refresh", "+0 call"],
        "the response to a refresh is lost": ["+0 refresh (lost)", "+0 refresh", "+0 call"],
        "two refreshes at once": ["+0 refresh", "+0 refresh", "+0 call", "+0 call"],
        "a browser with a token that is about to expire": ["+3540 call", "+89640 refresh", "+89640 call"],
        "the renewed key is about to expire": ["+175739 call", "+175740 refresh", "+175740 call"],
    }


@pytest.mark.parametrize(
    ("life", "sent"), [(3750, ["+3480 refresh", "+3480 call"]), (3751, ["+0 refresh", "+3451 refresh", "+3451 call"])]
)
def test_key_ends_with_the_token(life: int, sent: list[str], simulate: Any) -> None:
    """The simulator waits for a key due two minutes before the first token expires; it renews a later one early."""
    assert timeline(rotated(simulate, life=life).run(), NAMES[4:5]) == {"the key is about to expire": sent}


def test_both_keys_are_used(simulate: Any) -> None:
    """Of two refreshes at once, each key is called with."""
    step = rotated(simulate).run().steps[6]
    keys = [exchange.response.json()["apiKey"] for exchange in step.exchanges[:2]]
    used = [dict(exchange.request.headers)["Authorization"] for exchange in step.exchanges[2:]]
    assert used == [f"Bearer {key}" for key in keys]


def test_stale_browser_brings_its_key(simulate: Any) -> None:
    """The token that is about to expire is the first, and its refresh token is used then."""
    app = HandWritten(secrets=ROTATED.secrets)
    made: list[dict[str, object]] = []
    make = app.new_key

    def new_key() -> dict[str, object]:
        made.append(make())
        return made[-1]

    app.new_key = new_key
    called, refreshed, _ = simulate(app, credentials=ROTATED).run().steps[7].exchanges
    assert dict(called.request.headers)["Authorization"] == f"Bearer {made[0]['apiKey']}"
    assert json.loads(refreshed.request.body) == {"refreshToken": made[0]["refreshToken"]}


def test_webhooks(simulate: Any) -> None:
    """Webhooks come once, again and again, the newest first, and with either secret; each has an id of its own."""
    report = rotated(simulate).run()
    sent: dict[str, list[Any]] = {}
    ids: set[str] = set()
    for step in report.steps[9:14]:
        for exchange in step.exchanges:
            secret = PREVIOUS if step.name == "a webhook signed with the previous secret" else CREDENTIALS.client_secret
            event = verify_webhook(
                exchange.request.body,
                exchange.request.headers,
                credentials=ClientCredentials(CREDENTIALS.client_id, secret),
            )
            ids.add(event.event_id)
            sent.setdefault(step.name, []).append((event.event, *event.resource_ids, exchange.is_lost))
    assert sent == {
        "a webhook": [("peopleCreated", "person-1", False)],
        "a webhook with unusual text": [("peopleUpdated", "persön-1", "人-2", False)],
        "the same webhook several times": [("peopleUpdated", "person-1", lost) for lost in (True, False, False)],
        "two webhooks in the wrong order": [(name, "person-3", False) for name in ("peopleUpdated", "peopleCreated")],
        "a webhook signed with the previous secret": [("peopleCreated", "person-4", False)],
    }
    assert len(ids) == 6


def test_unusual_text(simulate: Any) -> None:
    """The unusual webhook has text that Python or HTML would escape, and a number as JavaScript writes it."""
    (exchange,) = rotated(simulate).run().steps[10].exchanges
    text = exchange.request.body.decode()
    assert text.endswith(',"note":"a/b </script>","score":1e-7}')
    assert '"resourceIds":["persön-1","人-2"]' in text


# --- which steps are left out ---------------------------------------------------------------------------------------


def test_nobody_is_connected(simulate: Any) -> None:
    """Without a connection, its steps are left out, and those of webhooks are not."""
    report = rotated(simulate, token_status=401).run()
    assert reasons(report) == dict.fromkeys([*WITH_A_CONNECTION, *WITH_A_REFRESH], "nobody is connected")
    assert [step.name for step in report.steps if step.outcome == "failed"] == ["a user connects"]


def test_key_does_not_end(simulate: Any) -> None:
    """A key that does not expire is not renewed; garbage is sent as webhooks alone."""
    app = HandWritten(claims={"rollout.com": {"authData": {"apiKey": "x"}}}, secrets=ROTATED.secrets)
    app.keys["x"] = 0
    report = simulate(app, credentials=ROTATED).run()
    report.check()
    assert reasons(report) == dict.fromkeys(WITH_A_REFRESH, "the key does not expire")
    assert {exchange.line for exchange in report.steps[-1].exchanges} == {"POST /rollout/webhook"}


def test_no_webhooks(simulate: Any) -> None:
    """Without webhooks, their steps are left out; garbage is sent as refreshes alone."""
    app = HandWritten()
    report = simulate(app, credentials=ROTATED, dashboard=Dashboard(webhook_path=None)).run()
    report.check()
    assert reasons(report) == dict.fromkeys(WITH_WEBHOOKS, "there are no webhooks")
    assert {exchange.line for exchange in report.steps[-1].exchanges} == {"POST /rollout/refresh"}


def test_no_previous_secret(simulate: Any) -> None:
    """Without a previous secret, nothing is signed with it."""
    report = simulate(HandWritten()).run()
    assert reasons(report) == {"a webhook signed with the previous secret": "there is no previous client secret"}


@pytest.mark.parametrize("is_refreshable", [True, False])
def test_nothing_to_read(is_refreshable: bool, simulate: Any) -> None:
    """Garbage needs a body: that of a webhook, or of a refresh if the key expires and its refresh has one."""
    app = HandWritten(**({} if is_refreshable else {"claims": {"rollout.com": {"authData": {"apiKey": "x"}}}}))
    app.keys["x"] = 0
    refresh = DashboardRequest("POST", "/rollout/refresh", query={"token": "{{context.authData.refreshToken}}"})
    dashboard = Dashboard(webhook_path=None, **({"refresh": refresh} if is_refreshable else {}))
    assert reasons(simulate(app, dashboard=dashboard).run())["garbage"] == "no endpoint reads a body"


def test_unreachable(simulate: Any) -> None:
    """An app that goes away fails that step, and the steps after it are skipped."""
    app = HandWritten(secrets=ROTATED.secrets)

    def gone(_: object) -> Any:
        raise ConnectionRefusedError

    app.contacts = gone
    report = simulate(app, credentials=ROTATED).run()
    assert [step.outcome for step in report.steps] == ["passed"] * 3 + ["failed"] + ["skipped"] * 12
    assert reasons(report) == dict.fromkeys(NAMES[4:], "the app cannot be reached")


# --- what is told ---------------------------------------------------------------------------------------------------


def test_result_of_a_step(simulate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails has its error, whose transcript is of that step alone, its reason, its exchanges, its time."""
    monkeypatch.setattr("rollout_auth.testing.scenario.perf_counter", count(100.0, 0.25).__next__)
    app = HandWritten()
    app.contacts = lambda _: (500, {}, {})
    simulator = simulate(app)
    told: list[StepResult] = []
    report = simulator.run(told.append)
    assert tuple(told) == report.steps
    first, failed = report.steps[0], report.steps[3]
    assert first == StepResult("a user connects", "passed", "", None, simulator.exchanges[:1], 0.25)
    assert isinstance(failed.error, IntegrationError)
    assert failed == StepResult(
        "a call with the key", "failed", failed.error.reason, failed.error, simulator.exchanges[4:5], 0.25
    )
    assert failed.error.code == "server_error"
    assert failed.error.transcript == str(simulator.exchanges[4])
    refreshed = report.steps[4]
    assert refreshed.error is not None
    assert refreshed.error.transcript == "\n".join(map(str, refreshed.exchanges))
    assert len(refreshed.exchanges) == 2


def test_report() -> None:
    """A report has a line for each step, with its reason; it is right if no step failed, or else raises the first."""
    first, second = IntegrationError("one", "a", "b"), IntegrationError("two", "c", "d")
    steps = [
        StepResult("went well", "passed", "", None, (), 1.0),
        StepResult("was left out", "skipped", "no need", None, (), 0.0),
        StepResult("went wrong", "failed", first.reason, first, (), 1.0),
        StepResult("went wrong too", "failed", second.reason, second, (), 1.0),
    ]
    report = Report(tuple(steps))
    assert str(report) == (
        "passed   went well\nskipped  was left out: no need\n"
        "failed   went wrong: a: b [one]\nfailed   went wrong too: c: d [two]"
    )
    assert (report.is_ok, Report(tuple(steps[:2])).is_ok) == (False, True)
    with pytest.raises(IntegrationError) as failure:
        report.check()
    assert failure.value is first
    Report(tuple(steps[:2])).check()


def test_error_keeps_no_frames(simulate: Any) -> None:
    """The error in a report does not hold on to the frames in which it was raised."""
    error = simulate(HandWritten(user_id=lambda: 42)).run().steps[0].error
    assert error.__traceback__ is None


def test_starts_anew(simulate: Any, machine: list[float]) -> None:
    """The first token of a scenario is its own, not one that was used hours before."""
    app = HandWritten(secrets=ROTATED.secrets)
    clock = Clock()
    simulator = simulate(app, credentials=ROTATED, clock=clock)
    simulator.connect()
    machine[0] += 7200
    simulator.run().check()
    assert clock.now().timestamp() == NOON + 7200 + 10_140


def test_clock_is_right_after_a_failure(simulate: Any) -> None:
    """Where the app cannot bear clocks apart, the next step has Rollout's clock right again."""
    tokens = count()
    app = HandWritten(token=lambda token: "no token" if next(tokens) == 2 else token)
    report = simulate(app).run()
    assert [step.outcome for step in report.steps[:4]] == ["passed", "passed", "failed", "passed"]
    assert timeline(report, NAMES[2:4]) == {
        "the clocks are half a minute apart": ["-30 token"],
        "a call with the key": ["+0 call"],
    }


def test_user_is_another(simulate: Any) -> None:
    """A second token for one user that has another user id is a mistake of that step."""
    ids = count(1)
    report = simulate(HandWritten(user_id=lambda: f"user-{next(ids)}")).run()
    step = report.steps[1]
    assert (step.name, step.error and step.error.code) == ("the same user connects again", "user_id_changes")
    assert step.error
    assert (step.error.problem, step.error.fix) == (
        "two tokens for one user have different user ids (sub)",
        "pass the user's id in your database: str(user.pk)",
    )
