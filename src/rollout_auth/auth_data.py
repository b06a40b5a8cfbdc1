"""``AuthData``: what a connect token tells Rollout about a user's API key.

Source: "Implementing User Auth with API Key" of docs.rollout.com (``apiKey``, ``refreshToken``, ``expiresIn`` in
seconds); on Rollout v2 the connector's own code reads the object, so it may hold further fields (npm
``@rollout/framework`` 2.2.169 types it ``any``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ._checks import plain_text, text_problem
from ._frozen import MAX_SAFE_INTEGER, FrozenObject, UnusableValueError
from ._json import quote
from ._secrecy import Value, immutable, masked_repr, sealed
from .errors import InvalidAuthDataError

_WIRE_NAMES = {"api_key": "apiKey", "refresh_token": "refreshToken", "expires_in": "expiresIn"}
NO_EXTRA = FrozenObject({})


@immutable
class AuthData(Value):
    """A user's API key and, if it can be renewed, the refresh token and the key's life.

    Args:
        api_key: what Rollout sends back to your API; no white space at its ends.
        refresh_token: what Rollout sends to your refresh endpoint; together with ``expires_in``, or not at all.
        expires_in: seconds that the key is valid, counted from when Rollout reads it; more than zero.
        extra: further JSON fields for the connector, kept as a deep copy: numbers within ±(2**53 - 1), at most 16
            levels deep, and none named ``apiKey``, ``refreshToken`` or ``expiresIn``.

    Raises:
        TypeError: an argument is of the wrong type, such as a ``bool`` or ``float`` for ``expires_in``.
        InvalidAuthDataError: a value is unusable, or only one of ``refresh_token`` and ``expires_in`` is given.

    The values are signed into a connect token, not encrypted: the user's browser can read them. ``repr`` hides them.
    """

    api_key: str
    refresh_token: str | None = None
    expires_in: int | None = None
    extra: Mapping[str, object] = NO_EXTRA

    def __init__(
        self,
        api_key: str,
        refresh_token: str | None = None,
        expires_in: int | None = None,
        extra: Mapping[str, object] = NO_EXTRA,
    ) -> None:
        put = object.__setattr__
        put(self, "api_key", _checked_text("api_key", api_key))
        put(self, "refresh_token", None if refresh_token is None else _checked_text("refresh_token", refresh_token))
        put(self, "expires_in", None if expires_in is None else _checked_seconds(expires_in))
        if (refresh_token is None) != (expires_in is None):
            raise InvalidAuthDataError("refresh_token and expires_in belong together: pass both or neither")
        put(self, "extra", frozen_extra(extra))

    @property
    def is_refreshable(self) -> bool:
        """Whether Rollout can renew the key: it has a refresh token and a life in seconds."""
        return self.refresh_token is not None

    def to_dict(self) -> dict[str, object]:
        """The object as it travels: ``{"apiKey", "refreshToken", "expiresIn", **extra}``, absent fields left out."""
        fields = {wire: getattr(self, name) for name, wire in _WIRE_NAMES.items()}
        return {wire: value for wire, value in fields.items() if value is not None} | dict(self.extra)

    @classmethod
    @sealed
    def from_dict(cls, data: Mapping[str, object]) -> AuthData:
        """Read what ``to_dict`` writes. Keys that are not Rollout's own become ``extra``.

        Raises ``InvalidAuthDataError`` for everything that is not such an object, wrong types included: the data is
        foreign. A field that is ``null`` is refused; leave it out.
        """
        if not isinstance(data, Mapping):
            raise InvalidAuthDataError(f"authData is {type(data).__name__}: pass a mapping with the key 'apiKey'")
        if "apiKey" not in data:
            raise InvalidAuthDataError("authData has no 'apiKey': its keys are 'apiKey', 'refreshToken', 'expiresIn'")
        fields = {name: data[wire] for name, wire in _WIRE_NAMES.items() if wire in data}
        for name, value in fields.items():
            if value is None:
                mend = "pass a string" if name == "api_key" else "leave it out"
                raise InvalidAuthDataError(f"{_WIRE_NAMES[name]} is null: {mend}")
        extra = {key: value for key, value in data.items() if key not in _WIRE_NAMES.values()}
        try:
            return cls(**fields, extra=extra or NO_EXTRA)  # type: ignore[arg-type]  # foreign, and judged by the call
        except TypeError as error:
            problem = str(error)
        raise InvalidAuthDataError(problem)

    def __repr__(self) -> str:
        names = ("api_key", "refresh_token", "expires_in", "extra")
        return masked_repr(self, *names, hidden=("api_key", "refresh_token"))


def _checked_text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}: pass a str")
    problem = text_problem(value)
    if problem:
        raise InvalidAuthDataError(f"{name} {problem}")
    return plain_text(value)


def _checked_seconds(seconds: int) -> int:
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise TypeError(f"expires_in is {type(seconds).__name__}: pass an int, in seconds")
    if not 0 < seconds <= MAX_SAFE_INTEGER:
        raise InvalidAuthDataError("expires_in must be from 1 to 2**53 - 1: pass the key's life in seconds")
    return int.__int__(seconds)


def frozen_extra(extra: Mapping[str, object]) -> FrozenObject:
    """An immutable copy of further fields. Raises ``TypeError`` and ``InvalidAuthDataError``."""
    if extra is NO_EXTRA:
        return NO_EXTRA
    if not isinstance(extra, Mapping):
        raise TypeError(f"extra is {type(extra).__name__}: pass a dict of JSON values")
    try:
        frozen = extra if isinstance(extra, FrozenObject) else FrozenObject(extra)
        problem = ""
    except UnusableValueError as error:
        frozen, problem = NO_EXTRA, str(error)
    for name in _WIRE_NAMES.values():
        if name in frozen:
            problem = f"extra may not contain {name!r}: pass it as an argument of its own"
    if problem:
        raise InvalidAuthDataError(problem)
    return frozen


def wire_json(auth_data: AuthData) -> str:
    """The compact JSON of ``to_dict()``, without building the dict: it is the greater part of signing a token."""
    text = f'{{"apiKey":{quote(auth_data.api_key)}'
    if auth_data.refresh_token is not None:
        text += f',"refreshToken":{quote(auth_data.refresh_token)},"expiresIn":{auth_data.expires_in}'
    if auth_data.extra is NO_EXTRA:
        return text + "}"
    extra = cast("FrozenObject", auth_data.extra).text[1:-1]
    return f"{text},{extra}}}" if extra else f"{text}}}"


def check_auth_data(auth_data: AuthData) -> None:
    """Raise ``TypeError`` unless the argument is what its name says."""
    if not isinstance(auth_data, AuthData):
        raise TypeError(f"auth_data is {type(auth_data).__name__}: pass AuthData(...) or AuthData.from_dict(...)")
