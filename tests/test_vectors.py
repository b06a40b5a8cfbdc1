from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey

from rollout_auth import (
    ApiKeyIssuer,
    ClientCredentials,
    MalformedRequestError,
    VerificationError,
    WebhookEvent,
    parse_refresh_request,
    verify_connect_token,
    verify_webhook,
)

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
TOKENS = VECTORS["connectTokens"]
SECRETS = [VECTORS["clientSecret"], VECTORS["previousClientSecret"]]
CREDENTIALS = ClientCredentials(VECTORS["clientId"], SECRETS[0], SECRETS[1:])
KEYS = VECTORS["apiKeys"]
KEY_SECRETS = [KEYS["secret"], KEYS["previousSecret"]]
KEYS_NOW = datetime.fromtimestamp(KEYS["now"], timezone.utc)
OPTIONS: dict[str, Any] = {
    "credentials": CREDENTIALS,
    "leeway": timedelta(seconds=TOKENS["leeway"]),
    "now": datetime.fromtimestamp(TOKENS["now"], timezone.utc),
}


def each(topic: str, kind: str) -> Any:
    return pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS[topic][kind]])


@each("connectTokens", "good")
def test_good_token(vector: dict[str, Any]) -> None:
    """Each good token says what the file says."""
    verified = verify_connect_token(vector["token"], namespace=vector["namespace"], **OPTIONS)
    assert vector["expected"] == {
        "clientId": verified.client_id,
        "userId": verified.user_id,
        "authData": verified.auth_data and verified.auth_data.to_dict(),
        "iat": verified.issued_at.timestamp(),
        "exp": verified.expires_at.timestamp(),
        "dev": verified.dev,
    }
    assert verified.claims == _pyjwt(vector["token"])


@each("connectTokens", "good")
def test_good_token_elsewhere(vector: dict[str, Any]) -> None:
    """PyJWT and joserfc read the same claims from each good token."""
    expected = vector["expected"]
    for decode in (_pyjwt, _joserfc):
        claims = decode(vector["token"])
        inner = claims.get(vector["namespace"], {})
        assert (claims["iss"], claims["sub"]) == (expected["clientId"], expected["userId"])
        assert (claims["iat"], claims["exp"]) == (expected["iat"], expected["exp"])
        assert (inner.get("authData"), inner.get("dev", False)) == (expected["authData"], expected["dev"])


@each("connectTokens", "bad")
def test_bad_token(vector: dict[str, Any]) -> None:
    """Each bad token is refused, with the code and the claim that the file names."""
    with pytest.raises(VerificationError) as caught:
        verify_connect_token(vector["token"], namespace=vector["namespace"], **OPTIONS)
    assert caught.value.code == vector["code"]
    assert getattr(caught.value, "claim", None) == vector.get("claim")


def test_every_code_has_a_vector() -> None:
    """The file has an example of each way in which a connect token, an API key or a webhook can be refused."""
    assert {
        vector["code"] for topic in ("connectTokens", "apiKeys", "webhooks") for vector in VECTORS[topic]["bad"]
    } == {
        "malformed_token",
        "bad_signature",
        "token_expired",
        "token_not_yet_valid",
        "invalid_claim",
        "invalid_api_key",
        "api_key_expired",
        "invalid_refresh_token",
        "missing_header",
        "malformed_request",
    }


@each("apiKeys", "good")
def test_good_api_key(vector: dict[str, Any]) -> None:
    """Each good API key or refresh token says what the file says."""
    issuer = ApiKeyIssuer(KEY_SECRETS)
    expected = dict(vector["expected"])
    if vector["kind"] == "refreshToken":
        renewed = issuer.refresh(vector["token"], now=KEYS_NOW)
        assert renewed.extra == expected.pop("extra")
        grant = issuer.authenticate(renewed.api_key, now=KEYS_NOW)
        expected |= {"iat": KEYS["now"], "exp": KEYS["now"] + 7260}
    else:
        grant = issuer.authenticate(vector["token"], now=KEYS_NOW)
    assert expected == {
        "grantId": grant.grant_id,
        "userId": grant.user_id,
        "grantedAtMilliseconds": round(grant.granted_at.timestamp() * 1000),
        "iat": grant.issued_at.timestamp(),
        "exp": grant.expires_at.timestamp(),
    }


@each("apiKeys", "bad")
def test_bad_api_key(vector: dict[str, Any]) -> None:
    """Each bad API key or refresh token is refused, with the code that the file names."""
    issuer = ApiKeyIssuer(KEY_SECRETS)
    check = issuer.authenticate if vector["kind"] == "apiKey" else issuer.refresh
    with pytest.raises(VerificationError) as caught:
        check(vector["token"], now=KEYS_NOW)
    assert caught.value.code == vector["code"]


@each("webhooks", "good")
def test_good_webhook(vector: dict[str, Any]) -> None:
    """Each good webhook says what the file says, and its payload is the whole body, as JavaScript reads it."""
    event = verify(vector)
    assert vector["expected"] == {
        "eventId": event.event_id,
        "event": event.event,
        "eventCreated": event.created_at.astimezone(timezone.utc).isoformat(),
        "resourceIds": list(event.resource_ids),
        "uri": event.uri,
    }
    payload = vector.get("payload") or json.loads(base64.b64decode(vector["body"]))
    assert json.dumps(event.payload, sort_keys=True) == json.dumps(payload, sort_keys=True)


@each("webhooks", "good")
def test_unsigned_body_is_read_strictly(vector: dict[str, Any]) -> None:
    """What only JavaScript's reading accepts, a refresh request, which nobody has signed, may not contain."""
    body = b'{"refreshToken":"r",' + base64.b64decode(vector["body"]).lstrip()[1:]
    if "payload" in vector:
        with pytest.raises(MalformedRequestError):
            parse_refresh_request(body)
    else:
        assert parse_refresh_request(body).refresh_token == "r"


@each("webhooks", "bad")
def test_bad_webhook(vector: dict[str, Any]) -> None:
    """Each bad webhook is refused, with the code that the file names."""
    with pytest.raises(VerificationError) as caught:
        verify(vector)
    assert caught.value.code == vector["code"]


def verify(vector: dict[str, Any]) -> WebhookEvent:
    headers = {"X-Rollout-Signature": vector["signature"]}
    body = base64.b64decode(vector["body"])
    return verify_webhook(body, headers, credentials=CREDENTIALS, signed_content=vector["signedContent"])


def _pyjwt(token: str) -> dict[str, Any]:
    unchecked = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    try:
        return jwt.decode(token, SECRETS[0], algorithms=["HS512"], options=unchecked)
    except jwt.InvalidSignatureError:
        return jwt.decode(token, SECRETS[1], algorithms=["HS512"], options=unchecked)


def _joserfc(token: str) -> dict[str, Any]:
    secret = SECRETS[1] if "previous" in _name(token) else SECRETS[0]
    return joserfc_jwt.decode(token, OctKey.import_key(secret), algorithms=["HS512"]).claims


def _name(token: str) -> str:
    return next(vector["name"] for vector in TOKENS["good"] if vector["token"] == token)
