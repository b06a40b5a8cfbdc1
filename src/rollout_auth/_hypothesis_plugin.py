"""Tells hypothesis how to generate values of this library's classes, when hypothesis is imported.

Source: hypothesis.readthedocs.io, "Registering strategies via entry points". The strategies themselves are imported
when a test draws from one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy


def register() -> None:
    """Let ``st.from_type`` generate valid values of each class, instead of guessing from its annotations."""
    from hypothesis import strategies as st  # noqa: PLC0415  hypothesis calls this, and need not be installed otherwise

    from rollout_auth import AuthData, ConnectToken, RefreshRequest, WebhookEvent  # noqa: PLC0415  only when hypothesis asks

    names = {
        AuthData: "auth_data",
        ConnectToken: "connect_tokens",
        RefreshRequest: "refresh_requests",
        WebhookEvent: "webhook_events",
    }
    for kind, name in names.items():
        st.register_type_strategy(kind, _strategy(name))


def _strategy(name: str) -> Callable[[type], SearchStrategy[Any]]:
    def late(_: type) -> SearchStrategy[Any]:
        from .testing import strategies  # noqa: PLC0415  it is large, and most runs draw none of these values

        strategy: SearchStrategy[Any] = getattr(strategies, name)()
        return strategy

    return late
