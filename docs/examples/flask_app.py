"""Rollout's four routes in Flask, which ``gunicorn flask_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, ROLLOUT_API_KEY_SECRET, in the environment. Contacts are kept in memory, so run one process.
"""

from __future__ import annotations

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

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

app = Flask(__name__)


def respond(parts: ResponseParts) -> Response:
    return Response(parts.body, parts.status, parts.headers)


@app.errorhandler(RequestRefusedError)
def refused(error: RequestRefusedError) -> Response:
    return respond(error_response(error))


@app.get("/rollout/token")
def token() -> ResponseReturnValue:
    user_id = SESSIONS.get(request.headers.get("X-Demo-Session", ""))
    if user_id is None:
        return jsonify(error="not_signed_in"), 401
    return respond(rollout.connect(user_id))


@app.post("/rollout/refresh")
def refresh() -> Response:
    # One byte more than is accepted, so that a larger body is refused and not kept in memory.
    return respond(rollout.refresh(request.stream.read(MAX_REFRESH_BODY + 1), request.headers))


@app.get("/api/contacts")
def contacts() -> ResponseReturnValue:
    grant = rollout.authenticate(request.headers)
    return jsonify(user=grant.user_id, contacts=CONTACTS)


@app.post("/rollout/webhook")
def webhook() -> ResponseReturnValue:
    event = rollout.webhook(request.stream.read(MAX_WEBHOOK_BODY + 1), request.headers)
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return "", 204
