"""How a scenario went: a result for each step."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .exchanges import Exchange
from .mistakes import IntegrationError

__tracebackhide__ = True


class StepResult(NamedTuple):
    """How one step of a scenario went, and its exchanges."""

    name: str
    """A short description of the step."""
    outcome: Literal["passed", "failed", "skipped"]
    """How it went."""
    reason: str
    """Why it failed or was skipped; empty if it passed."""
    error: IntegrationError | None
    """The mistake that made it fail, or None."""
    exchanges: tuple[Exchange, ...]
    """The requests and their responses."""
    seconds: float
    """How long it took, by the machine's clock."""


class Report(NamedTuple):
    """How a scenario went. ``str`` has a line for each step."""

    steps: tuple[StepResult, ...]
    """The steps, in the order in which they ran."""

    @property
    def is_ok(self) -> bool:
        """Whether no step failed."""
        return not any(step.error for step in self.steps)

    def check(self) -> None:
        """Raise the ``IntegrationError`` of the first step that failed, if there is one."""
        for step in self.steps:
            if step.error:
                raise step.error

    def __str__(self) -> str:
        lines = [f"{step.outcome:7}  {step.name}{': ' * bool(step.reason)}{step.reason}" for step in self.steps]
        return "\n".join(lines)
