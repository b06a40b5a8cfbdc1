"""HS512 compact serialization (RFC 7515 section 7.1): one form is written, and only that form is read.

Reading is strict: canonical base64url without padding (RFC 4648 sections 3.5 and 5), exactly three segments, no
duplicate keys, ``alg`` exactly ``HS512``, ``typ`` absent or ``JWT``, no ``crit``. PyJWT's HS512 then verifies the
signature over the very bytes that were read, so that no second reading of the token can differ from this one.
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import TYPE_CHECKING

from ._json import dumps, loads_object
from ._text import plain_text
from ._time import LAST_SECOND
from .errors import BadSignatureError, ConfigurationError, InvalidClaimError, MalformedTokenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jwt.algorithms import Algorithm

MAX_TOKEN_LENGTH = 8168
"""Characters. With ``Authorization: Bearer `` before it and the end of the line, a header line of 8 KiB is full."""

JWT = "JWT"
"""The ``typ`` of a connect token."""

_OTHER_ALGORITHMS = ("none", "HS256", "HS384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA")
_SEGMENTS = 3
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def base64url(data: bytes) -> bytes:
    """RFC 4648 section 5, without padding."""
    return b2a_base64(data, newline=False).replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=")


def header_segment(typ: str = JWT) -> bytes:
    """The first segment of a token of this type, as PyJWT writes it, and the dot after it."""
    return base64url(dumps({"alg": "HS512", "typ": typ}).encode()) + b"."


_CONNECT_TOKEN_HEADER = header_segment()


def sign_claims(claims: Mapping[str, object], secret: bytes, header: bytes) -> str:
    """The compact form of the claims."""
    signing_input = header + base64url(dumps(claims).encode())
    return (signing_input + b"." + base64url(hmac.digest(secret, signing_input, "sha512"))).decode()


def read_token(token: str | bytes) -> tuple[dict[str, object], bytes, bytes, bytes]:
    """Take a token apart: header, payload, signature and what was signed. Nothing is verified.

    Raises ``TypeError`` for anything but text and ``MalformedTokenError`` for text of any other form.
    """
    text = bytes(token) if isinstance(token, bytes) else plain_text(token)
    if text is None:
        raise TypeError(f"the token is {type(token).__name__}: pass the compact JWT as str or bytes")
    if len(text) > MAX_TOKEN_LENGTH:
        raise MalformedTokenError(f"the token is longer than {MAX_TOKEN_LENGTH} characters: no header would hold it")
    data = text if isinstance(text, bytes) else text.encode("ascii", "replace")
    segments = data.split(b".")
    if len(segments) != _SEGMENTS:
        raise MalformedTokenError(f"the token {_form_problem(data)}")
    payload, signature = _unbase64url(segments[1], data), _unbase64url(segments[2], data)
    return _header(segments[0], data), payload, signature, data[: data.rindex(b".")]


def check_header(header: Mapping[str, object], typ: str = JWT) -> None:
    """Raise ``MalformedTokenError`` unless the header says HS512 and the type, and means only one thing.

    The type of a connect token may be absent (RFC 7519 section 5.1); any other is explicit (RFC 8725 section 3.11).
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


def verified_claims(token: str | bytes, secrets: Iterable[str], typ: str = JWT) -> dict[str, object]:
    """The claims of a token, if one of the secrets signed it. Every secret is tried, even after one fits.

    Raises ``TypeError`` for anything but text, ``MalformedTokenError`` for another form, ``BadSignatureError``, and
    ``ConfigurationError`` if PyJWT cannot be used.
    """
    header, payload, signature, signing_input = read_token(token)
    check_header(header, typ)
    verdicts = [pyjwt_hs512().verify(signing_input, _pyjwt_key(secret), signature) for secret in secrets]
    if not any(verdicts):
        raise BadSignatureError("no configured secret signed this token: compare the secrets")
    return loads_object(payload, "the token's payload", MalformedTokenError)


def text_claim(claims: Mapping[str, object], name: str) -> str:
    """A required claim that is a string with text. Raises ``InvalidClaimError``."""
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        state = "is missing" if name not in claims else "is not a string with text"
        raise InvalidClaimError(f"{name} {state}: sign with a string", claim=name)
    return value


def seconds_claim(claims: Mapping[str, object], name: str) -> int:
    """A required claim that is a time, in whole seconds since 1970. Raises ``InvalidClaimError``."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        state = "is missing" if name not in claims else "is not a time in whole seconds since 1970"
        raise InvalidClaimError(f"{name} {state}: sign with an integer", claim=name)
    return value


@lru_cache(maxsize=1)
def pyjwt_hs512() -> Algorithm:
    """PyJWT's HS512, tried once. Raises ``ConfigurationError`` if PyJWT is missing, foreign or broken."""
    key = b"a key that is used for this alone".ljust(64)
    try:
        import jwt  # noqa: PLC0415  imported when first needed, so that signing does not wait for it

        hs512 = jwt.PyJWS(algorithms=["HS512"]).get_algorithm_by_name("HS512")
        if hs512.verify(b"text", hs512.prepare_key(key), hmac.digest(key, b"text", "sha512")):
            return hs512
        problem = "its HS512 refuses a valid signature"
    except Exception as error:  # noqa: BLE001  whatever another package of this name does, or a broken one
        problem = f"{type(error).__name__}: {error}"
    from importlib.machinery import PathFinder  # noqa: PLC0415  for this failure alone

    found = PathFinder.find_spec("jwt")
    if found is None:
        raise ConfigurationError("PyJWT is not installed: run pip install PyJWT")
    fix = "run pip uninstall jwt, then pip install --force-reinstall PyJWT"
    if "interpreter" in problem:  # PyO3, on which cryptography is built
        fix = "run the app in the main interpreter (mod_wsgi: WSGIApplicationGroup %{GLOBAL})"
    raise ConfigurationError(f"PyJWT cannot be used; the module jwt is {found.origin} ({problem}): {fix}")


@lru_cache(maxsize=16)
def _pyjwt_key(secret: str) -> bytes:
    return pyjwt_hs512().prepare_key(secret)  # type: ignore[no-any-return]  # PyJWT types every algorithm's key as Any


def _unbase64url(segment: bytes, token: bytes) -> bytes:
    try:
        data = a2b_base64(segment.translate(_TO_STANDARD) + b"==")
    except ValueError:
        data = b""
    if base64url(data) != segment:
        raise MalformedTokenError(f"the token {_form_problem(token)}")
    return data


def _form_problem(data: bytes) -> str:
    if data[:7].lower() == b"bearer ":
        return "starts with 'Bearer ': pass what follows it"
    if data != data.strip():
        return "starts or ends with white space: remove it"
    segments = data.count(b".") + 1
    if segments != _SEGMENTS:
        return f"has {segments} segment{'s' * (segments != 1)}: a compact JWT has three"
    if b"=" in data:
        return "is padded with '=': a compact JWT has no padding"
    return "is not canonical base64url: was it cut or changed on the way?"


def _header(segment: bytes, token: bytes) -> dict[str, object]:
    if segment == _CONNECT_TOKEN_HEADER[:-1]:
        return {"alg": "HS512", "typ": JWT}
    return loads_object(_unbase64url(segment, token), "the token's header", MalformedTokenError)
