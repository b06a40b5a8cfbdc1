"""Rollout's four routes in Starlette, which ``uvicorn starlette_app:app`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, ROLLOUT_API_KEY_SECRET, in the environment. Contacts are kept in memory, so run one process.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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


async def read(request: Request, most: int) -> bytes:
    """The body, or as much of it as the library refuses for its size."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def respond(parts: ResponseParts) -> Response:
    return Response(parts.body, parts.status, parts.headers)


async def refused(_: Request, error: RequestRefusedError) -> Response:
    return respond(error_response(error))


async def token(request: Request) -> Response:
    # Two values are joined, as WSGI joins them, and then match no session.
    user_id = SESSIONS.get(",".join(request.headers.getlist("X-Demo-Session")))
    if user_id is None:
        return JSONResponse({"error": "not_signed_in"}, 401)
    return respond(rollout.connect(user_id))


async def refresh(request: Request) -> Response:
    return respond(await rollout.refresh_async(await read(request, MAX_REFRESH_BODY), request.headers))


async def contacts(request: Request) -> Response:
    grant = await rollout.authenticate_async(request.headers)
    return JSONResponse({"user": grant.user_id, "contacts": CONTACTS})


async def webhook(request: Request) -> Response:
    event = rollout.webhook(await read(request, MAX_WEBHOOK_BODY), request.headers)
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
    ],
    exception_handlers={RequestRefusedError: refused},  # type: ignore[dict-item]  # Starlette types handlers by Exception
)
