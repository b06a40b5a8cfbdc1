"""Every error that this package raises on purpose, with a stable ``code`` and an HTTP ``status``.

The branches answer one question: whose fault is it?

::

    RolloutAuthError
    ├── ConfigurationError(ValueError)      500  invalid_configuration     the deployment
    ├── InvalidAuthDataError(ValueError)    500  invalid_auth_data         our own data
    ├── InvalidUserIdError(ValueError)      500  invalid_user_id           our own data
    ├── RefreshUnavailableError             503  temporarily_unavailable   ours, and passing
    └── VerificationError                   401  verification_failed       their request
        ├── MalformedTokenError             401  malformed_token
        ├── BadSignatureError               401  bad_signature
        ├── TokenExpiredError               401  token_expired
        ├── TokenNotYetValidError           401  token_not_yet_valid
        ├── InvalidClaimError               401  invalid_claim
        ├── MissingHeaderError              401  missing_header
        ├── BadVerificationTokenError       401  bad_verification_token
        ├── InvalidApiKeyError              401  invalid_api_key
        │   └── ApiKeyExpiredError          401  api_key_expired
        ├── MalformedRequestError           400  malformed_request
        └── InvalidRefreshTokenError        400  invalid_grant

    ShortSecretWarning(UserWarning)

A value of the wrong *type* from the caller's own code is a ``TypeError`` that says what to pass instead. No message
contains a secret.
"""

from __future__ import annotations

import copyreg
from datetime import datetime, timedelta
from typing import ClassVar


class RolloutAuthError(Exception):
    """Base of every error of this package: ``except RolloutAuthError`` catches them all."""

    code: ClassVar[str] = "rollout_auth_error"
    """A stable name for logs and searches."""
    status: ClassVar[int] = 500
    """The HTTP status that fits."""
    _message: ClassVar[str] = "the operation failed"

    def __init__(self, message: str | None = None) -> None:
        """Take a message for the log, or use the class's own."""
        super().__init__(self._message if message is None else message)

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle with the attributes that some classes add as keyword arguments."""
        return (copyreg.__newobj__, (type(self), *self.args), self.__dict__)  # type: ignore[attr-defined]  # typeshed leaves it out


class ConfigurationError(RolloutAuthError, ValueError):
    """The deployment or a call's settings are wrong: a missing variable, a pasted line break, a naive datetime."""

    code = "invalid_configuration"
    _message = "the configuration is not usable"


class InvalidAuthDataError(RolloutAuthError, ValueError):
    """The authData for a connect token is wrong, and Rollout could not use it."""

    code = "invalid_auth_data"
    _message = "the authData is not usable"


class InvalidUserIdError(RolloutAuthError, ValueError):
    """The user id is blank, has white space at an end, or is not well-formed text."""

    code = "invalid_user_id"
    _message = "the user id is not usable"


class RefreshUnavailableError(RolloutAuthError):
    """A key cannot be renewed right now, and a later try may succeed. Applications raise it; no argument is needed.

    ``retry_after`` is a ``timedelta`` of whole seconds, zero or more, 30 seconds by default. Raises
    ``ConfigurationError`` for any other duration and ``TypeError`` for a number.
    """

    code = "temporarily_unavailable"
    status = 503
    _message = "the key cannot be renewed right now"

    retry_after: timedelta = timedelta(seconds=30)
    """How long the caller should wait before it tries again."""

    def __init__(self, message: str | None = None, *, retry_after: timedelta = timedelta(seconds=30)) -> None:
        if not isinstance(retry_after, timedelta):
            raise TypeError(f"retry_after is {type(retry_after).__name__}: pass timedelta(seconds=...)")
        if retry_after < timedelta(0) or retry_after.microseconds:
            raise ConfigurationError("retry_after must be whole seconds, zero or more: pass timedelta(seconds=30)")
        super().__init__(message)
        self.retry_after = retry_after


class VerificationError(RolloutAuthError):
    """A request or a token was refused. Base of everything that the other side can do wrong."""

    code = "verification_failed"
    status = 401
    _message = "verification failed"


class MalformedTokenError(VerificationError):
    """The text is not a compact JWT of the strict form that this protocol uses."""

    code = "malformed_token"
    _message = "the token is malformed"


class BadSignatureError(VerificationError):
    """No secret that is configured has made this signature: of a connect token or of a webhook."""

    code = "bad_signature"
    _message = "the signature does not match"


class TokenExpiredError(VerificationError):
    """The token was good, and its time is over."""

    code = "token_expired"
    _message = "the token has expired"

    expired_at: datetime
    """The token's own end, aware and in UTC."""

    def __init__(self, message: str | None = None, *, expired_at: datetime) -> None:
        super().__init__(message)
        self.expired_at = expired_at


class TokenNotYetValidError(VerificationError):
    """The token starts in the future: most often, the clock of one machine is off."""

    code = "token_not_yet_valid"
    _message = "the token is not valid yet"

    valid_from: datetime
    """When the token starts, aware and in UTC."""

    def __init__(self, message: str | None = None, *, valid_from: datetime) -> None:
        super().__init__(message)
        self.valid_from = valid_from


class InvalidClaimError(VerificationError):
    """The signature is good, and a claim is missing, of the wrong type, or not allowed."""

    code = "invalid_claim"
    _message = "a claim is not valid"

    claim: str
    """The name of the claim, such as ``"exp"`` or ``"rollout.com"``."""

    def __init__(self, message: str | None = None, *, claim: str) -> None:
        super().__init__(message)
        self.claim = claim


class MissingHeaderError(VerificationError):
    """A header that the check needs is missing or blank."""

    code = "missing_header"
    _message = "a header is missing"

    header: str
    """The name of the header."""

    def __init__(self, message: str | None = None, *, header: str) -> None:
        super().__init__(message)
        self.header = header


class BadVerificationTokenError(VerificationError):
    """The request carries another verification token than the configured ones. Applications may raise it too."""

    code = "bad_verification_token"
    _message = "the verification token does not match"


class InvalidApiKeyError(VerificationError):
    """The API key is not one that this application has issued, or it was revoked."""

    code = "invalid_api_key"
    _message = "the API key is not valid"


class ApiKeyExpiredError(InvalidApiKeyError):
    """The API key was good, and its time is over."""

    code = "api_key_expired"
    _message = "the API key has expired"


class MalformedRequestError(VerificationError):
    """The request itself cannot be read: its body, its type or its fields."""

    code = "malformed_request"
    status = 400
    _message = "the request is malformed"


class InvalidRefreshTokenError(VerificationError):
    """The refresh token is unknown, expired or revoked (RFC 6749 section 5.2). Applications raise it as it is."""

    code = "invalid_grant"
    status = 400
    _message = "the refresh token is not valid"


class ShortSecretWarning(UserWarning):
    """A secret is shorter than the 64 bytes that HS512 asks for (RFC 7518 section 3.2).

    Given once for each object that is built with it, never per call; filter it by its class.
    """
