"""An app that people write by hand, and what a simulator says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, Clock, IntegrationError, RolloutSimulator


@pytest.fixture
def simulate() -> Callable[..., RolloutSimulator]:
    """Makes a simulator for an app, with the credentials of tests."""

    def make(app: Any, **options: Any) -> RolloutSimulator:
        defaults = {"credentials": CREDENTIALS, "verification_token": VERIFICATION_TOKEN, "clock": Clock()}
        return RolloutSimulator(app, **{**defaults, **options})

    return make


@pytest.fixture
def ends_at_the_call() -> Callable[..., bool]:
    """Whether pytest shows the line that calls the failed step, and none below it."""

    def find(step: Callable[..., object], *arguments: object) -> bool:
        with pytest.raises(IntegrationError) as caught:
            step(*arguments)
        return {entry.path for entry in caught.traceback.filter(caught)} == {Path(__file__)}

    return find
