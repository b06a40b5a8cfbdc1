"""The rules that several modules share: text, secrets, user ids, instants and durations.

``text_problem`` and ``secret_problem`` return what is wrong, because each caller names its own field and raises its own
error; the others raise.
"""

from __future__ import annotations

import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

from .errors import ConfigurationError, InvalidUserIdError, ShortSecretWarning

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that a ``datetime`` can name."""

RECOMMENDED_SECRET_BYTES = 64
"""RFC 7518 section 3.2: an HS512 key has at least the size of the hash output."""

_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_INVISIBLE = "\ufeff\u200b\u2060"  # byte order mark, zero width space, word joiner: what a copied text brings along
_CONTROL = r"[\x00-\x1f\x7f]"
_KEY_FILE = r"----[- ](BEGIN|END) |ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp|-cert-v01@openssh\.com"


def text_problem(value: str) -> str | None:
    """What is wrong with a short text that travels as it is, or None: blank, white space at an end, NUL, surrogates."""
    stripped = value.strip()
    if not stripped:
        return "is blank: pass its text"
    if value != stripped or value != value.strip(_INVISIBLE):
        return "starts or ends with white space: remove it (was a line break copied along?)"
    if "\0" in value:
        return "contains a NUL character: remove it"
    if not is_well_formed(value):
        return "contains a lone surrogate: it was decoded wrongly, decode it as UTF-8"
    return None


def secret_problem(value: str) -> str | None:
    """What is wrong with an HMAC secret, or None: as ``text_problem``, and the text of another kind of key.

    Source: PyJWT refuses PEM, SSH and JWK text as an HMAC key (``jwt.utils`` and ``jwt.algorithms``), because whoever
    configures one has confused a public key with a secret. The rule here covers that of every PyJWT since 2.8, which
    knows keys in DER too: they hold control characters.
    """
    if re.search(_KEY_FILE, value):
        return "is the text of a PEM or SSH key, and no HMAC secret: copy the secret itself"
    if value.strip()[:1] in ("{", "["):
        return "looks like JSON, such as a JWK: copy the secret itself"
    problem = text_problem(value)
    if problem is None and re.search(_CONTROL, value):
        return "contains a control character, such as a line break: remove it"
    return problem


def checked_text(name: str, value: str, rule: Callable[[str], str | None]) -> str:
    """A setting as a plain ``str``. Raises ``TypeError``, or ``ConfigurationError`` with what the rule finds."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}: pass a str (if it is from the environment, is it set?)")
    problem = rule(value)
    if problem:
        raise ConfigurationError(f"{name} {problem}")
    return plain_text(value)


def one_or_several(name: str, values: str | Sequence[str]) -> Sequence[str]:
    """A setting that is one text or a list of them. Raises ``TypeError``, and ``ConfigurationError`` for none."""
    several = [values] if isinstance(values, str) else values
    if not isinstance(several, Sequence) or isinstance(several, bytes):
        raise TypeError(f"{name} is {type(several).__name__}: pass a str or a list of str")
    if not several:
        raise ConfigurationError(f"{name} is empty: pass at least one")
    return several


def environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """The argument, or ``os.environ`` for None. Raises ``TypeError`` for something else."""
    if environ is None:
        return os.environ
    if not isinstance(environ, Mapping):
        raise TypeError(f"environ is {type(environ).__name__}: pass a mapping, or nothing for os.environ")
    return environ


def warn_of_short_secrets(name: str, secrets: Iterable[str]) -> None:
    """Give one ``ShortSecretWarning``, at the caller's line, if a secret has fewer bytes than HS512 asks for."""
    if min(len(secret.encode()) for secret in secrets) < RECOMMENDED_SECRET_BYTES:
        message = (
            f"{name} has fewer than the {RECOMMENDED_SECRET_BYTES} bytes that HS512 asks for (RFC 7518 section 3.2):"
            " was it copied whole? A longer one is safer"
        )
        warnings.warn(message, ShortSecretWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """How many frames lie between ``warnings.warn`` in the caller of this function and the first one outside here."""
    level = 1
    # The documented way to a caller's frame without loading inspect; warnings has skip_file_prefixes from 3.12 on.
    frame = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] == "rollout_auth":
        level += 1
        frame = frame.f_back
    return level


def plain_text(value: str) -> str:
    """The text of a ``str`` of any class, such as an enumeration's, as a plain ``str``."""
    return value if type(value) is str else str.__str__(value)


def is_well_formed(text: str) -> bool:
    """Whether the text has a UTF-8 form, which one with a lone surrogate has not."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked_user_id(user_id: str) -> str:
    """Refuse what Rollout would store under another user, or not at all.

    Source: docs.rollout.com/documentation/authenticating-with-rollout, claim ``sub``: a persistent, unique string.
    Raises ``TypeError`` for anything but a ``str`` and ``InvalidUserIdError`` for unusable text.
    """
    if not isinstance(user_id, str):
        raise TypeError(f"user_id is {type(user_id).__name__}, and Rollout takes a string: pass str(user.pk)")
    problem = text_problem(user_id)
    if problem:
        raise InvalidUserIdError(f"user_id {problem}; pass str(user.pk)")
    return plain_text(user_id)


def epoch_seconds(now: datetime | None, name: str = "now") -> int:
    """The instant as whole seconds since 1970, rounded down; the current time for None.

    Raises ``TypeError`` for anything but a ``datetime`` and ``ConfigurationError`` for a naive one or one before 1970.
    """
    if now is None:
        return int(time.time())
    check_instant(now, name)
    seconds = datetime.__sub__(now, EPOCH) // _SECOND  # of a subclass such as pendulum's, too
    if seconds < 0:
        raise ConfigurationError(f"{name} is before 1970: pass the current time, such as datetime.now(timezone.utc)")
    return seconds


def epoch_milliseconds(now: datetime | None) -> int:
    """The instant as whole milliseconds since 1970, with the rules of ``epoch_seconds``."""
    if now is None:
        return int(time.time() * 1000)
    epoch_seconds(now)
    return datetime.__sub__(now, EPOCH) // _MILLISECOND


def check_instant(moment: datetime, name: str) -> None:
    """Raise ``TypeError`` for anything but a ``datetime``, and ``ConfigurationError`` for a naive one."""
    if not isinstance(moment, datetime):
        raise TypeError(f"{name} is {type(moment).__name__}: pass datetime.now(timezone.utc)")
    if moment.tzinfo is not timezone.utc and moment.utcoffset() is None:
        raise ConfigurationError(f"{name} is a naive datetime: pass an aware one, such as datetime.now(timezone.utc)")


def instant(seconds: int) -> datetime:
    """The aware UTC instant for whole seconds between 0 and ``LAST_SECOND``."""
    return EPOCH + timedelta(seconds=seconds)


def check_duration(name: str, duration: timedelta) -> None:
    """Raise ``TypeError`` for anything but a ``timedelta``."""
    if not isinstance(duration, timedelta):
        raise TypeError(f"{name} is {type(duration).__name__}: pass timedelta(seconds=...)")


def whole_seconds(name: str, duration: timedelta, *, least: int, most: int | None = None) -> int:
    """The duration as whole seconds, between ``least`` and ``most``.

    Raises ``TypeError`` for a number and ``ConfigurationError`` for a fraction or a duration out of range.
    """
    check_duration(name, duration)
    seconds, rest = timedelta.__divmod__(duration, _SECOND)  # of a subclass such as pendulum's, too
    if rest:
        raise ConfigurationError(f"{name} is not a whole number of seconds: pass timedelta(seconds=...)")
    if seconds < least or (most is not None and seconds > most):
        limits = f"at least {least} s" if most is None else f"between {least} s and {most} s"
        raise ConfigurationError(f"{name} is {seconds} s: it must be {limits}")
    return seconds
