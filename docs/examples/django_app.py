"""Rollout's four routes in Django, which ``gunicorn django_app:application`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, API_KEY_SECRET, in the environment. The contacts are kept in memory, so run one process.
"""

from __future__ import annotations

import logging
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

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


@require_GET
def token(request: HttpRequest) -> HttpResponse:
    user_id = SESSIONS.get(request.headers.get("X-Demo-Session", ""))
    if user_id is None:
        return JsonResponse({"error": "not_signed_in"}, status=401)
    parts = connect_token_response(generate_connect_token(user_id, issuer.issue(user_id)))
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
        grant = issuer.authenticate(api_key.strip(" ") if scheme.lower() == "bearer" else None)
    except VerificationError as error:
        return JsonResponse({"error": error.code}, status=error.status)
    return JsonResponse({"user": grant.user_id, "contacts": CONTACTS})


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
