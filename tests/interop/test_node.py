"""Node's jsonwebtoken, which Rollout's documentation signs with, and jose agree with us about connect tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from rollout_auth import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    AuthData,
    BadSignatureError,
    ClientCredentials,
    ConnectToken,
    InvalidClaimError,
    MalformedTokenError,
    TokenExpiredError,
    generate_connect_token,
    verify_connect_token,
)

Node = Callable[..., dict[str, Any]]

CLIENT_ID = "client-1"
USER_ID = "user-1"
SECRET = "0123456789abcdef" * 4
CREDENTIALS = ClientCredentials(CLIENT_ID, SECRET)
HEADER = {"alg": "HS512", "typ": "JWT"}
NOW = datetime(2025, 6, 1, 12, tzinfo=timezone.utc)
ISSUED = 1_748_779_200

# Both libraries read a part of the token before they look at its signature, so that theirs is not the only refusal.
REFUSALS = {
    "jsonwebtoken": {"JsonWebTokenError", "SyntaxError"},
    "jose": {"JOSEAlgNotAllowed", "JWSInvalid", "JWSSignatureVerificationFailed"},
}

PLAIN = {"apiKey": "key-1"}
REFRESHABLE = {"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 20000}
EXTRA = {
    "apiKey": "ключ-1",
    "refreshToken": "更新-1",
    "expiresIn": 315_360_000,
    "name": 'Zoë "🦜" \\ / 👩‍👩‍👧 </script>\u2028\u2029\x7f\t\n',
    "🔑": ["", "e\u0301", "\u00e9", "\U0010ffff"],
    "numbers": [0, -1, 0.1, -2.5e-9, 1.7976931348623157e308, 2**53 - 1, -(2**53 - 1)],
    "values": [True, False, None, [], {}, [[{"deep": [{}]}]]],
    "__proto__": {"constructor": "toString"},
}

by_library = pytest.mark.parametrize("library", ["jsonwebtoken", "jose"])
by_content = pytest.mark.parametrize(
    ("auth_data", "namespace", "dev"),
    [
        pytest.param(None, NAMESPACE, False, id="no auth data"),
        pytest.param(PLAIN, NAMESPACE, False, id="plain"),
        pytest.param(REFRESHABLE, NAMESPACE, False, id="refreshable"),
        pytest.param(EXTRA, NAMESPACE, False, id="extra"),
        pytest.param(PLAIN, LEGACY_NAMESPACE, False, id="legacy"),
        pytest.param(PLAIN, LEGACY_NAMESPACE, True, id="legacy dev"),
        pytest.param(None, LEGACY_NAMESPACE, True, id="legacy dev, no auth data"),
    ],
)
by_identity = pytest.mark.parametrize(
    ("client_id", "user_id", "secret"),
    [
        pytest.param("Zoë's 🦜 shop", "用户 \u2028 👩‍👩‍👧", SECRET, id="ids beyond ASCII"),
        pytest.param(CLIENT_ID, USER_ID, SECRET * 9, id="secret longer than a block of SHA-512"),
        pytest.param(CLIENT_ID, USER_ID, "пароль🔑\u00e9e\u0301" * 9, id="secret beyond ASCII"),
    ],
)


@pytest.fixture(scope="module")
def node(start_node: Callable[[str], Node]) -> Node:
    return start_node("jwt.mjs")


def claims_of(auth_data: object, namespace: str, dev: object) -> dict[str, Any]:
    claims: dict[str, Any] = {"iss": CLIENT_ID, "sub": USER_ID, "iat": ISSUED, "exp": ISSUED + 3600}
    content = ({"authData": auth_data} if auth_data else {}) | ({"dev": True} if dev else {})
    return claims | ({namespace: content} if content else {})


def signed_by_us(auth_data: dict[str, object] | None = None, **options: object) -> str:
    content = None if auth_data is None else AuthData.from_dict(auth_data)
    return generate_connect_token(USER_ID, content, credentials=CREDENTIALS, now=NOW, **options)


def signed_by_node(node: Node, library: str, claims: dict[str, Any], secret: str, algorithm: str = "HS512") -> str:
    """Sign as Rollout's documentation does, which leaves ``iat`` to the library."""
    claims = {name: value for name, value in claims.items() if name != "iat"}
    return node(f"{library}.sign", claims=claims, secret=secret, algorithm=algorithm, now=ISSUED)["result"]


def read_by_node(node: Node, library: str, token: str, **changes: object) -> dict[str, Any]:
    request = {"secret": SECRET, "clientId": CLIENT_ID, "userId": USER_ID, "now": ISSUED} | changes
    return node(f"{library}.verify", token=token, **request)


def exact(value: object) -> str:
    """The value as text, in which ``1``, ``1.0`` and ``True`` differ, and so does another order of the keys."""
    return json.dumps(value, ensure_ascii=False, indent=1)


@by_library
@by_content
def test_node_reads_what_we_signed(
    node: Node, library: str, auth_data: dict[str, object] | None, namespace: str, dev: bool
) -> None:
    """Node verifies our token and reads exactly the claims that we signed."""
    reply = read_by_node(node, library, signed_by_us(auth_data, namespace=namespace, dev=dev))
    assert exact(reply) == exact({"result": {"header": HEADER, "claims": claims_of(auth_data, namespace, dev)}})


@by_library
@by_content
def test_we_read_what_node_signed(
    node: Node, library: str, auth_data: dict[str, object] | None, namespace: str, dev: bool
) -> None:
    """A token that Node signs as Rollout's documentation shows is verified, and says what Node signed."""
    token = signed_by_node(node, library, claims_of(auth_data, namespace, dev), SECRET)
    verified = verify_connect_token(token, credentials=CREDENTIALS, namespace=namespace, now=NOW)
    content = None if auth_data is None else AuthData.from_dict(auth_data)
    assert verified == ConnectToken(CLIENT_ID, USER_ID, content, NOW, NOW + timedelta(hours=1), dev)
    assert exact(verified.auth_data and verified.auth_data.to_dict()) == exact(auth_data)


@by_library
@by_identity
def test_node_reads_any_id_and_secret(node: Node, library: str, client_id: str, user_id: str, secret: str) -> None:
    """Node verifies our token with any client id, user id and secret that we take, and reads both ids unchanged."""
    token = generate_connect_token(user_id, credentials=ClientCredentials(client_id, secret), now=NOW)
    reply = read_by_node(node, library, token, clientId=client_id, userId=user_id, secret=secret)
    claims = claims_of(None, NAMESPACE, False) | {"iss": client_id, "sub": user_id}
    assert exact(reply) == exact({"result": {"header": HEADER, "claims": claims}})


@by_library
@by_identity
def test_we_read_any_id_and_secret(node: Node, library: str, client_id: str, user_id: str, secret: str) -> None:
    """A token that Node signs with any client id, user id and secret is verified, and says both ids unchanged."""
    claims = claims_of(None, NAMESPACE, False) | {"iss": client_id, "sub": user_id}
    token = signed_by_node(node, library, claims, secret)
    verified = verify_connect_token(token, credentials=ClientCredentials(client_id, secret), now=NOW)
    assert verified == ConnectToken(client_id, user_id, None, NOW, NOW + timedelta(hours=1))


@by_library
def test_node_and_we_end_a_token_in_the_same_second(node: Node, library: str) -> None:
    """A token is good for the last second before ``exp``, and expired at ``exp``, for Node and for us alike."""
    token = signed_by_us(ttl=timedelta(minutes=15))
    end = NOW + timedelta(minutes=15)
    last = end - timedelta(seconds=1)
    assert read_by_node(node, library, token, now=ISSUED + 899)["result"]["claims"]["exp"] == ISSUED + 900
    assert verify_connect_token(token, credentials=CREDENTIALS, leeway=timedelta(0), now=last).expires_at == end
    assert read_by_node(node, library, token, now=ISSUED + 900)["error"] in (
        "TokenExpiredError: jwt expired",
        'JWTExpired: "exp" claim timestamp check failed',
    )
    with pytest.raises(TokenExpiredError):
        verify_connect_token(token, credentials=CREDENTIALS, leeway=timedelta(0), now=end)


@by_library
def test_we_take_an_expiry_that_was_rounded_up(node: Node, library: str) -> None:
    """A token that Node signs for an hour and a second, as Rollout's own sample may, is verified; no longer one is."""
    claims = {**claims_of(PLAIN, NAMESPACE, False), "exp": ISSUED + 3601}
    token = signed_by_node(node, library, claims, SECRET)
    assert verify_connect_token(token, credentials=CREDENTIALS, now=NOW).expires_at == NOW + timedelta(seconds=3601)
    token = signed_by_node(node, library, {**claims, "exp": ISSUED + 3602}, SECRET)
    with pytest.raises(InvalidClaimError, match="exp is 3602 s after iat"):
        verify_connect_token(token, credentials=CREDENTIALS, now=NOW)


@by_library
def test_we_refuse_an_audience_of_node(node: Node, library: str) -> None:
    """A token that Node signs for an audience is for somebody else (RFC 7519 section 4.1.3)."""
    token = signed_by_node(node, library, {**claims_of(PLAIN, NAMESPACE, False), "aud": CLIENT_ID}, SECRET)
    with pytest.raises(InvalidClaimError, match="aud is there"):
        verify_connect_token(token, credentials=CREDENTIALS, now=NOW)


@by_library
@pytest.mark.parametrize("segment", [0, 1, 2], ids=["header", "payload", "signature"])
def test_node_refuses_our_token_with_one_changed_character(node: Node, library: str, segment: int) -> None:
    """Our token is refused by Node as soon as any one character of any segment is another one."""
    segments = signed_by_us(REFRESHABLE).split(".")
    text = segments[segment]
    # The last character of 64 bytes in base64url has four spare bits, which a lenient decoder does not look at.
    end = len(text) - (segment == 2)
    refusals = set()
    for index in range(end):
        segments[segment] = text[:index] + ("B" if text[index] == "A" else "A") + text[index + 1 :]
        reply = read_by_node(node, library, ".".join(segments))
        refusals.add(reply.get("error", f"accepted: {segments[segment]}").partition(":")[0])
    assert refusals <= REFUSALS[library]


@by_library
@pytest.mark.parametrize("algorithm", ["HS256", "HS384"])
def test_we_refuse_another_algorithm_of_node(node: Node, library: str, algorithm: str) -> None:
    """A token that Node signs with our secret and an algorithm other than HS512 is malformed."""
    token = signed_by_node(node, library, claims_of(PLAIN, NAMESPACE, False), SECRET, algorithm)
    with pytest.raises(MalformedTokenError, match=f"alg is '{algorithm}'"):
        verify_connect_token(token, credentials=CREDENTIALS, now=NOW)


def test_we_refuse_an_unsigned_token_of_node(node: Node) -> None:
    """A token that Node leaves unsigned, with the algorithm ``none``, is malformed."""
    token = signed_by_node(node, "jsonwebtoken", claims_of(PLAIN, NAMESPACE, False), "", "none")
    with pytest.raises(MalformedTokenError, match="alg is 'none'"):
        verify_connect_token(token, credentials=CREDENTIALS, now=NOW)


@by_library
def test_we_refuse_another_secret_of_node(node: Node, library: str) -> None:
    """A token that Node signs with another secret has a bad signature."""
    token = signed_by_node(node, library, claims_of(PLAIN, NAMESPACE, False), SECRET[::-1])
    with pytest.raises(BadSignatureError):
        verify_connect_token(token, credentials=CREDENTIALS, now=NOW)
