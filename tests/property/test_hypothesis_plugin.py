"""Hypothesis makes valid values of the library's classes as soon as it is imported."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_auth import AuthData, ConnectToken, RefreshRequest, WebhookEvent

KINDS = [AuthData, ConnectToken, RefreshRequest, WebhookEvent]


@pytest.mark.parametrize("kind", KINDS)
def test_registered(kind: type) -> None:
    """Hypothesis knows how to make each class."""

    @given(st.from_type(kind))
    def is_made(value: Any) -> None:
        assert type(value) is kind
        assert {name: getattr(value, name) for name in get_type_hints(kind) if not name.startswith("_")}

    is_made()
