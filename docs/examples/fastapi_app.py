"""Rollout's four routes in FastAPI, which ``uvicorn fastapi_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, API_KEY_SECRET, in the environment. The contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import os

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

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

app = FastAPI()


async def read(request: Request, most: int) -> bytes:
    """The body, or as much of it as the library refuses for its size."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def header(request: Request, name: str) -> str:
    """The value of a header. Two values are joined, as WSGI joins them, and then match neither a session nor a key."""
    return ",".join(request.headers.getlist(name))


def respond(parts: ResponseParts) -> Response:
    return Response(parts.body, parts.status, parts.headers)


@app.exception_handler(RequestRefusedError)
async def refused(_: Request, error: RequestRefusedError) -> Response:
    return respond(error_response(error))


@app.get("/rollout/token")
async def token(request: Request) -> Response:
    user_id = SESSIONS.get(header(request, "X-Demo-Session"))
    if user_id is None:
        return JSONResponse({"error": "not_signed_in"}, 401)
    return respond(connect_token_response(generate_connect_token(user_id, issuer.issue(user_id))))


@app.post("/rollout/refresh")
async def refresh(request: Request) -> Response:
    return respond(await refresh_endpoint.handle_async(await read(request, MAX_REFRESH_BODY), request.headers))


@app.get("/api/contacts")
async def contacts(request: Request) -> Response:
    verifier.verify(request.headers)
    scheme, _, api_key = header(request, "Authorization").partition(" ")
    grant = issuer.authenticate(api_key.strip(" ") if scheme.lower() == "bearer" else None)
    return JSONResponse({"user": grant.user_id, "contacts": CONTACTS})


@app.post("/rollout/webhook")
async def webhook(request: Request) -> Response:
    event = verify_webhook(await read(request, MAX_WEBHOOK_BODY), request.headers)
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return Response(status_code=204)
