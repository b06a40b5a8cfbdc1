"""Rollout's four routes in Django, which ``gunicorn django_app:application`` serves.

It needs ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET, ROLLOUT_VERIFICATION_TOKEN and, for the API keys that it issues,
a secret of its own, ROLLOUT_API_KEY_SECRET, in the environment. Contacts are kept in memory, so run one process.
"""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

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


def respond(parts: ResponseParts) -> HttpResponse:
    return HttpResponse(content=parts.body, status=parts.status, headers=parts.headers)


class RolloutErrors(MiddlewareMixin):
    """One handler for every view."""

    def process_exception(self, _: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a request that is refused, and leave every other error to Django."""
        return respond(error_response(exception)) if isinstance(exception, RequestRefusedError) else None


@require_GET
def token(request: HttpRequest) -> HttpResponse:
    user_id = SESSIONS.get(request.headers.get("X-Demo-Session", ""))
    if user_id is None:
        return JsonResponse({"error": "not_signed_in"}, status=401)
    return respond(rollout.connect(user_id))


@csrf_exempt
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    # One byte more than is accepted, so that a larger body is refused and not kept in memory.
    return respond(rollout.refresh(request.read(MAX_REFRESH_BODY + 1), request.headers))


@require_GET
def contacts(request: HttpRequest) -> HttpResponse:
    grant = rollout.authenticate(request.headers)
    return JsonResponse({"user": grant.user_id, "contacts": CONTACTS})


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    event = rollout.webhook(request.read(MAX_WEBHOOK_BODY + 1), request.headers)
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
settings.configure(
    ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.RolloutErrors"], ALLOWED_HOSTS=["127.0.0.1", "localhost"]
)
application = get_wsgi_application()
