"""What both simulators share: the state, the clock, the faults that are switched on, and how a flow is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar

from rollout_auth import AuthData, ClientCredentials, RequestRefusedError
from rollout_auth._secrecy import masked_repr, sealed
from rollout_auth._text import checked_text, text_problem
from rollout_auth._time import check_duration
from rollout_auth.credentials import check_credentials

from ._conversation import Conversation, Flow
from .clock import Clock
from .dashboard import Dashboard
from .exchanges import Exchange, Outgoing
from .messages import Request, Response
from .mistakes import IntegrationError
from .transports import transport_for

__tracebackhide__ = True

R = TypeVar("R")

_SHOWN = 6
_DEFAULT = Dashboard()


class Simulator:
    """What both simulators share: the state, and the faults that are switched on for the next step."""

    @sealed
    def __init__(
        self,
        app: Any,
        *,
        credentials: ClientCredentials,
        verification_token: str | None = None,
        dashboard: Dashboard = _DEFAULT,
        clock: Clock | None = None,
    ) -> None:
        check_credentials(credentials)
        if verification_token is not None:
            verification_token = checked_text("verification_token", verification_token, text_problem)
        if not isinstance(dashboard, Dashboard):
            raise TypeError(f"dashboard is {type(dashboard).__name__}: pass Dashboard(...)")
        if not isinstance(clock, (Clock, type(None))):
            raise TypeError(f"clock is {type(clock).__name__}: pass Clock(...), or leave it out")
        self._transport = transport_for(app)
        self._conversation = Conversation(credentials, verification_token, dashboard, clock or Clock())

    @property
    def clock(self) -> Clock:
        """Rollout's clock."""
        return self._conversation.clock

    @property
    def auth_data(self) -> AuthData | None:
        """What Rollout has stored, from the last connect token or from a later refresh."""
        connection = self._conversation.connection
        return None if connection is None else connection.auth_data

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request and response so far; ``str`` of each masks secrets."""
        return tuple(self._conversation.exchanges)

    @property
    def transcript(self) -> str:
        """Every exchange, one on each line, with secrets masked."""
        return "\n".join(map(str, self._conversation.exchanges))

    def advance(self, duration: timedelta) -> None:
        """Let time pass: see ``Clock.advance``. An app in another process keeps its own time."""
        self._conversation.clock.advance(duration)

    def lose_next_answer(self) -> None:
        """Lose the response to the next refresh or webhook, so that Rollout sends the request again."""
        self._conversation.loses_next_answer = True

    def set_skew(self, skew: timedelta) -> None:
        """Set Rollout's clock ahead of ``clock`` by this duration, or behind it if the duration is negative."""
        check_duration("skew", skew)
        self._conversation.skew = skew

    def __repr__(self) -> str:
        return masked_repr(self, "clock")


class Run(Generic[R]):
    """A flow in progress: what it has to send next, or its result."""

    def __init__(self, conversation: Conversation, flow: Flow[R]) -> None:
        self.outgoing: Sequence[Outgoing] = ()
        self._conversation = conversation
        self._flow = flow
        self._results: list[R] = []
        self._go_on(lambda: next(flow))

    @property
    def requests(self) -> list[Request]:
        """The requests to send next."""
        return [outgoing.request for outgoing in self.outgoing]

    @property
    def is_over(self) -> bool:
        """Whether there is a result."""
        return bool(self._results)

    @property
    def result(self) -> R:
        """What the flow returned, once there is nothing left to send."""
        return self._results[0]

    def answer(self, responses: Sequence[Response]) -> None:
        """Record the responses, and continue."""
        for outgoing, response in zip(self.outgoing, responses, strict=True):
            self._conversation.record(outgoing, response)
        self._go_on(lambda: self._flow.send(responses))

    def fail(self, error: Exception) -> None:
        """Tell the flow that the app raised an exception or cannot be reached; that exception is the cause."""
        purpose = self.outgoing[0].purpose
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            problem = f"no response to the request {purpose!r} ({reason})"
            mistake = IntegrationError("unreachable", problem, "start the app, or fix its URL")
        else:
            problem = f"the app raised {type(error).__name__} during the request {purpose!r}"
            is_ours = isinstance(error, RequestRefusedError)
            answer = "catch RequestRefusedError, and respond with error_response(error)"
            fix = answer if is_ours else "see the cause and its traceback"
            mistake = IntegrationError("app_raised", problem, fix)
        mistake.__cause__ = error
        self._go_on(lambda: self._flow.throw(mistake))

    def _go_on(self, step: Callable[[], Sequence[Outgoing]]) -> None:
        try:
            self.outgoing = step()
        except StopIteration as stop:
            self._results.append(stop.value)
        except IntegrationError as error:
            error.transcript = "\n".join(map(str, self._conversation.exchanges[-_SHOWN:]))
            raise
