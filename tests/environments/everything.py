"""Does everything once with a fixed clock and fixed values, and prints what must be the same wherever it runs."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    RefreshEndpoint,
    RequestVerifier,
    TokenExpiredError,
    connect_token_response,
    generate_connect_token,
    verify_connect_token,
    verify_webhook,
)
from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, sign_webhook

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
EVENT = {
    "eventId": "event-1",
    "eventCreated": "2026-03-01T12:00:00+05:45",
    "event": "peopleCreated",
    "resourceIds": ["persön-1"],
    "uri": "https://example.com",
}


def everything() -> list[object]:
    """The results of each function that users call."""
    auth_data = AuthData("key-1", "refresh-1", 3600, {"b": [1, {"c": None}], "a": "ü"})
    token = generate_connect_token("user-1", auth_data, credentials=CREDENTIALS, now=NOON)
    verified = verify_connect_token(token, credentials=CREDENTIALS, now=NOON)
    try:
        verify_connect_token(token, credentials=CREDENTIALS, now=NOON + timedelta(hours=2))
    except TokenExpiredError as error:
        expired = [error.code, error.expired_at.isoformat(), str(error)]
    issuer = ApiKeyIssuer("k" * 64)
    issued = issuer.issue("user-1", grant_id="grant-1", now=NOON)
    renewed = issuer.refresh(issued.refresh_token or "", now=NOON)
    grant = issuer.authenticate(renewed.api_key, now=NOON)
    endpoint = RefreshEndpoint(lambda _: auth_data, verifier=RequestVerifier(VERIFICATION_TOKEN))
    headers = {"x-rollout-verification-token": VERIFICATION_TOKEN, "content-type": "application/json"}
    answers = [endpoint.handle(b'{"refreshToken": "refresh-1"}', given) for given in (headers, {})]
    body = json.dumps(EVENT).encode()
    event = verify_webhook(body, sign_webhook(body, credentials=CREDENTIALS), credentials=CREDENTIALS)
    return [
        token,
        connect_token_response(token).body.decode(),
        [verified.issued_at.isoformat(), verified.expires_at.isoformat(), verified.auth_data == auth_data],
        expired,
        [grant.user_id, grant.granted_at.isoformat(), grant.expires_at.isoformat()],
        [[answer.status, answer.body.decode()] for answer in answers],
        [event.event_id, event.created_at.isoformat(), event.resource_ids],
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(everything()))
