"""What the verifiers of other libraries, and ours, do with the same hostile webhooks: a table in Markdown.

``docs/neighbours.md`` has the table, and the command with the pinned versions. Every library gets one body, one secret
and one instant, and the header that its own signer makes (ours is made by hand), in its own form:

- slack_sdk: ``SignatureVerifier(secret, clock).is_valid_request(body, headers)``. ``X-Slack-Signature: v0=<hex>``
  beside ``X-Slack-Request-Timestamp``; the clock is its argument.
- stripe: ``Webhook.construct_event(body, header, secret)``. The header's value is ``t=<seconds>,v1=<hex>``, None if it
  is absent; the clock is ``time.time``, which is patched.
- standardwebhooks: ``Webhook(secret).verify(body, headers)``. ``webhook-signature: v1,<base64>`` beside ``webhook-id``
  and ``webhook-timestamp``; the clock is the ``datetime`` of its module, which is patched.
- twilio: ``RequestValidator(secret).validate(url, body, header)``. The header's value is base64, None if it is absent;
  the url has the body's ``bodySHA256``; its body is text, so bytes are decoded, with U+FFFD for what is not UTF-8.
- rollout-auth: ``verify_webhook(body, headers, credentials=...)``. ``X-Rollout-Signature`` is hex.

An exception is foreign if the library does not document it for this call. Documented are:

- slack_sdk: none, it returns a bool (docstring and annotation of ``is_valid_request``).
- stripe: ``SignatureVerificationError`` (docstring of ``construct_event``) and ``ValueError`` for the payload
  (``examples/webhooks.py`` of github.com/stripe/stripe-python).
- standardwebhooks: ``WebhookVerificationError`` (docstring of ``Webhook.verify``).
- twilio: none, it returns True or False (docstring of ``validate``).
- rollout-auth: ``MissingHeaderError``, ``BadSignatureError`` and ``MalformedRequestError`` for what arrives, and
  ``TypeError`` for the type of the body (docstring of ``verify_webhook``).

Where a row says nothing else, the signature is the control's. "Signed rightly" is a signature over the row's timestamp.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import platform
import sys
from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from importlib.metadata import version
from typing import NamedTuple
from unittest.mock import patch

import standardwebhooks
import stripe
from slack_sdk.signature import Clock, SignatureVerifier
from twilio.request_validator import RequestValidator

from rollout_auth import (
    BadSignatureError,
    ClientCredentials,
    MalformedRequestError,
    MissingHeaderError,
    verify_webhook,
)

NOW = 1_772_366_400
TEN_YEARS = 10 * 365 * 24 * 3600
SECRET = "not-a-real-secret-" + "0123456789abcdef" * 4
OTHER_SECRET = SECRET[::-1]
TEXT = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "eventId": "evt_1",
        "event": "peopleCreated",
        "eventCreated": "2026-03-01T12:00:00Z",
        "resourceIds": ["1"],
        "uri": "https://example.com/people",
    },
    separators=(",", ":"),
)
BODY = TEXT.encode()
URL = f"https://example.com/hook?bodySHA256={hashlib.sha256(BODY).hexdigest()}"
CREDENTIALS = ClientCredentials("client-1", SECRET)


class Delivery(NamedTuple):
    """What arrives."""

    signature: str | None
    """The value of the header that holds the signature."""
    body: object = BODY
    timestamp: str = str(NOW)
    """The value of the header for it, where there is one."""
    upper: bool = False
    """Whether the names of the headers are in upper case."""


class Peer(NamedTuple):
    """A library and its form of a signed request."""

    package: str
    frame: str
    """The value of the signature header, with ``{}`` for the digest."""
    sign: Callable[[str, int], str]
    """That value for the body, from a secret and an instant."""
    verify: Callable[[Delivery], object]
    documented: tuple[type[Exception], ...]
    takes_headers: bool = True
    has_timestamp: bool = True


class FixedClock(Clock):
    def now(self) -> float:
        return NOW


class FixedDatetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return cls.fromtimestamp(NOW, tz)


def headers_of(delivery: Delivery, signature_name: str, **others: str) -> dict[str, str]:
    headers = {name.replace("_", "-"): value for name, value in others.items()}
    if delivery.signature is not None:
        headers[signature_name] = delivery.signature
    return {name.upper(): value for name, value in headers.items()} if delivery.upper else headers


def sign_slack(secret: str, instant: int) -> str:
    return SignatureVerifier(secret).generate_signature(timestamp=str(instant), body=BODY)


def verify_slack(delivery: Delivery) -> object:
    headers = headers_of(delivery, "X-Slack-Signature", X_Slack_Request_Timestamp=delivery.timestamp)
    return SignatureVerifier(SECRET, FixedClock()).is_valid_request(delivery.body, headers)


def sign_stripe(secret: str, instant: int) -> str:
    return stripe.WebhookSignature.generate_signature_header(TEXT, secret, instant)


def verify_stripe(delivery: Delivery) -> object:
    return stripe.Webhook.construct_event(delivery.body, delivery.signature, SECRET)


def sign_standard(secret: str, instant: int) -> str:
    moment = datetime.fromtimestamp(instant, timezone.utc)
    return standardwebhooks.Webhook(secret.encode()).sign("msg_1", moment, TEXT)


def verify_standard(delivery: Delivery) -> object:
    headers = headers_of(delivery, "webhook-signature", webhook_id="msg_1", webhook_timestamp=delivery.timestamp)
    return standardwebhooks.Webhook(SECRET.encode()).verify(delivery.body, headers)


def sign_twilio(secret: str, _instant: int) -> str:
    return RequestValidator(secret).compute_signature(URL, {})


def verify_twilio(delivery: Delivery) -> object:
    body = delivery.body.decode(errors="replace") if isinstance(delivery.body, bytes) else delivery.body
    return RequestValidator(SECRET).validate(URL, body, delivery.signature)


def sign_rollout(secret: str, _instant: int) -> str:
    return hmac.new(secret.encode(), base64.b64encode(BODY), "sha256").hexdigest()


def verify_rollout(delivery: Delivery) -> object:
    return verify_webhook(delivery.body, headers_of(delivery, "X-Rollout-Signature"), credentials=CREDENTIALS)


PEERS = (
    Peer("slack_sdk", "v0={}", sign_slack, verify_slack, ()),
    Peer(
        "stripe",
        f"t={NOW},v1={{}}",
        sign_stripe,
        verify_stripe,
        (stripe.SignatureVerificationError, ValueError),
        takes_headers=False,
    ),
    Peer("standardwebhooks", "v1,{}", sign_standard, verify_standard, (standardwebhooks.WebhookVerificationError,)),
    Peer("twilio", "{}", sign_twilio, verify_twilio, (), takes_headers=False, has_timestamp=False),
    Peer(
        "rollout-auth",
        "{}",
        sign_rollout,
        verify_rollout,
        (MissingHeaderError, BadSignatureError, MalformedRequestError, TypeError),
        has_timestamp=False,
    ),
)


def good(peer: Peer) -> str:
    return peer.sign(SECRET, NOW)


def garbled_timestamp(peer: Peer) -> Delivery | None:
    return Delivery(good(peer).replace(str(NOW), "soon"), timestamp="soon") if peer.has_timestamp else None


def signed_at(peer: Peer, instant: int) -> Delivery | None:
    return Delivery(peer.sign(SECRET, instant), timestamp=str(instant)) if peer.has_timestamp else None


INPUTS: dict[str, Callable[[Peer], Delivery | None]] = {
    "good request (control)": lambda peer: Delivery(good(peer)),
    "signature of another secret": lambda peer: Delivery(peer.sign(OTHER_SECRET, NOW)),
    "signature missing": lambda peer: Delivery(None),
    "signature empty": lambda peer: Delivery(""),
    "signature of 64 `é`": lambda peer: Delivery(peer.frame.format("é" * 64)),
    "signature of 64 `!`": lambda peer: Delivery(peer.frame.format("!" * 64)),
    "signature without its last character": lambda peer: Delivery(good(peer)[:-1]),
    "signature with a lone surrogate": lambda peer: Delivery(peer.frame.format("a" * 63 + "\udcff")),
    "signature of 1 MiB": lambda peer: Delivery(peer.frame.format("a" * 2**20)),
    "good and wrong signature, joined by a comma": lambda peer: Delivery(
        f"{good(peer)},{peer.sign(OTHER_SECRET, NOW)}"
    ),
    "header names in upper case": lambda peer: Delivery(good(peer), upper=True) if peer.takes_headers else None,
    "body as the same text, a `str`": lambda peer: Delivery(good(peer), TEXT),
    "body as a `str`, its JSON written anew": lambda peer: Delivery(good(peer), json.dumps(json.loads(TEXT))),
    "body as a parsed `dict`": lambda peer: Delivery(good(peer), json.loads(TEXT)),
    "body of invalid UTF-8": lambda peer: Delivery(good(peer), BODY.replace(b"people", b"\xff")),
    "timestamp `soon`": garbled_timestamp,
    "timestamp an hour ago, signed rightly": lambda peer: signed_at(peer, NOW - 3600),
    "timestamp in ten years, signed rightly": lambda peer: signed_at(peer, NOW + TEN_YEARS),
}


def outcome(peer: Peer, delivery: Delivery | None) -> str:
    if delivery is None:
        return "n/a"
    try:
        with patch("time.time", return_value=NOW), patch("standardwebhooks.webhooks.datetime", FixedDatetime):
            result = peer.verify(delivery)
    except peer.documented as error:
        base = next(kind for kind in peer.documented if isinstance(error, kind))
        name = type(error).__name__
        return f"refused: {name}" if base is type(error) else f"refused: {name}, a {base.__name__}"
    except Exception as error:  # noqa: BLE001  whichever it is belongs in the table
        kind = type(error)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        return f"foreign exception: {name}"
    return "returns False" if result is False else "accepted"


def main() -> None:
    names = [f"{peer.package} {version(peer.package)}" for peer in PEERS]
    lines = [
        f"Python {platform.python_version()}",
        "",
        f"| Input | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(PEERS)}",
        *(
            f"| {name} | {' | '.join(outcome(peer, delivery(peer)) for peer in PEERS)} |"
            for name, delivery in INPUTS.items()
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
