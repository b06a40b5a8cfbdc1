"""What the targets share: the secrets and the instant of the vectors, signing without this package, other readings."""

from __future__ import annotations

import base64
import hmac
import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

from jwt.api_jwt import decode_complete
from jwt.exceptions import InvalidSignatureError

from rollout_auth import ClientCredentials, VerificationError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors.json").read_text("utf-8"))
SECRET = VECTORS["clientSecret"]
CREDENTIALS = ClientCredentials(VECTORS["clientId"], SECRET, [VECTORS["previousClientSecret"]])
NOW = datetime.fromtimestamp(VECTORS["connectTokens"]["now"], timezone.utc)
TYPES = {"connect token": "JWT", "API key": "rollout-api-key+jwt", "refresh token": "rollout-refresh-token+jwt"}

_UNTIMED = dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_jti"), False)


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(payload: bytes, secret: str = SECRET, *, header: bytes = b'{"alg":"HS512","typ":"JWT"}') -> str:
    """Any bytes as a payload under any bytes as a header, signed correctly."""
    message = base64url(header) + b"." + base64url(payload)
    return (message + b"." + base64url(hmac.digest(secret.encode(), message, "sha512"))).decode()


def read_by_pyjwt(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    """Header and payload as PyJWT verifies and reads them, whatever the time; its refusal fails the target."""
    try:
        return decode_complete(token, secrets[0], algorithms=["HS512"], options=_UNTIMED)
    except InvalidSignatureError:
        if len(secrets) == 1:
            raise
    return read_by_pyjwt(token, secrets[1:])


def verdict(call: Callable[[], object]) -> object:
    """What is returned, or the class of the refusal; any other error fails the target."""
    try:
        return call()
    except VerificationError as error:
        return type(error)


def head_and_body(data: bytes) -> tuple[str, list[tuple[bytes, bytes]], bytes]:
    """The first line, the header lines after it, and what follows the first empty line."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    pairs = [line.partition(b":") for line in lines]
    return first.decode("latin-1"), [(name.strip(), value.strip()) for name, _, value in pairs], body


def as_text(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Headers as a server hands them over as text (PEP 3333)."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


def said(pairs: Iterable[tuple[bytes, bytes]], header: str) -> set[str]:
    """What the lines of a header say, taken apart where a server may have joined them."""
    lines = [value for name, value in as_text(pairs) if name.lower() == header.lower()]
    return {part.strip(" \t") for line in lines for part in line.split(",")} - {""}


def by_javascript(data: bytes) -> dict[str, object] | None:
    """The object in the bytes as JSON.parse reads it, with U+FFFD for lone surrogates, if it is not too deep."""
    try:
        value = json.loads(data.decode(), parse_float=_finite, parse_constant=_unknown)
    except (ValueError, RecursionError):
        return None
    return _well_formed(value) if isinstance(value, dict) and _depth(value) <= 32 else None


def by_rfc_7493(data: bytes) -> dict[str, object] | None:
    """The object in the bytes, if json.loads reads it and RFC 7493 allows it."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_without_duplicates, parse_constant=_unknown)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _is_portable(value, 32) else None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _unknown(name: str) -> NoReturn:
    raise ValueError(name)


def _is_portable(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_is_portable(part, depth - 1) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return depth > 0 and all(_is_portable(item, depth - 1) for item in value)
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return value is None or math.isfinite(value)


def _finite(literal: str) -> float:
    value = float(literal)
    return value if math.isfinite(value) else _unknown(literal)


def _well_formed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_well_formed, value))
    return (
        value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(value, str) else value
    )


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
