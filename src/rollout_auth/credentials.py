"""``ClientCredentials``: the client id and the client secret from the Rollout dashboard; and the environment.

Source: docs.rollout.com/documentation/authenticating-with-rollout, whose samples read ``ROLLOUT_CLIENT_ID`` and
``ROLLOUT_CLIENT_SECRET`` from the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import final

from ._secrecy import masked_repr, sealed
from ._text import RECOMMENDED_SECRET_BYTES, checked_text, checked_texts, setting_problem, warn_of_short_secrets
from .errors import ConfigurationError

CLIENT_ID_VARIABLE = "ROLLOUT_CLIENT_ID"
CLIENT_SECRET_VARIABLE = "ROLLOUT_CLIENT_SECRET"
PREVIOUS_CLIENT_SECRET_VARIABLE = "ROLLOUT_PREVIOUS_CLIENT_SECRET"

FROM_THE_DASHBOARD = "copy it from the Configuration page of the Rollout dashboard"
OF_YOUR_OWN = "choose at least 64 random characters of your own"

_VARIABLES = (CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE, PREVIOUS_CLIENT_SECRET_VARIABLE)


@final
@sealed
class ClientCredentials:
    """A client id, the secret that signs, and the earlier secrets that are still accepted. Immutable.

    It is neither a dataclass nor a mapping, and has no ``__dict__``, so that no serializer prints the secret.

    Args:
        client_id: the public id, the ``iss`` claim of every connect token.
        client_secret: the secret from the dashboard, used as UTF-8 bytes; 64 bytes or more.
        previous_client_secrets: secrets that verify but no longer sign, for a rotation without downtime.

    Raises:
        TypeError: an argument is of the wrong type, such as None from a variable that is not set, or one ``str`` for
            the sequence of previous secrets.
        ConfigurationError: a value is blank, has white space at an end, control characters or lone surrogates, is
            quoted, a placeholder, the name of a variable or ``null``, is the text of a PEM, SSH or JWK key; the id is
            one of the secrets; or id and secret are exchanged (the id is public).

    Warns:
        ShortSecretWarning: a secret has fewer than 64 bytes (RFC 7518 section 3.2).
    """

    __slots__ = ("client_id", "client_secret", "previous_client_secrets")

    client_id: str
    """The public id."""
    client_secret: str
    """The secret that signs."""
    previous_client_secrets: tuple[str, ...]
    """Secrets that verify but no longer sign."""

    def __init__(self, client_id: str, client_secret: str, previous_client_secrets: Sequence[str] = ()) -> None:
        previous = previous_client_secrets
        if isinstance(previous, (str, bytes)) or not isinstance(previous, Sequence):
            raise TypeError(f"previous_client_secrets is {type(previous).__name__}: pass a list of str")
        put = object.__setattr__
        put(self, "client_id", checked_text("client_id", client_id, setting_problem))
        put(self, "client_secret", checked_text("client_secret", client_secret, setting_problem))
        earlier = checked_texts("previous_client_secrets", previous, setting_problem) if previous else ()
        put(self, "previous_client_secrets", earlier)
        problem = pair_problem(self.client_id, self.secrets)
        if problem is not None:
            raise ConfigurationError(f"client_id {problem}")
        warn_of_short_secrets("a client secret", self.secrets)

    @classmethod
    @sealed
    def from_env(cls, environ: Mapping[str, str] | None = None) -> ClientCredentials:
        """Read ``ROLLOUT_CLIENT_ID``, ``ROLLOUT_CLIENT_SECRET`` and, if set, ``ROLLOUT_PREVIOUS_CLIENT_SECRET``.

        ``environ`` is ``os.environ`` unless another mapping is given; an empty variable counts as unset.
        Raises ``ConfigurationError`` that names every missing variable, or what is wrong with a value.
        """
        environ = environment(environ)
        client_id, client_secret = required_variables(environ, CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE)
        previous = environ.get(PREVIOUS_CLIENT_SECRET_VARIABLE)
        return cls(client_id, client_secret, [previous] if previous else ())

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that verifies, the one that signs first."""
        return (self.client_secret, *self.previous_client_secrets)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClientCredentials):
            return NotImplemented
        return (self.client_id, self.secrets) == (other.client_id, other.secrets)

    def __hash__(self) -> int:
        return hash((self.client_id, self.client_secret))

    def __reduce__(self) -> tuple[object, ...]:
        return ClientCredentials, (self.client_id, self.client_secret, self.previous_client_secrets)

    def __repr__(self) -> str:
        return masked_repr(self, "client_id", hidden=("client_secret", "previous_client_secrets"))


def pair_problem(client_id: str, secrets: Sequence[str]) -> str | None:
    """What is wrong between a client id and the secrets, the one that signs first, or None."""
    if client_id in secrets:
        return "is the same text as a secret, and the id is public: copy both again"
    if len(client_id) >= RECOMMENDED_SECRET_BYTES > len(secrets[0]):
        return "looks like the client secret, and the client secret like an id: swap them, because the id is public"
    return None


def environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """The argument, or ``os.environ`` for None. Raises ``TypeError`` for something else."""
    if environ is None:
        return os.environ
    if not isinstance(environ, Mapping):
        raise TypeError(f"environ is {type(environ).__name__}: pass a mapping, or nothing for os.environ")
    return environ


def required_variables(environ: Mapping[str, str], *names: str, source: str = FROM_THE_DASHBOARD) -> list[str]:
    """The values of variables. Raises ``ConfigurationError`` that names all that are missing or empty."""
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise ConfigurationError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: {source}")
    return [environ[name] for name in names]


def given_or_environment(credentials: ClientCredentials | None) -> ClientCredentials:
    """The argument, or for None the environment's. Raises ``TypeError`` for something else."""
    if credentials is None:
        return _from_values(*(os.environ.get(name, "") for name in _VARIABLES))
    check_credentials(credentials)
    return credentials


@lru_cache(maxsize=8)
def _from_values(*values: str) -> ClientCredentials:
    """``ClientCredentials.from_env()``, built once for each set of values: a rotated secret is used at once."""
    return ClientCredentials.from_env(dict(zip(_VARIABLES, values, strict=True)))


def is_configured() -> bool:
    """Whether the environment has any of the credentials."""
    return bool(os.environ.get(CLIENT_ID_VARIABLE) or os.environ.get(CLIENT_SECRET_VARIABLE))


def check_credentials(credentials: ClientCredentials) -> None:
    """Raise ``TypeError`` unless the argument is what its name says."""
    if not isinstance(credentials, ClientCredentials):
        raise TypeError(
            f"credentials is {type(credentials).__name__}: pass ClientCredentials(client_id, client_secret),"
            " or nothing to read the environment"
        )
