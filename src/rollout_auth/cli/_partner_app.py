"""A partner's app with four routes, no more than the demo needs; start your own from docs/examples/."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from rollout_auth import (
    ApiKeyIssuer,
    ClientCredentials,
    RefreshEndpoint,
    RequestRefusedError,
    RequestVerifier,
    ResponseParts,
    connect_token_response,
    error_response,
    generate_connect_token,
    verify_webhook,
)


class PartnerApp:
    """A WSGI app with one user, who is always signed in."""

    def __init__(self, credentials: ClientCredentials, verification_token: str, key_secret: str) -> None:
        self._credentials = credentials
        self._verifier = RequestVerifier(verification_token)
        self._issuer = ApiKeyIssuer(key_secret)
        self._refreshes = RefreshEndpoint(
            lambda request: self._issuer.refresh(request.refresh_token), verifier=self._verifier
        )
        self._people: set[str] = set()
        self._routes: dict[str, Callable[[dict[str, Any]], ResponseParts]] = {
            "GET /rollout/token": self._token,
            "POST /rollout/refresh": lambda environ: self._refreshes.handle(_body(environ), environ),
            "GET /api/contacts": self._contacts,
            "POST /rollout/webhook": self._webhook,
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
    ) -> list[bytes]:
        """Answer a request (PEP 3333)."""
        try:
            parts = self._routes[f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"](environ)
        except RequestRefusedError as error:
            parts = error_response(error)
        start_response(f"{parts.status} {HTTPStatus(parts.status).phrase}", list(parts.headers.items()))
        return [parts.body]

    def _token(self, _environ: dict[str, Any]) -> ResponseParts:
        auth_data = self._issuer.issue("user-1", extra={"region": "eu"})
        return connect_token_response(generate_connect_token("user-1", auth_data, credentials=self._credentials))

    def _contacts(self, environ: dict[str, Any]) -> ResponseParts:
        self._verifier.verify(environ)
        grant = self._issuer.authenticate(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
        return _json(200, user=grant.user_id, people=len(self._people))

    def _webhook(self, environ: dict[str, Any]) -> ResponseParts:
        event = verify_webhook(_body(environ), environ, credentials=self._credentials)
        self._people.update(event.resource_ids)
        return ResponseParts(b"", 204, {})


def _body(environ: dict[str, Any]) -> bytes:
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return content


def _json(status: int, **fields: object) -> ResponseParts:
    return ResponseParts(json.dumps(fields).encode(), status, {"Content-Type": "application/json"})
