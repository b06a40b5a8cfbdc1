"""Rules for texts, secrets and user ids.

``text_problem`` and ``setting_problem`` return what is wrong, because each caller names its own field and raises its
own error; the other functions raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from ._secrecy import warn_outside
from .errors import ConfigurationError, InvalidUserIdError, RolloutAuthError, ShortSecretWarning

RECOMMENDED_SECRET_BYTES = 64
"""RFC 7518 section 3.2: an HS512 key has at least the size of the hash output."""

_INVISIBLE = "\ufeff\u200b\u2060"  # byte order mark, zero width space, word joiner: what a copied text brings along
_CONTROL = r"[\x00-\x1f\x7f]"
_KEY_FILE = r"----[- ](BEGIN|END) |ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp|-cert-v01@openssh\.com"
_QUOTED = r"""(["'`]).*\1"""
_VARIABLE = r"\$[A-Z_][A-Z0-9_]*|\$\{.*\}|ROLLOUT_[A-Z_]+(=.*)?"
_PLACEHOLDER = r"<.*>"
_NOTHING = ("null", "none", "undefined")
_NOBODY = ("None", "null", "undefined", "AnonymousUser")


def plain_text(value: object) -> str | None:
    """The text of a ``str``, as a plain ``str``; None for anything else.

    A lazy proxy for a ``str``, such as Werkzeug's ``LocalProxy`` and Django's ``SimpleLazyObject``, gives its text.
    """
    if type(value) is str:
        return value
    if issubclass(type(value), str):
        return str.__str__(cast("str", value))
    if isinstance(value, str):  # what a proxy says of itself
        return plain_text(str(value))
    return None


def is_well_formed(text: str) -> bool:
    """Whether the text has no lone surrogates, and so can be encoded as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_problem(value: str) -> str | None:
    """What is wrong with a short text that travels as it is, or None: blank, white space at an end, NUL, surrogates."""
    stripped = value.strip()
    if not stripped:
        return "is blank: pass its text"
    if value != stripped or value != value.strip(_INVISIBLE):
        return "starts or ends with white space: remove it (was a line break copied along?)"
    if "\0" in value:
        return "contains a NUL character: remove it"
    if not (value.isascii() or is_well_formed(value)):
        return "contains a lone surrogate: it was decoded wrongly, decode it as UTF-8"
    return None


def setting_problem(value: str) -> str | None:
    """What is wrong with a configured id, secret or token, or None.

    As ``text_problem``; and what an environment file or a template leaves behind, and the text of another kind of key.
    PyJWT refuses PEM, SSH and JWK text as an HMAC key (``jwt.utils`` and ``jwt.algorithms``), because whoever
    configures one has confused a public key with a secret. The rule here covers that of every PyJWT since 2.8, which
    knows keys in DER too: they contain control characters.
    """
    if re.search(_KEY_FILE, value):
        return "is the text of a PEM or SSH key: copy the value itself"
    if value.strip()[:1] in ("{", "["):
        return "looks like JSON, such as a JWK: copy the value itself"
    problem = text_problem(value)
    if problem is not None:
        return problem
    if re.search(_CONTROL, value):
        return "contains a control character, such as a line break: remove it"
    if re.fullmatch(_QUOTED, value):
        return "is surrounded by quotes: remove them (docker's --env-file keeps them)"
    if re.fullmatch(_VARIABLE, value):
        return "is the name of a variable and not its value: nothing has expanded it, so set the value itself"
    if re.fullmatch(_PLACEHOLDER, value):
        return "is a placeholder: copy the value itself"
    if value.lower() in _NOTHING:
        return f"is the text {value!r}, which stands for no value: copy the value itself"
    return None


def checked_text(
    name: str, value: object, rule: Callable[[str], str | None], error: type[RolloutAuthError] = ConfigurationError
) -> str:
    """The text as a plain ``str``. Raises ``TypeError``, or ``error`` with what the rule finds."""
    text = plain_text(value)
    if text is None:
        hint = " (if it is from the environment, is it set?)" if value is None else ""
        if hasattr(type(value), "get_secret_value"):  # pydantic's SecretStr
            hint = ", which its get_secret_value() returns"
        raise TypeError(f"{name} is {type(value).__name__}: pass a str{hint}")
    problem = rule(text)
    if problem is not None:
        raise error(f"{name} {problem}")
    return text


def checked_texts(name: str, values: str | Sequence[str] | None, rule: Callable[[str], str | None]) -> tuple[str, ...]:
    """A setting that is one text or several. Raises ``TypeError``, and ``ConfigurationError`` for none or a bad one."""
    if isinstance(values, str):
        return (checked_text(name, values, rule),)
    if not isinstance(values, Sequence) or isinstance(values, bytes):
        hint = " (if it is from the environment, is it set?)" if values is None else ""
        raise TypeError(f"{name} is {type(values).__name__}: pass a str or a list of str{hint}")
    if not values:
        raise ConfigurationError(f"{name} is missing: the list is empty, pass at least one")
    return tuple(checked_text(name, value, rule) for value in values)


def checked_user_id(user_id: object) -> str:
    """The user id as a plain ``str``. Raises ``TypeError`` for another type, and ``InvalidUserIdError``."""
    text = plain_text(user_id)
    if text is None:
        fix = "nobody is signed in, so refuse the visitor" if user_id is None else "pass str(user.pk)"
        raise TypeError(f"user_id is {type(user_id).__name__}: {fix}")
    problem = text_problem(text)
    if problem is not None:
        raise InvalidUserIdError(f"user_id {problem}; pass str(user.pk)")
    if text in _NOBODY:
        raise InvalidUserIdError(
            f"user_id is {text!r}, the text of a user who is not signed in: refuse the visitor, or pass str(user.pk)"
        )
    return text


def warn_of_short_secrets(name: str, secrets: Iterable[str]) -> None:
    """Give one ``ShortSecretWarning``, at the caller's line, if a secret has fewer bytes than HS512 requires."""
    if min(len(secret.encode()) for secret in secrets) < RECOMMENDED_SECRET_BYTES:
        message = (
            f"{name} has fewer than the {RECOMMENDED_SECRET_BYTES} bytes that HS512 requires (RFC 7518 section 3.2):"
            " check that you copied all of it"
        )
        warn_outside(ShortSecretWarning(message))
