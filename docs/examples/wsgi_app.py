"""Rollout's four routes in plain WSGI, which ``gunicorn wsgi_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, API_KEY_SECRET, in the environment. The contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from rollout_auth import (
    MAX_REFRESH_BODY,
    MAX_WEBHOOK_BODY,
    ApiKeyIssuer,
    RefreshEndpoint,
    RequestRefusedError,
    RequestVerifier,
    ResponseParts,
    connect_token_response,
    error_response,
    generate_connect_token,
    verify_webhook,
)

verifier = RequestVerifier.from_env()
issuer = ApiKeyIssuer(os.environ["API_KEY_SECRET"])
refresh_endpoint = RefreshEndpoint(lambda request: issuer.refresh(request.refresh_token), verifier=verifier)

# Your own sign-in and your own database, in place of these. The keys need no database.
SESSIONS = {"demo-session": "user-1"}
CONTACTS: list[str] = []
SEEN_EVENTS: set[str] = set()


def answer(status: int, **fields: object) -> ResponseParts:
    return ResponseParts(json.dumps(fields).encode(), status, {"Content-Type": "application/json"})


def token(environ: dict[str, Any]) -> ResponseParts:
    user_id = SESSIONS.get(environ.get("HTTP_X_DEMO_SESSION", ""))
    if user_id is None:
        return answer(401, error="not_signed_in")
    return connect_token_response(generate_connect_token(user_id, issuer.issue(user_id)))


def refresh(environ: dict[str, Any]) -> ResponseParts:
    # One byte more than is accepted, so that a larger body is refused and not kept in memory.
    return refresh_endpoint.handle(environ["wsgi.input"].read(MAX_REFRESH_BODY + 1), environ)


def contacts(environ: dict[str, Any]) -> ResponseParts:
    verifier.verify(environ)
    scheme, _, api_key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    grant = issuer.authenticate(api_key.strip(" ") if scheme.lower() == "bearer" else None)
    return answer(200, user=grant.user_id, contacts=CONTACTS)


def webhook(environ: dict[str, Any]) -> ResponseParts:
    event = verify_webhook(environ["wsgi.input"].read(MAX_WEBHOOK_BODY + 1), environ)
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
