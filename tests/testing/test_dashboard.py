"""What a partner sets up: what cannot be set up is refused at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from rollout_auth import LEGACY_NAMESPACE, ConfigurationError
from rollout_auth.testing import Dashboard, DashboardRequest

CONTEXT = {
    "verificationToken": "token-1",
    "context": {"userId": "user-1", "authData": {"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 60}},
}


def test_defaults_are_those_of_the_examples() -> None:
    """The default requests of a dashboard fit the example apps."""
    dashboard = Dashboard()
    assert dashboard.refresh is not None
    token, api, refresh = (one.fill(CONTEXT) for one in (dashboard.token, dashboard.api, dashboard.refresh))
    assert (token.method, token.target, token.headers, token.body) == ("GET", "/rollout/token", (), b"")
    assert (api.method, api.target, api.body) == ("GET", "/api/contacts", b"")
    verified = ("X-Rollout-Verification-Token", "token-1")
    assert api.headers == (("Authorization", "Bearer key-1"), verified)
    assert (refresh.method, refresh.target, refresh.body) == (
        *("POST", "/rollout/refresh"),
        b'{"refreshToken":"refresh-1"}',
    )
    assert refresh.headers == (verified, ("Content-Type", "application/json"))
    assert (dashboard.token_field, dashboard.webhook_path) == ("token", "/rollout/webhook")
    assert (dashboard.signed_content, dashboard.digest, dashboard.namespace) == ("base64", "hex", "rollout.com")


@pytest.mark.parametrize(
    "settings",
    [
        {"signed_content": "raw", "digest": "base64", "namespace": LEGACY_NAMESPACE},
        {"refresh": None, "webhook_path": None},
        {"webhook_path": "/hooks", "api": DashboardRequest("GET", "/"), "token_field": "jwt"},
    ],
)
def test_settings(settings: dict[str, Any]) -> None:
    """Every setting that Rollout has can be made, and is kept."""
    dashboard = Dashboard(**settings)
    assert {name: getattr(dashboard, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"signed_content": "hex"}, "signed_content must be 'base64' or 'raw'"),
        ({"digest": "raw"}, "digest must be 'hex' or 'base64'"),
        ({"namespace": "rollout"}, "the namespace must be 'rollout.com' or, on legacy, 'rollouthq.com'"),
        ({"webhook_path": "rollout/webhook"}, "path does not begin with a slash"),
        ({"webhook_path": ""}, "path does not begin with a slash"),
    ],
)
def test_refused(settings: dict[str, Any], message: str) -> None:
    """A setting that Rollout does not have is refused, also when a dashboard is changed into another."""
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        Dashboard(**settings)
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        replace(Dashboard(), **settings)


@pytest.mark.parametrize(
    ("refresh", "has_body"),
    [
        (None, False),
        (DashboardRequest("POST", "/r"), False),
        (DashboardRequest("POST", "/r", json={}), True),
        (DashboardRequest("POST", "/r", form={}), True),
    ],
)
def test_has_refresh_body(refresh: DashboardRequest | None, has_body: bool) -> None:
    """A refresh has a body if it has JSON or a form, though it be empty."""
    assert Dashboard(refresh=refresh).has_refresh_body is has_body


def test_immutable() -> None:
    """A dashboard is shared, and so does not change; two with the same settings are equal."""
    dashboard = Dashboard()
    with pytest.raises(FrozenInstanceError):
        dashboard.token_field = "jwt"
    assert dashboard == Dashboard()
    assert hash(dashboard) == hash(Dashboard())
    assert dashboard != Dashboard(token_field="jwt")


def test_repr_hides_literals() -> None:
    """A literal, such as that of a session, is not shown."""
    dashboard = Dashboard(token=DashboardRequest("GET", "/token", headers={"Cookie": "session=canary"}))
    assert "canary" not in repr(dashboard)
    assert "GET /token" in repr(dashboard)


@pytest.mark.parametrize("name", ["token", "api", "refresh"])
def test_requests(name: str) -> None:
    """A path instead of a request is refused when the dashboard is built."""
    with pytest.raises(TypeError, match=rf"^{name} is str: pass DashboardRequest\(method, path"):
        Dashboard(**{name: "/path"})


@pytest.mark.parametrize("name", ["token", "api"])
def test_requests_that_there_must_be(name: str) -> None:
    """Only refreshes may be left out."""
    with pytest.raises(TypeError, match=f"^{name} is NoneType"):
        Dashboard(**{name: None})
