"""Typed usage of the public surface, for mypy and pyright: the ignored lines are mistakes that they must report."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.message import Message
from typing import Any, cast
from wsgiref.headers import Headers

from rollout_auth import (
    LEGACY_NAMESPACE,
    MAX_REFRESH_BODY,
    MAX_WEBHOOK_BODY,
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    ClientCredentials,
    ConnectToken,
    ConnectTokenSigner,
    InvalidClaimError,
    InvalidRefreshTokenError,
    RefreshEndpoint,
    RefreshRequest,
    RequestRefusedError,
    RequestVerifier,
    ResponseParts,
    RolloutAuthError,
    TemporarilyUnavailableError,
    TokenExpiredError,
    TokenNotYetValidError,
    WebhookEvent,
    connect_token_response,
    error_response,
    generate_connect_token,
    parse_refresh_request,
    refresh_response,
    verify_connect_token,
    verify_webhook,
)
from rollout_auth.testing import (
    AsyncRolloutSimulator,
    Clock,
    Dashboard,
    DashboardRequest,
    IntegrationError,
    Report,
    Request,
    Response,
    RolloutSimulator,
    assert_connect_token,
    sign_webhook,
)
from rollout_auth.wire import (
    AuthDataDict,
    ConnectTokenAnswer,
    ConnectTokenClaims,
    ErrorAnswer,
    LegacyNamespaceClaim,
    NamespaceClaim,
    WebhookPayload,
)

credentials: ClientCredentials = ClientCredentials("client-id", "secret", ["earlier secret"])
from_environment: ClientCredentials = ClientCredentials.from_env({"ROLLOUT_CLIENT_ID": "client-id"})

plain: AuthData = AuthData("key")
refreshable: AuthData = AuthData("key", "refresh", 3600, {"region": "eu", "scopes": ["read"]})
again: AuthData = AuthData.from_dict(refreshable.to_dict())
can_renew: bool = again.is_refreshable
life: int | None = again.expires_in

token: str = generate_connect_token(
    "user-1",
    refreshable,
    credentials=credentials,
    ttl=timedelta(minutes=15),
    namespace=LEGACY_NAMESPACE,
    dev=True,
    now=datetime.now(timezone.utc),
)
other: str = ConnectTokenSigner(credentials, ttl=timedelta(minutes=15)).sign("user-1", plain)

verified: ConnectToken = verify_connect_token(
    token.encode(), credentials=credentials, namespace="rollouthq.com", leeway=timedelta(0)
)
auth_data: AuthData | None = verified.auth_data
expires_at: datetime = verified.expires_at
all_claims: dict[str, object] = verified.claims

claims: ConnectTokenClaims = cast("ConnectTokenClaims", verified.claims)
issuer_id: str = claims["iss"]
issued_at: int = claims["iat"]
valid_from: int | None = claims.get("nbf")
details: NamespaceClaim | None = claims.get("rollout.com")
legacy: LegacyNamespaceClaim = {
    "authData": {"apiKey": "key", "refreshToken": "refresh", "expiresIn": 3600},
    "dev": True,
}
stored: AuthDataDict = cast("AuthDataDict", refreshable.to_dict())
stored_key: str = stored["apiKey"]
token_answer: ConnectTokenAnswer = {"token": token, "expiresAt": expires_at.isoformat()}
error_answer: ErrorAnswer = {"error": InvalidRefreshTokenError.error}


verifier: RequestVerifier = RequestVerifier(["token-1", "token-0"], header="Authorization")


def renew(request: RefreshRequest) -> AuthData:
    """Renew a key at once."""
    if request.fields.get("region") != "eu":
        raise InvalidRefreshTokenError
    return AuthData("key-2", request.refresh_token, 3600)


async def renew_later(request: RefreshRequest) -> AuthData:
    """Renew a key by way of a database."""
    return renew(request)


def inbound(
    mapping: dict[str, str | None], environ: dict[str, Any], pairs: list[tuple[bytes, bytes]], body: bytes
) -> tuple[WebhookEvent, RefreshRequest, list[ResponseParts]]:
    """Pass headers as frameworks have them."""
    verifier.verify(mapping)
    verifier.verify(environ)
    verifier.verify(pairs)
    verifier.verify([("X-Rollout-Verification-Token", "token-1")])
    verifier.verify(Message())
    verifier.verify(Headers([]))
    verifier.verify_token(mapping.get("token"))
    event = verify_webhook(body[:MAX_WEBHOOK_BODY], pairs, credentials=credentials, signed_content="raw")
    request = parse_refresh_request(body, mapping.get("content-type"), field="token")
    answers = [
        RefreshEndpoint(renew, verifier=verifier).handle(body[:MAX_REFRESH_BODY], mapping),
        refresh_response(renew(request)),
        error_response(InvalidRefreshTokenError()),
        error_response(TemporarilyUnavailableError("the database is down", retry_after=timedelta(minutes=1))),
        connect_token_response(token),
    ]
    return event, request, answers


async def inbound_later(pairs: list[tuple[bytes, bytes]], body: bytes) -> ResponseParts:
    """Answer from an ASGI application."""
    return await RefreshEndpoint(renew_later, verifier=None).handle_async(body, pairs)


def uri_of(event: WebhookEvent) -> tuple[str | None, list[str]]:
    """Read an event, which may have no URI, and its payload."""
    payload = cast("WebhookPayload", event.payload)
    return event.uri or payload["uri"], payload["resourceIds"]


def is_revoked(grant: ApiKeyGrant) -> bool:
    """Revoke what was granted before this year."""
    return grant.granted_at < datetime(2026, 1, 1, tzinfo=timezone.utc)


issuer: ApiKeyIssuer = ApiKeyIssuer(
    ["new secret", "old secret"],
    api_key_ttl=timedelta(hours=2),
    refresh_token_ttl=timedelta(days=30),
    is_revoked=is_revoked,
)
issued: AuthData = issuer.issue("user-1", extra={"region": "eu"}, grant_id="user-1:7")
grant: ApiKeyGrant = issuer.authenticate(issued.api_key)
renewed: AuthData = issuer.refresh(issued.refresh_token or "")
keyless: ApiKeyGrant = issuer.authenticate(None)


def explain(error: RolloutAuthError) -> tuple[str, int, object]:
    """Read what an error carries."""
    if isinstance(error, TokenExpiredError):
        return error.code, error.status, error.expired_at
    if isinstance(error, TokenNotYetValidError):
        return error.code, error.status, error.valid_from
    if isinstance(error, InvalidClaimError):
        return error.code, error.status, error.claim
    if isinstance(error, TemporarilyUnavailableError):
        return error.code, error.status, error.retry_after
    if isinstance(error, RequestRefusedError):
        return error.code, error.status, error.error
    return error.code, error.status, None


def partner(request: Request) -> Response:
    """An app that answers everything."""
    return Response(200, {"Content-Type": "text/plain"}, request.body)


def simulated() -> tuple[Report, Response, IntegrationError | None]:
    """Simulate Rollout against an app."""
    dashboard = Dashboard(api=DashboardRequest("POST", "/v1", json={"key": "{{context.authData.apiKey}}"}))
    simulator = RolloutSimulator(partner, credentials=credentials, dashboard=dashboard, clock=Clock())
    connected: ConnectToken = simulator.connect(token)
    checked: ConnectToken = assert_connect_token(token, user_id=connected.user_id)
    events: list[WebhookEvent] = simulator.deliver("peopleCreated", resource_ids=[checked.user_id], times=2)
    headers: dict[str, str] = sign_webhook(str(events).encode(), digest="base64")
    report: Report = simulator.run()
    return report, Response(200, headers), report.steps[0].error


async def simulated_later() -> AuthData:
    """The same, awaited."""
    return await AsyncRolloutSimulator("http://127.0.0.1:8000", credentials=credentials).renew()


def mistakes() -> None:
    """Never called: each line is one that a type checker must refuse."""
    generate_connect_token(42)  # type: ignore[arg-type]
    generate_connect_token("user-1", {"apiKey": "key"})  # type: ignore[arg-type]
    generate_connect_token("user-1", ttl=3600)  # type: ignore[arg-type]
    generate_connect_token("user-1", namespace="rollout")  # type: ignore[arg-type]
    plain.api_key = "another"  # type: ignore[misc]
    error_response(ValueError())  # type: ignore[arg-type]
    claims["exp"] = "never"  # type: ignore[typeddict-item]
    RefreshEndpoint(renew)  # type: ignore[call-arg]
    verifier.verify("token-1")  # type: ignore[arg-type]
    verify_webhook({"eventId": "1"}, {})  # type: ignore[arg-type]
    issuer.refresh(None)  # type: ignore[arg-type]
    issuer.issue("user-1", extra=[1])  # type: ignore[arg-type]
    assert_connect_token(token, user_id=42)  # type: ignore[arg-type]
    RolloutSimulator(partner)  # type: ignore[call-arg]
    sign_webhook("text")  # type: ignore[arg-type]
