"""Canaries: recognisable secrets, the texts that could show one, and everything that shows an error."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

import pytest
from django.conf import settings
from django.template.defaultfilters import pprint as django_pprint
from django.utils.functional import empty
from django.views.debug import ExceptionReporter
from sentry_sdk import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import event_from_exception

from rollout_auth import NAMESPACE, AuthData, ClientCredentials

# --- the canaries ---------------------------------------------------------------------------------------------------


def canary(name: str, size: int = 80) -> str:
    return f"{name}-{hashlib.sha512(name.encode()).hexdigest()}"[:size]


NAMES = ("clientSecret", "previousSecret", "otherSecret", "sharedString", "apiKey", "refreshToken", "account", "nested")
CANARIES = tuple(canary(name) for name in NAMES)
CLIENT_SECRET, PREVIOUS_SECRET, OTHER_SECRET, VERIFICATION_TOKEN, API_KEY, REFRESH_TOKEN, ACCOUNT, NESTED = CANARIES

CLIENT_ID = "client-id"
USER_ID = "user-1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
SECOND = int(NOW.timestamp())
EXTRA = {"account": ACCOUNT, "settings": {"keys": [NESTED]}}
WIRE = {"apiKey": API_KEY, "refreshToken": REFRESH_TOKEN, "expiresIn": 3600, **EXTRA}
CLAIMS = {"iss": CLIENT_ID, "sub": USER_ID, "iat": SECOND, "exp": SECOND + 3600, NAMESPACE: {"authData": WIRE}}

CREDENTIALS = ClientCredentials(CLIENT_ID, CLIENT_SECRET, [PREVIOUS_SECRET])
AUTH_DATA = AuthData(API_KEY, REFRESH_TOKEN, 3600, EXTRA)

PIECE = 16


def pieces(text: str) -> set[str]:
    """Parts of the text such that any 31 characters in a row hold one: a text that was cut short is found too."""
    return {text[start : start + PIECE] for start in range(0, len(text) - PIECE + 1, PIECE)}


def all_pieces(strings: Iterable[str]) -> set[str]:
    return {piece for string in strings for piece in pieces(string)}


def encodings(secret: str) -> Iterator[str]:
    """The texts by which a report could show a secret: itself, its bytes, and base64 of a text that contains it."""
    data = secret.encode()
    yield from (secret, data.hex(), str(list(data))[1:-1])
    for before in range(3):
        start, end = -(-8 * before // 6), 8 * (before + len(data)) // 6
        padded = bytes(before) + data
        yield base64.urlsafe_b64encode(padded).decode()[start:end]
        yield base64.b64encode(padded).decode()[start:end]


CANARY_PIECES = all_pieces(text for secret in CANARIES for text in encodings(secret))

# --- tokens ---------------------------------------------------------------------------------------------------------

HEADER = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload: object, header: bytes = b'{"alg":"HS512","typ":"JWT"}', secret: str = CLIENT_SECRET) -> str:
    """A compact JWS of bytes, or of what becomes JSON."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signing_input = f"{encoded(header)}.{encoded(data)}"
    return f"{signing_input}.{encoded(hmac.digest(secret.encode(), signing_input.encode(), 'sha512'))}"


def token_texts(token: str | bytes) -> Iterator[str]:
    """The segments of a token that say something, and what they decode to."""
    text = token if isinstance(token, str) else token.decode("latin-1")
    for segment in text.split("."):
        if segment != HEADER:
            yield segment
            with contextlib.suppress(ValueError):
                yield base64.urlsafe_b64decode(segment + "==").decode("latin-1")


# --- what a person or an error reporter sees ------------------------------------------------------------------------

TESTS = Path(__file__).parent


class Sight(NamedTuple):
    """A text that a failure shows, and where."""

    where: str
    text: str


class Collector(Transport):
    """Keeps the events that Sentry's client would send."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events.append(envelope.get_event())


class Reporters:
    """Everything that shows an error; of its frames, those that do not belong to the tests."""

    def __init__(self) -> None:
        self.collector = Collector()
        self.client = Client(transport=self.collector, release="1", default_integrations=False)

    def sights(self, error: BaseException) -> list[Sight]:
        shown = (
            sights for link in links(error) for sights in (texts(link), kept(link), self.sentry(link), django(link))
        )
        return [sight for sights in shown for sight in sights]

    def sentry(self, error: BaseException) -> Iterator[Sight]:
        event, hint = event_from_exception(error, client_options=self.client.options)
        self.client.capture_event(event, hint)
        for value in self.collector.events.pop()["exception"]["values"]:
            yield Sight("sentry: value", value["value"])
            for frame in value.get("stacktrace", {}).get("frames", ()):
                if TESTS not in Path(frame["abs_path"]).parents:
                    yield Sight(f"sentry: {frame['module']}.{frame['function']}", repr(frame["vars"]))


@contextlib.contextmanager
def reporting() -> Iterator[Reporters]:
    """Sentry's client and Django's exception reporter, each with its default settings."""
    before = settings._wrapped
    settings._wrapped = empty
    settings.configure(DEBUG=False)
    reporters = Reporters()
    try:
        yield reporters
    finally:
        reporters.client.close()
        settings._wrapped = before


def django(error: BaseException) -> Iterator[Sight]:
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    for frame in reporter.get_traceback_frames():
        if frame["tb"] and TESTS not in Path(frame["filename"]).parents:
            module = frame["tb"].tb_frame.f_globals["__name__"]
            variables = [f"{name} = {django_pprint(value)}" for name, value in frame["vars"]]
            yield Sight(f"django: {module}.{frame['function']}", "\n".join(variables))


def links(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and its contexts, those that are suppressed included."""
    waiting, seen = [error], []
    while waiting:
        link = waiting.pop()
        if link is not None and not any(link is other for other in seen):
            seen.append(link)
            waiting += [link.__cause__, link.__context__]
            yield link


def texts(error: BaseException) -> Iterator[Sight]:
    yield Sight("str", str(error))
    yield Sight("repr", repr(error))
    yield Sight("args", repr(error.args))
    yield Sight("vars", repr(vars(error)))
    yield Sight("notes", repr(getattr(error, "__notes__", ())))
    yield Sight("pickle", pickle.dumps(error).decode("latin-1"))
    yield Sight("traceback", "".join(traceback.format_exception(type(error), error, error.__traceback__)))


def belongs_to_the_package(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "rollout_auth"


def frames_of(step: TracebackType | None) -> Iterator[FrameType]:
    while step is not None:
        yield step.tb_frame
        step = step.tb_next


def kept(error: BaseException) -> Iterator[Sight]:
    """What an error keeps of the package's frames and of those that they called, the tests' own left out."""
    is_below = False
    for frame in frames_of(error.__traceback__):
        is_below = is_below or belongs_to_the_package(frame)
        if is_below and TESTS not in Path(frame.f_code.co_filename).parents:
            yield from variables(frame)


def variables(frame: FrameType) -> Iterator[Sight]:
    where = f"frame: {frame.f_globals.get('__name__')}.{frame.f_code.co_name}"
    for name, value in frame.f_locals.items():
        for text in plain_texts(value):
            yield Sight(f"{where}: {name}", text)


def plain_texts(value: object) -> Iterator[str]:
    """The texts that a value shows or holds, in plain containers too; a public value hides its own in its ``repr``."""
    yield repr(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, (bytes, bytearray)):
        yield value.decode("latin-1")
    elif isinstance(value, BaseException):
        yield from plain_texts(value.args)
    elif type(value) in (dict, list, tuple, set, frozenset):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from plain_texts(item)


def leaks(sights: Iterable[Sight], wanted: AbstractSet[str] = CANARY_PIECES) -> list[str]:
    """Where one of the pieces stands, with what stands before it."""
    found = []
    for where, text in sights:
        for place in range(len(text) - PIECE + 1):
            if text[place : place + PIECE] in wanted:
                found.append(f"{where}: {' '.join(text[max(0, place - 60) : place + PIECE].split())}")
                break
    return found


def failure(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:  # noqa: BLE001  whatever comes out is what gets reported
        return error
    pytest.fail("the call did not fail")


def assert_sights_hide(sights: list[Sight], wanted: AbstractSet[str] = CANARY_PIECES) -> None:
    """Frames of the package are among what is seen, and no secret is."""
    found = leaks(sights, wanted)
    assert not found, "\n".join(found)
    for reporter in ("sentry", "django"):
        assert any(sight.where.startswith(f"{reporter}: rollout_auth.") for sight in sights), f"no frame for {reporter}"


def assert_hidden(
    reporters: Reporters,
    expected: type[Exception],
    call: Callable[[], object],
    wanted: AbstractSet[str] = CANARY_PIECES,
) -> Exception:
    error = failure(call)
    assert_sights_hide(reporters.sights(error), wanted)
    assert isinstance(error, expected), type(error).__name__
    return error


def without(values: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}
