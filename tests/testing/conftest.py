"""An app that people write by hand, and what a simulator says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, Clock, RolloutSimulator


@pytest.fixture
def simulate() -> Callable[..., RolloutSimulator]:
    """Makes a simulator for an app, with the credentials of tests."""

    def make(app: Any, **options: Any) -> RolloutSimulator:
        defaults = {"credentials": CREDENTIALS, "verification_token": VERIFICATION_TOKEN, "clock": Clock()}
        return RolloutSimulator(app, **{**defaults, **options})

    return make
