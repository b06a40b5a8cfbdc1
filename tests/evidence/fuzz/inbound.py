"""Targets for what Rollout, or somebody in its place, sends: webhooks, headers and refreshes."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Coroutine
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from rollout_auth import (
    AuthData,
    BadSignatureError,
    BadVerificationTokenError,
    InvalidRefreshTokenError,
    MalformedRequestError,
    MissingHeaderError,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
    WebhookEvent,
    parse_refresh_request,
    verify_webhook,
)

from .common import CREDENTIALS, SECRET, VECTORS, as_text, by_javascript, by_rfc_7493, head_and_body, said, verdict

_TOKEN = "token-1"
_TOKEN_HEADER = "X-Rollout-Verification-Token"
_VERIFIERS = {header: RequestVerifier(_TOKEN, header=header) for header in (_TOKEN_HEADER, "Authorization")}
_BEYOND_ASCII = "tøken-1"
_VERIFIER_BEYOND_ASCII = RequestVerifier(_BEYOND_ASCII)
_BODY = base64.b64decode(VECTORS["webhooks"]["good"][0]["body"])
_DIGESTS = [hmac.digest(secret.encode(), base64.b64encode(_BODY), "sha256") for secret in CREDENTIALS.secrets]
_FORM = "application/x-www-form-urlencoded"
_PLAIN_INSTANT = (
    r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]0[0-9]:[0-5][0-9])"
)


def webhook(data: bytes) -> None:
    """A signed body of any bytes raises MalformedRequestError, or is the event that JavaScript reads in it."""
    digest = hmac.digest(SECRET.encode(), base64.b64encode(data), "sha256")
    event = verdict(partial(verify_webhook, data, {"X-Rollout-Signature": digest.hex()}, credentials=CREDENTIALS))
    payload = by_javascript(data)
    if isinstance(event, WebhookEvent):
        assert payload is not None
        assert repr(event.payload) == repr(payload)
        fields = (event.event_id, event.event, list(event.resource_ids), event.uri)
        assert fields == tuple(payload[name] for name in ("eventId", "event", "resourceIds", "uri"))
        assert event.created_at.isoformat("T", "seconds")[:19] == payload["eventCreated"].upper().replace(" ", "T")[:19]
        assert event.created_at.utcoffset() is not None
    else:
        assert event is MalformedRequestError
        assert payload is None or not _is_plain_event(payload)


def webhook_signature(data: bytes) -> None:
    """Any text is accepted as a signature exactly if it is the body's digest, in hex or base64."""
    text = data.decode("latin-1")
    judged = verdict(partial(verify_webhook, _BODY, {"x-rollout-signature": text}, credentials=CREDENTIALS))
    parts = {part.strip(" \t") for part in text.split(",")} - {""}
    if len(parts) == 1 and _digest(*parts) in _DIGESTS:
        assert isinstance(judged, WebhookEvent)
    else:
        assert judged is (BadSignatureError if parts else MissingHeaderError)


def headers(data: bytes) -> None:
    """Headers of every shape are accepted exactly if the header has the token, once or more, and nothing else."""
    first, pairs, _ = head_and_body(data)
    header = "Authorization" if first == "Authorization" else _TOKEN_HEADER
    verifier = _VERIFIERS[header]
    scheme = r"(?i:bearer [ \t]*)?" if header == "Authorization" else ""
    parts = said(pairs, header)
    is_token = len(parts) == 1 and re.fullmatch(scheme + _TOKEN, *parts)
    expected = None if is_token else BadVerificationTokenError if parts else MissingHeaderError
    assert {verdict(partial(verifier.verify, shape)) for shape in _shapes(pairs)} == {expected}


def verification_token(data: bytes) -> None:
    """Of all candidates, only the token passes: as bytes, as text, and as text that a server decoded as Latin-1."""
    is_token = data == _BEYOND_ASCII.encode()
    assert _passes(data) == is_token
    assert _passes(data.decode("utf-8", "surrogateescape")) == is_token
    assert _passes(data.decode("latin-1")) == (is_token or data == _BEYOND_ASCII.encode("latin-1"))


def refresh_request(data: bytes) -> None:
    """Any body of any type raises MalformedRequestError, or has the fields that json.loads or parse_qsl reads."""
    first, _, body = data.partition(b"\n")
    content_type = first.decode("latin-1") or None
    request = verdict(partial(parse_refresh_request, body, content_type))
    if isinstance(request, RefreshRequest):
        is_form = (content_type or "").partition(";")[0].strip().lower() == _FORM
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else by_rfc_7493(body)
        assert {"refreshToken": request.refresh_token, **request.fields} == fields
        assert request.refresh_token.strip()
        assert "\0" not in request.refresh_token
    else:
        assert request is MalformedRequestError


def refresh_endpoint(data: bytes) -> None:
    """Both handlers respond alike to any request: 200 with a new key if both tokens are right, otherwise 400 or 401."""
    _, pairs, body = head_and_body(data)
    response = _ENDPOINT.handle(body, pairs)
    awaited = _finished(_ENDPOINT.handle_async(body, pairs))
    answer = json.loads(response.body)
    assert (awaited.status, awaited.body, awaited.headers) == (response.status, response.body, response.headers)
    if response.status == 200:
        assert said(pairs, _TOKEN_HEADER) == {_TOKEN}
        assert answer == {"apiKey": "key-2", "refreshToken": "refresh-2", "expiresIn": 3600}
    else:
        errors = ("invalid_client",) if response.status == 401 else ("invalid_request", "invalid_grant")
        assert response.status in (400, 401)
        assert answer in [{"error": error} for error in errors]


def _is_plain_event(payload: dict[str, object]) -> bool:
    """Whether this is certainly an event: one with an instant of the most common form."""
    ids = payload.get("resourceIds")
    return (
        all(isinstance(payload.get(name), str) for name in ("eventId", "eventCreated", "event"))
        and payload["eventId"] != ""
        and re.fullmatch(_PLAIN_INSTANT, str(payload["eventCreated"])) is not None
        and isinstance(ids, list)
        and all(isinstance(one, str) for one in ids)
        and isinstance(payload.get("uri", 0), str | None)
    )


def _passes(candidate: str | bytes) -> bool:
    return verdict(partial(_VERIFIER_BEYOND_ASCII.verify_token, candidate)) is None


def _renewed(request: RefreshRequest) -> AuthData:
    if request.refresh_token != "refresh-1":
        raise InvalidRefreshTokenError
    return AuthData("key-2", "refresh-2", 3600)


_ENDPOINT = RefreshEndpoint(_renewed, verifier=_VERIFIERS[_TOKEN_HEADER])


def _finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def _shapes(pairs: list[tuple[bytes, bytes]]) -> list[Any]:
    """The same headers as ASGI, Werkzeug, a mapping, a dict and WSGI have them; the last three join equal names.

    A name with an underscore stands only in pairs, because servers drop it (RFC 3875 section 4.1.18 joins both).
    """
    texts = as_text(pairs)
    joined: dict[str, list[str]] = {}
    for name, value in texts:
        if re.fullmatch(r"[!#$%&'*+.^`|~0-9A-Za-z-]+", name):
            joined.setdefault(name.title(), []).append(value)
    fields = {name: ",".join(values) for name, values in joined.items()}
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()}
    return [pairs, texts, MappingProxyType(fields), fields, {"REQUEST_METHOD": "POST", **environ}]


def _digest(text: str) -> bytes:
    try:
        if re.fullmatch(r"[0-9A-Za-z+/_-]{43}=?", text):
            return base64.b64decode(text.rstrip("=") + "=", altchars=b"-_" if re.search("[-_]", text) else None)
        return bytes.fromhex(text) if re.fullmatch("[0-9A-Fa-f]{64}", text) else b""
    except ValueError:
        return b""
