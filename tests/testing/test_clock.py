"""The clock for tests: it can stop and be advanced, and the library reads it while it is installed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from threading import Thread
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollout_auth import (
    ApiKeyExpiredError,
    ApiKeyIssuer,
    ConfigurationError,
    TokenExpiredError,
    generate_connect_token,
    verify_connect_token,
)
from rollout_auth.testing import CREDENTIALS, Clock, clock

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def issued_at() -> datetime:
    """When the library thinks it is."""
    token = generate_connect_token("user-1", credentials=CREDENTIALS)
    return verify_connect_token(token, credentials=CREDENTIALS).issued_at


def test_goes_with_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a start, the clock is the machine's, plus what it was advanced by."""
    machine = SimpleNamespace(time=NOON.timestamp)
    monkeypatch.setattr(clock, "time", machine)
    moved = Clock()
    assert moved.now() == NOON
    moved.advance(MINUTE)
    machine.time = (NOON + HOUR).timestamp
    assert moved.now() == NOON + HOUR + MINUTE
    assert moved.now().tzinfo is timezone.utc


def test_stands_still_in_utc() -> None:
    """With a start, the clock gives that instant in UTC every time."""
    standing = Clock(NOON.astimezone(timezone(timedelta(hours=5))))
    for _ in range(2):
        assert standing.now() == NOON
        assert standing.now().tzinfo is timezone.utc
    assert repr(standing) == "Clock(2026-03-01T12:00:00+00:00)"


@pytest.mark.parametrize(
    ("start", "error", "message"),
    [
        (NOON.replace(tzinfo=None), ConfigurationError, "start is a naive datetime"),
        (NOON - timedelta(days=60 * 365), ConfigurationError, "start is before 1970"),
        (NOON.timestamp(), TypeError, "start is float"),
        (NOON.date(), TypeError, "start is date"),
    ],
)
def test_start(start: object, error: type[Exception], message: str) -> None:
    """A start that the library would not accept as ``now`` is refused when the clock is built."""
    with pytest.raises(error, match=f"^{message}"):
        Clock(start)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=365)), max_size=5))
@example([timedelta(0)])
def test_advance(durations: list[timedelta]) -> None:
    """Advancing several times advances by the sum, to the microsecond."""
    moved = Clock(NOON)
    for duration in durations:
        moved.advance(duration)
    assert moved.now() == NOON + sum(durations, timedelta(0))


@pytest.mark.parametrize(
    ("duration", "error", "message"),
    [
        (timedelta(microseconds=-1), ConfigurationError, "duration is negative, but time only moves forward"),
        (60, TypeError, "duration is int"),
        (None, TypeError, "duration is NoneType"),
    ],
)
def test_advance_refuses(duration: object, error: type[Exception], message: str) -> None:
    """Time does not go back, and is not moved by a number; a refusal leaves the clock as it was."""
    moved = Clock(NOON)
    with pytest.raises(error, match=f"^{message}"):
        moved.advance(duration)
    assert moved.now() == NOON


def test_installed_tokens() -> None:
    """While it is installed, connect tokens are signed and verified at its time, and age with it."""
    with Clock(NOON + timedelta(milliseconds=900)).installed() as installed:
        assert issued_at() == NOON
        token = generate_connect_token("user-1", credentials=CREDENTIALS)
        installed.advance(HOUR)
        verify_connect_token(token, credentials=CREDENTIALS)
        installed.advance(MINUTE)
        with pytest.raises(TokenExpiredError):
            verify_connect_token(token, credentials=CREDENTIALS)
        assert issued_at() == NOON + HOUR + MINUTE


def test_installed_api_keys(secret: str) -> None:
    """While it is installed, API keys are issued and expire by its time."""
    issuer = ApiKeyIssuer(secret)
    with Clock(NOON).installed() as installed:
        api_key = issuer.issue("user-1").api_key
        assert issuer.authenticate(api_key).granted_at == NOON
        installed.advance(3 * HOUR)
        with pytest.raises(ApiKeyExpiredError):
            issuer.authenticate(api_key)


def test_installed_gives_way_to_now() -> None:
    """An instant passed to the library takes precedence over the installed clock."""
    with Clock(NOON).installed():
        token = generate_connect_token("user-1", credentials=CREDENTIALS, now=NOON + HOUR)
        with pytest.raises(TokenExpiredError):
            verify_connect_token(token, credentials=CREDENTIALS, now=NOON + 3 * HOUR)


def test_installed_is_undone() -> None:
    """After the block, the library reads the machine's clock again, even if the block raised."""
    far = Clock(NOON + timedelta(days=36_500))
    with far.installed():
        assert issued_at() == far.now()
    assert issued_at() < far.now()
    with pytest.raises(ZeroDivisionError), far.installed():
        raise ZeroDivisionError
    assert issued_at() < far.now()


def test_installed_within_another() -> None:
    """A clock inside another takes precedence, and restores the outer one."""
    with Clock(NOON).installed():
        with Clock(NOON + HOUR).installed():
            assert issued_at() == NOON + HOUR
        assert issued_at() == NOON


def test_installed_is_seen_by_threads() -> None:
    """Threads, such as a server's, read the installed clock too, even those started before."""
    seen: list[datetime] = []
    with Clock(NOON).installed():
        thread = Thread(target=lambda: seen.append(issued_at()))
        thread.start()
        thread.join(30)
    assert seen == [NOON]
