"""No failure, representation or serialiser shows a secret: neither a configured one, nor a key, a token or a body."""

from __future__ import annotations

import base64
import contextlib
import copy
import dataclasses
import json
import logging
import pickle
import pprint
import reprlib
import sys
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, combinations
from types import FunctionType, SimpleNamespace
from unittest.mock import patch

import flask
import msgspec
import orjson
import pydantic
import pytest
from canaries import (
    ACCOUNT,
    API_KEY,
    AUTH_DATA,
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    EVENT_ID,
    NOW,
    REFRESH_TOKEN,
    USER_ID,
    WIRE,
    Reporters,
    Sight,
    assert_hidden,
    failure,
    leaks,
    pretended,
)
from fastapi.encoders import jsonable_encoder
from pythonjsonlogger.json import JsonFormatter
from secrecy_cases import (
    BEARER_VERIFIER,
    CALLS,
    ENDPOINT,
    ISSUED,
    ISSUER,
    PIECES,
    SECRETS,
    SIGNER,
    TOKEN,
    VERIFIER,
    forget,
    pieces_with,
)

from rollout_auth import (
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    ClientCredentials,
    ConfigurationError,
    ConnectToken,
    RefreshEndpoint,
    RefreshRequest,
    RequestRefusedError,
    WebhookEvent,
    connect_token_response,
    error_response,
    refresh_response,
    verify_connect_token,
)

# --- failures -------------------------------------------------------------------------------------------------------

REFUSALS = {f"{name}: {kind}": (value, call) for name, each in CALLS.items() for kind, value, call in each.bad()}


@pytest.mark.parametrize(("value", "call"), REFUSALS.values(), ids=REFUSALS)
def test_refusal(
    reporters: Reporters, caplog: pytest.LogCaptureFixture, value: object, call: Callable[[], object]
) -> None:
    """A value that a public call refuses is shown nowhere, and neither is what it was passed with.

    Not in the error, in those that led to it or in the frames of any of them, and not in its answer or in the log.
    """
    forget()
    error = assert_hidden(reporters, Exception, call, pieces_with(value))
    if isinstance(error, RequestRefusedError):
        parts = error_response(error)
        assert leaks([Sight("answer", f"{parts.headers} {parts.body}"), Sight("log", caplog.text)], PIECES) == []
        assert len(caplog.records) == 1


@pytest.mark.parametrize("name", CALLS)
def test_success(name: str) -> None:
    """Each call succeeds with the arguments that the refused ones replace."""
    CALLS[name].good()()


def test_missing_pyjwt(reporters: Reporters, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyJWT cannot be imported, the error that says so shows neither the token nor a secret."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    forget()
    assert_hidden(reporters, ConfigurationError, partial(verify_connect_token, TOKEN, credentials=CREDENTIALS), PIECES)


# --- representations ------------------------------------------------------------------------------------------------

VALUES = {
    "auth data": AUTH_DATA,
    "auth data that is not refreshable": AuthData(API_KEY),
    "extra": AUTH_DATA.extra,
    "connect token": ConnectToken(CLIENT_ID, USER_ID, AUTH_DATA, NOW, NOW, claims=WIRE),
    "refresh request": RefreshRequest(REFRESH_TOKEN, WIRE),
    "webhook event": WebhookEvent("event-1", "peopleCreated", NOW, ("1",), None, {"eventId": EVENT_ID}),
    "grant": ApiKeyGrant("grant-1", USER_ID, NOW, NOW, NOW),
    "connect token response": connect_token_response(TOKEN),
    "refresh response": refresh_response(AUTH_DATA),
    "issued": ISSUED,
}
SERVICES = {
    "signer": SIGNER,
    "verifier": VERIFIER,
    "bearer verifier": BEARER_VERIFIER,
    "issuer": ISSUER,
    "issuer with a function": ApiKeyIssuer(SECRETS, is_revoked=partial(print, ACCOUNT)),
}
HOLDERS = {"credentials": CREDENTIALS, **SERVICES}
ENDPOINTS = {"endpoint": ENDPOINT, "endpoint with a function": RefreshEndpoint(partial(print, API_KEY), verifier=None)}
ALL = {**VALUES, **HOLDERS, **ENDPOINTS}


def logged(message: str, value: object) -> str:
    record = logging.LogRecord("app", logging.INFO, "app.py", 1, message, ("value", value), None)
    return logging.Formatter().format(record)


WAYS: dict[str, Callable[[object], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "f-string": lambda value: f"{value} {value!r} {value!s} {value!a}",
    "pformat": pprint.pformat,
    "pformat, narrow": partial(pprint.pformat, width=1),
    "reprlib": reprlib.repr,
    "in a list": lambda value: str([value]),
    "in a dict": lambda value: str({"value": value}),
    "in an object": lambda value: str(SimpleNamespace(value=value)),
    "logged": partial(logged, "%s: %s"),
    "logged repr": partial(logged, "%s: %r"),
}


def shown(value: object) -> Iterator[Sight]:
    for way, show in WAYS.items():
        yield Sight(way, show(value))


@pytest.mark.parametrize("value", ALL.values(), ids=ALL)
def test_text(reporters: Reporters, value: object) -> None:
    """A public value that holds secrets can be printed, logged, and be a local of a failing frame; it shows none."""
    assert leaks(shown(value), PIECES) == []
    assert_hidden(reporters, ValueError, partial(pretended(as_local), value), PIECES)


@pytest.mark.parametrize("value", ALL.values(), ids=ALL)
def test_text_of_a_half_built_value(value: object) -> None:
    """Whichever attributes of a value are set, none included, it can be printed and shows no secret."""
    names = [name for name in type(value).__slots__ if hasattr(value, name) and not name.startswith("__")]
    for some in chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)):
        half_built = type(value).__new__(type(value))
        for name in some:
            object.__setattr__(half_built, name, getattr(value, name))
        assert leaks(shown(half_built), PIECES) == []


# --- serialisers ----------------------------------------------------------------------------------------------------

Item = dataclasses.make_dataclass("Item", ["value"])
ANYTHING = pydantic.ConfigDict(arbitrary_types_allowed=True)


def flask_json(value: object) -> str:
    with flask.Flask("app").app_context():
        return flask.jsonify(value=value).get_data(as_text=True)


def json_log(value: object) -> str:
    record = logging.LogRecord("app", logging.INFO, "app.py", 1, "%s", (value,), None)
    record.value = value
    return JsonFormatter().format(record)


def model(value: object) -> str:
    kind = pydantic.create_model("Model", __config__=ANYTHING, value=(type(value), ...))
    return repr(kind(value=value).model_dump()) + kind(value=value).model_dump_json()


SERIALISERS: dict[str, Callable[[object], object]] = {
    "json": json.dumps,
    "json, vars": partial(json.dumps, default=vars),
    "json, str": partial(json.dumps, default=str),
    "flask": flask_json,
    "fastapi": jsonable_encoder,
    "orjson": orjson.dumps,
    "orjson, vars": partial(orjson.dumps, default=vars),
    "msgspec": msgspec.json.encode,
    "msgspec, msgpack": msgspec.msgpack.encode,
    "msgspec, builtins": msgspec.to_builtins,
    "pydantic, object": pydantic.TypeAdapter(object).dump_json,
    "pydantic, any": lambda value: pydantic.TypeAdapter(type(value), config=ANYTHING).dump_json(value),
    "pydantic, class": lambda value: pydantic.TypeAdapter(type(value)).dump_json(value),
    "pydantic, model": model,
    "pydantic, refusal": lambda value: pydantic.TypeAdapter(int).validate_python(value),
    "pydantic, attributes": lambda value: pydantic.TypeAdapter(dict).validate_python(value, from_attributes=True),
    "python-json-logger": json_log,
    "asdict": dataclasses.asdict,
    "asdict, in another": lambda value: dataclasses.asdict(Item(value)),
    "vars": vars,
    "dict": dict,
    "list": list,
    "unpacked": lambda value: [*value],
    "unpacked mapping": lambda value: {**value},
}


@pytest.mark.filterwarnings("ignore::UserWarning:pydantic")
@pytest.mark.parametrize("serialise", SERIALISERS.values(), ids=SERIALISERS)
@pytest.mark.parametrize("value", HOLDERS.values(), ids=HOLDERS)
def test_serialiser(value: object, serialise: Callable[[object], object]) -> None:
    """An object that holds a configured secret is refused by each serialiser, or shown without it."""
    try:
        written = serialise(value)
    except Exception as error:  # noqa: BLE001  each refuses in its own way
        sights = [Sight("refusal", f"{error} {error!r} {error.args!r}")]
    else:
        text = written.decode() if isinstance(written, bytes) else repr(written)
        sights = [Sight("written", text)]
    assert leaks(sights, PIECES) == []


@pytest.mark.parametrize("value", SERVICES.values(), ids=SERVICES)
def test_service(value: object) -> None:
    """A service can be referred to weakly, patched, copied and pickled, and its ``vars`` are empty all the same."""
    assert weakref.ref(value)() is value
    name = next(name for name in ("sign", "verify", "authenticate") if hasattr(value, name))
    with patch.object(value, name, return_value="patched") as patched:
        assert getattr(value, name)() == "patched"
    assert patched.called
    for twin in (value, copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert vars(twin) == {}
        assert repr(twin) == repr(value)
        assert callable(getattr(twin, name))


def test_copy_of_services() -> None:
    """A copy of a service does what the original does."""
    for copied in (copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))):
        assert copied(SIGNER).sign(USER_ID, now=NOW) == SIGNER.sign(USER_ID, now=NOW)
        copied(ISSUER).authenticate(ISSUED.api_key, now=NOW)
        copied(BEARER_VERIFIER).verify(CALLS["RequestVerifier.verify, Authorization"].arguments["headers"])
        assert copied(CREDENTIALS) == CREDENTIALS


# --- immutable and final --------------------------------------------------------------------------------------------

FINAL = {
    AuthData: AUTH_DATA,
    ClientCredentials: CREDENTIALS,
    **{type(VALUES[name]): VALUES[name] for name in ("connect token", "refresh request", "webhook event", "grant")},
}


@pytest.mark.parametrize("value", FINAL.values(), ids=lambda value: type(value).__name__)
def test_assignment(reporters: Reporters, value: object) -> None:
    """Attributes of a value, those that it has and others, are neither set nor deleted; the error shows no value."""
    for name in (*type(value).__slots__, "more"):
        for change in (partial(setattr, value, name, CLIENT_SECRET), partial(delattr, value, name)):
            error = assert_hidden(reporters, dataclasses.FrozenInstanceError, change, PIECES)
            assert str(error).startswith(f"{type(value).__name__} is immutable")
            assert repr(name) in str(error)


@pytest.mark.parametrize("kind", FINAL)
def test_derived_class(kind: type) -> None:
    """A class cannot be derived from a value's, and the error says what to do instead."""
    with pytest.raises(TypeError, match=f"{kind.__name__} is final: hold one in a field of Derived"):
        type("Derived", (kind,), {})


# --- the checker itself ---------------------------------------------------------------------------------------------


def as_local(held: object) -> None:
    raise ValueError("says nothing")


def as_masked_name(api_key: str) -> None:
    raise ValueError("says nothing")


def as_bytes(held: str) -> None:
    data = held.encode()
    del held
    raise ValueError(f"says nothing about {len(data)} bytes")


def as_token(held: str) -> None:
    segment = base64.urlsafe_b64encode(b'{"apiKey":"' + held.encode() + b'"}').rstrip(b"=")
    del held
    raise ValueError(f"says nothing about {len(segment)} characters")


def as_item(held: str) -> None:
    items = [{"inside": (held,)}]
    del held
    raise ValueError(f"says nothing about {len(items)} item")


def as_cut_text(held: str) -> None:
    start = held[7:40]
    del held
    raise ValueError(f"says nothing about {len(start)} characters")


def as_message(held: str) -> None:
    raise ValueError(held)


def as_attribute(held: str) -> None:
    error = ValueError("says nothing")
    error.held = held
    del held
    raise error


def as_note(held: str) -> None:
    error = ValueError("says nothing")
    error.__notes__ = [held]
    del held
    raise error


def as_context(held: str) -> None:
    try:
        raise LookupError(held)
    except LookupError:
        del held
        raise ValueError("says nothing") from None


def as_callee(held: str) -> None:
    with contextlib.suppress(LookupError):
        json.loads(held)


@pytest.mark.parametrize(
    ("leak", "places"),
    [
        (as_local, {"sentry", "django", "frame"}),
        (as_bytes, {"sentry", "django", "frame"}),
        (as_token, {"sentry", "django", "frame"}),
        (as_item, {"sentry", "django", "frame"}),
        (as_cut_text, {"sentry", "django", "frame"}),
        (as_callee, {"sentry", "django", "frame"}),
        (as_masked_name, {"django", "frame"}),
        (as_message, {"str", "repr", "args", "pickle", "traceback", "sentry", "django", "frame"}),
        (as_attribute, {"vars", "pickle"}),
        (as_note, {"notes", "vars", "pickle"}),
        (as_context, {"str", "repr", "args", "pickle", "traceback"}),
    ],
)
def test_leak_is_found(reporters: Reporters, leak: FunctionType, places: set[str]) -> None:
    """A function of the package that leaks a secret would be caught, wherever it leaks it."""
    found = leaks(reporters.sights(failure(partial(pretended(leak), API_KEY))))
    assert places <= {place.partition(":")[0] for place in found}
    with pytest.raises(AssertionError):
        assert_hidden(reporters, ValueError, partial(pretended(leak), API_KEY))


def test_masked_name(reporters: Reporters) -> None:
    """Sentry's own scrubber is at work: it masks a local by its name, which Django does not."""
    found = leaks(reporters.sights(failure(partial(pretended(as_masked_name), API_KEY))))
    assert "sentry" not in {place.partition(":")[0] for place in found}


def test_frames_of_the_package_are_demanded(reporters: Reporters) -> None:
    """An error without a frame of the package does not count as one that hides its secrets."""
    with pytest.raises(AssertionError):
        assert_hidden(reporters, ValueError, partial(int, "x"))
