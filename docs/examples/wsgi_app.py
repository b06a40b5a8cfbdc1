"""Rollout's four routes in plain WSGI, which ``gunicorn wsgi_app:app`` serves.

Run one process only, because this example keeps its keys in memory. It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET
and ROLLOUT_VERIFICATION_TOKEN in the environment.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any

from rollout_auth import (
    AuthData,
    InvalidApiKeyError,
    InvalidRefreshTokenError,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
    ResponseParts,
    VerificationError,
    connect_token_response,
    generate_connect_token,
    verify_webhook,
)

# Bytes to read at most: one more than is accepted, so that a larger body is refused and not kept in memory.
REFRESH_BODY = 64 * 1024 + 1
WEBHOOK_BODY = 4 * 1024 * 1024 + 1

logger = logging.getLogger(__name__)
verifier = RequestVerifier.from_env()

# Your own sign-in and your own database, in place of these.
SESSIONS = {"demo-session": "user-1"}
API_KEYS: dict[str, str] = {}
REFRESH_TOKENS: dict[str, str] = {}
CONTACTS: list[str] = []
SEEN_EVENTS: set[str] = set()


def issue(user_id: str) -> AuthData:
    """A new key. Older ones and their refresh tokens stay valid, because Rollout may come back with them."""
    api_key, refresh_token = token_urlsafe(), token_urlsafe()
    API_KEYS[api_key] = REFRESH_TOKENS[refresh_token] = user_id
    return AuthData(api_key, refresh_token, expires_in=3600)


def owner(secrets: dict[str, str], candidate: str) -> str | None:
    """Whose secret this is. Bytes are compared, because ``compare_digest`` takes no text beyond ASCII."""
    users = [user for secret, user in secrets.items() if compare_digest(secret.encode(), candidate.encode())]
    return users[0] if users else None


def renew(request: RefreshRequest) -> AuthData:
    user_id = owner(REFRESH_TOKENS, request.refresh_token)
    if user_id is None:
        raise InvalidRefreshTokenError
    return issue(user_id)


refresh_endpoint = RefreshEndpoint(
    renew, verifier=verifier, on_refused=lambda error: logger.warning("refresh refused: %s", error.code)
)


def answer(status: int, **fields: object) -> ResponseParts:
    return ResponseParts(json.dumps(fields).encode(), status, {"Content-Type": "application/json"})


def token(environ: dict[str, Any]) -> ResponseParts:
    user_id = SESSIONS.get(environ.get("HTTP_X_DEMO_SESSION", ""))
    if user_id is None:
        return answer(401, error="not_signed_in")
    return connect_token_response(generate_connect_token(user_id, issue(user_id)))


def refresh(environ: dict[str, Any]) -> ResponseParts:
    return refresh_endpoint.handle(environ, environ["wsgi.input"].read(REFRESH_BODY))


def contacts(environ: dict[str, Any]) -> ResponseParts:
    verifier.verify(environ)
    scheme, _, api_key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    user_id = owner(API_KEYS, api_key.strip(" ")) if scheme.lower() == "bearer" else None
    if user_id is None:
        raise InvalidApiKeyError
    return answer(200, user=user_id, contacts=CONTACTS)


def webhook(environ: dict[str, Any]) -> ResponseParts:
    event = verify_webhook(environ["wsgi.input"].read(WEBHOOK_BODY), environ)
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
    except VerificationError as error:
        parts = answer(error.status, error=error.code)
    start_response(f"{parts.status} {HTTPStatus(parts.status).phrase}", list(parts.headers.items()))
    return [parts.body]
