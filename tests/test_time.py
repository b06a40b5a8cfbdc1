from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from django.utils.functional import SimpleLazyObject
from werkzeug.local import LocalProxy

from rollout_auth import ConfigurationError
from rollout_auth._time import (
    EPOCH,
    LAST_SECOND,
    epoch_milliseconds,
    epoch_seconds,
    instant,
    replace_clock,
    whole_seconds,
)


def test_current_time() -> None:
    """Without an instant, it is now."""
    before = int(time.time())
    assert before <= epoch_seconds(None) <= time.time()


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (EPOCH, 0),
        (datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=timezone.utc), 1),
        (datetime(1970, 1, 1, 5, 30, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))), 2),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc), LAST_SECOND),
    ],
)
def test_instants_are_rounded_down(moment: datetime, seconds: int) -> None:
    """An instant counts as the whole second that it lies in, wherever its clock hangs."""
    assert epoch_seconds(moment) == seconds
    assert instant(seconds) == moment.replace(microsecond=0)
    assert instant(seconds).tzinfo is timezone.utc


class _Nowhere(tzinfo):
    def utcoffset(self, _moment: datetime | None) -> None:
        return None


@pytest.mark.parametrize("zone", [None, _Nowhere()])
def test_naive_instants(zone: tzinfo | None) -> None:
    """A datetime without an offset, which would be off by the machine's own, is refused."""
    with pytest.raises(ConfigurationError, match=r"^now is .*datetime\.now\(timezone\.utc\)"):
        epoch_seconds(datetime(2026, 1, 1, tzinfo=zone))


def test_instants_before_1970() -> None:
    """An instant that no clock of today shows is refused."""
    with pytest.raises(ConfigurationError, match="before 1970"):
        epoch_seconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc))


def test_instants_after_9999() -> None:
    """An instant that is no longer in the year 9999 by UTC is refused, whatever its own calendar says."""
    with pytest.raises(ConfigurationError, match="now is after 9999"):
        epoch_seconds(datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))))
    assert epoch_seconds(datetime.max.replace(tzinfo=timezone.utc)) == LAST_SECOND


def test_1970_is_counted_in_utc() -> None:
    """The year 1970 begins when it begins in UTC, whatever the calendar on the wall."""
    assert epoch_seconds(datetime(1969, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))) == 4 * 3600
    with pytest.raises(ConfigurationError, match="before 1970"):
        epoch_seconds(datetime(1970, 1, 1, 4, tzinfo=timezone(timedelta(hours=5))))


@pytest.mark.parametrize("moment", [1_700_000_000, 1.5, "2026-01-01T00:00:00Z"])
def test_instants_are_datetimes(moment: object) -> None:
    """A number or text is not an instant."""
    with pytest.raises(TypeError, match="issued_at is"):
        epoch_seconds(moment, "issued_at")


def test_durations() -> None:
    """Both limits are allowed."""
    assert whole_seconds("ttl", timedelta(seconds=1), least=1, most=60) == 1
    assert whole_seconds("ttl", timedelta(minutes=1), least=1, most=60) == 60
    assert whole_seconds("leeway", timedelta(days=1000), least=0) == 86_400_000


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        (timedelta(0), "between 1 s and 60 s"),
        (timedelta(seconds=61), "between 1 s and 60 s"),
        (timedelta(seconds=-5), "between 1 s and 60 s"),
        (timedelta(seconds=1, microseconds=1), "not a whole number of seconds"),
        (timedelta(microseconds=-1), "not a whole number of seconds"),
    ],
)
def test_durations_out_of_range(duration: timedelta, message: str) -> None:
    """A fraction, or a duration beyond a limit, is a mistake in the settings."""
    with pytest.raises(ConfigurationError, match=f"ttl.*{message}"):
        whole_seconds("ttl", duration, least=1, most=60)


def test_negative_duration_without_upper_limit() -> None:
    """The message for a lower limit names no other."""
    with pytest.raises(ConfigurationError, match=r"at least 0 s$"):
        whole_seconds("leeway", timedelta(seconds=-1), least=0)


@pytest.mark.parametrize("duration", [60, 60.0, "60", None])
def test_durations_are_timedeltas(duration: object) -> None:
    """A bare number, whose unit would be a guess, is refused."""
    with pytest.raises(TypeError, match=r"ttl is \w+: pass timedelta\(seconds="):
        whole_seconds("ttl", duration, least=1)


def test_clock_is_replaced() -> None:
    """Every instant that is not given is read from the clock that was put in place, until it is taken away."""
    before = replace_clock(lambda: 1.9)
    try:
        assert (epoch_seconds(None), epoch_milliseconds(None)) == (1, 1900)
        assert epoch_seconds(EPOCH) == 0
    finally:
        assert replace_clock(before)() == 1.9
    assert epoch_seconds(None) > 1_700_000_000


class NotATime(datetime):
    """As ``pandas.NaT`` (3.1) is: a datetime by its class, without a zone, most of whose methods raise."""

    def utcoffset(self) -> timedelta:
        raise ValueError("NaTType does not support utcoffset")

    def __sub__(self, other: object) -> NotATime:
        return self


def test_not_a_time() -> None:
    """What only calls itself a datetime is refused as a naive one."""
    with pytest.raises(ConfigurationError, match="now is a naive datetime"):
        epoch_seconds(NotATime(1, 1, 1))


@pytest.mark.parametrize("kind", [LocalProxy, SimpleLazyObject])
def test_lazy_instants_and_durations(kind: type) -> None:
    """A proxy for a datetime or a timedelta gets the documented error."""
    with pytest.raises(TypeError, match=r"pass datetime\.now"):
        epoch_seconds(kind(lambda: EPOCH))
    with pytest.raises(TypeError, match=r"pass timedelta\(seconds="):
        whole_seconds("ttl", kind(lambda: timedelta(1)), least=1)
