from __future__ import annotations

import json
from typing import Any, cast

import pytest
from pydantic import TypeAdapter, ValidationError

from rollout_auth import (
    AuthData,
    BadSignatureError,
    ClientCredentials,
    connect_token_response,
    error_response,
    generate_connect_token,
    refresh_response,
    verify_connect_token,
    verify_webhook,
    wire,
)
from rollout_auth.testing import sign_webhook

FULL = AuthData("k", "r", 60, {"region": "eu"})
EVENT = {
    "eventId": "e",
    "eventCreated": "2026-03-01T12:00:00Z",
    "event": "peopleCreated",
    "resourceIds": ["1"],
    "uri": None,
}


def valid(kind: Any, value: object) -> object:
    """The value, if pydantic finds it to be of the kind."""
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("auth_data", [AuthData("k"), FULL])
def test_auth_data(auth_data: AuthData) -> None:
    """What ``to_dict`` and ``refresh_response`` write has the declared keys, and the connector's own beside them."""
    assert valid(wire.AuthDataDict, auth_data.to_dict()) == auth_data.to_dict()
    assert valid(wire.AuthDataDict, json.loads(refresh_response(FULL).body)) == FULL.to_dict()


@pytest.mark.parametrize("namespace", ["rollout.com", "rollouthq.com"])
def test_claims(credentials: ClientCredentials, namespace: Any) -> None:
    """The claims of a token have the declared keys, under either namespace, and may have others."""
    dev = namespace == "rollouthq.com"
    token = generate_connect_token("user-1", FULL, credentials=credentials, namespace=namespace, dev=dev)
    claims = cast(
        "wire.ConnectTokenClaims", verify_connect_token(token, credentials=credentials, namespace=namespace).claims
    )
    assert valid(wire.ConnectTokenClaims, claims) == claims
    assert valid(wire.ConnectTokenClaims, {**claims, "jti": "1"})
    assert claims["sub"] == "user-1"


def test_answers(credentials: ClientCredentials) -> None:
    """The bodies of the answers are as declared."""
    token = generate_connect_token("user-1", credentials=credentials)
    for kind, parts in (
        (wire.ConnectTokenAnswer, connect_token_response(token)),
        (wire.ErrorAnswer, error_response(BadSignatureError())),
    ):
        assert valid(kind, json.loads(parts.body)) == json.loads(parts.body)


def test_webhook(credentials: ClientCredentials) -> None:
    """The payload of a webhook is as declared."""
    body = json.dumps({**EVENT, "more": 1}).encode()
    payload = verify_webhook(body, sign_webhook(body, credentials=credentials), credentials=credentials).payload
    assert valid(wire.WebhookPayload, payload) == payload


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (wire.AuthDataDict, {}),
        (wire.AuthDataDict, {"apiKey": None}),
        (wire.ConnectTokenClaims, {"iss": "c", "sub": "u", "iat": 1}),
        (wire.ConnectTokenClaims, {"iss": "c", "sub": "u", "iat": 1, "exp": 2, "rollout.com": []}),
        (wire.WebhookPayload, {**EVENT, "resourceIds": None}),
        (wire.ErrorAnswer, {}),
    ],
)
def test_other_shapes(kind: Any, value: object) -> None:
    """Another shape is refused by pydantic, to which the types are of use."""
    with pytest.raises(ValidationError):
        valid(kind, value)
