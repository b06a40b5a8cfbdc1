"""What was sent and answered, kept for tests and shown in their failures."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from .messages import Request, Response


class Outgoing(NamedTuple):
    """A request that is to be sent: what for, how it may be shown, and whether its answer is thrown away."""

    purpose: str
    request: Request
    line: str
    """The method and the path, without what fills it in."""
    shown: str
    """The whole request, likewise."""
    is_lost: bool = False


class Exchange(NamedTuple):
    """A request and its answer. ``str`` shows both, secrets masked."""

    purpose: str
    """What it was for: ``"token"``, ``"call"``, ``"refresh"``, ``"webhook"``, or what an attack tries."""
    at: datetime
    """When, by the simulator's clock."""
    request: Request
    """What was sent, secrets and all."""
    response: Response
    """What the app answered."""
    is_lost: bool
    """Whether the answer was thrown away, as when a connection breaks."""
    line: str
    """The method and the path, as the dashboard has them."""
    summary: str
    """When, what for, the method, the path and the status."""
    shown: str
    """What ``str`` shows."""

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"<Exchange {self.shown}>"
