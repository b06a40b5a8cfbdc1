"""Tells hypothesis how to generate values of this library's classes, when hypothesis is imported.

Source: hypothesis.readthedocs.io, "Registering strategies via entry points". The strategies themselves are imported
when a test draws from one.
"""

from __future__ import annotations

from typing import Any


def register() -> None:
    """Let ``st.from_type`` generate valid values of each class, instead of guessing from its annotations."""
    from hypothesis import strategies as st  # noqa: PLC0415  hypothesis calls this, and need not be installed otherwise

    from rollout_auth import AuthData, ConnectToken, RefreshRequest, WebhookEvent  # noqa: PLC0415  likewise

    names = {
        AuthData: "auth_data",
        ConnectToken: "connect_tokens",
        RefreshRequest: "refresh_requests",
        WebhookEvent: "webhook_events",
    }
    for kind, name in names.items():
        st.register_type_strategy(kind, _strategy(name))


def _strategy(name: str) -> Any:  # noqa: ANN401  a strategy's type is hypothesis's, which need not be installed
    def late(_: type) -> Any:  # noqa: ANN401  likewise
        from .testing import strategies  # noqa: PLC0415  imported when a test draws

        return getattr(strategies, name)()

    return late
