"""Webhooks as they are delivered, and how it is found out why a good one is refused."""

from __future__ import annotations

import json
import re
from collections import UserList
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from itertools import chain, repeat
from typing import Any

import pytest
from testing.handwritten import HandWritten

from rollout_auth import ClientCredentials, ConfigurationError
from rollout_auth.testing import (
    CREDENTIALS,
    Clock,
    Dashboard,
    IntegrationError,
    Request,
    Response,
    RolloutSimulator,
    sign_webhook,
)
from rollout_auth.testing._deliveries import deliver

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, timezone.utc)
ROTATED = ClientCredentials(CREDENTIALS.client_id, CREDENTIALS.client_secret, ["p" * 64])
UNUSUAL = b'{"eventId":"e-1","eventCreated":"2026-03-01T12:00:00Z","event":"x","resourceIds":[],"uri":"","score":1e-7}'


class Answers:
    """An app that answers with these statuses, and then refuses."""

    def __init__(self, *statuses: int) -> None:
        self.statuses: Iterator[int] = chain(statuses, repeat(401))
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(next(self.statuses))


def right_headers(request: Request, **options: Any) -> bool:
    return dict(request.headers) == sign_webhook(request.body, credentials=CREDENTIALS, **options)


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_body(simulate: Callable[..., RolloutSimulator]) -> None:
    """A webhook reports an event at the simulator's time, in compact JSON; ids may be any sequence."""
    app = Answers(200)
    simulate(app, clock=Clock(NOON)).deliver("peopleCreated", resource_ids=UserList(["a", "ü"]))
    (request,) = app.requests
    assert (request.method, request.target, right_headers(request)) == ("POST", "/rollout/webhook", True)
    fields = json.loads(request.body)
    assert re.fullmatch("event-[0-9a-f]{16}", fields.pop("eventId"))
    assert fields == {
        "eventCreated": "2026-03-01T12:00:00.123+00:00",
        "event": "peopleCreated",
        "resourceIds": ["a", "ü"],
        "uri": "https://universal.rollout.com/api/people?ids=a,ü",
    }
    assert b" " not in request.body
    assert "ü".encode() in request.body


def test_person_by_default(simulate: Callable[..., RolloutSimulator]) -> None:
    """Where no ids are named, the event is that of one person."""
    simulator = simulate(Answers(200, 200, 200), credentials=ROTATED)
    events = [
        *simulator.deliver("peopleCreated"),
        *simulator.deliver_reordered("peopleCreated"),
        *simulator.deliver_with_previous_secret(),
    ]
    assert [event.resource_ids for event in events] == [("person-1",)] * 3


def test_as_often_as_told(simulate: Callable[..., RolloutSimulator]) -> None:
    """Each webhook is sent once by default, or several times in a row on request."""
    app = Answers(*[200] * 6)
    simulator = simulate(app)
    simulator.deliver("peopleCreated", "peopleUpdated")
    simulator.deliver("peopleCreated", "peopleUpdated", times=2)
    bodies = [request.body for request in app.requests]
    assert [bodies.index(body) for body in bodies] == [0, 1, 2, 2, 4, 4]


def test_webhooks_of_the_scenario(simulate: Callable[..., RolloutSimulator]) -> None:
    """The scenario delivers a webhook once, but for the step that repeats one, whose first answer is lost."""
    report = simulate(HandWritten()).run()
    assert {step.name: len(step.exchanges) for step in report.steps if "webhook" in step.name} == {
        "a webhook": 1,
        "a webhook with unusual text": 1,
        "the same webhook several times": 3,
        "two webhooks in the wrong order": 2,
        "a webhook signed with the previous secret": 0,
    }


def test_delivery_in_the_transcript(simulate: Callable[..., RolloutSimulator]) -> None:
    """A webhook is shown by its path and its size."""
    app = Answers(200)
    simulator = simulate(app, dashboard=Dashboard(webhook_path="/hook"))
    simulator.deliver("peopleCreated")
    (exchange,) = simulator.exchanges
    assert (exchange.purpose, exchange.line) == ("webhook", "POST /hook")
    assert exchange.shown.endswith(f"  webhook: POST /hook  {len(app.requests[0].body)} bytes, signed -> 200")


def test_current_secret_signs(simulate: Callable[..., RolloutSimulator]) -> None:
    """During a rotation the new secret signs, unless the previous one is asked for."""
    app = Answers(200, 200)
    simulator = simulate(app, credentials=ROTATED)
    simulator.deliver("peopleCreated")
    simulator.deliver_with_previous_secret()
    assert [right_headers(request) for request in app.requests] == [True, False]
    previous = ClientCredentials(CREDENTIALS.client_id, "p" * 64)
    assert dict(app.requests[1].headers) == sign_webhook(app.requests[1].body, credentials=previous)


def test_no_previous_secret(simulate: Callable[..., RolloutSimulator]) -> None:
    """Nothing is sent if there is no previous secret to sign with."""
    simulator = simulate(Answers())
    with pytest.raises(ConfigurationError, match=r"pass one in ClientCredentials\(\.\.\.\)"):
        simulator.deliver_with_previous_secret()
    assert simulator.exchanges == ()


# --- what is refused ------------------------------------------------------------------------------------------------


def test_why_it_is_refused(simulate: Callable[..., RolloutSimulator]) -> None:
    """A good webhook that is refused is sent as Python writes it, then signed in each other way."""
    app = Answers()
    simulator = simulate(app)
    with pytest.raises(
        IntegrationError, match="the app returned 401 for a correctly signed webhook: verify with the"
    ) as caught:
        simulator.deliver("peopleCreated")
    assert caught.value.code == "webhook_refused"
    sent, rewritten, *others = app.requests
    assert (right_headers(sent), right_headers(rewritten)) == (True, True)
    assert rewritten.body == json.dumps(json.loads(sent.body)).encode()
    ways = [("base64", "base64"), ("raw", "hex"), ("raw", "base64")]
    for request, exchange, (content, digest) in zip(others, simulator.exchanges[2:], ways, strict=True):
        assert request.body == sent.body
        assert right_headers(request, signed_content=content, digest=digest)
        shown = f"{len(sent.body)} bytes, signed with a {digest} digest of the {content} body -> 401"
        assert exchange.shown.endswith(f"  webhook, to find out why: POST /rollout/webhook  {shown}")


@pytest.mark.parametrize(
    ("tries", "code", "problem"),
    [
        (1, "webhook_reserialised", "the app verifies JSON that was parsed and written again"),
        (2, "webhook_reserialised", "the app verifies JSON that was parsed and written again"),
        (3, "webhook_signed_otherwise", "the app expects a hex digest of the base64 body"),
        (4, "webhook_signed_otherwise", "the app expects a base64 digest of the base64 body"),
        (5, "webhook_signed_otherwise", "the app expects a hex digest of the raw body"),
    ],
)
def test_what_it_takes_instead(tries: int, code: str, problem: str, simulate: Callable[..., RolloutSimulator]) -> None:
    """What the app accepts instead of the webhook shows what is wrong with the app."""
    app = Answers(*[403] * tries, 204)
    simulator = simulate(app, dashboard=Dashboard(signed_content="raw", digest="base64"))
    with pytest.raises(IntegrationError) as caught:
        simulator._drive(deliver(simulator._conversation, [UNUSUAL]))
    assert (caught.value.code, len(app.requests)) == (code, tries + 1)
    assert caught.value.problem == f"the app returned 403 for a correctly signed webhook: {problem}"


def test_previous_secret_is_refused(simulate: Callable[..., RolloutSimulator]) -> None:
    """A refusal of the previous secret needs no more questions."""
    app = Answers()
    with pytest.raises(IntegrationError, match="ROLLOUT_PREVIOUS_CLIENT_SECRET") as caught:
        simulate(app, credentials=ROTATED).deliver_with_previous_secret()
    assert (caught.value.code, len(app.requests)) == ("previous_secret_refused", 1)
    assert (
        caught.value.problem == "the app returned 401 for a correctly signed webhook (signed with the previous secret)"
    )


def test_second_delivery_is_refused(simulate: Callable[..., RolloutSimulator]) -> None:
    """A webhook that was taken at first is not refused for its signature."""
    app = Answers(200)
    with pytest.raises(IntegrationError) as caught:
        simulate(app).deliver("peopleCreated", times=3)
    assert (caught.value.code, len(app.requests)) == ("webhook_not_repeatable", 2)
    assert caught.value.reason == (
        "the app accepted a webhook, and returned 401 when it was delivered again: "
        "respond to a repeated eventId as you did the first time [webhook_not_repeatable]"
    )


def test_first_answer_is_lost(simulate: Callable[..., RolloutSimulator]) -> None:
    """A webhook whose answer was lost is sent again, and must be taken again."""
    simulator = simulate(Answers(200))
    simulator.lose_next_answer()
    with pytest.raises(IntegrationError, match="respond to a repeated eventId as you did the first time") as caught:
        simulator.deliver("peopleCreated")
    assert caught.value.code == "webhook_not_repeatable"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, "the webhook endpoint returned 302: respond with 2xx [webhook_refused]"),
        (500, "the webhook endpoint returned 500: read the app's log [server_error]"),
    ],
)
def test_no_success(status: int, reason: str, simulate: Callable[..., RolloutSimulator]) -> None:
    """What is neither a success nor a refusal is not looked into."""
    app = Answers(status)
    with pytest.raises(IntegrationError) as caught:
        simulate(app).deliver("peopleCreated")
    assert (caught.value.reason, len(app.requests)) == (reason, 1)


@pytest.mark.parametrize(("names", "times"), [([], 1), (["x"], 0), (["x"], -1)])
def test_nothing_to_deliver(names: list[str], times: int, simulate: Callable[..., RolloutSimulator]) -> None:
    """A delivery of nothing is the test's mistake."""
    simulator = simulate(Answers())
    with pytest.raises(ConfigurationError, match="nothing to deliver"):
        simulator.deliver(*names, times=times)
    assert simulator.exchanges == ()


def test_traceback_of_a_delivery(simulate: Callable[..., RolloutSimulator], ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the simulator's own."""
    simulator = simulate(Answers())
    assert ends_at_the_call(simulator.deliver, "peopleCreated")
