"""Rollout's four routes in Django, which ``gunicorn django_app:application`` serves.

Run one process only, because this example keeps its keys in memory. It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET
and ROLLOUT_VERIFICATION_TOKEN in the environment.
"""

from __future__ import annotations

import logging
from hmac import compare_digest
from secrets import token_urlsafe

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

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


def renew(request: RefreshRequest) -> AuthData:
    user_id = owner(REFRESH_TOKENS, request.refresh_token)
    if user_id is None:
        raise InvalidRefreshTokenError
    return issue(user_id)


refresh_endpoint = RefreshEndpoint(
    renew, verifier=verifier, on_refused=lambda error: logger.warning("refresh refused: %s", error.code)
)


@require_GET
def token(request: HttpRequest) -> HttpResponse:
    user_id = SESSIONS.get(request.headers.get("X-Demo-Session", ""))
    if user_id is None:
        return JsonResponse({"error": "not_signed_in"}, status=401)
    parts = connect_token_response(generate_connect_token(user_id, issue(user_id)))
    return HttpResponse(content=parts.body, status=parts.status, headers=parts.headers)


@csrf_exempt
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    parts = refresh_endpoint.handle(request.headers, request.read(REFRESH_BODY))
    return HttpResponse(content=parts.body, status=parts.status, headers=parts.headers)


@require_GET
def contacts(request: HttpRequest) -> HttpResponse:
    try:
        verifier.verify(request.headers)
        scheme, _, api_key = request.headers.get("Authorization", "").partition(" ")
        user_id = owner(API_KEYS, api_key.strip(" ")) if scheme.lower() == "bearer" else None
        if user_id is None:
            raise InvalidApiKeyError
    except VerificationError as error:
        return JsonResponse({"error": error.code}, status=error.status)
    return JsonResponse({"user": user_id, "contacts": CONTACTS})


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    try:
        event = verify_webhook(request.read(WEBHOOK_BODY), request.headers)
    except VerificationError as error:
        return JsonResponse({"error": error.code}, status=error.status)
    if event.event_id not in SEEN_EVENTS:
        CONTACTS.extend(event.resource_ids)
        SEEN_EVENTS.add(event.event_id)
    return HttpResponse(status=204)


urlpatterns = [
    path("rollout/token", token),
    path("rollout/refresh", refresh),
    path("api/contacts", contacts),
    path("rollout/webhook", webhook),
]

# Only to run this file by itself: a project has its own settings and WSGI file.
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1", "localhost"])
application = get_wsgi_application()
