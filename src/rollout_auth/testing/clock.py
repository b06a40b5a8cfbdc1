"""A clock for tests, which is moved instead of waited for."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from rollout_auth import ConfigurationError
from rollout_auth._time import check_duration, epoch_seconds, replace_clock


class Clock:
    """The time as the simulator has it.

    ``Clock()`` goes with the machine's clock, ``Clock(start)`` stands still at an aware ``datetime``; ``advance`` moves
    either. Raises ``TypeError`` for a start that is no ``datetime``, and ``ConfigurationError`` for a naive one or one
    before 1970.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None:
            epoch_seconds(start, "start")
        self._start = start
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The current instant, aware and in UTC: hand it to the library as ``now``."""
        start = datetime.fromtimestamp(time.time(), timezone.utc) if self._start is None else self._start
        return start.astimezone(timezone.utc) + self._ahead

    def advance(self, duration: timedelta) -> None:
        """Move on by a duration that is not negative.

        Raises ``TypeError`` for anything but a ``timedelta``, and ``ConfigurationError`` for one that goes back.
        """
        check_duration("duration", duration)
        if duration < timedelta(0):
            raise ConfigurationError("duration is negative, and time goes forward: pass timedelta(minutes=59)")
        self._ahead += duration

    @contextmanager
    def installed(self) -> Generator[Clock, None, None]:
        """A context manager: while it lasts, every call of this library in this process reads the time here.

        A call that is given ``now`` keeps to that. So an app under test ages with the simulator. Code that asks the
        machine itself for the time does not.
        """
        before = replace_clock(lambda: self.now().timestamp())
        try:
            yield self
        finally:
            replace_clock(before)

    def __repr__(self) -> str:
        return f"Clock({self.now().isoformat()})"
