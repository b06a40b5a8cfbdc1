"""Fixtures, which pytest finds through an entry point.

pytest loads this module in every test suite, so it is outside ``testing``, and imports it only when a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rollout_auth import ClientCredentials

    from .testing import Clock, RolloutSimulator


@pytest.fixture
def rollout_credentials(monkeypatch: pytest.MonkeyPatch) -> ClientCredentials:
    """Client credentials of full length; the environment has them too, and a verification token, during the test."""
    from .testing import CREDENTIALS, ENVIRON  # noqa: PLC0415  pytest loads this plugin in every run

    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
        monkeypatch.delenv(name.replace("ROLLOUT_", "ROLLOUT_PREVIOUS_"), raising=False)
    return CREDENTIALS


@pytest.fixture
def rollout_clock() -> Iterator[Clock]:
    """A clock that the test can move forward; during the test, the library reads the time from it."""
    from .testing import Clock  # noqa: PLC0415  pytest loads this plugin in every run

    with Clock().installed() as clock:
        yield clock


@pytest.fixture
def rollout_simulator(rollout_credentials: ClientCredentials, rollout_clock: Clock) -> Callable[..., RolloutSimulator]:
    """Creates a ``RolloutSimulator`` for an app, with ``rollout_credentials``, their verification token and the clock.

    Pass any other argument of ``RolloutSimulator`` by keyword: ``rollout_simulator(app, dashboard=...)``.
    """
    from .testing import VERIFICATION_TOKEN, RolloutSimulator  # noqa: PLC0415  pytest loads this plugin in every run

    def make(app: Any, **options: Any) -> RolloutSimulator:  # noqa: ANN401  any app, any option
        defaults: dict[str, Any] = {
            "credentials": rollout_credentials,
            "verification_token": VERIFICATION_TOKEN,
            "clock": rollout_clock,
        }
        return RolloutSimulator(app, **{**defaults, **options})

    return make
