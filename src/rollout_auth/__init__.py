"""Signs and verifies connect tokens for Rollout's embedded integrations, and verifies Rollout's own requests.

>>> from rollout_auth import AuthData, ClientCredentials, generate_connect_token, verify_connect_token
>>> credentials = ClientCredentials("client-id", "a client secret of sixty-four bytes or more, as from the dashboard")
>>> token = generate_connect_token("user-1", AuthData(api_key="key-1"), credentials=credentials)
>>> verify_connect_token(token, credentials=credentials).user_id
'user-1'

``from_env`` and ``credentials=None`` read ``ROLLOUT_CLIENT_ID`` and ``ROLLOUT_CLIENT_SECRET``.

(For pytest, which loads this package as a plugin: PYTEST_DONT_REWRITE.)
"""

from .api_keys import ApiKeyGrant, ApiKeyIssuer
from .auth_data import AuthData
from .connect_token import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    ConnectToken,
    ConnectTokenSigner,
    generate_connect_token,
    verify_connect_token,
)
from .credentials import ClientCredentials
from .errors import (
    ApiKeyExpiredError,
    BadSignatureError,
    BadVerificationTokenError,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    InvalidUserIdError,
    MalformedRequestError,
    MalformedTokenError,
    MissingHeaderError,
    RequestRefusedError,
    RolloutAuthError,
    ShortSecretWarning,
    TemporarilyUnavailableError,
    TokenExpiredError,
    TokenNotYetValidError,
    VerificationError,
)
from .integration import RolloutAuth
from .refresh import MAX_REFRESH_BODY, RefreshEndpoint, RefreshRequest, parse_refresh_request
from .responses import ResponseParts, connect_token_response, error_response, refresh_response
from .verification import RequestVerifier
from .webhooks import MAX_WEBHOOK_BODY, WebhookEvent, verify_signed_request, verify_webhook

__all__ = [
    "LEGACY_NAMESPACE",
    "MAX_REFRESH_BODY",
    "MAX_WEBHOOK_BODY",
    "NAMESPACE",
    "ApiKeyExpiredError",
    "ApiKeyGrant",
    "ApiKeyIssuer",
    "AuthData",
    "BadSignatureError",
    "BadVerificationTokenError",
    "ClientCredentials",
    "ConfigurationError",
    "ConnectToken",
    "ConnectTokenSigner",
    "InvalidApiKeyError",
    "InvalidAuthDataError",
    "InvalidClaimError",
    "InvalidRefreshTokenError",
    "InvalidUserIdError",
    "MalformedRequestError",
    "MalformedTokenError",
    "MissingHeaderError",
    "RefreshEndpoint",
    "RefreshRequest",
    "RequestRefusedError",
    "RequestVerifier",
    "ResponseParts",
    "RolloutAuth",
    "RolloutAuthError",
    "ShortSecretWarning",
    "TemporarilyUnavailableError",
    "TokenExpiredError",
    "TokenNotYetValidError",
    "VerificationError",
    "WebhookEvent",
    "connect_token_response",
    "error_response",
    "generate_connect_token",
    "parse_refresh_request",
    "refresh_response",
    "verify_connect_token",
    "verify_signed_request",
    "verify_webhook",
]
