"""PyJWT and Node's jose read our API keys and refresh tokens, under the derived secret and with the explicit type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import jwt
import pytest

from rollout_auth import ApiKeyIssuer
from rollout_auth.api_keys import API_KEY_TYPE, REFRESH_TOKEN_TYPE, derived_secret

Node = Callable[..., dict[str, Any]]

SECRET = "a-secret-of-the-partners-own-" + "0123456789abcdef" * 4
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
IAT = int(NOW.timestamp())
ISSUED = ApiKeyIssuer(SECRET).issue("user-1 é", extra={"region": "eu"}, grant_id="grant-1", now=NOW)
CLAIMS = {"sub": "user-1 é", "gid": "grant-1", "gat": IAT * 1000, "iat": IAT}
by_kind = pytest.mark.parametrize(
    ("token", "typ", "claims"),
    [
        (ISSUED.api_key, API_KEY_TYPE, {**CLAIMS, "exp": IAT + 7260}),
        (ISSUED.refresh_token, REFRESH_TOKEN_TYPE, {**CLAIMS, "exp": IAT + 15_552_000, "ext": {"region": "eu"}}),
    ],
    ids=["API key", "refresh token"],
)


@pytest.fixture(scope="module")
def node(start_node: Callable[[str], Node]) -> Node:
    return start_node("jwt.mjs")


@by_kind
def test_pyjwt(token: str, typ: str, claims: dict[str, Any]) -> None:
    """PyJWT verifies it and reads what was issued."""
    options = {"verify_exp": False, "verify_iat": False}
    read = jwt.decode(token, derived_secret(SECRET, typ), algorithms=["HS512"], options=options)
    assert jwt.get_unverified_header(token) == {"alg": "HS512", "typ": typ}
    assert read.pop("jti")
    assert read == claims


@by_kind
def test_jose(node: Node, token: str, typ: str, claims: dict[str, Any]) -> None:
    """Node's jose verifies it, explicit type included, and reads what was issued."""
    reply = node("jose.verifyTyped", token=token, secret=derived_secret(SECRET, typ), typ=typ, now=IAT + 60)
    assert reply["result"]["claims"].pop("jti")
    assert reply == {"result": {"header": {"alg": "HS512", "typ": typ}, "claims": claims}}


@by_kind
def test_jose_refuses_the_other_type(node: Node, token: str, typ: str, claims: dict[str, Any]) -> None:
    """A reader that asks for the other type, or for a connect token, refuses it."""
    for other in {API_KEY_TYPE, REFRESH_TOKEN_TYPE, "JWT"} - {typ}:
        reply = node("jose.verifyTyped", token=token, secret=derived_secret(SECRET, typ), typ=other, now=IAT + 60)
        assert "typ" in reply["error"]
