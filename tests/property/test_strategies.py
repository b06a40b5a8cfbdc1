"""The strategies make what they promise: valid values that survive their way, and input that is refused."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_auth import (
    AuthData,
    ConnectToken,
    MalformedRequestError,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
    VerificationError,
    WebhookEvent,
    generate_connect_token,
    parse_refresh_request,
    verify_connect_token,
    verify_webhook,
)
from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, strategies

KINDS = [AuthData, ConnectToken, RefreshRequest, WebhookEvent]
CONTENT_TYPE = "content-type"


@pytest.mark.parametrize("kind", KINDS)
def test_registered(kind: type) -> None:
    """Hypothesis knows how to make each class."""

    @given(st.from_type(kind))
    def is_made(value: Any) -> None:
        assert type(value) is kind
        assert {name: getattr(value, name) for name in get_type_hints(kind) if not name.startswith("_")}

    is_made()


@given(strategies.user_ids(), st.from_type(AuthData))
def test_tokens(user_id: str, auth_data: AuthData) -> None:
    """Every user id and AuthData can be signed, and comes back."""
    verified = verify_connect_token(
        generate_connect_token(user_id, auth_data, credentials=CREDENTIALS), credentials=CREDENTIALS
    )
    assert (verified.user_id, verified.auth_data) == (user_id, auth_data)


@pytest.mark.parametrize("refreshable", [True, False])
def test_refreshable(refreshable: bool) -> None:
    """Keys that can be renewed, or cannot, are made as asked."""

    @given(strategies.auth_data(refreshable=refreshable))
    def is_as_asked(auth_data: AuthData) -> None:
        assert auth_data.is_refreshable == refreshable

    is_as_asked()


@given(st.data())
def test_refresh_messages(data: Any) -> None:
    """A refresh request as it travels is read as what was put into it."""
    field = data.draw(st.sampled_from(["refreshToken", "token"]))
    request = data.draw(strategies.refresh_messages(st.just("refresh-1"), field=field))
    content_type = dict(request.headers)["Content-Type"]
    assert parse_refresh_request(request.body, content_type, field=field).refresh_token == "refresh-1"


@given(strategies.refresh_requests(st.just("refresh-1")), strategies.refresh_messages())
def test_refresh_tokens(given_token: RefreshRequest, message: Any) -> None:
    """A refresh token can be given, or is made."""
    assert given_token.refresh_token == "refresh-1"
    assert parse_refresh_request(message.body, dict(message.headers)["Content-Type"]).refresh_token.strip()


@given(strategies.webhooks(), strategies.webhooks(signed_content="raw", digest="base64"))
def test_webhooks(usual: Any, other: Any) -> None:
    """A webhook as it travels verifies, in each form of signature."""
    assert verify_webhook(usual.body, dict(usual.headers), credentials=CREDENTIALS).event_id
    assert verify_webhook(other.body, dict(other.headers), credentials=CREDENTIALS, signed_content="raw").event_id


@given(strategies.hostile_headers(), strategies.hostile_bodies())
def test_hostile_input(headers: list[tuple[str, str]], body: bytes) -> None:
    """Whatever is hostile is refused by each check, by an error of the library's own."""
    verifier = RequestVerifier(VERIFICATION_TOKEN)
    with pytest.raises(VerificationError):
        verifier.verify(headers)
    with pytest.raises(VerificationError):
        verify_webhook(body, headers, credentials=CREDENTIALS)
    with pytest.raises(MalformedRequestError):
        parse_refresh_request(body, next((v for k, v in headers if k.lower() == CONTENT_TYPE), None))
    endpoint = RefreshEndpoint(lambda _: AuthData("key", "refresh", 60), verifier=None)
    assert endpoint.handle(headers, body).status == 400
