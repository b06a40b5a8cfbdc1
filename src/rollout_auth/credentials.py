"""``ClientCredentials``: the client id and the client secret from the Rollout dashboard.

Source: docs.rollout.com/documentation/authenticating-with-rollout, whose samples read ``ROLLOUT_CLIENT_ID`` and
``ROLLOUT_CLIENT_SECRET`` from the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ._checks import checked_text, environment, secret_problem, text_problem, warn_of_short_secrets
from ._secrecy import Value, immutable, masked_repr, sealed
from .errors import ConfigurationError

CLIENT_ID_VARIABLE = "ROLLOUT_CLIENT_ID"
CLIENT_SECRET_VARIABLE = "ROLLOUT_CLIENT_SECRET"
PREVIOUS_CLIENT_SECRET_VARIABLE = "ROLLOUT_PREVIOUS_CLIENT_SECRET"


@immutable
class ClientCredentials(Value):
    """A client id, the secret that signs, and the earlier secrets that are still accepted.

    Args:
        client_id: the public id, the ``iss`` claim of every connect token.
        client_secret: the secret of the dashboard, used as UTF-8 bytes; 64 bytes or more.
        previous_client_secrets: secrets that verify but no longer sign, for a rotation without downtime.

    Raises:
        TypeError: an argument is of the wrong type, such as None from a variable that is not set, or one ``str`` for
            the sequence of previous secrets.
        ConfigurationError: a value is empty, has white space at an end, NUL or lone surrogates, a secret is the text
            of a PEM, SSH or JWK key, or the id is one of the secrets (the id is public).

    Warns:
        ShortSecretWarning: a secret has fewer than 64 bytes (RFC 7518 section 3.2).
    """

    client_id: str
    client_secret: str
    previous_client_secrets: Sequence[str] = ()

    def __init__(self, client_id: str, client_secret: str, previous_client_secrets: Sequence[str] = ()) -> None:
        previous = previous_client_secrets
        if isinstance(previous, (str, bytes)) or not isinstance(previous, Sequence):
            raise TypeError(f"previous_client_secrets is {type(previous).__name__}: pass a list of str")
        secrets = [checked_text("previous_client_secrets", secret, secret_problem) for secret in previous]
        object.__setattr__(self, "previous_client_secrets", tuple(secrets))
        object.__setattr__(self, "client_id", checked_text("client_id", client_id, text_problem))
        object.__setattr__(self, "client_secret", checked_text("client_secret", client_secret, secret_problem))
        if self.client_id in self.secrets:
            raise ConfigurationError("client_id is the same text as a secret, and it is public: copy both again")
        warn_of_short_secrets("a client secret", self.secrets)

    @classmethod
    @sealed
    def from_env(cls, environ: Mapping[str, str] | None = None) -> ClientCredentials:
        """Read ``ROLLOUT_CLIENT_ID``, ``ROLLOUT_CLIENT_SECRET`` and, if set, ``ROLLOUT_PREVIOUS_CLIENT_SECRET``.

        ``environ`` is ``os.environ`` unless another mapping is given; an empty variable counts as unset.
        Raises ``ConfigurationError`` that names every missing variable, or what is wrong with a value.
        """
        environ = environment(environ)
        required = (CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE)
        missing = [name for name in required if not environ.get(name)]
        if missing:
            raise ConfigurationError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set:"
                " copy the value from the Configuration page of the Rollout dashboard"
            )
        previous = environ.get(PREVIOUS_CLIENT_SECRET_VARIABLE)
        client_id, client_secret = (environ[name] for name in required)
        return cls(client_id, client_secret, [previous] if previous else ())

    def __hash__(self) -> int:
        return hash((self.client_id, self.client_secret))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that verifies, the one that signs first."""
        return (self.client_secret, *self.previous_client_secrets)

    def __repr__(self) -> str:
        secrets = ("client_secret", "previous_client_secrets")
        return masked_repr(self, "client_id", *secrets, hidden=secrets)


def credentials_from_environment() -> ClientCredentials:
    """``ClientCredentials.from_env()``, built once for each set of values: a rotated secret is seen at once."""
    get = os.environ.get
    return _built(
        get(CLIENT_ID_VARIABLE, ""), get(CLIENT_SECRET_VARIABLE, ""), get(PREVIOUS_CLIENT_SECRET_VARIABLE, "")
    )


@lru_cache(maxsize=8)
def _built(client_id: str, client_secret: str, previous: str) -> ClientCredentials:
    return ClientCredentials.from_env(
        {
            CLIENT_ID_VARIABLE: client_id,
            CLIENT_SECRET_VARIABLE: client_secret,
            PREVIOUS_CLIENT_SECRET_VARIABLE: previous,
        }
    )


def given_or_environment(credentials: ClientCredentials | None) -> ClientCredentials:
    """The argument, or for None the environment's. Raises ``TypeError`` for something else."""
    if isinstance(credentials, ClientCredentials):
        return credentials
    if credentials is not None:
        check_credentials(credentials)
    return credentials_from_environment()


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
