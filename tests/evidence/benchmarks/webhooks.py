"""Webhooks: one body, under the signature and the headers of each platform."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial

import stripe
from benchmarks.material import CLIENT_ID, KEY, SECRET
from benchmarks.sampling import call_samplers
from benchmarks.tables import FLOOR, Table
from livekit.api import AccessToken, TokenVerifier, WebhookReceiver
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook

from rollout_auth import ClientCredentials, verify_webhook

CLIENT = {
    "Host": "partner.example",
    "User-Agent": "client/1.0",
    "Accept": "*/*",
    "Content-Type": "application/json",
    "Content-Length": "1125",
}


def webhook_table(size: int, name: str, limit: float, rounds: int) -> Table:
    """A webhook of about as many resources as make its size, under the headers of a plain client."""
    event = {"eventId": "e-1", "eventCreated": "2026-01-01T00:00:00.000Z", "event": "peopleCreated", "uri": "https://x"}
    ids = [f"5d0c1f5e-6f0b-4f0e-9a43-{number:012d}" for number in range(size // 40)]
    body = json.dumps({**event, "resourceIds": ids}).encode()
    headers = {**CLIENT, "X-Rollout-Signature": hmac.digest(KEY, base64.b64encode(body), "sha256").hex()}
    contenders: dict[str, Callable[[], object]] = {
        FLOOR: lambda: (hmac.digest(KEY, base64.b64encode(body), "sha256"), json.loads(body)),
        "verify_webhook": partial(verify_webhook, body, headers, credentials=ClientCredentials(CLIENT_ID, SECRET)),
        **stripe_peers(body),
        "slack_sdk, and json.loads": slack(body),
        "standardwebhooks": standard_webhooks(body),
        "livekit-api": livekit(body),
    }
    floor = '`hmac.digest(key, b64encode(body), "sha256")` and `json.loads(body)`'
    targets = {"verify_webhook": {FLOOR: limit}}
    return Table(f"Verify a webhook of {name}", floor, call_samplers(contenders), targets, rounds)


def stripe_peers(body: bytes) -> dict[str, Callable[[], object]]:
    """With its event object, and without."""
    signature = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET)

    def verify_header() -> object:
        stripe.WebhookSignature.verify_header(body, signature, SECRET, 300)
        return json.loads(body)

    return {
        "stripe, construct_event": lambda: stripe.Webhook.construct_event(body, signature, SECRET, api_key="key"),
        "stripe, verify_header and json.loads": verify_header,
    }


def slack(body: bytes) -> Callable[[], object]:
    verifier = SignatureVerifier(SECRET)
    timestamp = str(int(time.time()))
    signature = verifier.generate_signature(timestamp=timestamp, body=body)
    headers = {**CLIENT, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}

    def verify() -> object:
        if not verifier.is_valid_request(body, headers):
            raise ValueError("the signature does not match")
        return json.loads(body)

    return verify


def standard_webhooks(body: bytes) -> Callable[[], object]:
    library = Webhook(base64.b64encode(KEY).decode())
    now = datetime.now(timezone.utc)
    headers = {
        **CLIENT,
        "webhook-id": "message-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": library.sign("message-1", now, body.decode()),
    }
    return lambda: library.verify(body, headers)


def livekit(body: bytes) -> Callable[[], object]:
    """A token that holds the SHA-256 of the body; what its event does not know is passed by."""
    text = body.decode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token = AccessToken(CLIENT_ID, SECRET).with_sha256(digest).to_jwt()
    receiver = WebhookReceiver(TokenVerifier(CLIENT_ID, SECRET))
    return lambda: receiver.receive(text, token)
