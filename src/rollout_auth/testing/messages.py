"""HTTP requests and responses as values, whose ``repr`` shows no content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast, final

from rollout_auth import MalformedRequestError
from rollout_auth._json import loads_object
from rollout_auth._secrecy import masked_repr, sealed


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False, init=False)
class Request:
    """What the simulator sends: method, target (path and query), headers as pairs of ``str``, and a body of bytes."""

    method: str
    """Such as ``"POST"``."""
    target: str = field(repr=False)
    """The path and the query, as on the request line."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Names and values, in order."""
    body: bytes = field(repr=False)
    """The raw bytes."""

    def __init__(self, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        _check_bytes(body)
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "headers", tuple(headers))
        object.__setattr__(self, "body", body)

    def with_body(self, body: bytes) -> Request:
        """The same request with another body."""
        return Request(self.method, self.target, self.headers, body)

    def __repr__(self) -> str:
        return masked_repr(self)


@final
@sealed
@dataclass(frozen=True, slots=True, repr=False, init=False)
class Response:
    """What the app under test returns: status, headers as a mapping or pairs of ``str``, and a body of bytes."""

    status: int
    """The HTTP status."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Names and values, in order."""
    body: bytes = field(repr=False)
    """The raw bytes."""

    def __init__(
        self, status: int, headers: Mapping[str, str] | Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        _check_bytes(body)
        pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", tuple(pairs))
        object.__setattr__(self, "body", body)

    def header(self, name: str) -> str:
        """The values of a header, joined by commas (RFC 9110 section 5.3); empty if it is missing."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def media_type(self) -> str:
        """The ``Content-Type`` in lower case, without parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status <= 299  # noqa: PLR2004  RFC 9110 section 15.3

    @sealed
    def json(self) -> dict[str, object]:
        """The body as a JSON object, parsed strictly. Raises ``MalformedRequestError`` for anything else."""
        return loads_object(self.body, "the body", MalformedRequestError)

    def __repr__(self) -> str:
        return masked_repr(self)


def _check_bytes(body: bytes) -> None:
    if not isinstance(body, bytes):
        raise TypeError(f"body is {type(body).__name__}: pass bytes, such as text.encode()")
