"""Rollout's four routes in FastAPI, which ``uvicorn fastapi_app:app`` serves.

Run one process only, because this example keeps its keys in memory. It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET
and ROLLOUT_VERIFICATION_TOKEN in the environment.
"""

from __future__ import annotations

import logging
from hmac import compare_digest
from secrets import token_urlsafe

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from rollout_auth import (
    AuthData,
    InvalidApiKeyError,
    InvalidRefreshTokenError,
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


async def renew(request: RefreshRequest) -> AuthData:
    user_id = owner(REFRESH_TOKENS, request.refresh_token)
    if user_id is None:
        raise InvalidRefreshTokenError
    return issue(user_id)


refresh_endpoint = RefreshEndpoint(
    renew, verifier=verifier, on_refused=lambda error: logger.warning("refresh refused: %s", error.code)
)
app = FastAPI()


async def read(request: Request, most: int) -> bytes:
    """The body, or so much of it that the library refuses it as too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) >= most:
            break
    return body


def header(request: Request, name: str) -> str:
    """The value of a header. Two are joined, as WSGI joins them, and so are neither a session nor a key."""
    return ",".join(request.headers.getlist(name))


@app.exception_handler(VerificationError)
async def refused(_: Request, error: VerificationError) -> Response:
    return JSONResponse({"error": error.code}, error.status)


@app.get("/rollout/token")
async def token(request: Request) -> Response:
    user_id = SESSIONS.get(header(request, "X-Demo-Session"))
    if user_id is None:
        return JSONResponse({"error": "not_signed_in"}, 401)
    parts = connect_token_response(generate_connect_token(user_id, issue(user_id)))
    return Response(parts.body, parts.status, parts.headers)


@app.post("/rollout/refresh")
async def refresh(request: Request) -> Response:
    parts = await refresh_endpoint.handle_async(request.headers, await read(request, REFRESH_BODY))
    return Response(parts.body, parts.status, parts.headers)


@app.get("/api/contacts")
async def contacts(request: Request) -> Response:
    verifier.verify(request.headers)
    scheme, _, api_key = header(request, "Authorization").partition(" ")
    user_id = owner(API_KEYS, api_key.strip(" ")) if scheme.lower() == "bearer" else None
    if user_id is None:
        raise InvalidApiKeyError
    return JSONResponse({"user": user_id, "contacts": CONTACTS})


@app.post("/rollout/webhook")
async def webhook(request: Request) -> Response:
    event = verify_webhook(await read(request, WEBHOOK_BODY), request.headers)
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return Response(status_code=204)
