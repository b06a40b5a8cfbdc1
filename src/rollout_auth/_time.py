"""Instants, durations, and the one place that reads the clock.

In code, an instant is an aware ``datetime`` and a duration a ``timedelta``; on the wire, both are integers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from .errors import ConfigurationError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that a ``datetime`` can name."""

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TEN_YEARS = 315_360_000
"""Seconds, in 365 days each: what is longer was given in another unit, or is an instant."""

_SECOND = timedelta(seconds=1)
_AFTER_9999 = timedelta(seconds=LAST_SECOND + 1)
_MILLISECOND = timedelta(milliseconds=1)


def _machine_clock() -> float:
    return time.time()


_clock: Callable[[], float] = _machine_clock


def replace_clock(clock: Callable[[], float]) -> Callable[[], float]:
    """Read the seconds since 1970 from another clock from now on; return the one before."""
    global _clock
    before, _clock = _clock, clock
    return before


def epoch_seconds(now: datetime | None, name: str = "now") -> int:
    """The instant as whole seconds since 1970, rounded down; the current time for None.

    Raises ``TypeError`` for anything but a ``datetime`` and ``ConfigurationError`` for a naive one or one before 1970.
    """
    return int(_clock()) if now is None else _since_1970(now, name) // _SECOND


def epoch_milliseconds(now: datetime | None) -> int:
    """The instant as whole milliseconds since 1970, with the rules of ``epoch_seconds``."""
    return int(_clock() * 1000) if now is None else _since_1970(now, "now") // _MILLISECOND


def _since_1970(moment: datetime, name: str) -> timedelta:
    check_instant(moment, name)
    elapsed = datetime.__sub__(moment, EPOCH)  # of a subclass too, such as pendulum's
    if not timedelta(0) <= elapsed < _AFTER_9999:
        when = "before 1970" if elapsed < timedelta(0) else "after 9999"
        raise ConfigurationError(f"{name} is {when}: pass the current time, such as datetime.now(timezone.utc)")
    return elapsed


def check_instant(moment: datetime, name: str) -> None:
    """Raise ``TypeError`` for anything but a ``datetime``, and ``ConfigurationError`` for a naive one."""
    if not issubclass(type(moment), datetime):
        raise TypeError(f"{name} is {type(moment).__name__}: pass datetime.now(timezone.utc)")
    if datetime.utcoffset(moment) is None:  # pandas.NaT has one of its own, which is no timedelta
        raise ConfigurationError(f"{name} is a naive datetime: pass an aware one, such as datetime.now(timezone.utc)")


def instant(seconds: int) -> datetime:
    """The aware UTC instant for whole seconds between 0 and ``LAST_SECOND``."""
    return EPOCH + timedelta(seconds=seconds)


def check_duration(name: str, duration: timedelta) -> None:
    """Raise ``TypeError`` for anything but a ``timedelta``."""
    if not issubclass(type(duration), timedelta):
        raise TypeError(f"{name} is {type(duration).__name__}: pass timedelta(seconds=...)")


def whole_seconds(name: str, duration: timedelta, *, least: int, most: int | None = None) -> int:
    """The duration as whole seconds, between ``least`` and ``most``.

    Raises ``TypeError`` for a number and ``ConfigurationError`` for a fraction or a duration out of range.
    """
    check_duration(name, duration)
    seconds, rest = timedelta.__divmod__(duration, _SECOND)  # of a subclass too, such as pendulum's
    if rest:
        raise ConfigurationError(f"{name} is not a whole number of seconds: pass timedelta(seconds=...)")
    if seconds < least or (most is not None and seconds > most):
        limits = f"at least {least} s" if most is None else f"between {least} s and {most} s"
        raise ConfigurationError(f"{name} is {seconds} s: it must be {limits}")
    return seconds
