"""The seal: what it clears when a call ends, whatever ends it, and when a warning is given; and what it leaves."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from types import FrameType

import canaries as c
import pytest
import secrecy_cases as cases
from canaries import API_KEY, CLIENT_SECRET, NESTED, NOW, USER_ID, Sight, kept, leaks, links, texts

import rollout_auth as ra
from rollout_auth import _secrecy

# --- a call that is interrupted -------------------------------------------------------------------------------------

GOOD = {name: call.good() for name, call in cases.CALLS.items()}
REFUSED = {
    f"{name}: {argument}": bad[len(bad) // 2][1]
    for name, call in cases.CALLS.items()
    for argument, bad in call.bad().items()
}
OTHERS: dict[str, Callable[[], object]] = {
    f"{name} of {type(value).__name__}": partial(use, value)
    for name, use in {
        "pickle": lambda value: pickle.loads(pickle.dumps(value)),
        "copy": copy.copy,
        "deepcopy": copy.deepcopy,
        "equality": lambda value: value == copy.copy(value),
        "hash": hash,
        "repr": repr,
    }.items()
    for value in (c.AUTH_DATA, c.AUTH_DATA.extra, c.CREDENTIALS)
} | {
    "replace": lambda: replace(c.AUTH_DATA, api_key=NESTED),
    "extra, items": lambda: dict(c.AUTH_DATA.extra.items()),
    "extra and a dict": lambda: c.AUTH_DATA.extra == c.EXTRA,
    "extra, assignment": lambda: setattr(c.AUTH_DATA.extra, "more", API_KEY),
    "secrets": lambda: c.CREDENTIALS.secrets,
}


@pytest.fixture
def _no_garbage_collection() -> Iterator[None]:
    """The collector calls others' functions, hypothesis's for one, wherever it runs: none of them is interrupted."""
    gc.disable()
    yield
    gc.enable()


def interrupted(call: Callable[[], object], at: int, counts: Callable[[FrameType], bool]) -> BaseException | None:
    """What comes out of a call if SystemExit is raised as the function of this number starts, among those that count.

    A refusal or None if there are fewer.
    """
    left = at

    def interrupt(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        if event == "call" and counts(frame):
            left -= 1
            if left == 0:
                raise SystemExit

    before = sys.getprofile()
    sys.setprofile(interrupt)
    try:
        call()
    except BaseException as error:  # noqa: BLE001  SystemExit, or a refusal
        return error
    finally:
        sys.setprofile(before)
    return None


def is_outside_the_seal(frame: FrameType) -> bool:
    """Whether the package, or what it called, has called it, and it is not of the seal: Python's functions count."""
    return frame.f_code.co_filename != _secrecy.__file__ and is_below_the_package(frame)


def is_the_clearing(frame: FrameType) -> bool:
    """Whether a seal has begun to clear frames."""
    return frame.f_code is _secrecy._clear_frames.__code__


def is_below_the_package(frame: FrameType | None) -> bool:
    """Whether the package has called the frame; not by way of modules that would keep a lock for ever."""
    while frame is not None and not c.belongs_to_the_package(frame):
        if str(frame.f_globals.get("__name__")).partition(".")[0] in ("logging", "importlib", "threading"):
            return False
        frame = frame.f_back
    return frame is not None


@pytest.mark.usefixtures("_no_garbage_collection")
@pytest.mark.parametrize("call", (EVERY := GOOD | OTHERS | REFUSED).values(), ids=EVERY)
def test_interruption(call: Callable[[], object]) -> None:
    """Wherever SystemExit ends a call, no frame of ours, or of what we have called, keeps a secret."""
    interrupted(call, 0, is_outside_the_seal)  # for what Python itself keeps, such as compiled expressions
    for at in count(1):
        cases.forget()
        error = interrupted(call, at, is_outside_the_seal)
        if not isinstance(error, SystemExit):
            break
        assert leaks((sight for link in links(error) for sight in kept(link)), cases.PIECES) == [], at
    assert at > 1 or call not in GOOD.values()


@pytest.mark.usefixtures("_no_garbage_collection")
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_interruption_of_the_seal(call: Callable[[], object], at: int) -> None:
    """A signal that ends the clearing itself, of an inner seal or an outer one, leaves no secret in any frame."""
    cases.forget()
    caught = interrupted(call, at, is_the_clearing)
    assert caught is not None
    assert at > 1 or isinstance(caught, SystemExit)
    assert leaks((sight for link in links(caught) for sight in kept(link)), cases.PIECES) == []


@pytest.mark.parametrize("method", ["authenticate", "refresh"])
def test_what_the_users_function_sees(method: str) -> None:
    """While the user's own function runs, no frame of ours has the token: a log handler may look at the stack."""
    seen: list[Sight] = []

    def is_revoked(grant: ra.ApiKeyGrant) -> bool:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if c.belongs_to_the_package(frame):
                seen.extend(c.variables(frame))
            frame = frame.f_back
        return False

    issuer = ra.ApiKeyIssuer(cases.SECRETS, is_revoked=is_revoked)
    token = {"authenticate": cases.ISSUED.api_key, "refresh": cases.ISSUED.refresh_token}[method]
    getattr(issuer, method)(token, now=NOW)
    assert seen
    assert leaks(seen, cases.PIECES) == []


# --- what a seal leaves ---------------------------------------------------------------------------------------------


def held(error: BaseException, function: Callable[..., object]) -> dict[str, object]:
    """The local variables that the error keeps of a function."""
    (frame,) = (frame for frame in c.frames_of(error.__traceback__) if frame.f_code is function.__code__)
    return dict(frame.f_locals)


def test_error_that_the_caller_was_handling() -> None:
    """An error that was being handled when ours was raised is the caller's, and keeps its local variables."""

    def fails(note: str) -> None:
        raise LookupError

    def asks() -> None:
        try:
            fails("kept")
        except LookupError:
            cases.ISSUER.authenticate("made up")

    with pytest.raises(ra.InvalidApiKeyError) as caught:
        asks()
    assert held(caught.value.__context__.__context__, fails) == {"note": "kept"}


def fails(given: object) -> ra.AuthData:
    note = "kept"
    raise LookupError(f"{len(note)} characters")


async def fails_later(given: object) -> ra.AuthData:
    note = "kept"
    await asyncio.sleep(0)
    raise LookupError(f"{len(note)} characters")


def handle(refresh: Callable[..., object]) -> object:
    return ra.RefreshEndpoint(refresh, verifier=None).handle(cases.JSON_BODY, {})


def handle_async(refresh: Callable[..., object]) -> object:
    return asyncio.run(ra.RefreshEndpoint(refresh, verifier=None).handle_async(cases.JSON_BODY, {}))


def authenticate(is_revoked: Callable[..., object]) -> object:
    issuer = ra.ApiKeyIssuer(CLIENT_SECRET, is_revoked=is_revoked)
    return issuer.authenticate(issuer.issue("user-1").api_key)


def held_by_the_package(error: BaseException) -> list[dict[str, object]]:
    """The local variables that an error keeps of the package's frames; a seal's own hold its function alone."""
    ours = [frame for frame in c.frames_of(error.__traceback__) if c.belongs_to_the_package(frame)]
    assert ours
    return [dict(frame.f_locals) for frame in ours if frame.f_code.co_name != "call" and frame.f_locals]


@pytest.mark.parametrize(
    ("call", "function"),
    [(handle, fails), (handle_async, fails), (handle_async, fails_later), (authenticate, fails)],
)
def test_error_of_the_users_own_function(call: Callable[[object], object], function: Callable[..., object]) -> None:
    """Of an error that the user's own function raises, its frame keeps its local variables and ours have none."""
    with pytest.raises(LookupError) as caught:
        call(function)
    assert held(caught.value, function)["note"] == "kept"
    assert held_by_the_package(caught.value) == []


@pytest.mark.parametrize("call", [handle, handle_async])
def test_answer_of_another_type(call: Callable[[object], object]) -> None:
    """A refresh function that returns a dict with a key makes for a TypeError that does not keep the key."""
    with pytest.raises(TypeError, match="dict") as caught:
        call(lambda _: {"apiKey": API_KEY})
    assert held_by_the_package(caught.value) == []


def test_assignment_to_extra() -> None:
    """A value that is put into extra is refused, and not kept."""
    with pytest.raises(AttributeError) as caught:
        c.AUTH_DATA.extra.more = API_KEY
    assert API_KEY not in repr(held_by_the_package(caught.value))


# --- a warning ------------------------------------------------------------------------------------------------------

SHORT = CLIENT_SECRET[:40]
SHORT_DELIVERY = {"body": cases.WEBHOOK, "headers": {cases.SIGNATURE_HEADER: cases.digest(cases.WEBHOOK, SHORT).hex()}}
SHORT_TOKEN = c.signed(c.CLAIMS, secret=SHORT)
SHORT_VARIABLES = {"ROLLOUT_CLIENT_ID": c.CLIENT_ID, "ROLLOUT_CLIENT_SECRET": SHORT}
BUILDING: dict[str, Callable[[], object]] = {
    "ClientCredentials": lambda: ra.ClientCredentials(c.CLIENT_ID, SHORT, [CLIENT_SECRET]),
    "ClientCredentials, previous": lambda: ra.ClientCredentials(c.CLIENT_ID, CLIENT_SECRET, [SHORT]),
    "from_env": lambda: ra.ClientCredentials.from_env(SHORT_VARIABLES),
    "ApiKeyIssuer": lambda: ra.ApiKeyIssuer([CLIENT_SECRET, SHORT]),
}
READING: dict[str, Callable[[], object]] = {
    "generate": lambda: ra.generate_connect_token(USER_ID, c.AUTH_DATA),
    "verify": lambda: ra.verify_connect_token(SHORT_TOKEN, now=NOW),
    "webhook": lambda: ra.verify_webhook(**SHORT_DELIVERY),
}
each_warning = pytest.mark.parametrize("call", (WARNING := BUILDING | READING).values(), ids=WARNING)


@pytest.fixture
def _short_secret_in_environment(monkeypatch: pytest.MonkeyPatch, _no_credentials_in_environment: None) -> None:
    for name, value in SHORT_VARIABLES.items():
        monkeypatch.setenv(name, value)
    cases.forget()


def stack() -> Iterator[FrameType]:
    """The frames that run now, the innermost first, down to the caller of the package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "<lambda>":
        yield frame
        frame = frame.f_back


@pytest.mark.usefixtures("_short_secret_in_environment")
@each_warning
def test_warning(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> None:
    """A warning is given when no frame of ours holds a secret, at the caller's line, and its text shows none.

    It is given once for each object that is built; credentials from the environment are built once.
    """
    shown: list[tuple[int, str]] = []
    sights: list[Sight] = []

    def show(message: Warning, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        ours = [frame for frame in stack() if c.belongs_to_the_package(frame)]
        assert ours
        sights.extend(sight for frame in ours for sight in c.variables(frame))
        sights.extend([*texts(message), Sight("line", warnings.formatwarning(message, category, filename, lineno))])
        shown.append((lineno, filename))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", show)
        call()
        assert leaks(sights, cases.PIECES) == []
        assert shown == [(call.__code__.co_firstlineno, __file__)]
        call()
        assert len(shown) == (1 if call in READING.values() else 2)


def test_warning_inside_the_users_function() -> None:
    """What the user's own function builds is the user's: its warning is given there, and not at the outer call."""
    lines = []

    def is_revoked(_grant: ra.ApiKeyGrant) -> bool:
        with pytest.warns(ra.ShortSecretWarning) as caught:
            ra.ClientCredentials(c.CLIENT_ID, SHORT)
        lines.extend(warning.lineno for warning in caught)
        return False

    authenticate(is_revoked)
    assert lines == [is_revoked.__code__.co_firstlineno + 2]


@pytest.mark.usefixtures("_short_secret_in_environment")
@each_warning
def test_warning_as_an_error(call: Callable[[], object]) -> None:
    """Where warnings are errors, the call raises it, and it shows no secret in any frame."""
    with pytest.raises(ra.ShortSecretWarning) as caught:
        call()
    sights = [sight for link in links(caught.value) for sight in (*texts(link), *kept(link))]
    assert any(sight.where.startswith("frame") for sight in sights)
    assert leaks(sights, cases.PIECES) == []


@pytest.mark.usefixtures("_short_secret_in_environment")
def test_warning_of_a_call_that_fails() -> None:
    """Where a call fails after the warning, both are raised, and neither shows a secret."""
    with pytest.raises(ra.ShortSecretWarning) as caught:
        ra.generate_connect_token(API_KEY * 100)
    assert isinstance(caught.value.__context__, ra.InvalidUserIdError)
    assert leaks((sight for link in links(caught.value) for sight in (*texts(link), *kept(link))), cases.PIECES) == []
