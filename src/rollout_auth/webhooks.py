"""Webhooks: the signature of Rollout's deliveries, and the event that a delivery reports.

Source: rollout.com/docs/advanced-guides/how-to-use-webhooks. ``X-Rollout-Signature`` is an HMAC-SHA256 under the client
secret over the base64 text of the raw body (an older copy of the page signs the body itself); no page says whether the
digest is written in hex or in base64, so both are read. Delivery is at least once: deduplicate by ``event_id``.
"""

from __future__ import annotations

import hmac
import re
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass, field
from datetime import MAXYEAR, datetime
from functools import lru_cache
from typing import Any, Literal, final

from ._json import loads_signed_object
from ._secrecy import masked_repr, sealed
from ._time import check_instant
from .credentials import ClientCredentials, given_or_environment
from .errors import BadSignatureError, ConfigurationError, MalformedRequestError, MissingHeaderError
from .headers import Headers, check_body, header_value

SignedContent = Literal["base64", "raw"]

SIGNATURE_HEADER = "X-Rollout-Signature"
MAX_WEBHOOK_BODY = 4 * 1024 * 1024
"""Bytes, for your framework's own limit, which is set before a body is read."""

_FIRST_YEAR, _LAST_YEAR = 1970, MAXYEAR - 1
_HEX_LENGTH = 64
_BASE64 = r"[0-9A-Za-z+/_-]{43}=?"
_INSTANT = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+-][0-9]{2}:[0-5][0-9]))"
)
_TO_STANDARD = str.maketrans("-_", "+/")


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False)
class WebhookEvent:
    """What a verified webhook says. ``repr`` hides the payload.

    Raises ``TypeError`` for a field of the wrong type, and ``ConfigurationError`` for a naive instant.
    """

    event_id: str
    """The ``eventId``: the same for each delivery of one event."""
    event: str
    """What happened, such as ``"peopleCreated"``."""
    created_at: datetime
    """The ``eventCreated`` instant, aware."""
    resource_ids: tuple[str, ...]
    """The ``resourceIds``."""
    uri: str | None
    """Where the resources can be read; None if it is null."""
    payload: dict[str, object] = field(repr=False, hash=False)
    """The whole body, with fields that this class does not know."""

    @sealed
    def __post_init__(self) -> None:
        if not isinstance(self.resource_ids, tuple):
            raise TypeError("resource_ids of a webhook is a tuple of strings: pass tuple(...)")
        uri = "" if self.uri is None else self.uri
        try:
            "".join((self.event_id, self.event, uri, *self.resource_ids))  # the fastest way to ask for strings
        except TypeError:
            raise TypeError("event_id, event, uri and resource_ids of a webhook are strings: pass str(...)") from None
        if not isinstance(self.payload, dict):
            raise TypeError(f"payload is {type(self.payload).__name__}: pass a dict")
        check_instant(self.created_at, "created_at")

    def __repr__(self) -> str:
        return masked_repr(self)


@sealed
def verify_signed_request(
    body: bytes,
    headers: Headers,
    *,
    credentials: ClientCredentials | None = None,
    signed_content: SignedContent = "base64",
) -> dict[str, object]:
    """Verify the signature of any JSON object that Rollout has signed, and only then read it.

    For messages that are not events, such as the credential sync completion callback; ``verify_webhook`` reads events.

    Args:
        body: the raw bytes, at most ``MAX_WEBHOOK_BODY``: Django's ``request.body``, Flask's ``request.get_data()``,
            FastAPI's and Starlette's ``await request.body()``. JSON that was parsed and written again is not what was
            signed.
        headers: any mapping of str to str in any case, a WSGI environ or Django's ``META``, ASGI's pairs, or
            ``email.message.Message``.
        credentials: None reads the environment at each call; previous secrets verify too.
        signed_content: what Rollout signs: the body's base64 text, or ``"raw"`` for the body itself.

    The signed body is read as JavaScript reads it: a lone surrogate becomes U+FFFD, of a repeated key the last value
    counts, and an integer keeps all of its digits.

    Raises:
        MissingHeaderError: ``X-Rollout-Signature`` is missing or blank.
        BadSignatureError: no configured secret made it, or there are two that differ.
        MalformedRequestError: the body is empty, too large or, correctly signed, not a JSON object.
        TypeError, ConfigurationError: the caller's own arguments.

    Source: rollout.com/docs/advanced-guides/how-to-use-webhooks.
    """
    return _verified(body, headers, credentials, signed_content)


@sealed
def verify_webhook(
    body: bytes,
    headers: Headers,
    *,
    credentials: ClientCredentials | None = None,
    signed_content: SignedContent = "base64",
) -> WebhookEvent:
    """Verify a webhook's signature, and only then read its event.

    The arguments and errors are those of ``verify_signed_request``. Raises ``MalformedRequestError`` also for a
    correctly signed body that is not an event.

    Source: rollout.com/docs/advanced-guides/how-to-use-webhooks.
    """
    return _event(_verified(body, headers, credentials, signed_content))


def _verified(
    body: bytes, headers: Headers, credentials: ClientCredentials | None, signed_content: SignedContent
) -> dict[str, object]:
    credentials = given_or_environment(credentials)
    check_body(body)
    check_signed_content(signed_content)
    signature = header_value(headers, "x-rollout-signature", BadSignatureError)
    if signature is None:
        raise MissingHeaderError(
            f"the request has no {SIGNATURE_HEADER}: it may not be Rollout's", header=SIGNATURE_HEADER
        )
    if not body:
        raise MalformedRequestError(
            "the body is empty: was it read before, or sent in chunks to a WSGI server that drops them?"
        )
    if len(body) > MAX_WEBHOOK_BODY:
        raise MalformedRequestError(f"the body is larger than {MAX_WEBHOOK_BODY} bytes: no webhook of Rollout's is")
    _check_signature(body if signed_content == "raw" else b2a_base64(body, newline=False), signature, credentials)
    return loads_signed_object(body, "the body", MalformedRequestError)


def check_signed_content(signed_content: str) -> None:
    """Raise ``ConfigurationError`` unless this is one of the two."""
    if signed_content not in ("base64", "raw"):
        raise ConfigurationError("signed_content must be 'base64' or, for an older Rollout, 'raw'")


def _check_signature(content: bytes, signature: str, credentials: ClientCredentials) -> None:
    digest = _digest(signature)
    is_signed = False
    for secret in credentials.secrets:
        is_signed |= hmac.compare_digest(digest, hmac.digest(secret.encode(), content, "sha256"))
    if not is_signed:
        raise BadSignatureError(
            "the signature does not match: pass the raw body, compare the client secret, and if both are right try"
            " signed_content='raw'"
        )


def _digest(signature: str) -> bytes:
    """The bytes of a digest in hex or base64, or no bytes for other text."""
    try:
        if len(signature) == _HEX_LENGTH:
            return bytes.fromhex(signature)
        if re.fullmatch(_BASE64, signature):
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
        "the signature is right, but the body is not an event, so read it with verify_signed_request: an event has"
        " eventId and event (strings), uri (a string or null), resourceIds (an array of strings) and eventCreated (an"
        " ISO 8601 instant with an offset, of the years 1970 to 9998)"
    )


@lru_cache(maxsize=1)
def _instant_pattern() -> re.Pattern[str]:
    return re.compile(_INSTANT)  # when first needed: it takes as long as the import of a module


def _instant(text: str) -> datetime | None:
    """An aware instant of RFC 3339 section 5.6, whose fraction is cut to microseconds; None for other text.

    The years are those in which each zone can name each instant.
    """
    match = _instant_pattern().fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:  # Python 3.10 reads neither Z nor a fraction of other than three or six digits
        seconds, fraction, offset = match.groups("")
        try:
            moment = datetime.fromisoformat(f"{seconds.upper()}.{fraction:0<6.6}{offset or '+00:00'}")
        except ValueError:
            return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None
