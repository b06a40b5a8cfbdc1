"""How the command shows tokens, secrets and times: in ASCII, with every secret masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from rollout_auth._time import LAST_SECOND, instant

if TYPE_CHECKING:
    from collections.abc import Mapping

_REGISTERED_CLAIMS = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti")  # RFC 7519 section 4.1
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def as_json(value: object) -> str:
    """Readable JSON in ASCII, so that no control character of a token reaches a terminal."""
    return json.dumps(value, indent=2)


def masked(secret: str) -> str:
    """A placeholder that tells only the length of the secret."""
    return f"<hidden, {len(secret)} characters>"


def masked_claims(claims: Mapping[str, object]) -> dict[str, object]:
    """The claims, with everything masked except the registered claims, flags and durations."""
    return {name: _masked(name, value, name in _REGISTERED_CLAIMS) for name, value in claims.items()}


def masked_header(header: Mapping[str, object]) -> dict[str, object]:
    """The header, with everything masked except the algorithm and the type."""
    return {name: _masked(name, value, name in ("alg", "typ")) for name, value in header.items()}


def _masked(name: str, value: object, is_public: bool = False) -> object:
    if isinstance(value, dict):
        return {key: _masked(key, item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_masked("", item) for item in cast("list[object]", value)]
    is_number = name == "expiresIn" and isinstance(value, int)
    if value is None or isinstance(value, bool) or is_number or is_public:
        return value
    return masked(value if isinstance(value, str) else json.dumps(value))


def in_words(seconds: int) -> str:
    """``3661`` as ``"1 hour 1 minute"``: the two largest units."""
    parts: list[str] = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'s' * (count != 1)}")
    return " ".join(parts[:2]) or "0 seconds"


def lifetime(claims: Mapping[str, object], now: int) -> str:
    """When a token was issued and when it expires, in words."""
    issued, expires = claims.get("iat"), claims.get("exp")
    if not (_is_time(issued) and _is_time(expires)):
        return "unknown: iat or exp is missing or not an integer"
    return f"{_moment('issued', cast('int', issued), now)}; {_moment('expires', cast('int', expires), now)}"


def _is_time(value: object) -> bool:
    return type(value) is int and 0 <= value <= LAST_SECOND


def _moment(verb: str, seconds: int, now: int) -> str:
    distance = f"{in_words(now - seconds)} ago" if seconds <= now else f"{in_words(seconds - now)} from now"
    return f"{verb} {instant(seconds):%Y-%m-%d %H:%M:%S} UTC, {distance}"
