"""Rollout's four routes in plain ASGI, which ``uvicorn asgi_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, ROLLOUT_API_KEY_SECRET, in the environment. Contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from rollout_auth import (
    MAX_REFRESH_BODY,
    MAX_WEBHOOK_BODY,
    RequestRefusedError,
    ResponseParts,
    RolloutAuth,
    error_response,
)

rollout = RolloutAuth.from_env()

# Your own sign-in and your own database, in place of these. The keys need no database.
SESSIONS = {"demo-session": "user-1"}
CONTACTS: list[str] = []
SEEN_EVENTS: set[str] = set()

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def read(receive: Receive, most: int) -> bytes:
    """The body, or as much of it as the library refuses for its size."""
    body, more = bytearray(), True
    while more and len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def answer(status: int, **fields: object) -> ResponseParts:
    return ResponseParts(json.dumps(fields).encode(), status, {"Content-Type": "application/json"})


async def token(scope: dict[str, Any], _receive: Receive) -> ResponseParts:
    # Two values are joined, as WSGI joins them, and then match no session.
    session = b",".join(value for name, value in scope["headers"] if name == b"x-demo-session")
    user_id = SESSIONS.get(session.decode("latin-1"))
    if user_id is None:
        return answer(401, error="not_signed_in")
    return rollout.connect(user_id)


async def refresh(scope: dict[str, Any], receive: Receive) -> ResponseParts:
    return await rollout.refresh_async(await read(receive, MAX_REFRESH_BODY), scope["headers"])


async def contacts(scope: dict[str, Any], _receive: Receive) -> ResponseParts:
    grant = await rollout.authenticate_async(scope["headers"])
    return answer(200, user=grant.user_id, contacts=CONTACTS)


async def webhook(scope: dict[str, Any], receive: Receive) -> ResponseParts:
    event = rollout.webhook(await read(receive, MAX_WEBHOOK_BODY), scope["headers"])
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return ResponseParts(b"", 204, {})


ROUTES = {
    "/rollout/token": ("GET", token),
    "/rollout/refresh": ("POST", refresh),
    "/api/contacts": ("GET", contacts),
    "/rollout/webhook": ("POST", webhook),
}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        # The ASGI specification ("Protocol Specifications") asks an app to raise for a protocol that it does not serve.
        raise NotImplementedError("HTTP only")
    method, view = ROUTES.get(scope["path"], (None, None))
    try:
        if view is None:
            parts = answer(404, error="not_found")
        elif method != scope["method"]:
            parts = answer(405, error="method_not_allowed")
        else:
            parts = await view(scope, receive)
    except RequestRefusedError as error:
        parts = error_response(error)
    headers = [(name.lower().encode(), value.encode()) for name, value in parts.headers.items()]
    await send({"type": "http.response.start", "status": parts.status, "headers": headers})
    await send({"type": "http.response.body", "body": parts.body})
