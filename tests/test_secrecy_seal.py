"""The seal: what it clears of an error, and what it leaves as it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from rollout_auth import ApiKeyIssuer, AuthData, InvalidApiKeyError, RefreshEndpoint, error_response

SECRET = "a secret for these tests alone ".ljust(80, "x").replace(" ", "-")
OWN, OTHER = ApiKeyIssuer(f"own-{SECRET}"), ApiKeyIssuer(f"other-{SECRET}")


def frames(error: BaseException | None) -> Iterator[FrameType]:
    traceback = error.__traceback__ if error else None
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def held(error: BaseException | None, function: Callable[..., object]) -> dict[str, object]:
    """The local variables that the error keeps of a function."""
    (frame,) = (frame for frame in frames(error) if frame.f_code is function.__code__)
    return dict(frame.f_locals)


def test_error_that_ours_was_raised_for() -> None:
    """An error that is replaced by another one keeps no local variable either, suppressed as it is."""
    with pytest.raises(InvalidApiKeyError) as caught:
        OWN.authenticate(OTHER.issue("user-1").api_key)
    origin = caught.value.__context__
    assert origin
    assert caught.value.__suppress_context__
    assert [frame.f_locals for frame in frames(origin)] == [{}] * len(list(frames(origin)))


def test_error_that_the_caller_was_handling() -> None:
    """An error that was being handled when ours was raised is the caller's, and keeps its local variables."""

    def fails(note: str) -> None:
        raise LookupError

    def asks() -> None:
        try:
            fails("kept")
        except LookupError:
            OWN.authenticate("made up")

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


BODY = json.dumps({"refreshToken": SECRET}).encode()


def handle(refresh: Callable[..., object]) -> object:
    return RefreshEndpoint(refresh, verifier=None).handle(BODY, {})


def handle_async(refresh: Callable[..., object]) -> object:
    return asyncio.run(RefreshEndpoint(refresh, verifier=None).handle_async(BODY, {}))


def authenticate(is_revoked: Callable[..., object]) -> object:
    issuer = ApiKeyIssuer(SECRET, is_revoked=is_revoked)
    return issuer.authenticate(issuer.issue("user-1").api_key)


def held_by_the_package(error: BaseException) -> list[dict[str, object]]:
    """The local variables that an error keeps of the package's frames; a seal's own hold its function alone."""
    ours = [frame for frame in frames(error) if str(frame.f_globals["__name__"]).startswith("rollout_auth.")]
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
        call(lambda _: {"apiKey": SECRET})
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
        lambda: error_response(SECRET),
        lambda: setattr(AuthData("key-1", extra={"more": 1}).extra, "more", SECRET),
        lambda: AuthData("key-1", extra={"more": 1}).extra == {"more": Unequal(SECRET)},
    ],
    ids=["error_response", "assignment to extra", "extra and another dict"],
)
def test_value_that_is_no_part_of_a_sealed_class(call: Callable[[], object]) -> None:
    """A secret where an error belongs, and one that is put into extra or compared with it, leaves no trace."""
    with pytest.raises((TypeError, AttributeError, LookupError)) as caught:
        call()
    assert held_by_the_package(caught.value) == []
