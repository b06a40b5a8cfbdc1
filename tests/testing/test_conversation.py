"""What Rollout knows in its conversation with an app, what it sends, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import chain, repeat
from typing import Any

import pytest

from rollout_auth import AuthData, ConfigurationError, generate_connect_token
from rollout_auth.testing import (
    CREDENTIALS,
    VERIFICATION_TOKEN,
    Clock,
    Dashboard,
    DashboardRequest,
    Exchange,
    IntegrationError,
    Request,
    Response,
    RolloutSimulator,
)
from rollout_auth.testing._conversation import Connection, Conversation
from rollout_auth.testing._simulator import Run

NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc)
KEY = AuthData("key-1", "refresh-1", 3600)


class Answers:
    """An app that answers with these statuses, then with 200, and with nothing in them."""

    def __init__(self, *statuses: int, body: bytes = b"") -> None:
        self.statuses: Iterator[int] = chain(statuses, repeat(200))
        self.requests: list[Request] = []
        self.body = body

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(next(self.statuses), (), self.body)


def conversation(auth_data: AuthData | None = None, **dashboard: Any) -> Conversation:
    made = Conversation(CREDENTIALS, VERIFICATION_TOKEN, Dashboard(**dashboard), Clock(NOON))
    made.connection = Connection("user-1", auth_data, NOON)
    return made


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_what_fills_a_request() -> None:
    """A request is filled with the user, authData, and the verification token; what is shown has the places alone."""
    template = DashboardRequest("PUT", "/{{context.userId}}", headers={"X-Key": "{{context.authData.apiKey}}"})
    made = conversation(KEY).outgoing("call", template)
    assert (made.purpose, made.request) == ("call", Request("PUT", "/user-1", [("X-Key", "key-1")]))
    assert (made.line, made.shown) == ("PUT /{{context.userId}}", str(template))
    assert made.is_lost is False


def test_what_takes_the_place() -> None:
    """An attack sends its own key or token instead of the stored one, and the rest unchanged."""
    template = DashboardRequest(
        "GET", "/", query={"key": "{{context.authData.apiKey}}", "life": "{{context.authData.expiresIn}}"}
    )
    made = conversation(KEY).outgoing("attack", template, auth_data={"apiKey": "wrong"})
    assert made.request.target == "/?key=wrong&life=3600"
    token = DashboardRequest("GET", "/{{verificationToken}}")
    assert conversation().outgoing("attack", token, verification_token="wrong").request.target == "/wrong"
    assert conversation().outgoing("call", token).request.target == f"/{VERIFICATION_TOKEN}"


@pytest.mark.parametrize(
    ("place", "verification_token", "fix"),
    [
        ("verificationToken", None, "pass verification_token=... to the simulator, or set ROLLOUT_VERIFICATION_TOKEN"),
        ("verificationToken.id", "t", "sign it into authData, or remove it from the request"),
        ("context.authData.tier", None, "sign it into authData, or remove it from the request"),
        ("tier", "t", "sign it into authData, or remove it from the request"),
    ],
)
def test_what_nothing_fills(place: str, verification_token: str | None, fix: str) -> None:
    """A place that nothing fills is named, with the request, and with the fix that helps there."""
    made = conversation(AuthData("key-1", extra={"odd: name": 1}))
    made.verification_token = verification_token
    with pytest.raises(IntegrationError) as caught:
        made.outgoing("call", DashboardRequest("GET", f"/{{{{{place}}}}}"))
    assert (caught.value.code, caught.value.fix) == ("cannot_fill", fix)
    problem = f"the call request cannot be built, because there is no value for {{{{{place}}}}}"
    assert caught.value.problem.startswith(problem)
    assert caught.value.problem.endswith({"context.authData.tier": "(known: apiKey, odd: name)"}.get(place, ""))


def test_nobody_is_connected() -> None:
    """Before anybody is connected, there is no user to fill in."""
    made = conversation()
    made.connection = None
    with pytest.raises(IntegrationError, match=r"no value for \{\{context.userId\}\}: sign it"):
        made.outgoing("call", DashboardRequest("GET", "/{{context.userId}}"))
    with pytest.raises(ConfigurationError, match="call connect"):
        made.refreshable()
    assert made.outgoing("request", DashboardRequest("POST", "/", json="{{context}}")).request.body == b"{}"


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_record() -> None:
    """Of an exchange its purpose, time, request and answer are kept, and the lines that show them."""
    made = conversation()
    made.skew = timedelta(seconds=-1)
    outgoing = made.outgoing("call", DashboardRequest("GET", "/", query={"v": "{{verificationToken}}"}))
    response = Response(400, (), b"no such  thing")
    exchange = made.record(outgoing, response)
    assert exchange == Exchange(
        "call",
        NOON - timedelta(seconds=1),
        outgoing.request,
        response,
        is_lost=False,
        line="GET /",
        summary="12:00:04  call: GET / -> 400",
        shown="12:00:04  call: GET /?v={{verificationToken}} -> 400 no such thing",
    )
    assert made.exchanges == [exchange]


def test_record_of_a_lost_answer() -> None:
    """A lost answer is shown as lost; one without a body is shown by its status alone."""
    made = conversation()
    outgoing = made.outgoing("call", DashboardRequest("GET", "/"))._replace(is_lost=True)
    exchange = made.record(outgoing, Response(204))
    assert exchange.shown == exchange.summary == "12:00:05  call: GET / -> 204 (the response is lost)"
    assert exchange.is_lost is True
    assert made.record(outgoing._replace(is_lost=False), Response(204)).shown == "12:00:05  call: GET / -> 204"


def test_what_is_masked(simulate: Callable[..., RolloutSimulator]) -> None:
    """The client secret, the verification token and authData are named where an app shows them."""
    secrets = "two words, one key-1 refresh-1"
    simulator = simulate(
        Answers(500, body=f"{CREDENTIALS.client_secret} {secrets}".encode()), verification_token="two words, one"
    )
    simulator.connect(generate_connect_token("user-1", KEY, credentials=CREDENTIALS))
    simulator.send(DashboardRequest("GET", "/"))
    assert simulator.transcript.endswith("-> 500 <client secret> <verification token> <API key> <refresh token>")


@pytest.mark.parametrize(
    ("auth_data", "dashboard", "expected"),
    [
        (KEY, {}, True),
        (KEY, {"refresh": None}, False),
        (AuthData("key-1"), {}, False),
        (None, {}, False),
    ],
)
def test_refreshable(auth_data: AuthData | None, dashboard: Any, expected: bool) -> None:
    """A key can be renewed if there is one with a refresh token, and a request that renews it."""
    made = conversation(auth_data, **dashboard)
    assert made.is_refreshable is expected
    if expected:
        assert made.refreshable() == auth_data
        return
    with pytest.raises(ConfigurationError, match="refresh_token and expires_in"):
        made.refreshable()


def test_store() -> None:
    """The lifetime of a stored key begins now, and nothing has accepted it yet."""
    made = conversation(KEY)
    made.connected().is_proven = True
    made.clock.advance(timedelta(minutes=1))
    made.store(AuthData("key-2"))
    assert made.connection == Connection("user-1", AuthData("key-2"), NOON + timedelta(minutes=1), is_proven=False)


# --- how it goes on -------------------------------------------------------------------------------------------------


def test_flow_that_sends_nothing() -> None:
    """A flow that has nothing to send is over at once."""

    def flow() -> Any:
        return "result"
        yield

    run = Run(conversation(), flow())
    assert (run.is_over, run.result, run.requests, run.outgoing) == (True, "result", [], ())


def test_flow_under_way() -> None:
    """A flow receives the answers to what it yields until it returns, and they are recorded."""
    made = conversation()
    first, second = (made.outgoing(name, DashboardRequest("GET", f"/{name}")) for name in ("one", "two"))
    answers = [Response(201), Response(202)]

    def flow() -> Any:
        return (yield [first, second])

    run = Run(made, flow())
    assert (run.is_over, run.requests) == (False, [first.request, second.request])
    run.answer(answers)
    assert (run.is_over, run.result) == (True, answers)
    assert [(exchange.purpose, exchange.response) for exchange in made.exchanges] == [
        ("one", answers[0]),
        ("two", answers[1]),
    ]


def test_transport_that_loses_answers(simulate: Callable[..., RolloutSimulator]) -> None:
    """A transport of one's own that does not answer each request is not taken for an app that does not answer."""

    class Silent:
        def send(self, requests: Sequence[Request]) -> list[Response]:
            return []

        send_async = send

    simulator = simulate(Silent())
    with pytest.raises(ValueError, match="shorter"):
        simulator.fetch_token()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_app_that_is_not_reached(error: OSError, reason: str, simulate: Callable[..., RolloutSimulator]) -> None:
    """The reason for a missing answer is the system's message, or the type of the error."""

    def app(_: Request) -> Response:
        raise error

    with pytest.raises(IntegrationError) as caught:
        simulate(app).fetch_token()
    problem = f"no response to the request 'token' ({reason})"
    assert caught.value.reason == f"{problem}: start the app, or fix its URL [unreachable]"
    assert caught.value.__cause__ is error


def test_app_that_raises(simulate: Callable[..., RolloutSimulator]) -> None:
    """The message names the type of what the app raised, which is also the cause."""

    def app(_: Request) -> Response:
        raise LookupError("secret")

    with pytest.raises(IntegrationError) as caught:
        simulate(app).fetch_token()
    problem = "the app raised LookupError during the request 'token'"
    assert caught.value.reason == f"{problem}: see the cause and its traceback [app_raised]"
    assert isinstance(caught.value.__cause__, LookupError)


def test_last_exchanges_are_shown(simulate: Callable[..., RolloutSimulator]) -> None:
    """An error shows the six exchanges before it, on a line each."""
    simulator = simulate(Answers(*[200] * 7, 403), dashboard=Dashboard(api=DashboardRequest("GET", "/")))
    simulator.connect(generate_connect_token("user-1", AuthData("key-1"), credentials=CREDENTIALS))
    for _ in range(7):
        simulator.call()
    with pytest.raises(IntegrationError) as caught:
        simulator.call()
    assert caught.value.transcript.splitlines() == simulator.transcript.splitlines()[2:]
    assert len(simulator.transcript.splitlines()) == 8


def test_state_of_a_simulator(simulate: Callable[..., RolloutSimulator]) -> None:
    """A simulator gives its clock and what it has stored as attributes; its repr shows the clock alone."""
    clock = Clock(NOON)
    simulator = simulate(Answers(), clock=clock)
    assert (simulator.clock, simulator.auth_data, simulator.exchanges) == (clock, None, ())
    assert repr(simulator) == f"RolloutSimulator(clock={clock!r})"
    simulator.advance(timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_options_are_named(simulate: Callable[..., RolloutSimulator]) -> None:
    """A value that is not usable is named as the caller knows it."""
    with pytest.raises(TypeError, match=r"^verification_token is "):
        simulate(Answers(), verification_token=1)
    with pytest.raises(TypeError, match=r"^skew is "):
        simulate(Answers()).set_skew(30)


def test_traceback_of_a_request(ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the module's own."""
    template = DashboardRequest("GET", "/{{tier}}")
    assert ends_at_the_call(conversation().outgoing, "call", template)
