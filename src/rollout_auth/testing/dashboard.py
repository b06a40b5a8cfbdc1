"""What a partner sets up: the requests in Rollout's dashboard, and the token endpoint that the partner's page calls."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_auth import NAMESPACE
from rollout_auth.connect_token import Namespace, checked_namespace

from .templates import DashboardRequest
from .webhook_signing import Digest, SignedContent, check_choice

_VERIFIED = {"X-Rollout-Verification-Token": "{{verificationToken}}"}
_TOKEN = DashboardRequest("GET", "/rollout/token")
_API = DashboardRequest(
    "GET", "/api/contacts", headers={"Authorization": "Bearer {{context.authData.apiKey}}", **_VERIFIED}
)
_REFRESH = DashboardRequest(
    "POST", "/rollout/refresh", headers=_VERIFIED, json={"refreshToken": "{{context.authData.refreshToken}}"}
)


@dataclass(frozen=True)
class Dashboard:
    """The requests that reach the app under test. The defaults are those of the example apps.

    Raises ``TypeError`` for a request of the wrong type, and ``ConfigurationError`` for a setting that does not exist.
    """

    token: DashboardRequest = _TOKEN
    """How the partner's page asks for a token, including headers such as the session's."""
    token_field: str = "token"
    """The field of the token endpoint's JSON; a response of any other type is the token itself."""
    api: DashboardRequest = _API
    """A call with the user's key."""
    refresh: DashboardRequest | None = _REFRESH
    """How a key is renewed; None if keys do not expire."""
    webhook_path: str | None = "/rollout/webhook"
    """Where webhooks are sent; None if the app takes no webhooks."""
    signed_content: SignedContent = "base64"
    """What a webhook's signature covers: the body as base64 text, or ``"raw"`` for the body itself."""
    digest: Digest = "hex"
    """How a webhook's signature is encoded: ``"hex"`` or ``"base64"``."""
    namespace: Namespace = NAMESPACE
    """The claim that holds authData."""

    @property
    def has_refresh_body(self) -> bool:
        """Whether a refresh has a body, of JSON or a form."""
        return self.refresh is not None and (self.refresh.json is not None or self.refresh.form is not None)

    def __post_init__(self) -> None:
        for name, request in (("token", self.token), ("api", self.api), ("refresh", self.refresh)):
            if not isinstance(request, DashboardRequest) and (name != "refresh" or request is not None):
                raise TypeError(f"{name} is {type(request).__name__}: pass DashboardRequest(method, path, ...)")
        check_choice("signed_content", self.signed_content, "base64", "raw")
        check_choice("digest", self.digest, "hex", "base64")
        checked_namespace(self.namespace)
        if self.webhook_path is not None:
            DashboardRequest("POST", self.webhook_path)
