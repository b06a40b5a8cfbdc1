"""Node's crypto computes the same signatures, of the vectors and of whatever we verify."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollout_auth import ClientCredentials, verify_webhook

Node = Callable[..., dict[str, Any]]

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text("utf-8"))
SECRETS = (VECTORS["clientSecret"], VECTORS["previousClientSecret"])
KEY_SECRETS = ("secret", "previousSecret")
BODY = '{"eventId":"évènement 🔑","eventCreated":"2026-01-01T00:00:00Z","event":"e","resourceIds":[],"uri":"u"}'


def each(topic: str) -> Any:
    return pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS[topic]["good"]])


@pytest.fixture(scope="module")
def node(start_node: Callable[[str], Node]) -> Node:
    return start_node("crypto.mjs")


@each("connectTokens")
def test_token_vectors(node: Node, vector: dict[str, Any]) -> None:
    """The signature of each good token is Node's, under one of the two secrets."""
    content, _, signature = vector["token"].rpartition(".")
    request = {"algorithm": "sha512", "content": content, "encoding": "base64url"}
    assert signature in [node("hmac", secret=secret, **request)["result"] for secret in SECRETS]


@each("apiKeys")
def test_api_key_vectors(node: Node, vector: dict[str, Any]) -> None:
    """The signature of each good API key and refresh token is Node's, under a secret that Node derives for its type."""
    content, _, signature = vector["token"].rpartition(".")
    purpose = {"apiKey": "rollout-api-key+jwt", "refreshToken": "rollout-refresh-token+jwt"}[vector["kind"]]
    secrets = [node("hkdf", secret=VECTORS["apiKeys"][name], purpose=purpose)["result"] for name in KEY_SECRETS]
    request = {"algorithm": "sha512", "content": content, "encoding": "base64url"}
    assert signature in [node("hmac", secret=secret, **request)["result"] for secret in secrets]


@each("webhooks")
def test_webhook_vectors(node: Node, vector: dict[str, Any]) -> None:
    """The signature of each good webhook is Node's, under one of the two secrets, in one of its encodings."""
    call = "hmac" if vector["signedContent"] == "base64" else "hmacOfBase64"
    computed = [
        node(call, algorithm="sha256", secret=secret, content=vector["body"], encoding=encoding)["result"]
        for secret in SECRETS
        for encoding in ("hex", "base64", "base64url")
    ]
    assert vector["signature"] in [*computed, *(text.upper() for text in computed)]


@pytest.mark.parametrize("encoding", ["hex", "base64", "base64url"])
@pytest.mark.parametrize("signed_content", ["base64", "raw"])
def test_signed_by_node(node: Node, credentials: ClientCredentials, encoding: str, signed_content: Any) -> None:
    """What Node signs, in each of its encodings, we verify."""
    body = BODY.encode()
    content = base64.b64encode(body).decode() if signed_content == "base64" else BODY
    request = {"algorithm": "sha256", "secret": credentials.client_secret, "encoding": encoding}
    headers = {"X-Rollout-Signature": node("hmac", content=content, **request)["result"]}
    assert verify_webhook(body, headers, credentials=credentials, signed_content=signed_content).event_id
