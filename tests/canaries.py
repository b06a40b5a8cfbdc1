"""Canaries: recognisable secrets, the texts that could show one, and a look at everything that shows an error."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import logging
import pickle
import pprint
import reprlib
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from itertools import chain, combinations
from pathlib import Path
from types import FunctionType, SimpleNamespace
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

from rollout_auth import NAMESPACE, AuthData, ClientCredentials, ShortSecretWarning

# --- the canaries ---------------------------------------------------------------------------------------------------


def canary(name: str, size: int = 80) -> str:
    return f"{name}-{hashlib.sha512(name.encode()).hexdigest()}"[:size]


CLIENT_SECRET = canary("clientSecret")
PREVIOUS_SECRET = canary("previousSecret")
OTHER_SECRET = canary("otherSecret")
SHORT_SECRET = canary("shortSecret", 40)
VERIFICATION_TOKEN = canary("sharedString")
PREVIOUS_VERIFICATION_TOKEN = canary("previousVerificationToken")
OTHER_VERIFICATION_TOKEN = canary("otherVerificationToken")
API_KEY = canary("apiKey")
REFRESH_TOKEN = canary("refreshToken")
EVENT_ID = canary("eventId")
RESOURCE_ID = canary("resourceId")
ACCOUNT = canary("account")
NESTED = canary("nested")
CANARIES = (
    *(CLIENT_SECRET, PREVIOUS_SECRET, OTHER_SECRET, SHORT_SECRET),
    *(VERIFICATION_TOKEN, PREVIOUS_VERIFICATION_TOKEN, OTHER_VERIFICATION_TOKEN),
    *(API_KEY, REFRESH_TOKEN, EVENT_ID, RESOURCE_ID, ACCOUNT, NESTED),
)

CLIENT_ID = "client-id"
USER_ID = "user-1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
NAIVE = NOW.replace(tzinfo=None)
SECOND = int(NOW.timestamp())
EXTRA = {"account": ACCOUNT, "settings": {"keys": [NESTED]}}
WIRE = {"apiKey": API_KEY, "refreshToken": REFRESH_TOKEN, "expiresIn": 3600, **EXTRA}

CREDENTIALS = ClientCredentials(CLIENT_ID, CLIENT_SECRET, [PREVIOUS_SECRET])
AUTH_DATA = AuthData(API_KEY, REFRESH_TOKEN, 3600, EXTRA)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ShortSecretWarning)
    SHORT_CREDENTIALS = ClientCredentials(CLIENT_ID, SHORT_SECRET, [CLIENT_SECRET])


def pieces(text: str) -> set[str]:
    """Parts of the text such that any 31 characters in a row hold one: a text that was cut short is found too."""
    return {text[start : start + 16] for start in range(0, len(text) - 15, 16)}


def all_pieces(strings: Iterable[str]) -> set[str]:
    return {piece for string in strings for piece in pieces(string)}


def encodings(secret: str) -> Iterator[str]:
    """The texts by which a report could show a secret: itself, its bytes, and base64 of a text that contains it."""
    data = secret.encode()
    yield secret
    yield data.hex()
    yield str(list(data))[1:-1]
    for before in range(3):
        start, end = -(-8 * before // 6), 8 * (before + len(data)) // 6
        padded = bytes(before) + data
        yield base64.urlsafe_b64encode(padded).decode()[start:end]
        yield base64.b64encode(padded).decode()[start:end]


CANARY_PIECES = all_pieces(text for secret in CANARIES for text in encodings(secret))

# --- connect tokens -------------------------------------------------------------------------------------------------

HEADER = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"
CLAIMS = {"iss": CLIENT_ID, "sub": USER_ID, "iat": SECOND, "exp": SECOND + 3600, NAMESPACE: {"authData": WIRE}}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_bytes(payload: bytes, header: bytes = b'{"alg":"HS512","typ":"JWT"}', secret: str = CLIENT_SECRET) -> str:
    signing_input = f"{encoded(header)}.{encoded(payload)}"
    return f"{signing_input}.{encoded(hmac.digest(secret.encode(), signing_input.encode(), 'sha512'))}"


def signed(payload: object, **changes: object) -> str:
    return signed_bytes(json.dumps(payload).encode(), **changes)


def claims(**changes: object) -> str:
    return signed(CLAIMS | changes)


def token_texts(token: str | bytes) -> Iterator[str]:
    """The segments of a token that tell something, and what they decode to."""
    text = token if isinstance(token, str) else token.decode("latin-1")
    for segment in text.split("."):
        if segment != HEADER:
            yield segment
            with contextlib.suppress(ValueError):
                yield base64.urlsafe_b64decode(segment + "==").decode("latin-1")


TOKEN = signed(CLAIMS)
TOKEN_PIECES = all_pieces(token_texts(TOKEN))

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
        return [sight for link in links(error) for sight in (*texts(link), *self.sentry(link), *django(link))]

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


def leaks(sights: Iterable[Sight], wanted: Iterable[str] = CANARY_PIECES) -> list[str]:
    """Where one of the texts stands, with what stands before it."""
    found = []
    for where, text in sights:
        places = [text.index(piece) for piece in wanted if piece in text]
        if places:
            place = min(places)
            found.append(f"{where}: {' '.join(text[max(0, place - 60) : place + 16].split())}")
    return found


def failure(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:  # noqa: BLE001  whatever comes out is what gets reported
        return error
    pytest.fail("the call did not fail")


def assert_sights_hide(sights: list[Sight], more: Iterable[str] = ()) -> None:
    """Frames of the package are among what is seen, and no secret is."""
    found = leaks(sights, CANARY_PIECES.union(more))
    assert not found, "\n".join(found)
    for reporter in ("sentry", "django"):
        assert any(sight.where.startswith(f"{reporter}: rollout_auth.") for sight in sights), f"no frame for {reporter}"


def assert_hidden(
    reporters: Reporters, expected: type[Exception], call: Callable[[], object], more: Iterable[str] = ()
) -> None:
    error = failure(call)
    assert_sights_hide(reporters.sights(error), more)
    assert type(error) is expected, type(error).__name__


def pretended(function: FunctionType, module: str = "rollout_auth.pretended") -> FunctionType:
    """The function as if it stood in a module that does not belong to the tests."""
    code = function.__code__.replace(co_filename=f"<{module}>")
    return FunctionType(code, function.__globals__ | {"__name__": module}, closure=function.__closure__)


def as_local(held: object) -> None:
    raise ValueError("says nothing")


# --- unusable values ------------------------------------------------------------------------------------------------


def case(name: str, error: type[Exception], call: Callable[..., object], *args: object, **kwargs: object) -> object:
    return pytest.param(error, partial(call, *args, **kwargs), id=name)


def cases(
    name: str, error: type[Exception], values: Mapping[str, object], call: Callable[[object], object]
) -> list[object]:
    return [case(f"{name}-{kind}", error, call, value) for kind, value in values.items()]


def without(values: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}


def nested(depth: int, value: object) -> object:
    for _ in range(depth):
        value = [value]
    return value


def wrong_types(secret: str) -> dict[str, object]:
    """Not a str, though most hold the secret."""
    return {
        "none": None,
        "int": 42,
        "bytes": secret.encode(),
        "bytearray": bytearray(secret.encode()),
        "list": [secret],
        "dict": {"value": secret},
        "object": SimpleNamespace(value=secret),
    }


def unusable_texts(secret: str) -> dict[str, object]:
    return {
        "empty": "",
        "blank": " \t",
        "space-before": f" {secret}",
        "line-break-after": f"{secret}\n",
        "byte-order-mark": f"\ufeff{secret}",
        "zero-width-space": f"{secret}\u200b",
        "nul": f"{secret}\0{secret}",
        "lone-surrogate": f"{secret}\udcff",
    }


def unusable_secrets(secret: str) -> dict[str, object]:
    return unusable_texts(secret) | {
        "pem": f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
        "ssh": f"ssh-ed25519 {secret}",
        "jwk": json.dumps({"kty": "oct", "k": secret}),
        "jwk-set": json.dumps([{"kty": "oct", "k": secret}]),
    }


WRONG_CREDENTIALS = {
    "str": CLIENT_SECRET,
    "bytes": CLIENT_SECRET.encode(),
    "tuple": (CLIENT_ID, CLIENT_SECRET),
    "list": [CLIENT_ID, CLIENT_SECRET],
    "dict": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    "object": SimpleNamespace(client_id=CLIENT_ID, client_secret=CLIENT_SECRET),
    "auth-data": AUTH_DATA,
    "class": ClientCredentials,
}
WRONG_AUTH_DATA = without(wrong_types(API_KEY), "none") | {"str": API_KEY, "wire": WIRE, "credentials": CREDENTIALS}


class Unreachable(Mapping[str, object]):
    """A mapping that reads its values from elsewhere, and fails at the first that it does not hold."""

    def __init__(self, held: Mapping[str, object]) -> None:
        self.held = held

    def __getitem__(self, key: str) -> object:
        if key not in self.held:
            raise OSError("unreachable")
        return self.held[key]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.held, "elsewhere"])

    def __len__(self) -> int:
        return len(self.held) + 1


# --- unusable environments ------------------------------------------------------------------------------------------


def each_spoiled(
    variables: Mapping[str, str], unusable: Mapping[str, tuple[str, Mapping[str, str]]]
) -> dict[str, dict[str, str]]:
    """The variables, with one of them at a time set to an unusable value."""
    return {
        f"{prefix}-{kind}": {**variables, name: value}
        for prefix, (name, values) in unusable.items()
        for kind, value in values.items()
    }


def settable(environments: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Those that a process can have: the operating system refuses NUL in a variable."""
    return {kind: variables for kind, variables in environments.items() if "\0" not in "".join(variables.values())}


VARIABLES = {
    "ROLLOUT_CLIENT_ID": CLIENT_ID,
    "ROLLOUT_CLIENT_SECRET": CLIENT_SECRET,
    "ROLLOUT_PREVIOUS_CLIENT_SECRET": PREVIOUS_SECRET,
}
UNUSABLE_VARIABLES = {
    "client-id": ("ROLLOUT_CLIENT_ID", unusable_texts(CLIENT_ID)),
    "client-secret": ("ROLLOUT_CLIENT_SECRET", unusable_secrets(CLIENT_SECRET)),
    "previous-secret": ("ROLLOUT_PREVIOUS_CLIENT_SECRET", without(unusable_secrets(PREVIOUS_SECRET), "empty")),
}
UNUSABLE_ENVIRONMENTS: dict[str, dict[str, str]] = {
    "no-variable": {},
    "no-client-id": without(VARIABLES, "ROLLOUT_CLIENT_ID"),
    "no-client-secret": without(VARIABLES, "ROLLOUT_CLIENT_SECRET"),
    "client-id-is-secret": VARIABLES | {"ROLLOUT_CLIENT_ID": CLIENT_SECRET},
    "client-id-is-previous-secret": VARIABLES | {"ROLLOUT_CLIENT_ID": PREVIOUS_SECRET},
    **each_spoiled(VARIABLES, UNUSABLE_VARIABLES),
}
SHORT_ENVIRONMENTS = {
    "short-secret": VARIABLES | {"ROLLOUT_CLIENT_SECRET": SHORT_SECRET},
    "short-previous-secret": VARIABLES | {"ROLLOUT_PREVIOUS_CLIENT_SECRET": SHORT_SECRET},
}

# --- representations ------------------------------------------------------------------------------------------------


def logged(message: str, value: object) -> str:
    record = logging.LogRecord("app", logging.INFO, "app.py", 1, message, ("value", value), None)
    return logging.Formatter().format(record)


WAYS: dict[str, Callable[[object], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "f-string": lambda value: f"{value}",
    "f-string-repr": lambda value: f"{value!r}",
    "pformat": pprint.pformat,
    "pformat-narrow": partial(pprint.pformat, width=1),
    "reprlib": reprlib.repr,
    "in-a-list": lambda value: str([value]),
    "in-a-dict": lambda value: str({"value": value}),
    "logged": partial(logged, "%s: %s"),
    "logged-repr": partial(logged, "%s: %r"),
}


def half_built_sights(value: object) -> Iterator[Sight]:
    """The texts of the value with each choice of its attributes, none included."""
    names = [name for name in type(value).__slots__ if hasattr(value, name)]
    for some in chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)):
        half_built = type(value).__new__(type(value))
        for name in some:
            object.__setattr__(half_built, name, getattr(value, name))
        for way, show in WAYS.items():
            yield Sight(f"{way} of {some}", show(half_built))
