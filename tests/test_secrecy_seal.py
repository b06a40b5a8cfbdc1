"""The seal: what it clears when a call ends, whatever ends it, and when a warning is given; and what it leaves."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from types import FrameType

import pytest
from canaries import (
    ACCOUNT,
    API_KEY,
    AUTH_DATA,
    CLAIMS,
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    EXTRA,
    NOW,
    REFRESH_TOKEN,
    SHORT_SECRET,
    USER_ID,
    Sight,
    belongs_to_the_package,
    frames_of,
    kept,
    leaks,
    links,
    signed,
    texts,
    variables,
)
from secrecy_cases import (
    CALLS,
    FOREIGN,
    ISSUER,
    PIECES,
    SIGNATURE_HEADER,
    WEBHOOK,
    digest,
    forget,
)

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    ClientCredentials,
    InvalidApiKeyError,
    InvalidUserIdError,
    RefreshEndpoint,
    ShortSecretWarning,
    _secrecy,
    error_response,
    generate_connect_token,
    verify_connect_token,
    verify_webhook,
)

# --- a call that is interrupted -------------------------------------------------------------------------------------

GOOD = {name: call.good() for name, call in CALLS.items()}
REFUSED = {f"{name}: {kind}": bad for name, call in CALLS.items() for kind, _, bad in list(call.bad())[::13]}
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
    for value in (AUTH_DATA, AUTH_DATA.extra, CREDENTIALS)
} | {
    "replace": lambda: replace(AUTH_DATA, api_key=REFRESH_TOKEN),
    "extra, items": lambda: dict(AUTH_DATA.extra.items()),
    "extra and a dict": lambda: AUTH_DATA.extra == EXTRA,
    "extra, assignment": lambda: setattr(AUTH_DATA.extra, "more", ACCOUNT),
    "secrets": lambda: CREDENTIALS.secrets,
}


def interrupted(call: Callable[[], object], at: int) -> SystemExit | None:
    """What comes out of a call if SystemExit is raised where the package calls the function of this number.

    None if it calls fewer: Python's own functions count if they are called below one of the package's.
    """
    left = at

    def interrupt(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        if event == "call" and frame.f_code.co_filename != _secrecy.__file__ and is_below_the_package(frame):
            left -= 1
            if left == 0:
                raise SystemExit

    before = sys.getprofile()
    sys.setprofile(interrupt)
    try:
        call()
    except SystemExit as error:
        return error
    except Exception:  # noqa: BLE001  refused
        return None
    finally:
        sys.setprofile(before)
    return None


def is_below_the_package(frame: FrameType | None) -> bool:
    while frame is not None and not belongs_to_the_package(frame):
        frame = frame.f_back
    return frame is not None


@pytest.mark.parametrize("call", (EVERY := GOOD | OTHERS | REFUSED).values(), ids=EVERY)
def test_interruption(call: Callable[[], object]) -> None:
    """Wherever SystemExit ends a call, no frame of ours, or of what we have called, keeps a secret."""
    interrupted(call, 0)  # for what Python itself keeps, such as compiled expressions
    for at in count(1):
        forget()
        error = interrupted(call, at)
        if error is None:
            break
        assert leaks((sight for link in links(error) for sight in kept(link)), PIECES) == [], at
    assert at > 1 or call not in GOOD.values()


# --- what a seal leaves ---------------------------------------------------------------------------------------------


def held(error: BaseException, function: Callable[..., object]) -> dict[str, object]:
    """The local variables that the error keeps of a function."""
    (frame,) = (frame for frame in frames_of(error.__traceback__) if frame.f_code is function.__code__)
    return dict(frame.f_locals)


def test_error_that_ours_was_raised_for() -> None:
    """An error that is replaced by another one keeps no local variable either, suppressed as it is."""
    with pytest.raises(InvalidApiKeyError) as caught:
        ISSUER.authenticate(FOREIGN.api_key)
    origin = caught.value.__context__
    assert origin
    assert caught.value.__suppress_context__
    assert not any(frame.f_locals for frame in frames_of(origin.__traceback__))


def test_error_that_the_caller_was_handling() -> None:
    """An error that was being handled when ours was raised is the caller's, and keeps its local variables."""

    def fails(note: str) -> None:
        raise LookupError

    def asks() -> None:
        try:
            fails("kept")
        except LookupError:
            ISSUER.authenticate("made up")

    with pytest.raises(InvalidApiKeyError) as caught:
        asks()
    assert held(caught.value.__context__.__context__, fails) == {"note": "kept"}


def fails(given: object) -> AuthData:
    note = "kept"
    raise LookupError(f"{len(note)} characters")


async def fails_later(given: object) -> AuthData:
    note = "kept"
    await asyncio.sleep(0)
    raise LookupError(f"{len(note)} characters")


BODY = json.dumps({"refreshToken": REFRESH_TOKEN}).encode()


def handle(refresh: Callable[..., object]) -> object:
    return RefreshEndpoint(refresh, verifier=None).handle(BODY, {})


def handle_async(refresh: Callable[..., object]) -> object:
    return asyncio.run(RefreshEndpoint(refresh, verifier=None).handle_async(BODY, {}))


def authenticate(is_revoked: Callable[..., object]) -> object:
    issuer = ApiKeyIssuer(CLIENT_SECRET, is_revoked=is_revoked)
    return issuer.authenticate(issuer.issue("user-1").api_key)


def held_by_the_package(error: BaseException) -> list[dict[str, object]]:
    """The local variables that an error keeps of the package's frames; a seal's own hold its function alone."""
    ours = [frame for frame in frames_of(error.__traceback__) if belongs_to_the_package(frame)]
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


class Unequal(str):
    """Text that cannot be compared."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise LookupError


@pytest.mark.parametrize(
    "call",
    [
        lambda: error_response(API_KEY),
        lambda: setattr(AuthData("key-1", extra={"more": 1}).extra, "more", API_KEY),
        lambda: AuthData("key-1", extra={"more": 1}).extra == {"more": Unequal(API_KEY)},
    ],
    ids=["error_response", "assignment to extra", "extra and another dict"],
)
def test_value_that_is_no_part_of_a_sealed_class(call: Callable[[], object]) -> None:
    """A secret where an error belongs, and one that is put into extra or compared with it, leaves no trace."""
    with pytest.raises((TypeError, AttributeError, LookupError)) as caught:
        call()
    assert held_by_the_package(caught.value) == []


# --- a warning ------------------------------------------------------------------------------------------------------

SHORT_DELIVERY = {"body": WEBHOOK, "headers": {SIGNATURE_HEADER: digest(WEBHOOK, SHORT_SECRET).hex()}}
SHORT_TOKEN = signed(CLAIMS, secret=SHORT_SECRET)
SHORT_VARIABLES = {"ROLLOUT_CLIENT_ID": CLIENT_ID, "ROLLOUT_CLIENT_SECRET": SHORT_SECRET}
WARNING: dict[str, Callable[[], object]] = {
    "ClientCredentials": lambda: ClientCredentials(CLIENT_ID, SHORT_SECRET, [CLIENT_SECRET]),
    "ClientCredentials, previous": lambda: ClientCredentials(CLIENT_ID, CLIENT_SECRET, [SHORT_SECRET]),
    "from_env": lambda: ClientCredentials.from_env(SHORT_VARIABLES),
    "generate": lambda: generate_connect_token(USER_ID, AUTH_DATA),
    "verify": lambda: verify_connect_token(SHORT_TOKEN, now=NOW),
    "webhook": lambda: verify_webhook(**SHORT_DELIVERY),
    "ApiKeyIssuer": lambda: ApiKeyIssuer([CLIENT_SECRET, SHORT_SECRET]),
}
each_warning = pytest.mark.parametrize("call", WARNING.values(), ids=WARNING)


@pytest.fixture
def _short_secret_in_environment(monkeypatch: pytest.MonkeyPatch, _no_credentials_in_environment: None) -> None:
    for name, value in SHORT_VARIABLES.items():
        monkeypatch.setenv(name, value)
    forget()


def stack() -> Iterator[FrameType]:
    """The frames that run now, the innermost first, down to the caller of the package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "<lambda>":
        yield frame
        frame = frame.f_back


@pytest.mark.usefixtures("_short_secret_in_environment")
@each_warning
def test_warning(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> None:
    """A warning is given once, at the caller's line, when no frame of ours holds a secret, and its text shows none."""
    shown: list[tuple[int, str]] = []
    sights: list[Sight] = []

    def show(message: Warning, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        ours = [frame for frame in stack() if belongs_to_the_package(frame)]
        assert ours
        sights.extend(sight for frame in ours for sight in variables(frame))
        sights.extend([*texts(message), Sight("line", warnings.formatwarning(message, category, filename, lineno))])
        shown.append((lineno, filename))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", show)
        call()
        assert leaks(sights, PIECES) == []
        assert shown == [(call.__code__.co_firstlineno, __file__)]
        if call.__code__.co_names[0] in ("generate_connect_token", "verify_connect_token", "verify_webhook"):
            call()
            assert len(shown) == 1


@pytest.mark.usefixtures("_short_secret_in_environment")
@each_warning
def test_warning_as_an_error(call: Callable[[], object]) -> None:
    """Where warnings are errors, the call raises it, and it shows no secret in any frame."""
    with pytest.raises(ShortSecretWarning) as caught:
        call()
    sights = [sight for link in links(caught.value) for sight in (*texts(link), *kept(link))]
    assert any(sight.where.startswith("frame") for sight in sights)
    assert leaks(sights, PIECES) == []


@pytest.mark.usefixtures("_short_secret_in_environment")
def test_warning_of_a_call_that_fails() -> None:
    """Where a call fails after the warning, both are raised, and neither shows a secret."""
    with pytest.raises(ShortSecretWarning) as caught:
        generate_connect_token(API_KEY * 100)
    assert isinstance(caught.value.__context__, InvalidUserIdError)
    assert leaks((sight for link in links(caught.value) for sight in (*texts(link), *kept(link))), PIECES) == []
