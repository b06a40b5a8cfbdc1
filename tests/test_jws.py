from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from rollout_auth import ApiKeyIssuer, BadSignatureError, ConfigurationError, MalformedTokenError
from rollout_auth._jws import (
    MAX_TOKEN_LENGTH,
    check_header,
    header_segment,
    pyjwt_hs512,
    read_token,
    sign_claims,
    verified_claims,
)

SECRET = "not-a-real-secret-" + "0123456789abcdef" * 4
OTHER = "another-secret-" + "0123456789abcdef" * 4
CLAIMS = {"sub": "user-1"}
PAYLOAD = '{"sub":"user-1"}'
HEADER = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: object, payload: bytes = PAYLOAD.encode(), secret: str = SECRET, digest: str = "sha512") -> str:
    """A token signed correctly over whatever is in it."""
    text = header if isinstance(header, str) else json.dumps(header)
    signing_input = f"{base64url(text.encode())}.{base64url(payload)}"
    return f"{signing_input}.{base64url(hmac.digest(secret.encode(), signing_input.encode(), digest))}"


def sign(secret: str = SECRET, claims: dict[str, object] = CLAIMS) -> str:
    return sign_claims(claims, secret.encode(), header_segment())


@pytest.fixture
def token() -> str:
    return sign()


def test_written_form(token: str) -> None:
    """It is what PyJWT writes, byte for byte."""
    assert token == jwt.encode(CLAIMS, SECRET, algorithm="HS512")
    assert header_segment().decode() == f"{HEADER}."
    assert json.loads(base64.urlsafe_b64decode(header_segment("x")[:-1] + b"==")) == {"alg": "HS512", "typ": "x"}


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
        (lambda t: f"Bearer {t}", "starts with 'Bearer '"),
        (lambda t: f"bearer {t}", "starts with 'Bearer '"),
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
        verified_claims(compact(header), [SECRET])


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
        verified_claims(compact(header), [SECRET])


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
    assert verified_claims(compact(header), [SECRET]) == CLAIMS
    assert verified_claims(compact(json.dumps(header, indent=1)), [SECRET]) == CLAIMS


@pytest.mark.parametrize("secrets", [[SECRET], [OTHER, SECRET], [SECRET, OTHER]])
def test_any_secret_verifies(token: str, secrets: list[str]) -> None:
    """A token signed with any of the secrets is accepted, wherever that secret stands."""
    assert verified_claims(token, secrets) == CLAIMS


@pytest.mark.parametrize(
    "token",
    [
        sign(OTHER),
        compact({"alg": "HS512"}, digest="sha256"),
        compact({"alg": "HS512"}, digest="sha384"),
        sign().rpartition(".")[0] + ".",
        f"{HEADER}.{base64url(PAYLOAD.encode())}.{base64url(read_token(sign())[2][:63])}",
        sign(claims={}).rpartition(".")[0] + "." + sign().rpartition(".")[2],
    ],
)
def test_wrong_signature(token: str) -> None:
    """A signature of another secret, digest, length or text is refused."""
    with pytest.raises(BadSignatureError, match="compare the secrets"):
        verified_claims(token, [SECRET])


def test_no_secret_accepts_nothing(token: str) -> None:
    """Without a secret, nothing verifies."""
    with pytest.raises(BadSignatureError):
        verified_claims(token, [])


def test_every_secret_is_tried(token: str) -> None:
    """The first secret that fits does not end the work, so that its place cannot be told from the time taken."""
    tried = []

    def secrets() -> Iterator[str]:
        for secret in (SECRET, OTHER, OTHER + "x"):
            tried.append(secret)
            yield secret

    verified_claims(token, secrets())
    assert len(tried) == 3


def test_short_secret() -> None:
    """A short secret verifies without a warning of PyJWT's."""
    assert verified_claims(sign("short"), ["short"]) == CLAIMS


def test_pyjwt_of_others() -> None:
    """What another part of the program takes away from PyJWT's own algorithms is still there for tokens of ours."""
    secret = f"{SECRET}-unused-until-now"
    pyjwt_hs512.cache_clear()
    jwt.unregister_algorithm("HS512")
    try:
        assert verified_claims(sign(secret), [secret]) == CLAIMS
    finally:
        jwt.register_algorithm("HS512", jwt.PyJWS().get_algorithm_by_name("HS512"))


FOREIGN = {
    "another package": "def encode(): ...",
    "a package with the same names": "class PyJWS:\n    def __init__(self, **_): raise RuntimeError('not that one')",
    "an HS512 that refuses": (
        "class PyJWS:\n    def __init__(self, **_): ...\n    def get_algorithm_by_name(self, _): return self\n"
        "    def prepare_key(self, key): return key\n    def verify(self, *_): return False"
    ),
    "a broken dependency": "raise ImportError('PyO3 modules do not yet support subinterpreters')",
    "a missing dependency": "import a_module_that_nobody_has",
}


class TestPyJWT:
    @pytest.fixture(autouse=True)
    def _without_pyjwt(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """As in a process that has not imported it yet."""
        for name in [name for name in sys.modules if name == "jwt" or name.startswith("jwt.")]:
            monkeypatch.delitem(sys.modules, name)
        pyjwt_hs512.cache_clear()
        yield
        pyjwt_hs512.cache_clear()

    @pytest.mark.parametrize("source", FOREIGN.values(), ids=FOREIGN)
    def test_foreign(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
        """Another module of that name, or a PyJWT that cannot be imported, is found when an issuer is built."""
        (tmp_path / "jwt.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(ConfigurationError) as caught:
            ApiKeyIssuer(SECRET)
        assert f"the module jwt is {tmp_path / 'jwt.py'}" in str(caught.value)
        assert ("WSGIApplicationGroup" in str(caught.value)) == ("subinterpreters" in source)
        assert ("pip install --force-reinstall PyJWT" in str(caught.value)) == ("subinterpreters" not in source)

    def test_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A PyJWT that is not installed is told as such, by an issuer and by a verification."""
        monkeypatch.setattr(sys, "path", [])
        for call in (lambda: ApiKeyIssuer(SECRET), lambda: verified_claims(sign(), [SECRET])):
            with pytest.raises(ConfigurationError, match=r"^PyJWT is not installed: run pip install PyJWT$"):
                call()

    def test_present(self) -> None:
        """The one that is installed is imported when it is needed, and only then."""
        assert "jwt" not in sys.modules
        assert ApiKeyIssuer(SECRET)
        assert "jwt" in sys.modules

    def test_missing_costs_no_signing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever only signs does not need it."""
        monkeypatch.setattr(sys, "path", [])
        assert sign()
        assert "jwt" not in sys.modules
