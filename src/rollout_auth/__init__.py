"""Connect tokens for Rollout's embedded integrations: signed right, verified strictly.

>>> from rollout_auth import AuthData, ClientCredentials, generate_connect_token, verify_connect_token
>>> credentials = ClientCredentials("client-id", "a client secret of sixty-four bytes or more, as from the dashboard")
>>> token = generate_connect_token("user-1", AuthData(api_key="key-1"), credentials=credentials)
>>> verify_connect_token(token, credentials=credentials).user_id
'user-1'

``from_env`` and ``credentials=None`` read ``ROLLOUT_CLIENT_ID`` and ``ROLLOUT_CLIENT_SECRET``.
"""

from ._claims import LEGACY_NAMESPACE, NAMESPACE
from ._grants import ApiKeyGrant
from .api_keys import ApiKeyIssuer
from .auth_data import AuthData
from .connect_token import ConnectToken, ConnectTokenSigner, generate_connect_token, verify_connect_token
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
    RefreshUnavailableError,
    RolloutAuthError,
    ShortSecretWarning,
    TokenExpiredError,
    TokenNotYetValidError,
    VerificationError,
)
from .http import ResponseParts
from .refresh import RefreshEndpoint, RefreshRequest, parse_refresh_request
from .responses import connect_token_response, refresh_error_response, refresh_response
from .verification import RequestVerifier
from .webhooks import WebhookEvent, verify_webhook

__all__ = [
    "LEGACY_NAMESPACE",
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
    "RefreshUnavailableError",
    "RequestVerifier",
    "ResponseParts",
    "RolloutAuthError",
    "ShortSecretWarning",
    "TokenExpiredError",
    "TokenNotYetValidError",
    "VerificationError",
    "WebhookEvent",
    "connect_token_response",
    "generate_connect_token",
    "parse_refresh_request",
    "refresh_error_response",
    "refresh_response",
    "verify_connect_token",
    "verify_webhook",
]
