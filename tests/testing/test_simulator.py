"""The steps of the conversation, one by one, with and without ``async``, and what they leave behind."""

from __future__ import annotations

import asyncio
import inspect
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from testing.handwritten import HandWritten

from rollout_auth import AuthData, ClientCredentials, ConfigurationError, generate_connect_token
from rollout_auth.testing import (
    CREDENTIALS,
    VERIFICATION_TOKEN,
    AsyncRolloutSimulator,
    Clock,
    Dashboard,
    DashboardRequest,
    IntegrationError,
    Request,
    Response,
    RolloutSimulator,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def app() -> HandWritten:
    return HandWritten()


@pytest.fixture
def simulator(app: HandWritten, simulate: Any) -> RolloutSimulator:
    return simulate(app)


def purposes(simulator: RolloutSimulator | AsyncRolloutSimulator) -> list[str]:
    return [exchange.purpose for exchange in simulator.exchanges]


# --- connecting -----------------------------------------------------------------------------------------------------


def test_connect(simulator: RolloutSimulator, app: HandWritten) -> None:
    """A token is fetched and verified, and Rollout stores its authData."""
    token = simulator.connect()
    assert (token.user_id, token.auth_data) == ("user-1", simulator.auth_data)
    assert simulator.auth_data.api_key in app.keys
    assert purposes(simulator) == ["token"]


def test_connect_with_a_token(simulator: RolloutSimulator) -> None:
    """A token that is passed in is verified as it is; each connect replaces the stored authData."""
    for name in ("key-1", "key-2"):
        simulator.connect(generate_connect_token("user-1", AuthData(name), credentials=CREDENTIALS))
        assert simulator.auth_data == AuthData(name)
    simulator.connect(generate_connect_token("user-1", credentials=CREDENTIALS))
    assert simulator.auth_data is None
    assert simulator.exchanges == ()


def test_fetch_token(simulator: RolloutSimulator) -> None:
    """A page's token can be kept and used later, and is verified then."""
    token = simulator.fetch_token()
    assert simulator.auth_data is None
    simulator.advance(59 * MINUTE)
    assert simulator.connect(token).user_id == "user-1"
    simulator.advance(2 * MINUTE)
    with pytest.raises(IntegrationError, match="token_expired"):
        simulator.connect(token)


def test_skew(simulator: RolloutSimulator) -> None:
    """Rollout's clock may go wrong by a minute, and by no more."""
    token = generate_connect_token("user-1", credentials=CREDENTIALS, now=simulator.clock.now())
    simulator.set_skew(-MINUTE / 2)
    simulator.connect(token)
    simulator.set_skew(-2 * MINUTE)
    with pytest.raises(IntegrationError, match="token_not_yet_valid"):
        simulator.connect(token)


# --- calls and renewals ---------------------------------------------------------------------------------------------


def test_call(simulator: RolloutSimulator, app: HandWritten) -> None:
    """The app is called with the key, in the place that the dashboard names; the answer is returned."""
    simulator.connect()
    response = simulator.call()
    assert (response.status, response.json()) == (200, {"contacts": []})
    headers = dict(simulator.exchanges[-1].request.headers)
    assert headers["Authorization"] == f"Bearer {simulator.auth_data.api_key}"
    assert headers["X-Rollout-Verification-Token"] == VERIFICATION_TOKEN


def test_call_with_another_request(simulate: Any) -> None:
    """Any request of the dashboard can be sent, with what is stored filled in anywhere."""
    seen: list[Request] = []

    def app(request: Request) -> Response:
        seen.append(request)
        return Response(200)

    simulator = simulate(app)
    extra = {"region": "eu", "account": {"id": 7}}
    simulator.connect(generate_connect_token("ü/1", AuthData("key 1", extra=extra), credentials=CREDENTIALS))
    simulator.call(
        DashboardRequest(
            "POST",
            "/users/{{context.userId}}",
            query={"key": "{{ context.authData.apiKey }}", "v": "{{verificationToken}}"},
            headers={"X-Region": "{{context.authData.region}}"},
            json={"account": "{{context.authData.account}}", "text": "id {{context.authData.account.id}}"},
        )
    )
    assert seen[-1].target == f"/users/%C3%BC%2F1?key=key+1&v={VERIFICATION_TOKEN}"
    assert ("X-Region", "eu") in seen[-1].headers
    assert json.loads(seen[-1].body) == {"account": {"id": 7}, "text": "id 7"}


def test_key_is_renewed_in_time(simulator: RolloutSimulator) -> None:
    """A key is renewed five minutes before its end, and not before."""
    simulator.connect()
    first = simulator.auth_data
    simulator.advance(HOUR - 5 * MINUTE - timedelta(seconds=1))
    simulator.call()
    assert simulator.auth_data == first
    simulator.advance(timedelta(seconds=1))
    simulator.call()
    assert simulator.auth_data != first
    assert purposes(simulator) == ["token", "call", "refresh", "call"]


def test_renew(simulator: RolloutSimulator) -> None:
    """A key can be renewed at any time; the new one is stored, and its life begins then."""
    simulator.connect()
    simulator.advance(30 * MINUTE)
    assert simulator.renew() == simulator.auth_data
    simulator.advance(30 * MINUTE)
    simulator.call()
    assert purposes(simulator) == ["token", "refresh", "call"]


def test_renew_at_once(simulator: RolloutSimulator) -> None:
    """Several refreshes carry one refresh token; the key of the last answer is stored."""
    simulator.connect()
    keys = simulator.renew_at_once(3)
    bodies = {exchange.request.body for exchange in simulator.exchanges[1:]}
    assert (len(keys), len(set(keys)), len(bodies)) == (3, 3, 1)
    assert simulator.auth_data == keys[-1]


def test_lost_answer(simulator: RolloutSimulator) -> None:
    """The next refresh is sent twice, and the answer that is lost is not stored."""
    simulator.connect()
    simulator.lose_next_answer()
    simulator.renew()
    lost, kept = simulator.exchanges[1:]
    assert (lost.is_lost, kept.is_lost, lost.request) == (True, False, kept.request)
    assert simulator.auth_data == AuthData.from_dict(kept.response.json())
    simulator.renew()
    assert len(simulator.exchanges) == 4


def test_answer_is_lost_and_bad(simulate: Any) -> None:
    """An app that refuses the first time as well is not said to have lost its refresh token."""
    simulator = simulate(HandWritten(refresh_status=403))
    simulator.connect()
    simulator.lose_next_answer()
    with pytest.raises(IntegrationError, match="refresh_refused"):
        simulator.renew()


# --- webhooks -------------------------------------------------------------------------------------------------------


def test_deliver(simulator: RolloutSimulator, app: HandWritten) -> None:
    """Webhooks are delivered as often as requested, and their events are returned."""
    events = simulator.deliver("peopleCreated", "peopleUpdated", resource_ids=["42"], times=2)
    assert [(event.event, event.resource_ids) for event in events] == [
        ("peopleCreated", ("42",)),
        ("peopleUpdated", ("42",)),
    ]
    assert app.events == [str(event.event_id.encode()) for event in events for _ in range(2)]


def test_deliver_reordered(simulator: RolloutSimulator, app: HandWritten) -> None:
    """The newest webhook comes first."""
    events = simulator.deliver_reordered("peopleCreated", "peopleUpdated")
    assert [event.event for event in events] == ["peopleUpdated", "peopleCreated"]
    assert app.events == [str(event.event_id.encode()) for event in events]


def test_deliver_with_previous_secret(simulate: Any) -> None:
    """During a rotation, a webhook may be signed with the previous secret."""
    rotated = ClientCredentials(CREDENTIALS.client_id, "n" * 64, [CREDENTIALS.client_secret])
    app = HandWritten()
    assert simulate(app, credentials=rotated).deliver_with_previous_secret()[0].event == "peopleCreated"
    assert len(app.events) == 1


def test_resource_ids_are_several(simulator: RolloutSimulator) -> None:
    """A str instead of a list is refused, because each of its letters would be taken for an id."""
    with pytest.raises(TypeError, match=r"such as \['42'\]"):
        simulator.deliver("peopleCreated", resource_ids="42")


# --- attacks --------------------------------------------------------------------------------------------------------


def test_intruder_without_what_cannot_be_left_out(simulate: Any) -> None:
    """A verification token in a path cannot be left out: the stranger then only tries a wrong one."""
    prefix = f"/{VERIFICATION_TOKEN}"

    def app(request: Request) -> Response:
        return Response(200 if request.target == prefix else 401)

    api = DashboardRequest("GET", "/{{verificationToken}}")
    simulator = simulate(app, dashboard=Dashboard(api=api, refresh=None, webhook_path=None))
    simulator.connect(generate_connect_token("user-1", AuthData("key-1"), credentials=CREDENTIALS))
    simulator.call()
    simulator.intrude()
    assert purposes(simulator) == ["call", "call with a wrong verification token"]


# --- what cannot be done --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "fix"),
    [
        (lambda simulator: simulator.call(), "call connect"),
        (lambda simulator: simulator.renew(), "call connect"),
        (lambda simulator: simulator.deliver_with_previous_secret(), "previous client secret"),
        (lambda simulator: simulator.advance(-MINUTE), "forward"),
        (lambda simulator: simulator.renew_at_once(0), "less than one"),
        (lambda simulator: simulator.deliver(), "names of events"),
        (lambda simulator: simulator.deliver("x", times=0), "1 or more"),
    ],
)
def test_step_that_cannot_be_taken(step: Any, fix: str, simulator: RolloutSimulator) -> None:
    """A step that the test cannot take is the test's mistake, and says what comes before it."""
    with pytest.raises(ConfigurationError, match=fix):
        step(simulator)


def test_key_that_does_not_end(simulate: Any) -> None:
    """A key without a refresh token is called with for ever, and cannot be renewed."""
    simulator = simulate(HandWritten(claims={"rollout.com": {"authData": {"apiKey": "x"}}}, checks_key=False))
    simulator.connect()
    simulator.advance(timedelta(days=400))
    simulator.call()
    with pytest.raises(ConfigurationError, match="refresh_token and expires_in"):
        simulator.renew()


def test_key_that_does_not_end_is_refused_later(simulate: Any) -> None:
    """A key that expires without an expiresIn is reported."""
    app = HandWritten(claims={"rollout.com": {"authData": {"apiKey": "x"}}}, accepts_keys_for=1)
    app.keys["x"] = 0
    simulator = simulate(app)
    simulator.connect()
    simulator.call()
    with pytest.raises(IntegrationError, match="has no expiresIn") as caught:
        simulator.call()
    assert caught.value.code == "key_ended_early"


def test_scenario_skips_what_there_is_not(simulate: Any) -> None:
    """Without refreshes, webhooks and a verification token, their steps are skipped, with the reason."""
    dashboard = Dashboard(
        api=DashboardRequest("GET", "/api/contacts", headers={"Authorization": "Bearer {{context.authData.apiKey}}"}),
        refresh=None,
        webhook_path=None,
    )
    app = HandWritten(checks_verification=False)
    report = simulate(app, verification_token=None, dashboard=dashboard).run()
    assert report.is_ok
    assert {step.reason for step in report.steps if step.outcome == "skipped"} == {
        "the key does not expire",
        "there are no webhooks",
        "no endpoint reads a body",
    }
    with pytest.raises(ConfigurationError, match="webhook_path"):
        simulate(app, dashboard=dashboard).deliver("peopleCreated")


def test_scenario_reports_as_it_goes(simulator: RolloutSimulator) -> None:
    """Each step is reported when it is over, with its exchanges; the report has one line for each step."""
    told: list[Any] = []
    report = simulator.run(told.append)
    assert tuple(told) == report.steps
    assert sum((step.exchanges for step in report.steps), ()) == simulator.exchanges
    assert len(str(report).splitlines()) == len(report.steps)


def test_scenario_after_other_steps(simulator: RolloutSimulator) -> None:
    """A scenario starts afresh, whatever was done before it and however much time has passed."""
    simulator.connect()
    simulator.run().check()


@pytest.mark.parametrize(
    ("options", "error", "fix"),
    [
        ({"credentials": "secret"}, TypeError, "ClientCredentials"),
        ({"verification_token": 1}, TypeError, "pass a str"),
        ({"verification_token": " x"}, ConfigurationError, "white space"),
        ({"dashboard": {}}, TypeError, r"Dashboard\(\.\.\.\)"),
        ({"clock": NOON}, TypeError, r"Clock\(\.\.\.\)"),
    ],
)
def test_options(options: dict[str, Any], error: type[Exception], fix: str, simulate: Any) -> None:
    """An option of the wrong type or text is refused, with what to pass."""
    with pytest.raises(error, match=fix):
        simulate(HandWritten(), **options)


def test_skew_is_a_duration(simulator: RolloutSimulator) -> None:
    """A number is no duration."""
    with pytest.raises(TypeError, match="timedelta"):
        simulator.set_skew(30)


# --- what is shown --------------------------------------------------------------------------------------------------


def test_nothing_shows_a_secret(simulator: RolloutSimulator, app: HandWritten) -> None:
    """Transcripts and representations hold no secret, whatever was sent."""
    report = simulator.run()
    texts = [
        simulator.transcript,
        *(repr(value) for value in (simulator, report, simulator.exchanges, simulator.clock)),
        *(repr(exchange.request) + repr(exchange.response) + exchange.summary for exchange in simulator.exchanges),
    ]
    secrets = [CREDENTIALS.client_secret, VERIFICATION_TOKEN, *app.keys, *app.refresh_tokens]
    secrets += [
        str(exchange.response.json()["token"]) for exchange in simulator.exchanges if exchange.purpose == "token"
    ]
    assert [secret for secret in secrets for text in texts if secret in text] == []
    assert len(secrets) > 20


def test_exchange_is_shown(simulator: RolloutSimulator) -> None:
    """An exchange is shown as the transcript has it."""
    simulator.fetch_token()
    (exchange,) = simulator.exchanges
    assert str(exchange) == exchange.shown == simulator.transcript
    assert repr(exchange) == f"<Exchange {exchange.shown}>"


def test_transcript(simulate: Any) -> None:
    """A transcript is readable: when, what for, what was sent where, and what came back."""
    simulator = simulate(HandWritten(), clock=Clock(datetime.now(timezone.utc)))
    simulator.connect()
    simulator.lose_next_answer()
    simulator.renew()
    lines = simulator.transcript.splitlines()
    assert "  token: GET /rollout/token -> 200 " in lines[0]
    assert 'JSON {"refreshToken": "{{context.authData.refreshToken}}"}' in lines[1]
    assert lines[1].endswith("(the response is lost)")
    assert '"expiresIn": 3600' in lines[2]


@pytest.mark.parametrize("step", [name for name in vars(RolloutSimulator) if not name.startswith("_")])
def test_a_failed_step_forgets(step: str, simulator: RolloutSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step was given, such as a token, is in no frame of its error."""

    def fail(simulator: object, flow: Any) -> None:
        flow.close()
        raise ZeroDivisionError

    monkeypatch.setattr(RolloutSimulator, "_drive", fail)
    with pytest.raises(ZeroDivisionError) as failure:
        getattr(simulator, step)(*STEPS[step])
    frames = [entry.frame.raw for entry in failure.traceback]
    (left,) = [
        frame.f_locals for frame in frames if frame.f_code is getattr(RolloutSimulator, step).__wrapped__.__code__
    ]
    assert left == {}


def test_traceback_of_a_step(simulate: Any, ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the simulator's own."""
    simulator = simulate(HandWritten(algorithm="HS256"))
    assert ends_at_the_call(simulator.connect)


# --- async ----------------------------------------------------------------------------------------------------------

STEPS = {
    "fetch_token": (),
    "connect": (),
    "call": (),
    "renew": (),
    "renew_at_once": (),
    "deliver": ("peopleCreated",),
    "deliver_reordered": ("peopleCreated", "peopleUpdated"),
    "deliver_with_previous_secret": (),
    "intrude": (),
    "send_garbage": (),
    "send": (DashboardRequest("GET", "/api/contacts"),),
    "run": (),
}


def steps_of(kind: type) -> dict[str, str]:
    functions = {name: value for name, value in vars(kind).items() if not name.startswith("_")}
    return {name: str(inspect.signature(value)).partition(" -> ")[0] for name, value in functions.items()}


def test_both_simulators_have_the_same_steps() -> None:
    """What one can do, the other can, with the same arguments."""
    assert steps_of(RolloutSimulator) == steps_of(AsyncRolloutSimulator)
    assert steps_of(RolloutSimulator).keys() == STEPS.keys()


def test_async_steps() -> None:
    """Each step can be awaited, and sends the same requests as the step that is not."""
    credentials = ClientCredentials(CREDENTIALS.client_id, CREDENTIALS.client_secret, ["p" * 64])
    options: Any = {"credentials": credentials, "verification_token": VERIFICATION_TOKEN}

    async def awaited() -> AsyncRolloutSimulator:
        simulator = AsyncRolloutSimulator(HandWritten(secrets=credentials.secrets), **options)
        for name, arguments in STEPS.items():
            await getattr(simulator, name)(*arguments)
        return simulator

    simulator = RolloutSimulator(HandWritten(secrets=credentials.secrets), **options)
    for name, arguments in STEPS.items():
        getattr(simulator, name)(*arguments)
    assert purposes(asyncio.run(awaited())) == purposes(simulator)


def test_async_steps_with_arguments() -> None:
    """The arguments of an awaited step are passed on: the token, the request, the number, the events, the listener."""
    token = generate_connect_token("user-7", AuthData("key-7"), credentials=CREDENTIALS)
    told: list[Any] = []

    async def awaited() -> AsyncRolloutSimulator:
        simulator = AsyncRolloutSimulator(HandWritten(), credentials=CREDENTIALS, verification_token=VERIFICATION_TOKEN)
        assert (await simulator.connect(token)).user_id == "user-7"
        await simulator.connect()
        await simulator.call(
            DashboardRequest("POST", "/api/contacts", headers={"Authorization": "Bearer {{context.userId}}"})
        )
        return simulator

    with pytest.raises(IntegrationError, match="POST /api/contacts"):
        asyncio.run(awaited())

    async def others() -> AsyncRolloutSimulator:
        simulator = AsyncRolloutSimulator(HandWritten(), credentials=CREDENTIALS, verification_token=VERIFICATION_TOKEN)
        await simulator.connect()
        assert len(await simulator.renew_at_once(3)) == 3
        delivered = await simulator.deliver("peopleCreated", "peopleUpdated", resource_ids=["1", "2"], times=2)
        assert [(event.event, event.resource_ids) for event in delivered] == [
            ("peopleCreated", ("1", "2")),
            ("peopleUpdated", ("1", "2")),
        ]
        delivered = await simulator.deliver_reordered("peopleCreated", "peopleUpdated", resource_ids=["3"])
        assert [(event.event, event.resource_ids) for event in delivered] == [
            ("peopleUpdated", ("3",)),
            ("peopleCreated", ("3",)),
        ]
        assert (await simulator.run(told.append)).steps == tuple(told)
        return simulator

    simulator = asyncio.run(others())
    assert purposes(simulator)[:10] == ["token", *["refresh"] * 3, *["webhook"] * 6]


def test_async_previous_secret() -> None:
    """An awaited webhook is signed with the previous secret as well, and has the name that is given."""
    rotated = ClientCredentials(CREDENTIALS.client_id, "n" * 64, [CREDENTIALS.client_secret])
    simulator = AsyncRolloutSimulator(HandWritten(), credentials=rotated)
    (event,) = asyncio.run(simulator.deliver_with_previous_secret("peopleUpdated"))
    assert event.event == "peopleUpdated"


def test_async_failures() -> None:
    """What the app does wrong, or raises, is the same error, with the transcript."""

    async def caught(app: Any) -> IntegrationError:
        simulator = AsyncRolloutSimulator(app, credentials=CREDENTIALS, verification_token=VERIFICATION_TOKEN)
        with pytest.raises(IntegrationError) as caught:
            await simulator.connect()
        return caught.value

    wrong = asyncio.run(caught(HandWritten(algorithm="HS256")))
    assert (wrong.code, "GET /rollout/token -> 200" in str(wrong)) == ("wrong_algorithm", True)
    raised = asyncio.run(caught(HandWritten(token=lambda token: token[10**9])))
    assert (raised.code, type(raised.__cause__)) == ("app_raised", IndexError)


def test_sync_steps_in_a_loop() -> None:
    """In a running loop, the synchronous simulator names the async one; a WSGI app needs no loop."""

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        """Never called."""

    async def step() -> None:
        simulator = RolloutSimulator(app, credentials=CREDENTIALS)
        with pytest.raises(ConfigurationError, match="AsyncRolloutSimulator"):
            simulator.connect()
        RolloutSimulator(HandWritten(), credentials=CREDENTIALS).connect()

    asyncio.run(step())
