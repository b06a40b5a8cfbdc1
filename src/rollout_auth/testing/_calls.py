"""Connecting, calling and renewing: what Rollout sends to an app, and what it does with the responses."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from rollout_auth import AuthData, ConfigurationError, ConnectToken

from ._answers import check_success, is_refusal, renewed, token_of
from ._conversation import Connection, Conversation, Flow
from ._tokens import judged_token
from .exchanges import Outgoing
from .messages import Response
from .mistakes import IntegrationError
from .templates import DashboardRequest

__tracebackhide__ = True


def fetch_token(conversation: Conversation) -> Flow[str]:
    """The partner's page gets a token from the partner's server."""
    (response,) = yield [conversation.outgoing("token", conversation.dashboard.token)]
    token = token_of(response, conversation.dashboard.token_field)
    conversation.mask.learn("connect token", token)
    return token


def connect(conversation: Conversation, token: str | None = None) -> Flow[ConnectToken]:
    """A browser sends a token: Rollout verifies it, and replaces the stored authData with the token's."""
    if token is None:
        token = yield from fetch_token(conversation)
    verified = judged_token(token, conversation.credentials, conversation.dashboard.namespace, conversation.now())
    conversation.tokens[token] = verified.expires_at
    conversation.connection = Connection(verified.user_id, None, conversation.now())
    if verified.auth_data is not None:
        conversation.store(verified.auth_data)
    return verified


def call(conversation: Conversation, template: DashboardRequest | None = None) -> Flow[Response]:
    """Rollout calls the app with the key, and renews it first if it is about to expire."""
    connection = conversation.connected()
    if conversation.is_refreshable and conversation.renew_at() <= conversation.now():
        yield from renew(conversation)
    (response,) = yield [conversation.outgoing("call", template or conversation.dashboard.api)]
    if response.status in (401, 403) and connection.is_proven:
        raise _ended_early(conversation, connection)
    fix = "accept the key that you issued; Dashboard(api=...) says where it and the verification token are sent"
    check_success(response, "call", "the API", fix)
    connection.is_proven = True
    return response


def send(conversation: Conversation, template: DashboardRequest) -> Flow[Response]:
    """Send any request, and return the response unchecked."""
    (response,) = yield [conversation.outgoing("request", template)]
    return response


def _ended_early(conversation: Conversation, connection: Connection) -> IntegrationError:
    passed = (conversation.now() - connection.read_at) // timedelta(seconds=1)
    said = connection.auth_data and connection.auth_data.expires_in
    life = "has no expiresIn" if said is None else f"is valid for {said} s (expiresIn)"
    return IntegrationError(
        "key_ended_early",
        f"the key {life}, but was refused {passed} s after Rollout read it",
        "accept keys for an hour longer than expiresIn says, and give expiresIn in seconds",
    )


KEEP_OLD_REFRESH_TOKENS = "accept an old refresh token until an hour after its key expires"
"""A page can bring it back an hour after it was signed, and Rollout uses it when that key is about to expire."""


def renew(conversation: Conversation) -> Flow[AuthData]:
    """Rollout asks for a new key, and stores it."""
    outgoing, before = _refresh(conversation)
    response = yield from conversation.until_answered(outgoing, "refresh_not_repeatable", KEEP_OLD_REFRESH_TOKENS)
    return _renewed(conversation, response, before)


def renew_at_once(conversation: Conversation, count: int) -> Flow[list[AuthData]]:
    """Several of Rollout's machines ask for a new key at the same time, with the same refresh token."""
    if count < 1:
        raise ConfigurationError("count is less than one: pass the number of refreshes to send at once")
    outgoing, before = _refresh(conversation)
    responses = yield [outgoing] * count
    for response in responses:
        if is_refusal(response) and any(other.is_success for other in responses):
            raise IntegrationError(
                "refresh_race",
                f"{count} refreshes were sent at once with one refresh token, and one of them got {response.status}",
                KEEP_OLD_REFRESH_TOKENS,
            )
    return [_renewed(conversation, response, before) for response in responses]


def _refresh(conversation: Conversation) -> tuple[Outgoing, AuthData]:
    before = conversation.refreshable()
    return conversation.outgoing("refresh", cast("DashboardRequest", conversation.dashboard.refresh)), before


def _renewed(conversation: Conversation, response: Response, before: AuthData) -> AuthData:
    auth_data = renewed(response, before)
    conversation.store(auth_data)
    return auth_data
