"""HS512 compact serialization (RFC 7515 section 7.1): one form is written, and only that form is read.

Reading is strict: canonical base64url without padding (RFC 4648 sections 3.5 and 5), exactly three segments, no
duplicate keys, ``alg`` exactly ``HS512``, ``typ`` absent or ``JWT``, no ``crit``. PyJWT's HS512 then judges the
signature over the very bytes that were read, so that no second reading of the token can differ from this one.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import TYPE_CHECKING

from ._hmac import KeptHmac
from ._json import dumps, loads_object
from .errors import BadSignatureError, MalformedTokenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_TOKEN_LENGTH = 8168
"""Characters. With ``Authorization: Bearer `` before it and the line's end, a header line of 8 KiB is full."""

JWT = "JWT"
"""The ``typ`` of a connect token."""

HEADER = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"
"""``{"alg":"HS512","typ":"JWT"}``, as PyJWT writes it."""

_HEADER_BYTES = HEADER.encode()
_OTHER_ALGORITHMS = ("none", "HS256", "HS384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def base64url(data: bytes) -> bytes:
    """RFC 4648 section 5, without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL_SAFE, b"=")


def _unbase64url(segment: bytes, token: bytes) -> bytes:
    try:
        data = a2b_base64(segment.translate(_TO_STANDARD) + b"==")
    except ValueError:
        data = b""
    if base64url(data) != segment:
        raise MalformedTokenError(f"the token {_form_problem(token)}")
    return data


class Signer:
    """Signs payloads with one key; what does not depend on the payload is done once."""

    __slots__ = ("_header", "_mac")

    def __init__(self, secret: str, typ: str = JWT) -> None:
        header = base64url(dumps({"alg": "HS512", "typ": typ}).encode())
        self._header = header.decode()
        self._mac = KeptHmac(secret, "sha512", header + b".")

    def sign(self, payload: str) -> str:
        """The compact form of an ASCII JSON payload."""
        body = base64url(payload.encode())
        return f"{self._header}.{body.decode()}.{base64url(self._mac.digest(body)).decode()}"


def read_token(token: str | bytes) -> tuple[dict[str, object], bytes, bytes, bytes]:
    """Take a token apart: header, payload, signature and what was signed. Nothing is verified.

    Raises ``TypeError`` for anything but text and ``MalformedTokenError`` for text of any other form.
    """
    if not isinstance(token, (str, bytes)):
        raise TypeError(f"the token is {type(token).__name__}: pass the compact JWT as str or bytes")
    if len(token) > MAX_TOKEN_LENGTH:
        raise MalformedTokenError(f"the token is longer than {MAX_TOKEN_LENGTH} characters: no header would hold it")
    data = token.encode("ascii", "replace") if isinstance(token, str) else token
    segments = data.split(b".")
    if len(segments) != 3:  # noqa: PLR2004  RFC 7515 section 7.1
        raise MalformedTokenError(f"the token {_form_problem(data)}")
    payload, signature = _unbase64url(segments[1], data), _unbase64url(segments[2], data)
    return _header(segments[0], data), payload, signature, data[: data.rindex(b".")]


def check_header(header: dict[str, object], typ: str = JWT) -> None:
    """Raise ``MalformedTokenError`` unless the header says HS512 and the type, and means only one thing.

    Of a connect token, the type may be absent (RFC 7519 section 5.1); any other is explicit (RFC 8725 section 3.11).
    """
    algorithm = header.get("alg")
    if algorithm != "HS512":
        named = f"{algorithm!r}, not 'HS512'" if algorithm in _OTHER_ALGORITHMS else "not 'HS512'"
        raise MalformedTokenError(f"the token's alg is {named}, the only one that Rollout accepts: sign with HS512")
    if header.get("typ", JWT) != typ:
        raise MalformedTokenError(f"the token's typ is not {typ!r}: it is a token for something else")
    if "crit" in header or "b64" in header:
        raise MalformedTokenError("the token's header has 'crit' or 'b64': sign without extensions")
    if not isinstance(header.get("kid", ""), str):
        raise MalformedTokenError("the token's kid is not a string: sign without a kid")


def verified_payload(token: str | bytes, secrets: Iterable[str], typ: str = JWT) -> bytes:
    """The payload's bytes, if one of the secrets has signed it. Every secret is tried, whichever fits.

    Raises ``TypeError`` for anything but text, ``MalformedTokenError`` for another form and ``BadSignatureError``.
    """
    header, payload, signature, signing_input = read_token(token)
    check_header(header, typ)
    verdicts = [_verifier(secret)(signing_input, signature) for secret in secrets]
    if not any(verdicts):
        raise BadSignatureError("no configured client secret has signed this token: compare the client secrets")
    return payload


@lru_cache(maxsize=16)
def _verifier(secret: str) -> Callable[[bytes, bytes], bool]:
    import jwt  # noqa: PLC0415  imported late, so that signing does not wait for it

    algorithm = jwt.PyJWS().get_algorithm_by_name("HS512")
    key = algorithm.prepare_key(secret)
    return lambda message, signature: algorithm.verify(message, key, signature)


def _form_problem(data: bytes) -> str:
    if data[:7].lower() == b"bearer ":
        return "begins with 'Bearer ': pass what follows it"
    if data != data.strip():
        return "starts or ends with white space: remove it"
    segments = data.count(b".") + 1
    if segments != 3:  # noqa: PLR2004  likewise
        return f"has {segments} segment{'s' * (segments != 1)}: a compact JWT has three"
    if b"=" in data:
        return "is padded with '=': a compact JWT has no padding"
    return "is not canonical base64url: was it cut or changed on the way?"


def _header(segment: bytes, token: bytes) -> dict[str, object]:
    if segment == _HEADER_BYTES:
        return {"alg": "HS512", "typ": "JWT"}
    return loads_object(_unbase64url(segment, token), "the token's header", MalformedTokenError)
