from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone, tzinfo
from enum import Enum

import pytest

from rollout_auth import ConfigurationError, InvalidUserIdError
from rollout_auth._checks import (
    EPOCH,
    LAST_SECOND,
    checked_user_id,
    epoch_seconds,
    instant,
    one_or_several,
    secret_problem,
    text_problem,
    whole_seconds,
)

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----"


class Role(str, Enum):
    ADMIN = "admin"


@pytest.mark.parametrize("value", ["a", "a b", "ключ", "🔑"])
def test_usable_text(value: str) -> None:
    """Text with something in it is fine, whatever its script."""
    assert text_problem(value) is None
    assert secret_problem(value) is None


def test_visible_ends() -> None:
    """Every visible character of ASCII may begin and end a text."""
    for character in map(chr, range(0x21, 0x7F)):
        assert text_problem(f"{character} {character}") is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "blank"),
        (" \t\n", "blank"),
        ("a\n", "white space"),
        ("\r\na", "white space"),
        ("a\u00a0", "white space"),
        ("a\u3000", "white space"),
        ("\u2028a", "white space"),
        ("a\x85", "white space"),
        ("\ufeffa", "white space"),
        ("a\u200b", "white space"),
        ("a\u2060", "white space"),
        ("a\0b", "NUL"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_unusable_text(value: str, problem: str) -> None:
    """What a careless copy leaves behind is named."""
    assert problem in (text_problem(value) or "")
    assert problem in (secret_problem(value) or "")


@pytest.mark.parametrize(
    "value",
    [
        PEM,
        PEM.replace("-----", "---- ").strip(),
        PEM[:30],
        PEM[-30:],
        "ssh-rsa AAAAB3NzaC1yc2E= user@host",
        "ssh-ed25519 AAAA",
        "ssh-dss AAAA",
        "ecdsa-sha2-nistp256 AAAA",
        "prefix ssh-rsa AAAA",
        "x-cert-v01@openssh.com AAAA",
        '{"kty":"oct","k":"AAAA"}',
        '[{"kty":"oct"}]',
        '{"kty":',
        "[" * 2000,
    ],
)
def test_other_kinds_of_key(value: str) -> None:
    """The text of a PEM, SSH or JWK key is no HMAC secret, though it is fine as other text."""
    assert text_problem(value) is None
    assert "copy the secret itself" in (secret_problem(value) or "")
    assert secret_problem(f"{value}\n") == secret_problem(f"\n{value}") == secret_problem(value)


@pytest.mark.parametrize("value", ["a\nb", "\x7fa", "a\x01b"])
def test_control_characters(value: str) -> None:
    """A secret has no control characters, which are allowed in other text."""
    assert text_problem(value) is None
    assert "control character" in (secret_problem(value) or "")


@pytest.mark.parametrize("value", ["}", "a{}", "sshrsa", "BEGIN PRIVATE KEY"])
def test_secrets_that_only_resemble_keys(value: str) -> None:
    """A secret that merely has a character in common with such a key is a secret."""
    assert secret_problem(value) is None


@pytest.mark.parametrize("values", [b"two", 42, {"two"}, None])
def test_one_or_several(values: object) -> None:
    """What is neither a text nor a list of them is named as what it is, and bytes are no list of numbers."""
    with pytest.raises(TypeError, match=f"secrets is {type(values).__name__}: pass a str or a list of str"):
        one_or_several("secrets", values)


@pytest.mark.parametrize("user_id", [42, True, None, b"42", 4.2, ["42"]])
def test_user_id_type(user_id: object) -> None:
    """A user id that is not a str is the caller's mistake, and the message holds the mend."""
    with pytest.raises(TypeError, match=r"pass str\(user\.pk\)") as caught:
        checked_user_id(user_id)
    assert type(user_id).__name__ in str(caught.value)


@pytest.mark.parametrize("user_id", ["", " ", " 42", "42\n", "4\x002", "\udcff"])
def test_user_id_text(user_id: str) -> None:
    """A user id that Rollout would file under another user is refused, and the message holds the mend."""
    with pytest.raises(InvalidUserIdError, match=r"pass str\(user\.pk\)"):
        checked_user_id(user_id)


def test_user_id_of_another_class() -> None:
    """A member of an enumeration of texts counts as its text, and comes back as a plain one."""
    user_id = checked_user_id(Role.ADMIN)
    assert (user_id, type(user_id)) == ("admin", str)


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
