"""``AsyncRolloutSimulator``: the simulator for tests that await."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from rollout_auth import AuthData, ConnectToken, WebhookEvent
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


class AsyncRolloutSimulator(Simulator):
    """``RolloutSimulator`` for ``async`` tests: the same arguments, and the same steps to await."""

    def fetch_token(self) -> Coroutine[Any, Any, str]:
        """See ``RolloutSimulator.fetch_token``."""
        return self._drive(_calls.fetch_token(self._conversation))

    def connect(self, token: str | None = None) -> Coroutine[Any, Any, ConnectToken]:
        """See ``RolloutSimulator.connect``."""
        return self._drive(_calls.connect(self._conversation, token))

    def call(self, request: DashboardRequest | None = None) -> Coroutine[Any, Any, Response]:
        """See ``RolloutSimulator.call``."""
        return self._drive(_calls.call(self._conversation, request))

    def renew(self) -> Coroutine[Any, Any, AuthData]:
        """See ``RolloutSimulator.renew``."""
        return self._drive(_calls.renew(self._conversation))

    def renew_at_once(self, count: int = 2) -> Coroutine[Any, Any, list[AuthData]]:
        """See ``RolloutSimulator.renew_at_once``."""
        return self._drive(_calls.renew_at_once(self._conversation, count))

    def deliver(
        self, *events: str, resource_ids: Sequence[str] = ("person-1",), times: int = 1
    ) -> Coroutine[Any, Any, list[WebhookEvent]]:
        """See ``RolloutSimulator.deliver``."""
        return self._drive(_deliveries.deliver_named(self._conversation, events, resource_ids, times))

    def deliver_reordered(
        self, *events: str, resource_ids: Sequence[str] = ("person-1",)
    ) -> Coroutine[Any, Any, list[WebhookEvent]]:
        """See ``RolloutSimulator.deliver_reordered``."""
        return self._drive(_deliveries.deliver_named(self._conversation, events, resource_ids, is_reordered=True))

    def deliver_with_previous_secret(self, event: str = "peopleCreated") -> Coroutine[Any, Any, list[WebhookEvent]]:
        """See ``RolloutSimulator.deliver_with_previous_secret``."""
        return self._drive(_deliveries.deliver_named(self._conversation, [event], is_signed_with_previous=True))

    def intrude(self) -> Coroutine[Any, Any, None]:
        """See ``RolloutSimulator.intrude``."""
        return self._drive(_attacks.intrude(self._conversation))

    def send_garbage(self) -> Coroutine[Any, Any, None]:
        """See ``RolloutSimulator.send_garbage``."""
        return self._drive(_attacks.send_garbage(self._conversation))

    def send(self, request: DashboardRequest) -> Coroutine[Any, Any, Response]:
        """See ``RolloutSimulator.send``."""
        return self._drive(_calls.send(self._conversation, request))

    def run(self, on_step: Callable[[StepResult], object] | None = None) -> Coroutine[Any, Any, Report]:
        """See ``RolloutSimulator.run``."""
        return self._drive(scenario(self._conversation, on_step))

    @sealed
    async def _drive(self, flow: Flow[R]) -> R:
        run = Run(self._conversation, flow)
        while not run.is_over:
            await self._exchange(run)
        return run.result

    async def _exchange(self, run: Run[Any]) -> None:
        try:
            responses = await self._transport.send_async(run.requests)
        except Exception as error:  # noqa: BLE001  whatever the app raises
            run.fail(error)
        else:
            run.answer(responses)
