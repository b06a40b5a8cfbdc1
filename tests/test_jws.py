from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import jwt
import pytest

from rollout_auth import BadSignatureError, MalformedTokenError
from rollout_auth._jws import HEADER, MAX_TOKEN_LENGTH, Signer, check_header, read_token, verified_payload

SECRET = "not-a-real-secret-" + "0123456789abcdef" * 4
OTHER = "another-secret-" + "0123456789abcdef" * 4
PAYLOAD = '{"sub":"user-1"}'


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: object, payload: bytes = PAYLOAD.encode(), secret: str = SECRET, digest: str = "sha512") -> str:
    """A token signed correctly over whatever is in it."""
    text = header if isinstance(header, str) else json.dumps(header)
    signing_input = f"{base64url(text.encode())}.{base64url(payload)}"
    return f"{signing_input}.{base64url(hmac.digest(secret.encode(), signing_input.encode(), digest))}"


@pytest.fixture
def token() -> str:
    return Signer(SECRET).sign(PAYLOAD)


def test_written_form(token: str) -> None:
    """It is what PyJWT writes, byte for byte, and the signer can be used again."""
    assert token == jwt.encode({"sub": "user-1"}, SECRET, algorithm="HS512")
    assert json.loads(base64.urlsafe_b64decode(HEADER)) == {"alg": "HS512", "typ": "JWT"}


def test_signer_keeps_nothing() -> None:
    """What was signed before does not change what is signed next."""
    signer = Signer(SECRET)
    for text in ("{}", PAYLOAD, "{}"):
        assert signer.sign(text) == Signer(SECRET).sign(text)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_reads_its_own_form(token: str, as_bytes: bool) -> None:
    """A token is taken apart into what was signed."""
    header, payload, signature, signing_input = read_token(token.encode() if as_bytes else token)
    assert header == {"alg": "HS512", "typ": "JWT"}
    assert payload == PAYLOAD.encode()
    assert len(signature) == hashlib.sha512().digest_size
    assert signing_input == token.rpartition(".")[0].encode()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: "", "has 1 segment"),
        (lambda t: "x", "has 1 segment"),
        (lambda t: t.rpartition(".")[0], "has 2 segments"),
        (lambda t: t + ".", "has 4 segments"),
        (lambda t: f"{t}.{t}", "has 6 segments"),
        (lambda t: f"Bearer {t}", "begins with 'Bearer '"),
        (lambda t: f"bearer {t}", "begins with 'Bearer '"),
        (lambda t: f"{t}\n", "white space"),
        (lambda t: f" {t}", "white space"),
        (lambda t: f"{t}==", "padded"),
        (lambda t: t.replace(".", "=.", 1), "padded"),
        (lambda t: t[:-1], "not canonical base64url"),
        (lambda t: f"{t}AAA", "not canonical base64url"),
        (lambda t: f"{t[:-1]}-", "not canonical base64url"),
        (lambda t: f"{t[:50]}+{t[51:]}", "not canonical base64url"),
        (lambda t: f"{t[:50]}/{t[51:]}", "not canonical base64url"),
        (lambda t: f"{t[:50]}\n{t[50:]}", "not canonical base64url"),
        (lambda t: f"{t[:50]}é{t[51:]}", "not canonical base64url"),
        (lambda t: f"{t[:50]}\ud800{t[51:]}", "not canonical base64url"),
        (lambda t: f"{t[:50]}\0{t[51:]}", "not canonical base64url"),
        (lambda t: ".".join(["AB", *t.split(".")[1:]]), "not canonical base64url"),
        (lambda t: ".".join(["A", *t.split(".")[1:]]), "not canonical base64url"),
        (lambda t: "..", "header is not JSON"),
    ],
)
def test_refuses_every_other_form(token: str, change: object, problem: str) -> None:
    """One token has one text: whatever differs is malformed, and the message says how."""
    with pytest.raises(MalformedTokenError, match=problem):
        read_token(change(token))
    with pytest.raises(MalformedTokenError, match=problem):
        read_token(change(token).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("token", [None, 1, ["a.b.c"], bytearray(b"a.b.c"), {"token": "a.b.c"}])
def test_refuses_other_types(token: object) -> None:
    """Only text is a token."""
    with pytest.raises(TypeError, match=f"the token is {type(token).__name__}: pass the compact JWT as str or bytes"):
        read_token(token)


def test_size_is_checked_first() -> None:
    """A token that no header would hold is refused by its length, before anything else is looked at."""
    longest = "é" * MAX_TOKEN_LENGTH
    with pytest.raises(MalformedTokenError, match="has 1 segment"):
        read_token(longest)
    with pytest.raises(MalformedTokenError, match="longer than 8168 characters"):
        read_token(f"{longest}é")


def test_longest_token_fits_a_header_line() -> None:
    """With its scheme and the end of the line, the longest token fits into 8 KiB."""
    assert len("Authorization: Bearer ") + MAX_TOKEN_LENGTH + len("\r\n") == 8 * 1024


@pytest.mark.parametrize("header", ["[]", "1", "null", '{"alg":"HS512","alg":"HS512"}', "{", "\ufeff{}", '{"a":NaN}'])
def test_header_is_strict_json(header: str) -> None:
    """The header is a JSON object without duplicate keys."""
    with pytest.raises(MalformedTokenError, match=r"^the token's header"):
        verified_payload(compact(header), [SECRET])


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ({}, "alg is not 'HS512'"),
        ({"alg": None}, "alg is not 'HS512'"),
        ({"alg": ["HS512"]}, "alg is not 'HS512'"),
        ({"alg": "hs512"}, "alg is not 'HS512'"),
        ({"alg": "HS512 "}, "alg is not 'HS512'"),
        ({"alg": "none"}, "alg is 'none', not 'HS512'"),
        ({"alg": "HS256"}, "alg is 'HS256', not 'HS512'"),
        ({"alg": "RS512"}, "alg is 'RS512', not 'HS512'"),
        ({"alg": "HS512", "typ": "jwt"}, "typ is not 'JWT'"),
        ({"alg": "HS512", "typ": "at+jwt"}, "typ is not 'JWT'"),
        ({"alg": "HS512", "typ": None}, "typ is not 'JWT'"),
        ({"alg": "HS512", "crit": []}, "has 'crit' or 'b64'"),
        ({"alg": "HS512", "crit": ["exp"], "exp": 1}, "has 'crit' or 'b64'"),
        ({"alg": "HS512", "b64": False, "crit": ["b64"]}, "has 'crit' or 'b64'"),
        ({"alg": "HS512", "b64": True}, "has 'crit' or 'b64'"),
        ({"alg": "HS512", "crit": None}, "has 'crit' or 'b64'"),
        ({"alg": "HS512", "b64": None}, "has 'crit' or 'b64'"),
        ({"alg": "HS512", "kid": 1}, "kid is not a string"),
    ],
)
def test_header_means_one_thing(header: dict[str, object], problem: str) -> None:
    """Another algorithm, another type or an extension is refused, though the signature be right."""
    with pytest.raises(MalformedTokenError, match=problem):
        verified_payload(compact(header), [SECRET])


@pytest.mark.parametrize(
    "name", ["none", "HS256", "HS384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA"]
)
def test_other_algorithms_are_named(name: str) -> None:
    """Each algorithm that another writer may have used is named."""
    with pytest.raises(MalformedTokenError, match=f"alg is '{name}', not 'HS512'"):
        check_header({"alg": name})


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS512"},
        {"alg": "HS512", "typ": "JWT"},
        {"typ": "JWT", "alg": "HS512"},
        {"alg": "HS512", "kid": "key-1"},
        {"alg": "HS512", "cty": "JWT"},
    ],
)
def test_other_writers_headers(header: dict[str, object]) -> None:
    """The order and spacing of the header are the writer's own, and ``typ`` may be absent."""
    check_header(header)
    assert verified_payload(compact(header), [SECRET]) == PAYLOAD.encode()
    assert verified_payload(compact(json.dumps(header, indent=1)), [SECRET]) == PAYLOAD.encode()


@pytest.mark.parametrize("secrets", [[SECRET], [OTHER, SECRET], [SECRET, OTHER]])
def test_any_secret_verifies(token: str, secrets: list[str]) -> None:
    """A token signed with any of the secrets is accepted, wherever that secret stands."""
    assert verified_payload(token, secrets) == PAYLOAD.encode()


@pytest.mark.parametrize(
    "token",
    [
        Signer(OTHER).sign(PAYLOAD),
        compact({"alg": "HS512"}, digest="sha256"),
        compact({"alg": "HS512"}, digest="sha384"),
        Signer(SECRET).sign(PAYLOAD).rpartition(".")[0] + ".",
        f"{HEADER}.{base64url(PAYLOAD.encode())}.{base64url(read_token(Signer(SECRET).sign(PAYLOAD))[2][:63])}",
        Signer(SECRET).sign("{}").rpartition(".")[0] + "." + Signer(SECRET).sign(PAYLOAD).rpartition(".")[2],
    ],
)
def test_wrong_signature(token: str) -> None:
    """A signature of another secret, digest, length or text is refused."""
    with pytest.raises(BadSignatureError, match="compare the client secrets"):
        verified_payload(token, [SECRET])


def test_no_secret_accepts_nothing(token: str) -> None:
    """Without a secret, nothing verifies."""
    with pytest.raises(BadSignatureError):
        verified_payload(token, [])


def test_every_secret_is_tried(token: str) -> None:
    """The first secret that fits does not end the work, so that its place cannot be told from the time taken."""
    tried = []

    def secrets() -> Iterator[str]:
        for secret in (SECRET, OTHER, OTHER + "x"):
            tried.append(secret)
            yield secret

    verified_payload(token, secrets())
    assert len(tried) == 3


def test_short_secret() -> None:
    """A short secret verifies without a warning of PyJWT's."""
    assert verified_payload(Signer("short").sign(PAYLOAD), ["short"]) == PAYLOAD.encode()


def test_pyjwt_of_others() -> None:
    """What another part of the program takes away from PyJWT's own algorithms is still there for tokens of ours."""
    secret = f"{SECRET}-unused-until-now"
    jwt.unregister_algorithm("HS512")
    try:
        assert verified_payload(Signer(secret).sign(PAYLOAD), [secret]) == PAYLOAD.encode()
    finally:
        jwt.register_algorithm("HS512", jwt.PyJWS().get_algorithm_by_name("HS512"))
