from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey

from rollout_auth import ClientCredentials, VerificationError, verify_connect_token

VECTORS = json.loads((Path(__file__).parent / "vectors" / "connect-tokens.json").read_text())
SECRETS = [VECTORS["clientSecret"], VECTORS["previousClientSecret"]]
OPTIONS: dict[str, Any] = {
    "credentials": ClientCredentials(VECTORS["clientId"], SECRETS[0], SECRETS[1:]),
    "leeway": timedelta(seconds=VECTORS["leeway"]),
    "now": datetime.fromtimestamp(VECTORS["now"], timezone.utc),
}


def named(kind: str) -> Any:
    return pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS[kind]])


@named("good")
def test_good(vector: dict[str, Any]) -> None:
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


@named("good")
def test_good_elsewhere(vector: dict[str, Any]) -> None:
    """PyJWT and joserfc read the same claims from each good token."""
    expected = vector["expected"]
    for decode in (_pyjwt, _joserfc):
        claims = decode(vector["token"])
        inner = claims.get(vector["namespace"], {})
        assert (claims["iss"], claims["sub"]) == (expected["clientId"], expected["userId"])
        assert (claims["iat"], claims["exp"]) == (expected["iat"], expected["exp"])
        assert (inner.get("authData"), inner.get("dev", False)) == (expected["authData"], expected["dev"])


@named("bad")
def test_bad(vector: dict[str, Any]) -> None:
    """Each bad token is refused, with the code and the claim that the file names."""
    with pytest.raises(VerificationError) as caught:
        verify_connect_token(vector["token"], namespace=vector["namespace"], **OPTIONS)
    assert caught.value.code == vector["code"]
    assert getattr(caught.value, "claim", None) == vector.get("claim")


def test_every_code_has_a_vector() -> None:
    """The file has an example of each way in which a connect token can be refused."""
    assert {vector["code"] for vector in VECTORS["bad"]} == {
        "malformed_token",
        "bad_signature",
        "token_expired",
        "token_not_yet_valid",
        "invalid_claim",
    }


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
    return next(vector["name"] for vector in VECTORS["good"] if vector["token"] == token)
