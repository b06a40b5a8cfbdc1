"""``RolloutSimulator``: Rollout, as far as an app can tell, in a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rollout_auth import AuthData, ConfigurationError, ConnectToken, WebhookEvent
from rollout_auth._secrecy import sealed

from . import _attacks, _calls, _deliveries
from ._conversation import Flow
from ._simulator import Run, Simulator
from .messages import Response
from .report import Report, StepResult
from .scenario import scenario
from .templates import DashboardRequest

__tracebackhide__ = True

R = TypeVar("R")


class RolloutSimulator(Simulator):
    """Plays Rollout towards an app under test, as far as the protocol is known (docs/protocol.md).

    Args:
        app: a WSGI or ASGI app, Django's test client, a function that takes a ``Request`` and returns a ``Response``, a
            base URL such as ``"http://127.0.0.1:8000"``, or a transport.
        credentials: the client id and secret that the app signs with.
        verification_token: the one that the app expects; None if it expects none.
        dashboard: the requests that reach the app.
        clock: Rollout's clock; ``Clock()`` by default.

    Raises ``TypeError`` and ``ConfigurationError`` for an argument that is not usable. Every step raises
    ``IntegrationError``, which names the app's mistake, and ``ConfigurationError`` for a step that cannot be taken.
    """

    @sealed
    def fetch_token(self) -> str:
        """The partner's page asks the app for a token; whatever it is, it is returned."""
        return self._drive(_calls.fetch_token(self._conversation))

    @sealed
    def connect(self, token: str | None = None) -> ConnectToken:
        """A browser brings a token: Rollout judges it, and stores its authData. None fetches a token first."""
        return self._drive(_calls.connect(self._conversation, token))

    @sealed
    def call(self, request: DashboardRequest | None = None) -> Response:
        """Rollout calls the app with the key, renewed first if it ends within five minutes. Returns an answer of 2xx.

        ``request`` takes the place of ``Dashboard.api``.
        """
        return self._drive(_calls.call(self._conversation, request))

    @sealed
    def renew(self) -> AuthData:
        """Rollout asks for a new key, whether or not the old one is about to end, and returns what it stores."""
        return self._drive(_calls.renew(self._conversation))

    @sealed
    def renew_at_once(self, count: int = 2) -> list[AuthData]:
        """Rollout asks for a new key several times at once, with one refresh token; the last answer is stored.

        Over HTTP and in ``async`` apps they overlap; other apps in this process are asked one after the other.
        """
        return self._drive(_calls.renew_at_once(self._conversation, count))

    @sealed
    def deliver(self, *events: str, resource_ids: Sequence[str] = ("person-1",), times: int = 1) -> list[WebhookEvent]:
        """Rollout delivers webhooks of these names in this order, each ``times`` times.

        ``resource_ids`` are those of each event. Returns the events as the app should have read them.
        """
        return self._drive(_deliveries.deliver_named(self._conversation, events, resource_ids, times))

    @sealed
    def deliver_reordered(self, *events: str, resource_ids: Sequence[str] = ("person-1",)) -> list[WebhookEvent]:
        """Rollout delivers webhooks, the newest first."""
        flow = _deliveries.deliver_named(self._conversation, events, resource_ids, is_reordered=True)
        return self._drive(flow)

    @sealed
    def deliver_with_previous_secret(self, event: str = "peopleCreated") -> list[WebhookEvent]:
        """Rollout signs a webhook with the previous client secret, as it may during a rotation."""
        flow = _deliveries.deliver_named(self._conversation, [event], is_signed_with_previous=True)
        return self._drive(flow)

    @sealed
    def intrude(self) -> None:
        """Somebody who does not know the secrets tries each endpoint, and must be refused."""
        self._drive(_attacks.intrude(self._conversation))

    @sealed
    def send_garbage(self) -> None:
        """Bodies that nobody can read arrive with the right token or signature, and must be refused."""
        self._drive(_attacks.send_garbage(self._conversation))

    @sealed
    def send(self, request: DashboardRequest) -> Response:
        """Send any request, with its places filled in, and return the answer unjudged."""
        return self._drive(_calls.send(self._conversation, request))

    @sealed
    def run(self, on_step: Callable[[StepResult], object] | None = None) -> Report:
        """Run the whole scenario. A step that fails is in the report, whose ``check()`` raises its error.

        ``on_step`` is called with each ``StepResult``.
        """
        return self._drive(scenario(self._conversation, on_step))

    def _drive(self, flow: Flow[R]) -> R:
        run = Run(self._conversation, flow)
        while not run.is_over:
            self._exchange(run)
        return run.result

    def _exchange(self, run: Run[Any]) -> None:
        try:
            responses = self._transport.send(run.requests)
        except ConfigurationError:
            raise
        except Exception as error:  # noqa: BLE001  the app's own, whatever it is
            run.fail(error)
        else:
            run.answer(responses)
