"""No failure, representation or serialiser shows a secret: neither a configured one, nor a key, a token or a body."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import logging
import pickle
import pprint
import reprlib
import sys
import textwrap
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, combinations
from types import SimpleNamespace
from unittest.mock import patch

import canaries as c
import flask
import msgspec
import orjson
import pydantic
import pytest
import secrecy_cases as cases
from canaries import ACCOUNT, API_KEY, NOW, USER_ID, Reporters, Sight, assert_hidden, failure, leaks
from fastapi.encoders import jsonable_encoder
from pythonjsonlogger.json import JsonFormatter

import rollout_auth as ra

# --- failures -------------------------------------------------------------------------------------------------------

REFUSALS = {f"{name}: {argument}": bad for name, call in cases.CALLS.items() for argument, bad in call.bad().items()}


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_refusal(
    reporters: Reporters, caplog: pytest.LogCaptureFixture, refused: list[tuple[object, Callable[[], object]]]
) -> None:
    """A value that a public call refuses is shown nowhere, and neither is what it was passed with.

    Not in the error, in those that led to it or in the frames of any of them, and not in its answer or in the log.
    """
    for value, call in refused:
        cases.forget()
        error = assert_hidden(reporters, Exception, call, cases.pieces_with(value))
        if isinstance(error, ra.RequestRefusedError):
            parts = ra.error_response(error)
            assert leaks([Sight("answer", f"{parts.headers} {parts.body}")], cases.PIECES) == []
    assert leaks([Sight("log", caplog.text)], cases.PIECES) == []


@pytest.mark.parametrize("handle", [cases.ENDPOINT.handle, partial(cases.driven, cases.ENDPOINT.handle_async)])
def test_refused_refresh(caplog: pytest.LogCaptureFixture, handle: Callable[..., ra.ResponseParts]) -> None:
    """A request that the refresh endpoint refuses is shown neither in its answer nor in the log."""
    requests = [cases.REQUEST | {"headers": headers} for headers in cases.sent(cases.TOKEN_HEADER, c.OTHER_SECRET)]
    requests += [cases.REQUEST | {"body": body} for body in cases.UNREADABLE_BODIES if isinstance(body, bytes)]
    for request in requests:
        parts = handle(**request)
        assert parts.status in (400, 401)
        assert leaks([Sight("answer", f"{parts.headers} {parts.body}")], cases.PIECES) == []
    assert len(caplog.records) == len(requests)
    assert leaks([Sight("log", caplog.text)], cases.PIECES) == []


@pytest.mark.parametrize("name", cases.CALLS)
def test_success(name: str) -> None:
    """Each call succeeds with the arguments that the refused ones replace."""
    cases.CALLS[name].good()()


def test_missing_pyjwt(reporters: Reporters, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyJWT cannot be imported, the error that says so shows neither the token nor a secret."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    cases.forget()
    assert_hidden(
        reporters,
        ra.ConfigurationError,
        partial(ra.verify_connect_token, cases.TOKEN, credentials=c.CREDENTIALS),
        cases.PIECES,
    )


# --- representations ------------------------------------------------------------------------------------------------

VALUES = {
    "auth data": c.AUTH_DATA,
    "auth data that is not refreshable": ra.AuthData(API_KEY),
    "extra": c.AUTH_DATA.extra,
    "connect token": ra.ConnectToken(c.CLIENT_ID, USER_ID, c.AUTH_DATA, NOW, NOW, claims=c.WIRE),
    "refresh request": ra.RefreshRequest(API_KEY, c.WIRE),
    "webhook event": ra.WebhookEvent("event-1", "peopleCreated", NOW, ("1",), None, {"eventId": ACCOUNT}),
    "grant": ra.ApiKeyGrant("grant-1", USER_ID, NOW, NOW, NOW),
    "connect token response": ra.connect_token_response(cases.TOKEN),
    "refresh response": ra.refresh_response(c.AUTH_DATA),
    "issued": cases.ISSUED,
}
SERVICES = {
    "signer": cases.SIGNER,
    "verifier": cases.VERIFIER,
    "bearer verifier": cases.BEARER_VERIFIER,
    "issuer": cases.ISSUER,
    "issuer with a function": ra.ApiKeyIssuer(cases.SECRETS, is_revoked=partial(print, ACCOUNT)),
}
HOLDERS = {"credentials": c.CREDENTIALS, **SERVICES}
ENDPOINTS = {
    "endpoint": cases.ENDPOINT,
    "endpoint with a function": ra.RefreshEndpoint(partial(print, API_KEY), verifier=None),
}
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
    assert leaks(shown(value), cases.PIECES) == []
    assert_hidden(reporters, ValueError, partial(leaking("raise ValueError"), value), cases.PIECES)


@pytest.mark.parametrize("value", ALL.values(), ids=ALL)
def test_text_of_a_half_built_value(value: object) -> None:
    """Whichever attributes of a value are set, none included, it can be printed and shows no secret."""
    names = [name for name in type(value).__slots__ if hasattr(value, name) and not name.startswith("__")]
    for some in chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)):
        half_built = type(value).__new__(type(value))
        for name in some:
            object.__setattr__(half_built, name, getattr(value, name))
        assert leaks(shown(half_built), cases.PIECES) == []


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
    assert leaks(sights, cases.PIECES) == []


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
        assert copied(cases.SIGNER).sign(USER_ID, now=NOW) == cases.SIGNER.sign(USER_ID, now=NOW)
        copied(cases.ISSUER).authenticate(cases.ISSUED.api_key, now=NOW)
        copied(cases.BEARER_VERIFIER).verify(cases.BEARER)
        assert copied(c.CREDENTIALS) == c.CREDENTIALS


# --- immutable and final --------------------------------------------------------------------------------------------

FINAL = {
    ra.AuthData: c.AUTH_DATA,
    ra.ClientCredentials: c.CREDENTIALS,
    **{type(VALUES[name]): VALUES[name] for name in ("connect token", "refresh request", "webhook event", "grant")},
}


@pytest.mark.parametrize("value", FINAL.values(), ids=lambda value: type(value).__name__)
def test_assignment(reporters: Reporters, value: object) -> None:
    """Attributes of a value, those that it has and others, are neither set nor deleted; the error shows no value."""
    for name in (*type(value).__slots__, "more"):
        for change in (partial(setattr, value, name, c.CLIENT_SECRET), partial(delattr, value, name)):
            error = assert_hidden(reporters, dataclasses.FrozenInstanceError, change, cases.PIECES)
            assert str(error).startswith(f"{type(value).__name__} is immutable")
            assert repr(name) in str(error)


@pytest.mark.parametrize("kind", FINAL)
def test_derived_class(kind: type) -> None:
    """A class cannot be derived from a value's, and the error says what to do instead."""
    with pytest.raises(TypeError, match=f"{kind.__name__} is final: hold one in a field of Derived"):
        type("Derived", (kind,), {})


# --- the checker itself ---------------------------------------------------------------------------------------------

IN_FRAMES = {"sentry", "django", "frame"}
LEAKS = {
    "raise ValueError": IN_FRAMES,
    "data = held.encode(); del held; raise ValueError": IN_FRAMES,
    "part = base64.b64encode(b'{' + held.encode()).rstrip(b'='); del held; raise ValueError": IN_FRAMES,
    "items = [{'inside': (held,)}]; del held; raise ValueError": IN_FRAMES,
    "start = held[7:40]; del held; raise ValueError": IN_FRAMES,
    "json.loads(held)": IN_FRAMES,
    "api_key = held; del held; raise ValueError": {"django", "frame"},  # a name that Sentry masks
    "raise ValueError(held)": {"str", "repr", "args", "pickle", "traceback", *IN_FRAMES},
    "error = ValueError(); error.held = held; del held; raise error": {"vars", "pickle"},
    "error = ValueError(); error.__notes__ = [held]; del held; raise error": {"notes", "vars", "pickle"},
    "try: raise LookupError(held)\nexcept LookupError: del held; raise ValueError from None": {"str", "args", "pickle"},
}


def leaking(code: str) -> Callable[[object], None]:
    """A function of the package with this code, which knows a secret by the name ``held``."""
    module = {"__name__": "rollout_auth.pretended", "base64": base64, "json": json}
    source = f"def leak(held):\n{textwrap.indent(code, ' ')}"
    exec(compile(source, "<rollout_auth.pretended>", "exec"), module)
    return module["leak"]


@pytest.mark.parametrize("code", LEAKS)
def test_leak_is_found(reporters: Reporters, code: str) -> None:
    """A function of the package that leaks a secret would be caught, wherever it leaks it."""
    call = partial(leaking(code), API_KEY)
    found = {place.partition(":")[0] for place in leaks(reporters.sights(failure(call)))}
    assert found >= LEAKS[code]
    assert not ("api_key" in code and "sentry" in found)
    with pytest.raises(AssertionError):
        assert_hidden(reporters, ValueError, call)


def test_frames_of_the_package_are_demanded(reporters: Reporters) -> None:
    """An error without a frame of the package does not count as one that hides its secrets."""
    with pytest.raises(AssertionError, match="no frame"):
        assert_hidden(reporters, ValueError, partial(int, "x"))
