"""Our claims fit the schema that Rollout declares for them in npm ``@rollout/framework``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from rollout_auth import LEGACY_NAMESPACE, NAMESPACE, AuthData, ClientCredentials, generate_connect_token

Node = Callable[..., dict[str, Any]]

CREDENTIALS = ClientCredentials("client-1", "0123456789abcdef" * 4)
NOW = datetime(2025, 6, 1, 12, tzinfo=timezone.utc)
ISSUED = 1_748_779_200
CLAIMS = {"iss": "client-1", "sub": "user-1", "iat": ISSUED, "exp": ISSUED + 3600}

DECLARED = {
    "zConsumerTokenData": {
        "ZodObject": {
            "iss": "ZodString",
            "sub": "ZodString",
            "iat": "ZodNumber",
            "exp": "ZodNumber",
            "rollout.com": {"ZodOptional": {"ZodObject": {"authData": "ZodAny"}}},
        },
    },
    "ConsumerTokenData": ["z.infer<typeof zConsumerTokenData>"],
}


@pytest.fixture(scope="module")
def node(start_node: Callable[[str], Node]) -> Node:
    return start_node("schema.mjs")


def parsed(node: Node, auth_data: AuthData | None, **options: object) -> dict[str, Any]:
    token = generate_connect_token("user-1", auth_data, credentials=CREDENTIALS, now=NOW, **options)
    return node("parse", token=token)["result"]


def test_the_declaration_is_the_one_that_we_know(node: Node) -> None:
    """Rollout declares the claims, their types and which are optional as this test writes them down."""
    assert json.dumps(node("read"), indent=1) == json.dumps({"result": DECLARED}, indent=1)


@pytest.mark.parametrize(
    ("auth_data", "wire"),
    [
        pytest.param(AuthData("key-1"), {"apiKey": "key-1"}, id="plain"),
        pytest.param(
            AuthData("key-1", "refresh-1", 20000),
            {"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 20000},
            id="refreshable",
        ),
        pytest.param(
            AuthData("key-1", extra={"region": "eu 🦜", "account": {"ids": [1, 2.5, None, True]}}),
            {"apiKey": "key-1", "region": "eu 🦜", "account": {"ids": [1, 2.5, None, True]}},
            id="extra",
        ),
    ],
)
def test_the_schema_keeps_all_that_we_sign(node: Node, auth_data: AuthData, wire: dict[str, object]) -> None:
    """Rollout's schema takes our claims and loses nothing of them."""
    claims = CLAIMS | {"rollout.com": {"authData": wire}}
    assert parsed(node, auth_data) == {"claims": claims, "data": claims}


def test_the_schema_takes_a_token_without_auth_data(node: Node) -> None:
    """Rollout's schema takes a token that has no namespace claim, as ours has none without authData."""
    assert parsed(node, None) == {"claims": CLAIMS, "data": CLAIMS}


def test_the_schema_drops_the_legacy_namespace(node: Node) -> None:
    """Rollout's schema drops the legacy claim, and authData with it, without an error, so it is not our default."""
    auth_data = AuthData("key-1", "refresh-1", 20000)
    legacy = parsed(node, auth_data, namespace=LEGACY_NAMESPACE, dev=True)
    content = {"authData": auth_data.to_dict(), "dev": True}
    assert legacy == {"claims": CLAIMS | {"rollouthq.com": content}, "data": CLAIMS}


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", 42),
        ("sub", None),
        ("iss", 42),
        ("iat", str(ISSUED)),
        ("iat", "2025-06-01T12:00:00Z"),
        ("exp", str(ISSUED)),
        (NAMESPACE, None),
        (NAMESPACE, "key-1"),
        (NAMESPACE, ["key-1"]),
    ],
)
def test_the_schema_refuses_a_claim_of_another_type(node: Node, claim: str, value: object) -> None:
    """Rollout's schema refuses a claim of another type, such as an integer for the user id."""
    claims = parsed(node, AuthData("key-1"))["claims"] | {claim: value}
    assert node("parse", claims=claims)["result"]["issues"] == [{"code": "invalid_type", "path": [claim]}]


@pytest.mark.parametrize("claim", ["iss", "sub", "iat", "exp"])
def test_the_schema_refuses_a_missing_claim(node: Node, claim: str) -> None:
    """Rollout's schema requires each of the four claims that every token of ours has."""
    claims = parsed(node, AuthData("key-1"))["claims"]
    del claims[claim]
    assert node("parse", claims=claims)["result"]["issues"] == [{"code": "invalid_type", "path": [claim]}]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        pytest.param("z.ZodDate", "TypeReference z.ZodDate", id="another scalar"),
        pytest.param("zod.ZodString", "TypeReference zod.ZodString", id="another module"),
        pytest.param("string", "StringKeyword string", id="no zod type"),
        pytest.param(
            "z.ZodOptional<z.ZodNullable<z.ZodString>>", "TypeReference z.ZodNullable<z.ZodString>", id="nullable"
        ),
        pytest.param("z.ZodObject<Claims>", "TypeReference Claims", id="named shape"),
        pytest.param(
            'z.ZodObject<{}, "passthrough", z.ZodTypeAny>', 'LiteralType "passthrough"', id="unknown keys pass"
        ),
        pytest.param(
            'z.ZodObject<{}, "strip", z.ZodString>', "TypeReference z.ZodString", id="unknown keys have a type"
        ),
        pytest.param(
            'z.ZodObject<{ sub?: z.ZodString }, "strip", z.ZodTypeAny>',
            "PropertySignature sub?: z.ZodString",
            id="optional member",
        ),
        pytest.param(
            'z.ZodObject<{ sub(): z.ZodString }, "strip", z.ZodTypeAny>',
            "MethodSignature sub(): z.ZodString",
            id="method",
        ),
        pytest.param(
            'z.ZodObject<{ sub: z.ZodEnum<["a"]> }, "strip", z.ZodTypeAny>',
            'TypeReference z.ZodEnum<["a"]>',
            id="parameters",
        ),
    ],
)
def test_an_unknown_declaration_is_not_half_understood(node: Node, schema: str, problem: str) -> None:
    """A declaration with anything that this test does not rebuild is an error that quotes it."""
    declaration = f"declare const zConsumerTokenData: {schema};\ninterface ConsumerTokenData {{}}\n"
    assert node("read", declaration=declaration) == {"error": f"Error: the declaration has {problem}"}


@pytest.mark.parametrize(
    ("declaration", "problem"),
    [
        pytest.param("", "zConsumerTokenData is declared 0 times", id="no schema"),
        pytest.param(
            "declare const zConsumerTokenData: z.ZodAny;", "ConsumerTokenData is declared 0 times", id="no interface"
        ),
        pytest.param(
            "declare const zConsumerTokenData: z.ZodAny; interface ConsumerTokenData { aud: string }",
            "the declaration has InterfaceDeclaration interface ConsumerTokenData { aud: string }",
            id="interface with a member",
        ),
    ],
)
def test_a_declaration_that_went_elsewhere_is_missed(node: Node, declaration: str, problem: str) -> None:
    """A declaration that is gone, or that grew beside the schema, is an error that names it."""
    assert node("read", declaration=declaration) == {"error": f"Error: {problem}"}
