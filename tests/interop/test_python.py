"""joserfc and PyJWT, the other JWT libraries of a Python developer, agree with us about connect tokens."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey

from rollout_auth import AuthData, BadSignatureError, ClientCredentials, generate_connect_token, verify_connect_token

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
IAT = int(NOW.timestamp())
DATA = {"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 3600, "name": "Zoë 🔑", "list": [1, 0.5, None]}
CLAIMS = {"iss": "client-1", "sub": "user-1", "iat": IAT, "exp": IAT + 3600, "rollout.com": {"authData": DATA}}


def write_pyjwt(claims: dict[str, Any], secret: str) -> str:
    return jwt.encode(claims, secret, algorithm="HS512")


def write_joserfc(claims: dict[str, Any], secret: str) -> str:
    return joserfc_jwt.encode({"alg": "HS512"}, claims, OctKey.import_key(secret), algorithms=["HS512"])


def read_pyjwt(token: str, secret: str) -> dict[str, Any]:
    options = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(token, secret, algorithms=["HS512"], options=options)


def read_joserfc(token: str, secret: str) -> dict[str, Any]:
    return joserfc_jwt.decode(token, OctKey.import_key(secret), algorithms=["HS512"]).claims


@pytest.mark.parametrize("read", [read_pyjwt, read_joserfc])
def test_ours_elsewhere(read: Any, credentials: ClientCredentials) -> None:
    """What we sign, they read as it was signed."""
    token = generate_connect_token("user-1", AuthData.from_dict(DATA), credentials=credentials, now=NOW)
    assert read(token, credentials.client_secret) == CLAIMS


@pytest.mark.parametrize("write", [write_pyjwt, write_joserfc])
def test_theirs_here(write: Any, credentials: ClientCredentials) -> None:
    """What they sign, we read as it was signed, and under no other secret."""
    verified = verify_connect_token(write(CLAIMS, credentials.client_secret), credentials=credentials, now=NOW)
    assert verified.auth_data == AuthData.from_dict(DATA)
    with pytest.raises(BadSignatureError):
        verify_connect_token(write(CLAIMS, credentials.client_secret + "x"), credentials=credentials, now=NOW)
