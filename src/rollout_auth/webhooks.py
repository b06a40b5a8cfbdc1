"""Webhooks: the signature of Rollout's deliveries, and the event that a delivery tells of.

Source: rollout.com/docs/advanced-guides/how-to-use-webhooks. ``X-Rollout-Signature`` is an HMAC-SHA256 under the client
secret over the base64 text of the raw body (an older copy of the page signs the body itself); no page says whether the
digest is written in hex or in base64, so both are read. Delivery is at least once: deduplicate by ``event_id``.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from datetime import MAXYEAR, datetime
from functools import lru_cache
from hmac import compare_digest
from typing import Any, Literal

from ._checks import check_instant
from ._hmac import hmac_sha256
from ._json import loads_object
from ._secrecy import Value, clear_frames, immutable, masked_repr
from .credentials import ClientCredentials, given_or_environment
from .errors import BadSignatureError, ConfigurationError, MalformedRequestError, MissingHeaderError
from .http import Headers, check_body, header_value

SIGNATURE_HEADER = "X-Rollout-Signature"
MAX_BODY = 4 * 1024 * 1024
"""Bytes."""

_FIRST_YEAR, _LAST_YEAR = 1970, MAXYEAR - 1
_TO_STANDARD = str.maketrans("-_", "+/")


@immutable
class WebhookEvent(Value):
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
    payload: dict[str, object]
    """The whole body, with fields that this class does not know."""

    def __init__(  # noqa: PLR0917  the fields in their order
        self,
        event_id: str,
        event: str,
        created_at: datetime,
        resource_ids: tuple[str, ...],
        uri: str,
        payload: dict[str, object],
    ) -> None:
        if not isinstance(resource_ids, tuple):
            raise TypeError("resource_ids of a webhook is a tuple of strings: pass tuple(...)")
        try:
            "".join((event_id, event, uri, *resource_ids))  # the fastest way to ask for strings
        except TypeError:
            raise TypeError("event_id, event, uri and resource_ids of a webhook are strings: pass str(...)") from None
        check_instant(created_at, "created_at")
        put = object.__setattr__
        put(self, "event_id", event_id)
        put(self, "event", event)
        put(self, "created_at", created_at)
        put(self, "resource_ids", resource_ids)
        put(self, "uri", uri)
        put(self, "payload", payload)

    def __hash__(self) -> int:
        return hash(self.event_id)

    def __repr__(self) -> str:
        names = ("event_id", "event", "created_at", "resource_ids", "uri", "payload")
        return masked_repr(self, *names, hidden=("payload",))


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

    Source: rollout.com/docs/advanced-guides/how-to-use-webhooks.
    """
    try:
        return _verified(body, headers, given_or_environment(credentials), signed_content)
    except Exception as error:
        del body, headers, credentials, signed_content
        clear_frames(error)
        raise


def _verified(body: bytes, headers: Headers, credentials: ClientCredentials, signed_content: str) -> WebhookEvent:
    check_body(body)
    if signed_content not in ("base64", "raw"):
        raise ConfigurationError("signed_content must be 'base64' or, for an older Rollout, 'raw'")
    signature = header_value(headers, "x-rollout-signature", BadSignatureError)
    if signature is None:
        raise MissingHeaderError(f"the request has no {SIGNATURE_HEADER}: is it Rollout's?", header=SIGNATURE_HEADER)
    if len(body) > MAX_BODY:
        raise MalformedRequestError(f"the body is larger than {MAX_BODY} bytes")
    _check_signature(body if signed_content == "raw" else b2a_base64(body, newline=False), signature, credentials)
    return _event(loads_object(body, "the body", MalformedRequestError))


def _check_signature(content: bytes, signature: str, credentials: ClientCredentials) -> None:
    digest = _digest(signature)
    is_signed = False
    for secret in credentials.secrets:
        is_signed |= compare_digest(digest, hmac_sha256(secret).digest(content))
    if not is_signed:
        raise BadSignatureError(
            "the signature does not match: pass the raw body, compare the client secret, and if both are right set"
            " signed_content"
        )


def _digest(signature: str) -> bytes:
    """The bytes of a digest in hex or base64, or no bytes for other text."""
    try:
        if len(signature) == 64:  # noqa: PLR2004  SHA-256 in hex
            return bytes.fromhex(signature)
        if re.fullmatch(r"[0-9A-Za-z+/_-]{43}=?", signature):
            return a2b_base64(signature.translate(_TO_STANDARD) + "==")
    except ValueError:
        pass
    return b""


def _event(payload: dict[str, Any]) -> WebhookEvent:
    ids: list[str] | None = payload.get("resourceIds")
    try:
        created_at = _instant(payload["eventCreated"])
        if created_at and payload["eventId"] and isinstance(ids, list):
            return WebhookEvent(payload["eventId"], payload["event"], created_at, tuple(ids), payload["uri"], payload)
    except (KeyError, TypeError):
        pass
    raise MalformedRequestError(
        "the body is no event: it needs eventId, event and uri (strings), resourceIds (an array of strings) and"
        " eventCreated (an ISO 8601 instant with an offset, of the years 1970 to 9998)"
    )


@lru_cache(maxsize=1)
def _instant_pattern() -> re.Pattern[str]:
    """RFC 3339 section 5.6; compiled when it is first needed, because that takes longer than the import of a module."""
    return re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-]\d\d:[0-5]\d))", re.ASCII)


def _instant(text: str) -> datetime | None:
    """An aware instant of RFC 3339, whose fraction is cut to microseconds; None for other text.

    The years are those in which each zone can name each instant.
    """
    match = _instant_pattern().fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:  # also what Python 3.10 does not read: Z, and a fraction of other than three or six digits
        seconds, fraction, offset = match.groups("")
        try:
            moment = datetime.fromisoformat(f"{seconds}.{fraction:0<6.6}{offset or '+00:00'}")
        except ValueError:
            return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None
