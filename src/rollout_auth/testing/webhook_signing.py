"""Webhooks as Rollout sends them.

Source: rollout.com/docs/advanced-guides/how-to-use-webhooks; what it leaves open is a setting here (see the library's
``webhooks``). The body is compact JSON in UTF-8, as ``JSON.stringify`` writes it, and not as ``json.dumps`` does.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Literal

from rollout_auth import ConfigurationError
from rollout_auth._secrecy import sealed
from rollout_auth.credentials import ClientCredentials, given_or_environment
from rollout_auth.headers import check_body
from rollout_auth.webhooks import SIGNATURE_HEADER

SignedContent = Literal["base64", "raw"]
Digest = Literal["hex", "base64"]


@sealed
def sign_webhook(
    body: bytes,
    *,
    credentials: ClientCredentials | None = None,
    signed_content: SignedContent = "base64",
    digest: Digest = "hex",
) -> dict[str, str]:
    """The headers of a webhook with this raw body: ``Content-Type`` and ``X-Rollout-Signature``.

    Args:
        body: the raw bytes, which must be sent unchanged.
        credentials: None reads the environment at each call; the current secret signs.
        signed_content: what is signed: the body as base64 text, or ``"raw"`` for the body itself.
        digest: how the digest is encoded.

    Raises ``TypeError`` for a body that is not ``bytes``, and ``ConfigurationError`` for a setting that does not exist.
    """
    check_body(body)
    check_choice("signed_content", signed_content, "base64", "raw")
    check_choice("digest", digest, "hex", "base64")
    return signed_headers(body, given_or_environment(credentials).client_secret, signed_content, digest)


def signed_headers(body: bytes, secret: str, signed_content: SignedContent, digest: Digest) -> dict[str, str]:
    """The headers of a webhook, signed with a secret."""
    content = body if signed_content == "raw" else b64encode(body)
    mac = hmac.digest(secret.encode(), content, "sha256")
    signature = mac.hex() if digest == "hex" else b64encode(mac).decode()
    return {"Content-Type": "application/json", SIGNATURE_HEADER: signature}


def webhook_body(payload: Mapping[str, object]) -> bytes:
    """The body as ``JSON.stringify`` writes it."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def check_choice(name: str, value: str, *known: str) -> None:
    """Raise ``ConfigurationError`` unless the value is a known one."""
    if value not in known:
        raise ConfigurationError(f"{name} must be {' or '.join(map(repr, known))}")
