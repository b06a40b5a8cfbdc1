"""Known attacks on tokens, keys, webhooks and shared secrets: each with its name, its source and what must refuse it.

Sources: RFC 8725 ("JSON Web Token Best Current Practices"), sections 2 and 3; the advisories on PyJWT, python-jose,
Authlib, jose, jsonwebtoken, node-jose, jws and PHP's JWT framework that are named with each attack, in the GitHub
Advisory Database and the CVE list; for webhooks, what docs/neighbours.md has measured of other platforms' verifiers.
"""

from __future__ import annotations

import base64
import hmac
import json
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from rollout_auth import (
    ApiKeyExpiredError,
    ApiKeyIssuer,
    BadSignatureError,
    BadVerificationTokenError,
    ClientCredentials,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    MalformedRequestError,
    MalformedTokenError,
    MissingHeaderError,
    RequestVerifier,
    ShortSecretWarning,
    TokenExpiredError,
    TokenNotYetValidError,
    generate_connect_token,
    parse_refresh_request,
    verify_connect_token,
    verify_webhook,
)

SECRET = "a-client-secret-of-full-length-" + "0123456789abcdef" * 3
ATTACKERS = "the-attackers-own-secret-" + "fedcba9876543210" * 3
CREDENTIALS = ClientCredentials("client-1", SECRET, ["an-earlier-secret-" + "0123456789abcdef" * 3])
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
SECOND = int(NOW.timestamp())
CLAIMS = {"iss": "client-1", "sub": "user-1", "iat": SECOND, "exp": SECOND + 3600}
HEADER = {"alg": "HS512", "typ": "JWT"}
TOKEN = generate_connect_token("user-1", credentials=CREDENTIALS, now=NOW)
ISSUER = ApiKeyIssuer("the-issuers-secret-" + "0123456789abcdef" * 3)
ISSUED = ISSUER.issue("user-1", now=NOW)
VERIFIER = RequestVerifier("Verification-Token-1")
BODY = b'{"eventId":"1","eventCreated":"2026-03-01T12:00:00Z","event":"x","resourceIds":[],"uri":"u"}'


class Attack(NamedTuple):
    """A name, a source, what the attacker does, and the error that it must meet."""

    name: str
    source: str
    attempt: Callable[[], object]
    refusal: type[Exception]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(
    header: Any = HEADER,
    claims: Any = CLAIMS,
    secret: str = SECRET,
    hash_name: str = "sha512",
    end: bytes | None = None,
) -> str:
    """A token of any content, which the secret signs; ``end`` takes the place of its signature."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signing_input = ".".join(map(encoded, parts))
    mac = hmac.digest(secret.encode(), signing_input.encode(), hash_name) if end is None else end
    return f"{signing_input}.{encoded(mac)}"


def token(text: str) -> Callable[[], object]:
    return lambda: verify_connect_token(text, credentials=CREDENTIALS, now=NOW)


def with_header(**changes: Any) -> Callable[[], object]:
    return token(forged({**HEADER, **changes}))


def with_claims(**changes: Any) -> Callable[[], object]:
    claims = {**CLAIMS, **changes}
    return token(forged(claims={name: value for name, value in claims.items() if value is not None}))


def as_secret(text: str) -> Callable[[], object]:
    def attempt() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ShortSecretWarning)
            return ClientCredentials("client-1", text)

    return attempt


def signature(body: bytes = BODY, secret: str = SECRET, hash_name: str = "sha256") -> bytes:
    return hmac.digest(secret.encode(), base64.b64encode(body), hash_name)


def webhook(value: str | None, body: bytes = BODY, *more: str) -> Callable[[], object]:
    lines = [] if value is None else [("X-Rollout-Signature", one) for one in (value, *more)]
    return lambda: verify_webhook(body, lines, credentials=CREDENTIALS)


def shared(*values: str) -> Callable[[], object]:
    return lambda: VERIFIER.verify([("X-Rollout-Verification-Token", value) for value in values])


def refresh(body: bytes, content_type: str | None = "application/json") -> Callable[[], object]:
    return lambda: parse_refresh_request(body, content_type)


SIGNING_INPUT, _, GOOD_SIGNATURE = TOKEN.rpartition(".")
DEEP = b'{"sub":' + b"[" * 3000 + b"]" * 3000 + b"}"
FLATTENED = json.dumps({"payload": TOKEN.split(".")[1], "header": HEADER, "signature": GOOD_SIGNATURE})
EMBEDDED_KEY = {"kty": "oct", "k": encoded(ATTACKERS.encode()), "alg": "HS512"}

TOKENS = [
    *(
        Attack(
            f"algorithm {name!r}, no signature",
            "RFC 8725 2.1, 3.1; CVE-2022-23540",
            token(forged({"alg": name, "typ": "JWT"}, end=b"")),
            MalformedTokenError,
        )
        for name in ("none", "None", "NONE", "nOnE", "")
    ),
    Attack("no algorithm", "RFC 8725 3.1", token(forged({"typ": "JWT"}, end=b"")), MalformedTokenError),
    Attack(
        "weaker hash, right secret",
        "RFC 8725 3.2",
        token(forged({"alg": "HS256"}, hash_name="sha256")),
        MalformedTokenError,
    ),
    Attack("weaker hash under the strong name", "RFC 8725 3.1", token(forged(hash_name="sha256")), BadSignatureError),
    Attack("RSA named, MAC made", "RFC 8725 2.1; CVE-2017-11424", token(forged({"alg": "RS512"})), MalformedTokenError),
    Attack(
        "algorithm chosen by kid", "python-jose issue 274", with_header(alg="HS256", kid="HS512"), MalformedTokenError
    ),
    Attack("two algorithms", "RFC 8725 2.4", token(forged(b'{"alg":"none","alg":"HS512"}')), MalformedTokenError),
    Attack("algorithm in another case", "RFC 7515 4.1.1", with_header(alg="hs512"), MalformedTokenError),
    Attack("algorithm as a list", "RFC 7515 4.1.1", with_header(alg=["HS512", "none"]), MalformedTokenError),
    Attack("signature taken off", "RFC 8725 3.3", token(f"{SIGNING_INPUT}."), BadSignatureError),
    Attack("signature cut short", "RFC 8725 3.3", token(forged(end=b"\0" * 32)), BadSignatureError),
    Attack("signature of zeros", "RFC 8725 3.3; CVE-2022-21449", token(forged(end=b"\0" * 64)), BadSignatureError),
    Attack(
        "signature of another token",
        "RFC 8725 3.3",
        token(f"{forged(claims={**CLAIMS, 'sub': 'admin'}).rpartition('.')[0]}.{GOOD_SIGNATURE}"),
        BadSignatureError,
    ),
    Attack("attacker's own secret", "RFC 8725 3.3", token(forged(secret=ATTACKERS)), BadSignatureError),
    Attack("empty secret", "RFC 8725 3.5", token(forged(secret="")), BadSignatureError),
    Attack(
        "key in the header",
        "RFC 8725 3.10; CVE-2018-0114, CVE-2026-27962",
        token(forged({**HEADER, "jwk": EMBEDDED_KEY}, secret=ATTACKERS)),
        BadSignatureError,
    ),
    Attack(
        "address of a key",
        "RFC 8725 3.10",
        token(forged({**HEADER, "jku": "https://attacker.example/keys"}, secret=ATTACKERS)),
        BadSignatureError,
    ),
    Attack(
        "kid that is a path",
        "RFC 8725 3.10; GHSA-869p-cjfg-cm3x",
        token(forged({**HEADER, "kid": "../../dev/null"}, secret="")),
        BadSignatureError,
    ),
    Attack("kid that is no text", "RFC 7515 4.1.4", with_header(kid={"$ne": ""}), MalformedTokenError),
    Attack(
        "extension that must be understood",
        "RFC 7515 4.1.11; CVE-2025-59420, CVE-2026-32597",
        with_header(crit=["policy"], policy=1),
        MalformedTokenError,
    ),
    Attack("empty list of extensions", "RFC 7515 4.1.11", with_header(crit=[]), MalformedTokenError),
    Attack("payload without encoding", "RFC 7797 3", with_header(b64=False, crit=["b64"]), MalformedTokenError),
    Attack("unprotected header", "GHSA-jc38-x7x8-2xc8", token(FLATTENED), MalformedTokenError),
    Attack(
        "encrypted token", "RFC 8725 3.6; CVE-2024-28176, CVE-2024-33664", token(f"{TOKEN}.x.y"), MalformedTokenError
    ),
    Attack(
        "token without a payload", "RFC 7515 7.1", token(f"{TOKEN.split('.')[0]}.{GOOD_SIGNATURE}"), MalformedTokenError
    ),
    Attack("huge header", "CVE-2025-61920", token(f"{'A' * 10_000_000}.e30.AA"), MalformedTokenError),
    Attack("huge signature", "CVE-2025-61920", token(f"{SIGNING_INPUT}.{'A' * 10_000_000}"), MalformedTokenError),
    Attack("deep claims", "RFC 8259 9", token(forged(claims=DEEP)), MalformedTokenError),
    Attack("deep header", "RFC 8259 9", token(forged(DEEP)), MalformedTokenError),
    Attack(
        "claims in UTF-16",
        "RFC 8725 3.7",
        token(forged(claims=json.dumps(CLAIMS).encode("utf-16"))),
        MalformedTokenError,
    ),
    Attack(
        "claim twice",
        "RFC 8725 2.4",
        token(forged(claims=json.dumps(CLAIMS)[:-1].encode() + b',"sub":"admin"}')),
        MalformedTokenError,
    ),
    Attack("padding", "RFC 7515 2", token(f"{TOKEN}=="), MalformedTokenError),
    Attack(
        "another text of the same bytes",
        "RFC 4648 3.5",
        token(TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1)),
        MalformedTokenError,
    ),
    Attack("characters of base64", "RFC 4648 3.3", token(f"{SIGNING_INPUT}.++//"), MalformedTokenError),
    Attack("line break", "RFC 4648 3.3", token(f"{TOKEN}\n"), MalformedTokenError),
    Attack("NUL", "RFC 4648 3.3", token(f"{TOKEN}\0"), MalformedTokenError),
    Attack(
        "issuer that contains ours", "RFC 8725 3.8; CVE-2024-53861", with_claims(iss="the client-1"), InvalidClaimError
    ),
    Attack("issuer that ours contains", "RFC 8725 3.8; CVE-2024-53861", with_claims(iss="client"), InvalidClaimError),
    Attack("list of issuers", "RFC 8725 3.8", with_claims(iss=["client-1"]), InvalidClaimError),
    Attack("no issuer", "RFC 8725 3.8", with_claims(iss=None), InvalidClaimError),
    Attack("no subject", "RFC 8725 3.8", with_claims(sub=None), InvalidClaimError),
    Attack("subject of another type", "RFC 8725 3.8", with_claims(sub=0), InvalidClaimError),
    Attack("token for somebody else", "RFC 8725 3.9; RFC 7519 4.1.3", with_claims(aud="rollout"), InvalidClaimError),
    Attack("token for several", "RFC 8725 3.9", with_claims(aud=["client-1", "rollout"]), InvalidClaimError),
    Attack("token of another type", "RFC 8725 3.11", with_header(typ="at+jwt"), MalformedTokenError),
    Attack("no end", "RFC 7519 4.1.4", with_claims(exp=None), InvalidClaimError),
    Attack("end as a text", "RFC 7519 2", with_claims(exp=str(SECOND + 3600)), InvalidClaimError),
    Attack("end beyond all time", "RFC 7519 2", with_claims(exp=2**63), InvalidClaimError),
    Attack(
        "end that is no number",
        "RFC 8259 6",
        token(forged(claims=json.dumps({**CLAIMS, "exp": float("nan")}).encode())),
        MalformedTokenError,
    ),
    Attack("life of an hour and two seconds", "rollout-hq-docs", with_claims(exp=SECOND + 3602), InvalidClaimError),
    Attack("life of a day", "rollout-hq-docs", with_claims(exp=SECOND + 86_400), InvalidClaimError),
    Attack("old token", "RFC 7519 4.1.4", with_claims(iat=SECOND - 3700, exp=SECOND - 100), TokenExpiredError),
    Attack(
        "token of tomorrow",
        "RFC 7519 4.1.6",
        with_claims(iat=SECOND + 86_400, exp=SECOND + 90_000),
        TokenNotYetValidError,
    ),
    Attack("token that starts later", "RFC 7519 4.1.5", with_claims(nbf=SECOND + 600), TokenNotYetValidError),
]
KEYS = [
    Attack(
        "public RSA key as a secret",
        "CVE-2017-11424",
        as_secret("-----BEGIN RSA PUBLIC KEY-----\nMIIB\n"),
        ConfigurationError,
    ),
    Attack(
        "public key as a secret",
        "RFC 8725 2.1; GHSA-5357-c2jx-v7qh",
        as_secret("-----BEGIN PUBLIC KEY-----\nMIIB\n"),
        ConfigurationError,
    ),
    Attack(
        "Ed25519 key of SSH as a secret",
        "CVE-2022-29217",
        as_secret("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"),
        ConfigurationError,
    ),
    Attack(
        "ECDSA key of SSH as a secret",
        "CVE-2024-33663",
        as_secret("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTI"),
        ConfigurationError,
    ),
    Attack("JWK as a secret", "RFC 8725 2.1", as_secret(json.dumps(EMBEDDED_KEY)), ConfigurationError),
    Attack("empty secret", "RFC 8725 3.5", as_secret(""), ConfigurationError),
    Attack("placeholder as a secret", "CWE-798", as_secret(f"<{SECRET}>"), ConfigurationError),
    Attack("short secret", "RFC 8725 3.5; RFC 7518 3.2", as_secret("short"), ShortSecretWarning),
    Attack(
        "connect token as an API key", "RFC 8725 3.12", lambda: ISSUER.authenticate(TOKEN, now=NOW), InvalidApiKeyError
    ),
    Attack(
        "refresh token as an API key",
        "RFC 8725 3.12",
        lambda: ISSUER.authenticate(ISSUED.refresh_token, now=NOW),
        InvalidApiKeyError,
    ),
    Attack(
        "API key as a refresh token",
        "RFC 8725 3.12",
        lambda: ISSUER.refresh(ISSUED.api_key, now=NOW),
        InvalidRefreshTokenError,
    ),
    Attack("API key as a connect token", "RFC 8725 3.12", token(ISSUED.api_key), MalformedTokenError),
    Attack(
        "API key that has ended",
        "RFC 8725 3.10",
        lambda: ISSUER.authenticate(ISSUED.api_key, now=NOW + timedelta(days=1)),
        ApiKeyExpiredError,
    ),
]
WEBHOOKS = [
    Attack("no signature", "docs/neighbours.md", webhook(None), MissingHeaderError),
    Attack("blank signature", "docs/neighbours.md", webhook(" "), MissingHeaderError),
    Attack("signature of another body", "docs/neighbours.md", webhook(signature(b"{}").hex()), BadSignatureError),
    Attack("one more byte", "docs/neighbours.md", webhook(signature().hex(), BODY + b"\n"), BadSignatureError),
    Attack(
        "JSON written again",
        "docs/neighbours.md",
        webhook(signature().hex(), json.dumps(json.loads(BODY)).encode()),
        BadSignatureError,
    ),
    Attack(
        "signature of the raw body",
        "how-to-use-webhooks",
        webhook(hmac.digest(SECRET.encode(), BODY, "sha256").hex()),
        BadSignatureError,
    ),
    Attack("signature cut short", "RFC 2104 5", webhook(signature().hex()[:32]), BadSignatureError),
    Attack("one digit", "docs/neighbours.md", webhook(signature().hex()[0]), BadSignatureError),
    Attack("another hash", "how-to-use-webhooks", webhook(signature(hash_name="sha512").hex()), BadSignatureError),
    Attack("SHA-1", "how-to-use-webhooks", webhook(signature(hash_name="sha1").hex()), BadSignatureError),
    Attack(
        "prefix of other platforms", "how-to-use-webhooks", webhook(f"sha256={signature().hex()}"), BadSignatureError
    ),
    Attack("signature with an empty secret", "CWE-321", webhook(signature(secret="").hex()), BadSignatureError),
    Attack("attacker's own secret", "CWE-347", webhook(signature(secret=ATTACKERS).hex()), BadSignatureError),
    Attack("no ASCII", "docs/neighbours.md", webhook("é" * 64), BadSignatureError),
    Attack("digits of another script", "CWE-176", webhook("\N{ARABIC-INDIC DIGIT ONE}" * 64), BadSignatureError),
    Attack("a good and a bad signature", "RFC 9110 5.3", webhook(signature().hex(), BODY, "0" * 64), BadSignatureError),
    Attack("several in one line", "RFC 9110 5.3", webhook(f"{'0' * 64},{signature().hex()}"), BadSignatureError),
    Attack(
        "signed, and read in two ways",
        "RFC 8259 6",
        webhook(signature(in_two_ways := BODY[:-1] + b',"price":NaN}').hex(), in_two_ways),
        MalformedRequestError,
    ),
    Attack("signed, and deep", "RFC 8259 9", webhook(signature(DEEP).hex(), DEEP), MalformedRequestError),
    Attack(
        "huge", "CWE-400", webhook(signature(huge := b" " * (4 * 1024 * 1024 + 1)).hex(), huge), MalformedRequestError
    ),
]
REQUESTS = [
    Attack("no verification token", "CWE-306", shared(), MissingHeaderError),
    Attack("blank verification token", "CWE-306", shared(""), MissingHeaderError),
    Attack("beginning of the token", "CWE-208", shared("Verification-Token-"), BadVerificationTokenError),
    Attack("longer token", "CWE-208", shared("Verification-Token-11"), BadVerificationTokenError),
    Attack("token in another case", "CWE-178", shared("verification-token-1"), BadVerificationTokenError),
    Attack("look-alike", "CWE-176", shared("Verification-To\N{KELVIN SIGN}en-1"), BadVerificationTokenError),
    Attack("token with NUL", "CWE-158", shared("Verification-Token-1\0"), BadVerificationTokenError),
    Attack(
        "a wrong and the right token", "RFC 9110 5.3", shared("x", "Verification-Token-1"), BadVerificationTokenError
    ),
    Attack("tokens in one line", "RFC 9110 5.3", shared("x, Verification-Token-1"), BadVerificationTokenError),
    Attack(
        "refresh token twice", "CWE-235", refresh(b'{"refreshToken":"a","refreshToken":"b"}'), MalformedRequestError
    ),
    Attack(
        "refresh token twice in a form",
        "CWE-235",
        refresh(b"refreshToken=a&refreshToken=b", "application/x-www-form-urlencoded"),
        MalformedRequestError,
    ),
    Attack(
        "refresh token that is a query", "CWE-943", refresh(b'{"refreshToken":{"$ne":null}}'), MalformedRequestError
    ),
    Attack("refresh token with NUL", "CWE-158", refresh(b'{"refreshToken":"a\\u0000"}'), MalformedRequestError),
    Attack(
        "refresh token that is half an emoji", "CWE-176", refresh(b'{"refreshToken":"\\ud83d"}'), MalformedRequestError
    ),
    Attack(
        "refresh token longer than a header",
        "CWE-400",
        refresh(b'{"refreshToken":"%s"}' % (b"a" * 8169)),
        MalformedRequestError,
    ),
    Attack("form as JSON", "CWE-436", refresh(b"refreshToken=a"), MalformedRequestError),
    Attack(
        "JSON in another charset",
        "CWE-436",
        refresh('{"refreshToken":"a"}'.encode("utf-7"), "application/json; charset=utf-7"),
        MalformedRequestError,
    ),
    Attack("huge refresh", "CWE-400", refresh(b" " * (64 * 1024 + 1)), MalformedRequestError),
    Attack("deep refresh", "CWE-674", refresh(DEEP), MalformedRequestError),
]
