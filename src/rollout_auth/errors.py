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
    """Base of every error of this package: ``except RolloutAuthError`` catches them all.

    Cause: one of the classes below; this one is not raised itself.

    Mend: catch it last, log its ``code``, and answer with its ``status``.
    """

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
    """The deployment or a call's settings are wrong: a missing variable, a pasted line break, a naive datetime.

    Cause: a variable is not set, a copied value brought white space or a line break along, a secret is the text of
    another kind of key, or an argument is out of its range, such as a ``ttl`` of two hours or a naive ``datetime``.

    Mend: change what the message names; ``rollout-auth doctor`` checks the variables.
    """

    code = "invalid_configuration"
    _message = "the configuration is not usable"


class InvalidAuthDataError(RolloutAuthError, ValueError):
    """The authData for a connect token is wrong, and Rollout could not use it.

    Cause: a key is blank or has white space at an end, only one of ``refresh_token`` and ``expires_in`` is given,
    ``extra`` holds what JSON would lose, the token would not fit a header, or a refresh is answered with a key that
    cannot be renewed.

    Mend: pass the key as you issued it, both values or neither, and as little in ``extra`` as the connector needs.
    """

    code = "invalid_auth_data"
    _message = "the authData is not usable"


class InvalidUserIdError(RolloutAuthError, ValueError):
    """The user id is blank, has white space at an end, or is not well-formed text.

    Cause: the id has no text, was read from a file with its line break, was decoded wrongly, or is so long that the
    token would not fit a header.

    Mend: pass the user's primary key as text, ``str(user.pk)``, and sign nothing for somebody who is not signed in.
    """

    code = "invalid_user_id"
    _message = "the user id is not usable"


class RefreshUnavailableError(RolloutAuthError):
    """A key cannot be renewed right now, and a later try may succeed. Applications raise it; no argument is needed.

    ``retry_after`` is a ``timedelta`` of whole seconds, zero or more, 30 seconds by default. Raises
    ``ConfigurationError`` for any other duration and ``TypeError`` for a number.

    Cause: your own function raises it, as when the store of keys cannot be reached.

    Mend: bring back what is away; Rollout is told to try again after ``retry_after``.
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
    """A request or a token was refused. Base of everything that the other side can do wrong.

    Cause: one of the classes below, or your own check that raises this one.

    Mend: answer with ``status``, and keep the message for the log: who sent the request may be a stranger.
    """

    code = "verification_failed"
    status = 401
    _message = "verification failed"


class MalformedTokenError(VerificationError):
    """The text is not a compact JWT of the strict form that this protocol uses.

    Cause: the token was cut or changed on its way, has ``Bearer`` before it, names another algorithm than HS512 or an
    extension, has more than 8,168 characters, or is no connect token.

    Mend: pass the token alone and whole, as ``generate_connect_token`` has returned it; ``rollout-auth inspect`` shows
    what it is.
    """

    code = "malformed_token"
    _message = "the token is malformed"


class BadSignatureError(VerificationError):
    """No secret that is configured has made this signature: of a connect token or of a webhook.

    Cause: the two sides have different secrets, as of two environments or after a rotation; a webhook's body was parsed
    and written again, or ``signed_content`` is not what Rollout signs; or somebody made it up.

    Mend: compare the secrets, accept the earlier one as a previous secret during a rotation, and pass the raw body.
    """

    code = "bad_signature"
    _message = "the signature does not match"


class TokenExpiredError(VerificationError):
    """The token was good, and its time is over.

    Cause: a page kept the token for longer than its life, which is one hour at most, or a clock is wrong.

    Mend: sign a new token for each page, let the page fetch another after a 401, and set the clocks by NTP.
    """

    code = "token_expired"
    _message = "the token has expired"

    expired_at: datetime
    """The token's own end, aware and in UTC."""

    def __init__(self, message: str | None = None, *, expired_at: datetime) -> None:
        super().__init__(message)
        self.expired_at = expired_at


class TokenNotYetValidError(VerificationError):
    """The token starts in the future: most often, the clock of one machine is off.

    Cause: the clock of the machine that signed is ahead, or yours is behind, by more than ``leeway``.

    Mend: set the clocks of both machines by NTP.
    """

    code = "token_not_yet_valid"
    _message = "the token is not valid yet"

    valid_from: datetime
    """When the token starts, aware and in UTC."""

    def __init__(self, message: str | None = None, *, valid_from: datetime) -> None:
        super().__init__(message)
        self.valid_from = valid_from


class InvalidClaimError(VerificationError):
    """The signature is good, and a claim is missing, of the wrong type, or not allowed.

    Cause: other code signed the token: without ``iss``, ``sub``, ``iat`` or ``exp``, with a number as user id, for
    another client id, for more than one hour, or with authData where Rollout does not look for it.

    Mend: sign with ``generate_connect_token``; the message says what is wrong with the claim.
    """

    code = "invalid_claim"
    _message = "a claim is not valid"

    claim: str
    """The name of the claim, such as ``"exp"`` or ``"rollout.com"``."""

    def __init__(self, message: str | None = None, *, claim: str) -> None:
        super().__init__(message)
        self.claim = claim


class MissingHeaderError(VerificationError):
    """A header that the check needs is missing or blank.

    Cause: the dashboard's request does not have the header, a proxy took it away, or the request is not Rollout's.

    Mend: add the header to the request in Rollout's dashboard, or name the one that is there as ``header``.
    """

    code = "missing_header"
    _message = "a header is missing"

    header: str
    """The name of the header."""

    def __init__(self, message: str | None = None, *, header: str) -> None:
        super().__init__(message)
        self.header = header


class BadVerificationTokenError(VerificationError):
    """The request carries another verification token than the configured ones. Applications may raise it too.

    Cause: the token of the dashboard has changed, the request has two that differ, or it is not Rollout's.

    Mend: copy the token from the Configuration page again, and accept the old and the new one during a change.
    """

    code = "bad_verification_token"
    _message = "the verification token does not match"


class InvalidApiKeyError(VerificationError):
    """The API key is not one that this application has issued, or it was revoked.

    Cause: the key is made up, is a token of another kind, was signed with a secret that ``ApiKeyIssuer`` no longer has,
    or ``is_revoked`` refuses its grant.

    Mend: keep the old secret beside the new one during a rotation; after a revocation, the user connects again.
    """

    code = "invalid_api_key"
    _message = "the API key is not valid"


class ApiKeyExpiredError(InvalidApiKeyError):
    """The API key was good, and its time is over.

    Cause: Rollout has not renewed the key: the refresh endpoint is not set up in the dashboard, or refuses.

    Mend: see that the refresh endpoint is reached, and what its ``on_refused`` is told.
    """

    code = "api_key_expired"
    _message = "the API key has expired"


class MalformedRequestError(VerificationError):
    """The request itself cannot be read: its body, its type or its fields.

    Cause: the body is not of the type that ``Content-Type`` names, is too large, names a field twice or lacks one; or a
    rightly signed webhook is no event.

    Mend: set the type and the field in Rollout's dashboard as the endpoint reads them, and pass the raw body.
    """

    code = "malformed_request"
    status = 400
    _message = "the request is malformed"


class InvalidRefreshTokenError(VerificationError):
    """The refresh token is unknown, expired or revoked (RFC 6749 section 5.2). Applications raise it as it is.

    Cause: your look-up does not know the token, its life is over, its grant is revoked, or it was signed with another
    secret.

    Mend: accept a used refresh token for the key's life and an hour more, because answers get lost; if it has ended,
    the user connects again.
    """

    code = "invalid_grant"
    status = 400
    _message = "the refresh token is not valid"


class ShortSecretWarning(UserWarning):
    """A secret is shorter than the 64 bytes that HS512 asks for (RFC 7518 section 3.2).

    Given once for each object that is built with it, never per call.

    Cause: the secret was not copied whole, or Rollout has issued a short one.

    Mend: compare it with the dashboard; choose 64 random characters or more for a secret of your own; if Rollout's is
    short, filter the warning: ``warnings.filterwarnings("ignore", category=ShortSecretWarning)``.
    """
