"""``RolloutSimulator``: takes Rollout's place in a test."""

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
    """Simulates Rollout against an app under test, as far as the protocol is known (docs/protocol.md).

    Args:
        app: a WSGI or ASGI app, Django's test client, a function that takes a ``Request`` and returns a ``Response``, a
            base URL such as ``"http://127.0.0.1:8000"``, or a transport.
        credentials: the client id and secret that the app signs with.
        verification_token: the token that the app expects; None if it expects none.
        dashboard: the requests that reach the app.
        clock: Rollout's clock; ``Clock()`` by default.

    Raises ``TypeError`` and ``ConfigurationError`` for an argument that cannot be used. Every step raises
    ``IntegrationError``, which names the app's mistake, and ``ConfigurationError`` if the step cannot run.
    """

    @sealed
    def fetch_token(self) -> str:
        """Ask the app for a token, as the partner's page does, and return it unverified."""
        return self._drive(_calls.fetch_token(self._conversation))

    @sealed
    def connect(self, token: str | None = None) -> ConnectToken:
        """Send a token as a browser does: Rollout verifies it, and stores its authData. None fetches a token first."""
        return self._drive(_calls.connect(self._conversation, token))

    @sealed
    def call(self, request: DashboardRequest | None = None) -> Response:
        """Rollout calls the app with the key, and first renews a key that expires within five minutes.

        Returns the response, whose status is 2xx. ``request`` replaces ``Dashboard.api``.
        """
        return self._drive(_calls.call(self._conversation, request))

    @sealed
    def renew(self) -> AuthData:
        """Rollout asks for a new key, whether or not the old one is about to expire. Returns what it stores."""
        return self._drive(_calls.renew(self._conversation))

    @sealed
    def renew_at_once(self, count: int = 2) -> list[AuthData]:
        """Rollout asks for a new key several times at once, with one refresh token; the last response is stored.

        The requests overlap over HTTP and in ``async`` apps; other apps in this process get them one after another.
        """
        return self._drive(_calls.renew_at_once(self._conversation, count))

    @sealed
    def deliver(self, *events: str, resource_ids: Sequence[str] = ("person-1",), times: int = 1) -> list[WebhookEvent]:
        """Rollout delivers webhooks with these event names in this order, each of them ``times`` times.

        Each event has these ``resource_ids``. Returns the events as the app should have read them.
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
        """Try each endpoint without knowing the secrets; the app must refuse every request."""
        self._drive(_attacks.intrude(self._conversation))

    @sealed
    def send_garbage(self) -> None:
        """Send bodies that cannot be parsed, with the right token or signature; the app must refuse them."""
        self._drive(_attacks.send_garbage(self._conversation))

    @sealed
    def send(self, request: DashboardRequest) -> Response:
        """Send any request, with its placeholders filled in, and return the response unchecked."""
        return self._drive(_calls.send(self._conversation, request))

    @sealed
    def run(self, on_step: Callable[[StepResult], object] | None = None) -> Report:
        """Run the whole scenario. Failed steps are in the report, whose ``check()`` raises the first error.

        ``on_step`` is called with each ``StepResult`` as soon as there is one.
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
        except Exception as error:  # noqa: BLE001  whatever the app raises
            run.fail(error)
        else:
            run.answer(responses)
