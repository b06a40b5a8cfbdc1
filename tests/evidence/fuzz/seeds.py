"""The seeds of each target: the small files in ``corpus/``, and what the vectors have for it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from .common import VECTORS

CORPUS = Path(__file__).parent / "corpus"


def seeds(target: str) -> dict[str, bytes]:
    """The inputs of a target by name."""
    files = {path.name: path.read_bytes() for path in sorted((CORPUS / target).glob("*"))}
    return files | {f"vector, {name}": data for name, data in _DERIVED.get(target, {}).items()}


def _vectors(topic: str) -> Iterator[dict[str, str]]:
    yield from VECTORS[topic]["good"]
    yield from VECTORS[topic]["bad"]


def _tokens(topic: str) -> dict[str, bytes]:
    return {vector["name"]: vector["token"].encode() for vector in _vectors(topic)}


def _segments(topic: str, index: int) -> dict[str, bytes]:
    """The headers or payloads that tokens of the usual form have, each of them once."""
    split = {name: token.split(b".") for name, token in _tokens(topic).items()}
    decoded = {name: _decoded(parts[index]) for name, parts in split.items() if len(parts) == 3}
    once = {data: name for name, data in reversed(decoded.items()) if data}
    return {name: data for data, name in once.items()}


def _decoded(segment: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + b"==")
    except ValueError:
        return b""


_CLAIMS = _segments("connectTokens", 1)
_DERIVED: dict[str, dict[str, bytes]] = {
    "connect_token": _tokens("connectTokens"),
    "connect_token_header": _segments("connectTokens", 0),
    "api_key": _tokens("apiKeys"),
    "api_key_header": _segments("apiKeys", 0),
    "refresh_token": _tokens("apiKeys"),
    "webhook": {vector["name"]: base64.b64decode(vector["body"]) for vector in _vectors("webhooks")},
    "webhook_signature": {vector["name"]: vector["signature"].encode() for vector in _vectors("webhooks")},
    "inspect": _tokens("connectTokens"),
    **dict.fromkeys(("connect_token_claims", "token_response", "inspect_claims", "strict_json"), _CLAIMS),
    "app_token": {**_tokens("connectTokens"), **{f"claims, {name}": data for name, data in _CLAIMS.items()}},
    **dict.fromkeys(("api_key_claims", "refresh_token_claims"), _segments("apiKeys", 1)),
}
