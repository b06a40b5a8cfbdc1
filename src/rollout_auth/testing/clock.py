"""A clock for tests, which you move forward instead of waiting."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from rollout_auth import ConfigurationError
from rollout_auth._time import check_duration, epoch_seconds, replace_clock


class Clock:
    """The simulator's clock.

    ``Clock()`` follows the machine's clock, and ``Clock(start)`` stands still at an aware ``datetime``; ``advance``
    moves either forward. Raises ``TypeError`` for a start that is not a ``datetime``, and ``ConfigurationError`` for
    one that is naive or before 1970.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None:
            epoch_seconds(start, "start")
        self._start = start
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The current time, aware and in UTC: pass it to the library as ``now``."""
        start = datetime.fromtimestamp(time.time(), timezone.utc) if self._start is None else self._start
        return start.astimezone(timezone.utc) + self._ahead

    def advance(self, duration: timedelta) -> None:
        """Move the clock forward by a duration, which must not be negative.

        Raises ``TypeError`` for anything but a ``timedelta``, and ``ConfigurationError`` for a negative one.
        """
        check_duration("duration", duration)
        if duration < timedelta(0):
            raise ConfigurationError("duration is negative, but time only moves forward: pass timedelta(minutes=59)")
        self._ahead += duration

    @contextmanager
    def installed(self) -> Generator[Clock, None, None]:
        """A context manager: inside its block, every call to this library in this process uses this clock.

        A call with ``now`` uses that instead. An app in this process thus ages with the simulator, except for code that
        asks the machine for the time.
        """
        before = replace_clock(lambda: self.now().timestamp())
        try:
            yield self
        finally:
            replace_clock(before)

    def __repr__(self) -> str:
        return f"Clock({self.now().isoformat()})"
