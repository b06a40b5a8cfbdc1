"""Rollout's four routes in plain WSGI, which ``gunicorn wsgi_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, ROLLOUT_API_KEY_SECRET, in the environment. Contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
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


def read(environ: dict[str, Any], most: int) -> bytes:
    """The body, or as much of it as the library refuses for its size.

    PEP 3333 lets a server block on a read beyond CONTENT_LENGTH. A body in chunks has no length: it is read only if the
    server says that its stream ends.
    """
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal():
        length = most + 1 if environ.get("wsgi.input_terminated") else 0
    body: bytes = environ["wsgi.input"].read(min(int(length), most + 1))
    return body


def answer(status: int, **fields: object) -> ResponseParts:
    return ResponseParts(json.dumps(fields).encode(), status, {"Content-Type": "application/json"})


def token(environ: dict[str, Any]) -> ResponseParts:
    user_id = SESSIONS.get(environ.get("HTTP_X_DEMO_SESSION", ""))
    if user_id is None:
        return answer(401, error="not_signed_in")
    return rollout.connect(user_id)


def refresh(environ: dict[str, Any]) -> ResponseParts:
    return rollout.refresh(read(environ, MAX_REFRESH_BODY), environ)


def contacts(environ: dict[str, Any]) -> ResponseParts:
    grant = rollout.authenticate(environ)
    return answer(200, user=grant.user_id, contacts=CONTACTS)


def webhook(environ: dict[str, Any]) -> ResponseParts:
    event = rollout.webhook(read(environ, MAX_WEBHOOK_BODY), environ)
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


def app(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    method, view = ROUTES.get(environ["PATH_INFO"], (None, None))
    try:
        if view is None:
            parts = answer(404, error="not_found")
        elif method != environ["REQUEST_METHOD"]:
            parts = answer(405, error="method_not_allowed")
        else:
            parts = view(environ)
    except RequestRefusedError as error:
        parts = error_response(error)
    start_response(f"{parts.status} {HTTPStatus(parts.status).phrase}", list(parts.headers.items()))
    return [parts.body]
