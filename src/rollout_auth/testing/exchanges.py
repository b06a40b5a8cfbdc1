"""Requests and responses, kept for tests and shown when they fail."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from .messages import Request, Response


class Outgoing(NamedTuple):
    """A request to send: its purpose, what may be shown of it, and whether its response is thrown away."""

    purpose: str
    request: Request
    line: str
    """The method and the path, with placeholders in place of values."""
    shown: str
    """The whole request, also with placeholders."""
    is_lost: bool = False


class Exchange(NamedTuple):
    """A request and its response. ``str`` shows both, with secrets masked."""

    purpose: str
    """What it is for: ``"token"``, ``"call"``, ``"refresh"``, ``"webhook"``, or what an attack tries."""
    at: datetime
    """When it was sent, by the simulator's clock."""
    request: Request
    """What was sent, including secrets."""
    response: Response
    """What the app returned."""
    is_lost: bool
    """Whether the response was thrown away, as when a connection breaks."""
    line: str
    """The method and the path, as they are in the dashboard."""
    summary: str
    """The time, the purpose, the method, the path and the status."""
    shown: str
    """What ``str`` shows."""

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"<Exchange {self.shown}>"
