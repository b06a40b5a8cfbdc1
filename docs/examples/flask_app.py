"""Rollout's four routes in Flask, which ``gunicorn flask_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, API_KEY_SECRET, in the environment. The contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import logging
import os

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
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
issuer = ApiKeyIssuer(os.environ["API_KEY_SECRET"])

# Your own sign-in and your own database, in place of these. The keys need none.
SESSIONS = {"demo-session": "user-1"}
CONTACTS: list[str] = []
SEEN_EVENTS: set[str] = set()


def renew(request: RefreshRequest) -> AuthData:
    return issuer.refresh(request.refresh_token)


refresh_endpoint = RefreshEndpoint(
    renew, verifier=verifier, on_refused=lambda error: logger.warning("refresh refused: %s", error.code)
)
app = Flask(__name__)


@app.errorhandler(VerificationError)
def refused(error: VerificationError) -> ResponseReturnValue:
    return jsonify(error=error.code), error.status


@app.get("/rollout/token")
def token() -> ResponseReturnValue:
    user_id = SESSIONS.get(request.headers.get("X-Demo-Session", ""))
    if user_id is None:
        return jsonify(error="not_signed_in"), 401
    parts = connect_token_response(generate_connect_token(user_id, issuer.issue(user_id)))
    return Response(parts.body, parts.status, parts.headers)


@app.post("/rollout/refresh")
def refresh() -> ResponseReturnValue:
    parts = refresh_endpoint.handle(request.headers, request.stream.read(REFRESH_BODY))
    return Response(parts.body, parts.status, parts.headers)


@app.get("/api/contacts")
def contacts() -> ResponseReturnValue:
    verifier.verify(request.headers)
    scheme, _, api_key = request.headers.get("Authorization", "").partition(" ")
    grant = issuer.authenticate(api_key.strip(" ") if scheme.lower() == "bearer" else None)
    return jsonify(user=grant.user_id, contacts=CONTACTS)


@app.post("/rollout/webhook")
def webhook() -> ResponseReturnValue:
    event = verify_webhook(request.stream.read(WEBHOOK_BODY), request.headers)
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return "", 204
