"""Fixtures that every test may ask for, and the settings under which hypothesis is deterministic."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from rollout_auth import AuthData, ClientCredentials

if TYPE_CHECKING:
    from canaries import Reporters

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("deterministic")


@pytest.fixture(scope="session", autouse=True)
def _processes_are_not_measured() -> None:
    """Coverage counts what runs in the tests' own process. A process that a test starts writes no data file."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture
def now() -> datetime:
    """An instant with a fraction of a second."""
    return datetime(2026, 3, 1, 12, 0, 0, 900_000, tzinfo=timezone.utc)


@pytest.fixture
def secret() -> str:
    """A client secret of full length."""
    return "not-a-real-secret-" + "0123456789abcdef" * 4


@pytest.fixture
def credentials(secret: str) -> ClientCredentials:
    """Credentials that need no warning."""
    return ClientCredentials("client-1", secret)


@pytest.fixture
def auth_data() -> AuthData:
    """A refreshable key with a field of the connector's own."""
    return AuthData("key-1", "refresh-1", 3600, {"region": "eu", "scopes": ["read", "write"]})


@pytest.fixture(scope="module")
def reporters() -> Iterator[Reporters]:
    """Sentry and Django, looking at errors."""
    from canaries import reporting  # noqa: PLC0415  imported late: Sentry and Django are for few tests

    with reporting() as reporters:
        yield reporters


@pytest.fixture(autouse=True)
def _no_credentials_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "VERIFICATION_TOKEN"):
        monkeypatch.delenv(f"ROLLOUT_{name}", raising=False)
        monkeypatch.delenv(f"ROLLOUT_PREVIOUS_{name}", raising=False)
