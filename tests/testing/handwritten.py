"""A partner's app as people write it by hand, right in every respect but for the mistakes that are asked for."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any

from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN

Environ = dict[str, Any]
Answer = tuple[int, object, dict[str, str]]

NO_STORE = {"Cache-Control": "no-store"}
DEFAULTS: dict[str, Any] = {
    "algorithm": "HS512",
    "secret": CREDENTIALS.client_secret,
    "namespace": "rollout.com",
    "user_id": lambda: "user-1",
    "claims": {},
    "token": lambda token: token,
    "token_answer": lambda token: {"token": token},
    "extra": {},
    "unit": 1,
    "refresh_unit": 1,
    "life": 3600,
    "rotates": False,
    "renewed": lambda fields: fields,
    "no_store": NO_STORE,
    "token_no_store": NO_STORE,
    "refresh_status": 200,
    "body": lambda body: body,
    "encode": base64.b64encode,
    "digest": "hex",
    "secrets": [CREDENTIALS.client_secret],
    "checks_signature": True,
    "checks_verification": True,
    "checks_refresh_verification": True,
    "token_status": 200,
    "checks_key": True,
    "checks_refresh_token": True,
    "reads_strictly": True,
    "accepts_keys_for": None,
    "ended": 401,
    "dedups_by_refusal": False,
}


class HandWritten:
    """A WSGI app; its settings are the keys of ``DEFAULTS``."""

    def __init__(self, **mistakes: Any) -> None:
        assert mistakes.keys() <= DEFAULTS.keys()
        self.is_ = {**DEFAULTS, **mistakes}
        self.keys: dict[str, int] = {}
        self.refresh_tokens: set[str] = set()
        self.events: list[str] = []

    def __call__(self, environ: Environ, start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        views = {
            "/rollout/token": self.token,
            "/rollout/refresh": self.refresh,
            "/api/contacts": self.contacts,
            "/rollout/webhook": self.webhook,
        }
        status, body, headers = views[environ["PATH_INFO"]](environ)
        content_type = {"Content-Type": "text/plain" if isinstance(body, str) else "application/json"}
        start_response(f"{status} {HTTPStatus(status).phrase}", list({**content_type, **headers}.items()))
        return [body.encode() if isinstance(body, str) else json.dumps(body).encode()]

    def new_key(self) -> dict[str, object]:
        api_key, refresh_token = token_urlsafe(24), token_urlsafe(24)
        self.keys[api_key] = 0
        self.refresh_tokens.add(refresh_token)
        seconds = self.is_["life"] * self.is_["unit"]
        return {"apiKey": api_key, "refreshToken": refresh_token, "expiresIn": seconds, **self.is_["extra"]}

    def token(self, environ: Environ) -> Answer:
        now = int(time.time())
        claims = {
            "iss": CREDENTIALS.client_id,
            "sub": self.is_["user_id"](),
            "iat": now,
            "exp": now + 3600,
            self.is_["namespace"]: {"authData": self.new_key()},
            **self.is_["claims"],
        }
        token = signed(claims, self.is_["algorithm"], self.is_["secret"])
        return self.is_["token_status"], self.is_["token_answer"](self.is_["token"](token)), self.is_["token_no_store"]

    def is_rollout(self, environ: Environ) -> bool:
        return (
            environ.get("HTTP_X_ROLLOUT_VERIFICATION_TOKEN") == VERIFICATION_TOKEN
            or not self.is_["checks_verification"]
        )

    def contacts(self, environ: Environ) -> Answer:
        key = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if not self.is_rollout(environ) or (self.is_["checks_key"] and key not in self.keys):
            return 401, {"error": "unauthorized"}, {}
        if self.is_["checks_key"]:
            self.keys[key] += 1
            if self.keys[key] > (self.is_["accepts_keys_for"] or 1000):
                return self.is_["ended"], {"error": "expired"}, {}
        return 200, {"contacts": []}, {}

    def refresh(self, environ: Environ) -> Answer:
        if not self.is_rollout(environ) and self.is_["checks_refresh_verification"]:
            return 401, {"error": "invalid_client"}, {}
        try:
            refresh_token = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0)))["refreshToken"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return (400 if self.is_["reads_strictly"] else 200), {"error": "invalid_request"}, {}
        if refresh_token not in self.refresh_tokens and self.is_["checks_refresh_token"]:
            return 400, {"error": "invalid_grant"}, {}
        if self.is_["rotates"]:
            self.refresh_tokens.remove(refresh_token)
        fields = self.new_key()
        fields["expiresIn"] = self.is_["life"] * self.is_["refresh_unit"] * self.is_["unit"]
        return self.is_["refresh_status"], self.is_["renewed"](fields), self.is_["no_store"]

    def webhook(self, environ: Environ) -> Answer:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        try:
            content = self.is_["encode"](self.is_["body"](body))
            macs = [hmac.digest(secret.encode(), content, "sha256") for secret in self.is_["secrets"]]
        except (ValueError, RecursionError):
            return 400, {"error": "invalid_request"}, {}
        written = [mac.hex() if self.is_["digest"] == "hex" else base64.b64encode(mac).decode() for mac in macs]
        if environ.get("HTTP_X_ROLLOUT_SIGNATURE") not in written and self.is_["checks_signature"]:
            return 401, {"error": "bad_signature"}, {}
        try:
            event_id = str(json.loads(body)["eventId"].encode())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return (400 if self.is_["reads_strictly"] else 200), {"error": "invalid_request"}, {}
        if event_id in self.events and self.is_["dedups_by_refusal"]:
            return 409, {"error": "duplicate"}, {}
        self.events.append(event_id)
        return 200, {}, {}


def signed(claims: dict[str, object], algorithm: str, secret: str) -> str:
    """A JWT of any claims: PyJWT refuses to write some that others write."""
    header = encoded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    signing_input = f"{header}.{encoded(json.dumps(claims).encode())}"
    mac = hmac.digest(secret.encode(), signing_input.encode(), f"sha{algorithm[2:]}")
    return f"{signing_input}.{encoded(mac)}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
