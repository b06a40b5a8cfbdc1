"""Every error that this package raises on purpose, with a stable ``code`` and an HTTP ``status``.

The branches answer one question: whose fault is it?

::

    RolloutAuthError
    ├── ConfigurationError(ValueError)      500  invalid_configuration     the deployment
    ├── InvalidAuthDataError(ValueError)    500  invalid_auth_data         your own data
    ├── InvalidUserIdError(ValueError)      500  invalid_user_id           your own data
    └── RequestRefusedError                 400  request_refused           one handler answers all of these
        ├── TemporarilyUnavailableError     503  temporarily_unavailable   yours, and passing
        └── VerificationError               401  verification_failed       their request
            ├── MalformedTokenError         401  malformed_token
            ├── BadSignatureError           401  bad_signature
            ├── TokenExpiredError           401  token_expired
            ├── TokenNotYetValidError       401  token_not_yet_valid
            ├── InvalidClaimError           401  invalid_claim
            ├── MissingHeaderError          401  missing_header
            ├── BadVerificationTokenError   401  bad_verification_token
            ├── InvalidApiKeyError          401  invalid_api_key
            │   └── ApiKeyExpiredError      401  api_key_expired
            ├── MalformedRequestError       400  malformed_request
            └── InvalidRefreshTokenError    400  invalid_refresh_token

    ShortSecretWarning(UserWarning)

An argument of the wrong *type* in your own code raises ``TypeError``, and the message says what to pass instead.
Messages never contain a secret.

``code`` is for logs and searches. ``error`` is what ``error_response`` tells the caller: a name of RFC 6749 section 5.2
or RFC 6750 section 3.1 that does not say which check failed. Every class can be raised without arguments.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar


class RolloutAuthError(Exception):
    """Base of every error of this package: ``except RolloutAuthError`` catches them all.

    Cause: one of the classes below; this one is never raised itself.

    Fix: catch it last, and log its ``code``.
    """

    code: ClassVar[str] = "rollout_auth_error"
    """A stable name for logs and searches."""
    status: ClassVar[int] = 500
    """The HTTP status that fits."""
    _message: ClassVar[str] = "the operation failed"

    def __init__(self, message: str | None = None) -> None:
        """Take a message for the log; the default is the class's own."""
        super().__init__(self._message if message is None else message)


class ConfigurationError(RolloutAuthError, ValueError):
    """The deployment or a setting is wrong: a missing variable, a copied line break, a naive datetime.

    Cause: a variable is not set, a copied value contains quotes, white space or a placeholder, a secret is the text of
    another kind of key, an argument is out of range, such as a ``ttl`` of two hours, or PyJWT cannot be used.

    Fix: change what the message names; ``rollout-auth doctor`` checks the environment.
    """

    code = "invalid_configuration"
    _message = "the configuration cannot be used"


class InvalidAuthDataError(RolloutAuthError, ValueError):
    """The authData for a connect token is wrong, and Rollout could not use it.

    Cause: a key is blank or has white space at an end, only one of ``refresh_token`` and ``expires_in`` is given,
    ``expires_in`` is longer than ten years, ``extra`` contains what JSON would lose, the token would not fit a header,
    or a refresh is answered with a key that cannot be renewed.

    Fix: pass the key as you issued it, both values or neither, and as little in ``extra`` as the connector needs.
    """

    code = "invalid_auth_data"
    _message = "the authData cannot be used"


class InvalidUserIdError(RolloutAuthError, ValueError):
    """The user id is blank, has white space at an end, is not well-formed text, or is nobody's.

    Cause: the id is empty, was read from a file with its line break, was decoded wrongly, is too long for a header, or
    is ``str()`` of a user who is not signed in, such as ``"None"``.

    Fix: pass the user's primary key as text, ``str(user.pk)``, and refuse visitors who are not signed in.
    """

    code = "invalid_user_id"
    _message = "the user id cannot be used"


class RequestRefusedError(RolloutAuthError):
    """A request is refused. One handler in your app answers every error of this branch, with ``error_response``.

    Cause: one of the classes below; your own code may raise this one too.

    Fix: see the class that was raised; the log has its ``code`` and message.
    """

    code = "request_refused"
    status = 400
    error: ClassVar[str] = "invalid_request"
    """What the answer says."""
    _message = "the request is refused"


class TemporarilyUnavailableError(RequestRefusedError):
    """The request cannot be answered right now, and a later try may succeed. Your own code raises it.

    ``retry_after`` is a ``timedelta`` of whole seconds, zero or more, 30 seconds by default. Raises
    ``ConfigurationError`` for any other duration and ``TypeError`` for a number.

    Cause: a store that your code asks cannot be reached, such as the database of revoked grants.

    Fix: bring the store back; the caller is told to try again after ``retry_after``.
    """

    code = "temporarily_unavailable"
    status = 503
    error = "temporarily_unavailable"
    _message = "the request cannot be answered right now"

    retry_after: timedelta = timedelta(seconds=30)
    """How long the caller should wait before it tries again."""

    def __init__(self, message: str | None = None, *, retry_after: timedelta = timedelta(seconds=30)) -> None:
        if not isinstance(retry_after, timedelta):
            raise TypeError(f"retry_after is {type(retry_after).__name__}: pass timedelta(seconds=...)")
        if retry_after < timedelta(0) or retry_after.microseconds:
            raise ConfigurationError("retry_after must be whole seconds, zero or more: pass timedelta(seconds=30)")
        super().__init__(message)
        self.retry_after = retry_after


class VerificationError(RequestRefusedError):
    """A request or a token was refused. Base of everything that the other side can do wrong.

    Cause: one of the classes below, or your own check that raises this one.

    Fix: answer with ``error_response``; the message is for the log, because the sender may be a stranger.
    """

    code = "verification_failed"
    status = 401
    error = "invalid_token"
    _message = "verification failed"


class MalformedTokenError(VerificationError):
    """The text is not a compact JWT of the strict form that this protocol uses.

    Cause: the token was cut or changed on its way, starts with ``Bearer``, names an algorithm other than HS512 or an
    extension, has more than 8,168 characters, or is not a connect token.

    Fix: pass the token alone and whole, as ``generate_connect_token`` returned it; ``rollout-auth inspect`` shows
    what it is.
    """

    code = "malformed_token"
    _message = "the token is malformed"


class BadSignatureError(VerificationError):
    """No configured secret made this signature, of a connect token or of a webhook.

    Cause: the two sides have different secrets, from two environments or after a rotation; a webhook's body was parsed
    and written again, or ``signed_content`` is not what Rollout signs; or somebody made it up.

    Fix: compare the secrets, accept the earlier one as a previous secret during a rotation, and pass the raw body.
    """

    code = "bad_signature"
    _message = "the signature does not match"


class TokenExpiredError(VerificationError):
    """The token has expired.

    Cause: a page kept the token for longer than it is valid, which is one hour at most, or a clock is wrong.

    Fix: sign a new token for each page, let the page fetch another after a 401, and set the clocks by NTP.
    """

    code = "token_expired"
    _message = "the token has expired"

    expired_at: datetime | None
    """When the token expired, aware and in UTC; None if whoever raised the error did not say."""

    def __init__(self, message: str | None = None, *, expired_at: datetime | None = None) -> None:
        super().__init__(message)
        self.expired_at = expired_at


class TokenNotYetValidError(VerificationError):
    """The token becomes valid in the future: usually, the clock of one machine is off.

    Cause: the clock of the machine that signed is ahead, or yours is behind, by more than ``leeway``.

    Fix: set the clocks of both machines by NTP.
    """

    code = "token_not_yet_valid"
    _message = "the token is not valid yet"

    valid_from: datetime | None
    """When the token becomes valid, aware and in UTC; None if whoever raised the error did not say."""

    def __init__(self, message: str | None = None, *, valid_from: datetime | None = None) -> None:
        super().__init__(message)
        self.valid_from = valid_from


class InvalidClaimError(VerificationError):
    """The signature is good, but a claim is missing, of the wrong type, or not allowed.

    Cause: other code signed the token: without ``iss``, ``sub``, ``iat`` or ``exp``, with a number as user id, with
    ``aud``, for another issuer, for more than one hour, or with authData where Rollout does not look for it.

    Fix: sign with ``generate_connect_token``; the message says what is wrong with the claim.
    """

    code = "invalid_claim"
    _message = "a claim is not valid"

    claim: str | None
    """The name of the claim, such as ``"exp"`` or ``"rollout.com"``; None if whoever raised the error did not say."""

    def __init__(self, message: str | None = None, *, claim: str | None = None) -> None:
        super().__init__(message)
        self.claim = claim


class MissingHeaderError(VerificationError):
    """A header that the check needs is missing or blank.

    Cause: the request in Rollout's dashboard does not have the header, a proxy removed it, or the request is not
    Rollout's.

    Fix: add the header to the request in Rollout's dashboard, or pass the name of the one that is there as ``header``.
    """

    code = "missing_header"
    error = "invalid_client"
    _message = "a header is missing"

    header: str | None
    """The name of the header; None if whoever raised the error did not say."""

    def __init__(self, message: str | None = None, *, header: str | None = None) -> None:
        super().__init__(message)
        self.header = header


class BadVerificationTokenError(VerificationError):
    """The request carries a verification token other than the configured ones. Your own code may raise it too.

    Cause: the token in the dashboard has changed, the request has two that differ, or it is not Rollout's.

    Fix: copy the token from the Configuration page again, and accept the old and the new one during a change.
    """

    code = "bad_verification_token"
    error = "invalid_client"
    _message = "the verification token does not match"


class InvalidApiKeyError(VerificationError):
    """The request has no API key, or not one that this application issued, or one that was revoked.

    Cause: the key is missing, is made up, is a token of another kind, was signed with a secret that ``ApiKeyIssuer`` no
    longer has, or ``is_revoked`` refuses its grant.

    Fix: keep the old secret beside the new one during a rotation; after a revocation, the user connects again.
    """

    code = "invalid_api_key"
    _message = "the API key is not valid"


class ApiKeyExpiredError(InvalidApiKeyError):
    """The API key has expired.

    Cause: Rollout did not renew the key: the refresh endpoint is not set up in the dashboard, or refuses.

    Fix: check in your log that the refresh endpoint is reached, and what it answers.
    """

    code = "api_key_expired"
    _message = "the API key has expired"


class MalformedRequestError(VerificationError):
    """The request itself cannot be read: its body, its type or its fields.

    Cause: the body is not of the type that ``Content-Type`` names, is too large, names a field twice or lacks one; or a
    correctly signed webhook is not an event.

    Fix: set the type and the field in Rollout's dashboard as the endpoint reads them, and pass the raw body.
    """

    code = "malformed_request"
    status = 400
    error = "invalid_request"
    _message = "the request is malformed"


class InvalidRefreshTokenError(VerificationError):
    """The refresh token is unknown, expired or revoked (RFC 6749 section 5.2). Your own code may raise it too.

    Cause: your look-up does not know the token, it has expired, its grant is revoked, or it was signed with another
    secret.

    Fix: accept a used refresh token for as long as the key is valid and one hour more, because answers get lost; if it
    has expired, the user connects again.
    """

    code = "invalid_refresh_token"
    status = 400
    error = "invalid_grant"
    _message = "the refresh token is not valid"


class ShortSecretWarning(UserWarning):
    """A secret is shorter than the 64 bytes that HS512 requires (RFC 7518 section 3.2).

    Given once for each object that is built with such a secret, never per call.

    Cause: the secret was not copied whole, or Rollout issued a short one.

    Fix: compare it with the dashboard; choose at least 64 random characters for a secret of your own; if Rollout's is
    short, filter the warning: ``warnings.filterwarnings("ignore", category=ShortSecretWarning)``.
    """
