"""What both simulators have: the state, the clock, and the faults that are switched on for the next step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rollout_auth import AuthData, ClientCredentials
from rollout_auth._checks import check_duration, checked_text, text_problem
from rollout_auth._secrecy import masked_repr, sealed
from rollout_auth.credentials import check_credentials

from .clock import Clock
from .conversation import Conversation, Flow
from .dashboard import Dashboard
from .exchanges import Exchange, Outgoing
from .messages import Response
from .mistakes import IntegrationError
from .transports import transport_for

_SHOWN = 6
_DEFAULT = Dashboard()


class Simulator:
    """What both simulators have: the state, and the faults that are switched on for the next step."""

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
            raise TypeError(f"clock is {type(clock).__name__}: pass Clock(), or nothing for a new one")
        self._transport = transport_for(app)
        self._conversation = Conversation(credentials, verification_token, dashboard, clock or Clock())

    @property
    def clock(self) -> Clock:
        """Rollout's clock."""
        return self._conversation.clock

    @property
    def auth_data(self) -> AuthData | None:
        """What Rollout has stored: from the last connect token, or from a refresh since then."""
        connection = self._conversation.connection
        return None if connection is None else connection.auth_data

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request and answer so far; ``str`` of each masks secrets."""
        return tuple(self._conversation.exchanges)

    @property
    def transcript(self) -> str:
        """Every exchange on a line of its own, secrets masked."""
        return "\n".join(map(str, self._conversation.exchanges))

    def advance(self, duration: timedelta) -> None:
        """Let time pass: see ``Clock.advance``. An app in another process keeps its own time."""
        self._conversation.clock.advance(duration)

    def lose_next_answer(self) -> None:
        """Lose the answer to the next refresh or webhook: Rollout sends the same again."""
        self._conversation.loses_next_answer = True

    def set_skew(self, skew: timedelta) -> None:
        """Let Rollout's clock differ from its own time by this much, which may be negative."""
        check_duration("skew", skew)
        self._conversation.skew = skew

    def _record(self, outgoing: Sequence[Outgoing], responses: Sequence[Response]) -> None:
        for request, response in zip(outgoing, responses, strict=True):
            self._conversation.record(request, response)

    def _show(self, error: IntegrationError) -> None:
        if not error.transcript:
            error.transcript = "\n".join(map(str, self._conversation.exchanges[-_SHOWN:]))

    def __repr__(self) -> str:
        return masked_repr(self, "clock")


def failed(flow: Flow[Any], outgoing: Sequence[Outgoing], error: Exception) -> Sequence[Outgoing]:
    """Tell the flow that the app raised or cannot be reached, with the app's own error as the cause."""
    purpose = outgoing[0].purpose
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        mistake = IntegrationError(
            "unreachable", f"no answer to a {purpose} ({reason})", "start the app, or mend its URL"
        )
    else:
        name = type(error).__name__
        mistake = IntegrationError(
            "app_raised", f"the app raised {name} on a {purpose}", "see the cause, with its lines"
        )
    mistake.__cause__ = error
    return flow.throw(mistake)
