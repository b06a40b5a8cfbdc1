"""Webhooks: deliveries that are repeated and reordered, and why a valid one is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from secrets import token_hex

from rollout_auth import ConfigurationError, WebhookEvent, verify_webhook

from ._answers import check_route, check_success, is_refusal
from ._conversation import Conversation, Flow
from .exchanges import Outgoing
from .messages import Request, Response
from .mistakes import IntegrationError
from .webhook_signing import Digest, SignedContent, sign_webhook, signed_headers, webhook_body

__tracebackhide__ = True

_AGAIN = "webhook_not_repeatable", "respond to a repeated eventId as you did the first time"
_FORMS: tuple[tuple[SignedContent, Digest], ...] = (
    ("base64", "hex"),
    ("base64", "base64"),
    ("raw", "hex"),
    ("raw", "base64"),
)


def deliver(
    conversation: Conversation,
    bodies: Sequence[bytes],
    *,
    times: int = 1,
    is_signed_with_previous: bool = False,
) -> Flow[list[WebhookEvent]]:
    """Deliver webhooks in this order, each of them ``times`` times."""
    secrets = conversation.credentials.secrets
    if is_signed_with_previous and len(secrets) == 1:
        raise ConfigurationError("there is no previous client secret: pass one in ClientCredentials(...)")
    for body in bodies:
        outgoing = signed(conversation, body, secrets[is_signed_with_previous])
        for delivery in range(times):
            response = yield from conversation.until_answered(outgoing, *_AGAIN)
            if is_refusal(response) and delivery:
                problem = f"the app accepted a webhook, and returned {response.status} when it was delivered again"
                raise IntegrationError(_AGAIN[0], problem, _AGAIN[1])
            check_route(response, "webhook", "the webhook endpoint")
            if is_refusal(response):
                raise (yield from _mistake(conversation, body, response, is_signed_with_previous))
            check_success(response, "webhook", "the webhook endpoint", "respond with 2xx")
    return [_event(conversation, body) for body in bodies]


def deliver_named(
    conversation: Conversation,
    names: Sequence[str],
    resource_ids: Sequence[str] = ("person-1",),
    times: int = 1,
    *,
    is_reordered: bool = False,
    is_signed_with_previous: bool = False,
) -> Flow[list[WebhookEvent]]:
    """Deliver webhooks with these event names. The returned events are in the order of delivery."""
    if isinstance(resource_ids, str):
        raise TypeError("resource_ids is str: pass a list of strings, such as ['42']")
    if not names or times < 1:
        raise ConfigurationError("there is nothing to deliver: pass the names of events, and times=1 or more")
    bodies = [event(conversation, name, resource_ids) for name in names]
    if is_reordered:
        bodies.reverse()
    return deliver(conversation, bodies, times=times, is_signed_with_previous=is_signed_with_previous)


def event(conversation: Conversation, name: str, resource_ids: Sequence[str], **fields: object) -> bytes:
    """The body of a webhook."""
    payload = {
        "eventId": f"event-{token_hex(8)}",
        "eventCreated": conversation.now().isoformat(timespec="milliseconds"),
        "event": name,
        "resourceIds": list(resource_ids),
        "uri": f"https://universal.rollout.com/api/people?ids={','.join(resource_ids)}",
        **fields,
    }
    return webhook_body(payload)


def signed(conversation: Conversation, body: bytes, secret: str, purpose: str = "webhook") -> Outgoing:
    """A webhook, signed with a secret as the dashboard's settings say."""
    dashboard = conversation.dashboard
    headers = signed_headers(body, secret, dashboard.signed_content, dashboard.digest)
    return webhook(conversation, body, headers, f"{len(body)} bytes, signed", purpose)


def webhook(conversation: Conversation, body: bytes, headers: Mapping[str, str], shown: str, purpose: str) -> Outgoing:
    """A webhook as an HTTP request."""
    path = conversation.dashboard.webhook_path
    if path is None:
        raise ConfigurationError("the dashboard has no webhooks: pass Dashboard(webhook_path=...)")
    line = f"POST {path}"
    return Outgoing(purpose, Request("POST", path, headers.items(), body), line, f"{line}  {shown}")


def _event(conversation: Conversation, body: bytes) -> WebhookEvent:
    credentials = conversation.credentials
    return verify_webhook(body, sign_webhook(body, credentials=credentials), credentials=credentials)


def _mistake(
    conversation: Conversation, body: bytes, response: Response, is_signed_with_previous: bool
) -> Flow[IntegrationError]:
    """Find out why a correctly signed webhook was refused, by what the app accepts instead."""
    refused = f"the app returned {response.status} for a correctly signed webhook"
    if is_signed_with_previous:
        fix = "during a rotation, verify with the previous client secret too (ROLLOUT_PREVIOUS_CLIENT_SECRET)"
        return IntegrationError("previous_secret_refused", f"{refused} (signed with the previous secret)", fix)
    secret = conversation.credentials.client_secret
    payload = json.loads(body)
    as_python_writes = (json.dumps(payload).encode(), webhook_body(payload))
    for rewritten in (written for written in as_python_writes if written != body):
        (answer,) = yield [signed(conversation, rewritten, secret, "webhook, to find out why")]
        if answer.is_success:
            fix = "verify the raw bytes that arrived: verify_webhook(request.get_data(), request.headers)"
            return IntegrationError(
                "webhook_reserialised", f"{refused}: the app verifies JSON that was parsed and written again", fix
            )
    right = conversation.dashboard.signed_content, conversation.dashboard.digest
    for content, digest in (form for form in _FORMS if form != right):
        way = f"a {digest} digest of the {content} body"
        headers = signed_headers(body, secret, content, digest)
        shown = f"{len(body)} bytes, signed with {way}"
        (answer,) = yield [webhook(conversation, body, headers, shown, "webhook, to find out why")]
        if answer.is_success:
            return IntegrationError(
                "webhook_signed_otherwise",
                f"{refused}: the app expects {way}",
                "verify what your Rollout signs, or set signed_content and digest in Dashboard",
            )
    return IntegrationError(
        "webhook_refused", refused, "verify with the simulator's client secret (ROLLOUT_CLIENT_SECRET)"
    )
