"""Webhooks: the signature of Rollout's deliveries, and the event that a delivery tells of.

Source: rollout.com/docs/advanced-guides/how-to-use-webhooks. ``X-Rollout-Signature`` is an HMAC-SHA256 under the client
secret over the base64 text of the raw body (an older copy of the page signs the body itself); no page says whether the
digest is written in hex or in base64, so both are read. Delivery is at least once: deduplicate by ``event_id``.
"""

from __future__ import annotations

import hmac
import re
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal, cast

from ._checks import EPOCH, check_instant
from ._json import loads_object
from ._secrecy import masked_repr, sealed, sealed_class
from .credentials import ClientCredentials, given_or_environment
from .errors import BadSignatureError, ConfigurationError, MalformedRequestError, MissingHeaderError
from .http import Headers, check_body, header_value

SIGNATURE_HEADER = "X-Rollout-Signature"
MAX_BODY = 4 * 1024 * 1024
"""Bytes."""

_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_BASE64 = re.compile(r"[0-9A-Za-z+/_-]{43}=?")
_TO_STANDARD = str.maketrans("-_", "+/")
_INSTANT = re.compile(  # RFC 3339 section 5.6
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII
)


@sealed_class
@dataclass(frozen=True, slots=True, repr=False)
class WebhookEvent:
    """What a verified webhook says. ``repr`` hides the payload."""

    event_id: str
    """The ``eventId``: the same for each delivery of one event."""
    event: str
    """What happened, such as ``"peopleCreated"``."""
    created_at: datetime
    """The ``eventCreated`` instant, aware."""
    resource_ids: tuple[str, ...]
    """The ``resourceIds``."""
    uri: str
    """Where the resources can be read."""
    payload: dict[str, object] = field(hash=False)
    """The whole body, with fields that this class does not know."""

    def __post_init__(self) -> None:
        for name in ("event_id", "event", "uri"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} is {type(getattr(self, name)).__name__}: pass a str")
        check_instant(self.created_at, "created_at")

    def __repr__(self) -> str:
        names = ("event_id", "event", "created_at", "resource_ids", "uri", "payload")
        return masked_repr(self, *names, hidden=("payload",))


@sealed
def verify_webhook(
    body: bytes,
    headers: Headers,
    *,
    credentials: ClientCredentials | None = None,
    signed_content: Literal["base64", "raw"] = "base64",
) -> WebhookEvent:
    """Verify a webhook's signature, and only then read its body.

    Args:
        body: the raw bytes, at most 4 MiB: Django's ``request.body``, Flask's ``request.get_data()``, FastAPI's and
            Starlette's ``await request.body()``. JSON that was parsed and written again is not what was signed.
        headers: any mapping of str to str in any case, a WSGI environ or Django's ``META``, or ASGI's pairs.
        credentials: None reads the environment at each call; previous secrets verify too.
        signed_content: what Rollout signs: the body's base64 text, or ``"raw"`` for the body itself.

    Raises:
        MissingHeaderError: ``X-Rollout-Signature`` is missing or blank.
        BadSignatureError: no configured secret has made it, or there are two that differ.
        MalformedRequestError: the body is too large or, signed rightly, not such an event.
        TypeError, ConfigurationError: the caller's own arguments.
    """
    credentials = given_or_environment(credentials)
    check_body(body)
    if signed_content not in ("base64", "raw"):
        raise ConfigurationError("signed_content must be 'base64' or, for an older Rollout, 'raw'")
    signature = header_value(headers, SIGNATURE_HEADER.lower(), BadSignatureError)
    if signature is None:
        raise MissingHeaderError(f"the request has no {SIGNATURE_HEADER}: is it Rollout's?", header=SIGNATURE_HEADER)
    if len(body) > MAX_BODY:
        raise MalformedRequestError(f"the body is larger than {MAX_BODY} bytes")
    _check_signature(body if signed_content == "raw" else b2a_base64(body, newline=False), signature, credentials)
    return _event(loads_object(body, "the body", MalformedRequestError))


def _check_signature(content: bytes, signature: str, credentials: ClientCredentials) -> None:
    digest = _digest(signature)
    expected = [hmac.digest(secret.encode(), content, "sha256") for secret in credentials.secrets]
    matches = [hmac.compare_digest(digest, one) for one in expected]
    if not any(matches):
        raise BadSignatureError(
            "the signature does not match: pass the raw body, compare the client secret, and if both are right set"
            " signed_content"
        )


def _digest(signature: str) -> bytes:
    """The bytes of a digest in hex or base64, or no bytes for other text."""
    if _HEX.fullmatch(signature):
        return bytes.fromhex(signature)
    if _BASE64.fullmatch(signature):
        return a2b_base64(signature.translate(_TO_STANDARD) + "==")
    return b""


def _event(payload: dict[str, object]) -> WebhookEvent:
    return WebhookEvent(
        event_id=_string(payload, "eventId"),
        event=_string(payload, "event"),
        created_at=_instant(_string(payload, "eventCreated")),
        resource_ids=_strings(payload, "resourceIds"),
        uri=_string(payload, "uri"),
        payload=payload,
    )


def _string(payload: dict[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRequestError(f"{name} is missing or not a string")
    return value


def _strings(payload: dict[str, object], name: str) -> tuple[str, ...]:
    value = payload.get(name)
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) for item in items):
        raise MalformedRequestError(f"{name} is missing or not an array of strings")
    return cast("tuple[str, ...]", tuple(items))


def _instant(text: str) -> datetime:
    """An aware instant of RFC 3339, whose fraction is cut to microseconds."""
    match = _INSTANT.fullmatch(text)
    try:
        date, clock, fraction, offset = match.groups("") if match else ("",) * 4
        moment = datetime.fromisoformat(f"{date}T{clock}.{fraction[:6]:0<6}{offset or '+00:00'}")
        if moment.astimezone(timezone.utc) >= EPOCH:
            return moment
    except (ValueError, OverflowError):
        pass
    raise MalformedRequestError("eventCreated is not an ISO 8601 instant with an offset, from 1970 on")
