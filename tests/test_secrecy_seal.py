"""The seal: what it clears of an error, and what it leaves as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from rollout_auth import ApiKeyIssuer, InvalidApiKeyError

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
