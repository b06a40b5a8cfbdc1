"""What strangers and broken clients send, and how an app that accepts it is reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rollout_auth import AuthData, generate_connect_token, verify_webhook
from rollout_auth.testing import (
    CREDENTIALS,
    VERIFICATION_TOKEN,
    Dashboard,
    DashboardRequest,
    IntegrationError,
    Request,
    Response,
    RolloutSimulator,
    sign_webhook,
)

ENDING = AuthData("key-1", "refresh-1", 3600)
INTRUSIONS = [
    ("call without the verification token", "unverified_call", "RequestVerifier"),
    ("call with a wrong verification token", "unverified_call", "RequestVerifier"),
    ("call with a made-up API key", "api_key_not_checked", "ApiKeyIssuer"),
    ("refresh without the verification token", "unverified_refresh", "RequestVerifier"),
    ("refresh with a wrong verification token", "unverified_refresh", "RequestVerifier"),
    ("refresh with a made-up refresh token", "refresh_token_not_checked", "InvalidRefreshTokenError"),
    ("webhook without a signature", "unverified_webhook", "verify_webhook(body, headers)"),
    ("webhook with a wrong signature", "unverified_webhook", "verify_webhook(body, headers)"),
]
GARBAGE = {
    "nothing": b"",
    "invalid JSON": b"{",
    "invalid UTF-8": b"\xff\xfe\x00",
    "an array": b"[1, null]",
    "numbers instead of strings": b'{"refreshToken":1,"eventId":1}',
    "deep nesting": b"[" * 20_000 + b"]" * 20_000,
    "a lone surrogate": rb'{"refreshToken":"\ud800"}',
}


class Answers:
    """An app that refuses every request but one, which it answers with another status."""

    def __init__(self, place: int = -1, status: int = 401) -> None:
        self.place, self.status, self.requests = place, status, list[Request]()

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(self.status if len(self.requests) - 1 == self.place else 401)


@pytest.fixture
def connected(simulate: Callable[..., RolloutSimulator]) -> Callable[..., RolloutSimulator]:
    def make(app: Any, auth_data: AuthData = ENDING, **dashboard: Any) -> RolloutSimulator:
        simulator = simulate(app, dashboard=Dashboard(**dashboard))
        simulator.connect(generate_connect_token("user-1", auth_data, credentials=CREDENTIALS))
        return simulator

    return make


def purposes(simulator: RolloutSimulator) -> list[str]:
    return [exchange.purpose for exchange in simulator.exchanges]


# --- strangers ------------------------------------------------------------------------------------------------------


def test_intrusions(connected: Any) -> None:
    """Of what a request needs, each attack lacks one thing or makes it up, and has all the rest."""
    app = Answers()
    simulator = connected(app)
    simulator.intrude()
    assert purposes(simulator) == [purpose for purpose, _, _ in INTRUSIONS]
    sent = [{**dict(request.headers), "body": request.body} for request in app.requests]
    tokens = [headers.get("X-Rollout-Verification-Token") for headers in sent]
    wrong = tokens[1]
    assert len(wrong) == 64
    assert tokens == [None, wrong, VERIFICATION_TOKEN, None, wrong, VERIFICATION_TOKEN, None, None]
    assert [headers.get("Authorization") for headers in sent[:3]] == ["Bearer key-1"] * 2 + [f"Bearer {wrong}"]
    assert [json.loads(headers["body"]) for headers in sent[3:6]] == [
        {"refreshToken": token} for token in ("refresh-1", "refresh-1", wrong)
    ]


def test_intrusions_by_webhook(connected: Any) -> None:
    """Two otherwise good webhooks are sent, one without a signature and one signed with another secret."""
    app = Answers()
    connected(app).intrude()
    unsigned, badly = app.requests[-2:]
    assert unsigned.headers == (("Content-Type", "application/json"),)
    right = sign_webhook(badly.body, credentials=CREDENTIALS)
    assert dict(badly.headers).keys() == right.keys()
    assert dict(badly.headers) != right
    event = verify_webhook(unsigned.body, right, credentials=CREDENTIALS)
    assert (event.event, event.resource_ids, unsigned.body) == ("peopleCreated", ("person-0",), badly.body)


@pytest.mark.parametrize("place", range(len(INTRUSIONS)))
@pytest.mark.parametrize("status", [200, 302, 399])
def test_intrusion_that_succeeds(place: int, status: int, connected: Any) -> None:
    """Whatever is not refused has its own code and fix; the transcript shows what was sent."""
    purpose, code, fix = INTRUSIONS[place]
    with pytest.raises(IntegrationError) as caught:
        connected(Answers(place, status)).intrude()
    assert (caught.value.code, caught.value.problem) == (code, f"the app returned {status} for a {purpose}")
    assert fix in caught.value.fix


@pytest.mark.parametrize("status", [400, 403, 404, 499])
def test_every_refusal_will_do(status: int, connected: Any) -> None:
    """Any status of 4xx refuses, once the endpoint is known to be there."""
    app = Answers()
    api = DashboardRequest("GET", "/", headers={"Authorization": "{{context.authData.apiKey}}"})
    simulator = connected(app, api=api)
    app.place, app.status = 0, 200
    simulator.call()
    app.place, app.status = 1, status
    simulator.intrude()
    assert purposes(simulator)[:2] == ["call", "call with a made-up API key"]


def test_strangers_know_what_there_is(connected: Any) -> None:
    """If a request needs no secret, none is left out or made up; missing endpoints are not tried."""
    api = DashboardRequest("GET", "/", headers={"X-Refresh": "{{context.authData.refreshToken}}"})
    refresh = DashboardRequest("POST", "/refresh", json={"key": "{{context.authData.apiKey}}"})
    simulator = connected(Answers(), api=api, refresh=refresh, webhook_path=None)
    simulator.intrude()
    assert purposes(simulator) == []


@pytest.mark.parametrize(("auth_data", "dashboard"), [(AuthData("key-1"), {}), (ENDING, {"refresh": None})])
def test_nothing_to_refresh(auth_data: AuthData, dashboard: Any, connected: Any) -> None:
    """If a key cannot be renewed, the calls and the webhooks are still tried."""
    simulator = connected(Answers(), auth_data, **dashboard)
    simulator.intrude()
    assert purposes(simulator) == [purpose for purpose, _, _ in INTRUSIONS if not purpose.startswith("refresh")]


@pytest.mark.parametrize("status", [500, 503])
def test_stranger_crashes_the_app(status: int, connected: Any) -> None:
    """An app that crashes instead of refusing gets an error that says to refuse."""
    with pytest.raises(IntegrationError, match="respond with 400 or 401") as caught:
        connected(Answers(3, status)).intrude()
    assert caught.value.code == "server_error"
    assert caught.value.problem == (
        f"the app returned {status} for a request that it should refuse (refresh without the verification token)"
    )


def test_stranger_finds_no_endpoint(connected: Any) -> None:
    """A path that does not exist does not count as a refusal."""
    with pytest.raises(IntegrationError, match=r"Dashboard\(api=") as caught:
        connected(Answers(0, 404)).intrude()
    assert caught.value.problem == "the endpoint for a call without the verification token returned 404"


# --- garbage --------------------------------------------------------------------------------------------------------


def test_garbage(connected: Any) -> None:
    """Each body goes to both endpoints, with the verification token or signed, and is shown by its size."""
    app = Answers()
    simulator = connected(app)
    simulator.send_garbage()
    kinds = [(what, name) for name in GARBAGE for what in ("refresh", "webhook")]
    kinds.remove(("webhook", "a lone surrogate"))  # signed, it is what JavaScript writes
    assert purposes(simulator) == [f"{what} with {name} in its body" for what, name in kinds]
    assert [request.body for request in app.requests] == [GARBAGE[name] for _, name in kinds]
    for request, exchange, (what, name) in zip(app.requests, simulator.exchanges, kinds, strict=True):
        assert request.target == f"/rollout/{what}"
        if what == "refresh":
            assert dict(request.headers)["X-Rollout-Verification-Token"] == VERIFICATION_TOKEN
            assert f"POST /rollout/refresh  {len(GARBAGE[name])} bytes -> 401" in str(exchange)
        else:
            assert dict(request.headers) == sign_webhook(request.body, credentials=CREDENTIALS)
            assert f"POST /rollout/webhook  {len(GARBAGE[name])} bytes, signed -> 401" in str(exchange)


@pytest.mark.parametrize(("place", "reader"), [(0, "parse_refresh_request"), (1, "verify_webhook")])
def test_garbage_that_is_taken(place: int, reader: str, connected: Any) -> None:
    """The error names the function of the library that refuses it, for each endpoint."""
    with pytest.raises(IntegrationError, match=f"read it with {reader}") as caught:
        connected(Answers(place, 200)).send_garbage()
    assert caught.value.code == "garbage_accepted"


@pytest.mark.parametrize(
    ("auth_data", "dashboard", "endpoints"),
    [
        (AuthData("key-1"), {}, {"webhook"}),
        (ENDING, {"refresh": None}, {"webhook"}),
        (ENDING, {"refresh": DashboardRequest("POST", "/{{context.authData.refreshToken}}")}, {"webhook"}),
        (ENDING, {"webhook_path": None}, {"refresh"}),
    ],
)
def test_garbage_for_readers(auth_data: AuthData, dashboard: Any, endpoints: set[str], connected: Any) -> None:
    """An endpoint that is not there, or reads no body, gets none."""
    simulator = connected(Answers(), auth_data, **dashboard)
    simulator.send_garbage()
    assert {purpose.partition(" ")[0] for purpose in purposes(simulator)} == endpoints


def test_traceback_of_an_attack(connected: Any, ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the simulator's own."""
    simulator = connected(Answers(0, 200))
    assert ends_at_the_call(simulator.intrude)
