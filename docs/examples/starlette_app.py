"""Rollout's four routes in Starlette, which ``uvicorn starlette_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, API_KEY_SECRET, in the environment. The contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import logging
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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


async def read(request: Request, most: int) -> bytes:
    """The body, or so much of it that the library refuses it as too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) >= most:
            break
    return bytes(body)


def header(request: Request, name: str) -> str:
    """The value of a header. Two are joined, as WSGI joins them, and so are neither a session nor a key."""
    return ",".join(request.headers.getlist(name))


async def token(request: Request) -> Response:
    user_id = SESSIONS.get(header(request, "X-Demo-Session"))
    if user_id is None:
        return JSONResponse({"error": "not_signed_in"}, 401)
    parts = connect_token_response(generate_connect_token(user_id, issuer.issue(user_id)))
    return Response(parts.body, parts.status, parts.headers)


async def refresh(request: Request) -> Response:
    parts = await refresh_endpoint.handle_async(request.headers, await read(request, REFRESH_BODY))
    return Response(parts.body, parts.status, parts.headers)


async def contacts(request: Request) -> Response:
    try:
        verifier.verify(request.headers)
        scheme, _, api_key = header(request, "Authorization").partition(" ")
        grant = issuer.authenticate(api_key.strip(" ") if scheme.lower() == "bearer" else None)
    except VerificationError as error:
        return JSONResponse({"error": error.code}, error.status)
    return JSONResponse({"user": grant.user_id, "contacts": CONTACTS})


async def webhook(request: Request) -> Response:
    try:
        event = verify_webhook(await read(request, WEBHOOK_BODY), request.headers)
    except VerificationError as error:
        return JSONResponse({"error": error.code}, error.status)
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return Response(status_code=204)


app = Starlette(
    routes=[
        Route("/rollout/token", token),
        Route("/rollout/refresh", refresh, methods=["POST"]),
        Route("/api/contacts", contacts),
        Route("/rollout/webhook", webhook, methods=["POST"]),
    ]
)
