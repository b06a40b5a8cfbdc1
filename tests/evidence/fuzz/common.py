"""What the targets share: the secrets and the instant of the vectors, signing without this package, other readings."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

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
    """Any bytes as a payload under any bytes as a header, signed rightly."""
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
