from __future__ import annotations

from typing import Any

import pytest

from rollout_auth import BadVerificationTokenError, ConfigurationError, MissingHeaderError, RequestVerifier

HEADER = "X-Rollout-Verification-Token"


@pytest.fixture
def verifier() -> RequestVerifier:
    return RequestVerifier(["token-1", "token-0"])


@pytest.mark.parametrize("token", ["token-1", "token-0"])
def test_any_configured_token(verifier: RequestVerifier, token: str) -> None:
    """During a rotation, each configured token is accepted, in a header or elsewhere, as text or bytes."""
    verifier.verify({HEADER: token})
    verifier.verify_token(token)
    verifier.verify_token(token.encode())


@pytest.mark.parametrize(
    "value",
    ["token-2", "Token-1", "token", "token-11", "token-1, token-0", "token-1,", "é", "\ud800", "\xff", "x" * 10_000],
)
def test_other_tokens(verifier: RequestVerifier, value: str) -> None:
    """Any other text is refused, whatever its characters; a comma at the end is a second, blank line."""
    if value == "token-1,":
        verifier.verify({HEADER: value})
    else:
        with pytest.raises(BadVerificationTokenError, match="not a configured one"):
            verifier.verify({HEADER: value})
    with pytest.raises(BadVerificationTokenError):
        verifier.verify_token(value)
    with pytest.raises(BadVerificationTokenError):
        verifier.verify_token(value.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: "  "}, [], {"Authorization": "Bearer token-1"}])
def test_missing(verifier: RequestVerifier, headers: Any) -> None:
    """A missing or blank header is named."""
    with pytest.raises(MissingHeaderError, match=HEADER) as caught:
        verifier.verify(headers)
    assert caught.value.header == HEADER


@pytest.mark.parametrize("candidate", [None, "", b"", " "])
def test_blank_never_matches(verifier: RequestVerifier, candidate: Any) -> None:
    """Nothing is not a token."""
    with pytest.raises(BadVerificationTokenError):
        verifier.verify_token(candidate)


def test_two_values(verifier: RequestVerifier) -> None:
    """Two lines that differ are refused, although one of them, or both, would do."""
    for other in (b"token-0", b"x"):
        with pytest.raises(BadVerificationTokenError, match="two different values"):
            verifier.verify([(HEADER.encode(), b"token-1"), (HEADER.encode(), other)])


@pytest.mark.parametrize("value", ["token-1", "Bearer token-1", "bearer  token-1", "BEARER token-1"])
def test_authorization(value: str) -> None:
    """Of Authorization, a Bearer scheme is taken off, and white space after it, but nothing else."""
    RequestVerifier("token-1", header="Authorization").verify({"authorization": value})
    RequestVerifier("XtokenX", header="Authorization").verify({"authorization": "Bearer \t XtokenX"})
    RequestVerifier("X", header="Authorization").verify({"authorization": "bearer X"})


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer token-2", "Basic token-1", "Bearertoken-1"])
def test_authorization_of_others(value: str) -> None:
    """Another scheme, or none after Bearer, is refused."""
    with pytest.raises((BadVerificationTokenError, MissingHeaderError)):
        RequestVerifier("token-1", header="Authorization").verify({"authorization": value})


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": " \t"}])
def test_missing_authorization(headers: dict[str, str]) -> None:
    """Without Authorization, the header is missing like any other, and named."""
    with pytest.raises(MissingHeaderError, match="the request has no Authorization") as caught:
        RequestVerifier("token-1", header="Authorization").verify(headers)
    assert caught.value.header == "Authorization"


def test_bearer_elsewhere() -> None:
    """In any other header the value is taken as it is."""
    RequestVerifier("Bearer token-1", header="X-Token").verify({"x-token": "Bearer token-1"})
    with pytest.raises(BadVerificationTokenError):
        RequestVerifier("token-1", header="X-Token").verify({"x-token": "Bearer token-1"})


def test_beyond_ascii() -> None:
    """A token beyond ASCII is known by its UTF-8 bytes, which servers hand over as Latin-1, and as itself."""
    verifier = RequestVerifier("tökén")
    verifier.verify([(HEADER.encode(), "tökén".encode())])
    verifier.verify({HEADER: "tökén".encode().decode("latin-1")})
    verifier.verify({HEADER: "tökén"})
    verifier.verify_token("tökén")
    for other in ("tokén", "tökén".encode("latin-1").decode("latin-1") + "x", "t\ufffdk\ufffdn", "t?k?n"):
        with pytest.raises(BadVerificationTokenError):
            verifier.verify_token(other)


def test_no_replacement_matches() -> None:
    """A character that has no Latin-1 form does not become another one that would match."""
    with pytest.raises(BadVerificationTokenError):
        RequestVerifier("t?k").verify_token("t\u0142k")


def test_last_bytes_that_look_like_white_space() -> None:
    """A byte of UTF-8 that is white space in Latin-1 is a part of the token, and no other byte is taken off."""
    RequestVerifier("token-à").verify({HEADER: "token-à".encode().decode("latin-1")})
    for other in (b"token\xa0", b"\x85token", b"token\x0b"):
        with pytest.raises(BadVerificationTokenError):
            RequestVerifier("token").verify([(HEADER.encode(), other)])


def test_token_with_a_comma() -> None:
    """A comma is a character like any other, unless the token reads like equal headers that were joined."""
    RequestVerifier("a,b").verify({HEADER: "a,b"})
    for token in ("a,a", "a,", ",a"):
        with pytest.raises(ConfigurationError, match="choose another"):
            RequestVerifier(token)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("", "a verification token is blank"),
        (" ", "a verification token is blank"),
        ("token\n", "a verification token starts or ends with white space"),
        ("to\0ken", "a verification token contains a NUL"),
        (["token-1", ""], "a verification token is blank"),
        ([], "a verification token is missing: the list is empty"),
        ((), "a verification token is missing: the list is empty"),
    ],
)
def test_unusable_tokens(tokens: Any, message: str) -> None:
    """A blank or carelessly copied token is a mistake in the configuration, and the message says which."""
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        RequestVerifier(tokens)


@pytest.mark.parametrize("tokens", [None, 42, b"token", [b"token"], ["token", None], {"token"}])
def test_token_types(tokens: Any) -> None:
    """Tokens are text."""
    with pytest.raises(TypeError, match="pass a str"):
        RequestVerifier(tokens)


def test_candidate_type(verifier: RequestVerifier) -> None:
    """A candidate is text."""
    with pytest.raises(TypeError, match="pass it as str or bytes"):
        verifier.verify_token(42)


def test_header(verifier: RequestVerifier) -> None:
    """The header has a default, and another name must be one."""
    assert verifier.header == HEADER
    assert RequestVerifier("x", header="X-Mine").header == "X-Mine"
    with pytest.raises(ConfigurationError):
        RequestVerifier("x", header="not a name")


def test_name_beyond_ascii(verifier: RequestVerifier) -> None:
    """A name with a letter that is only like one of ours in lower case is another name."""
    with pytest.raises(MissingHeaderError):
        verifier.verify({HEADER.replace("k", "\u212a"): "token-1"})


def test_scheme_in_the_token() -> None:
    """A token that is configured with its scheme could never match, and is refused."""
    with pytest.raises(ConfigurationError, match="leave the scheme out"):
        RequestVerifier(["token-1", "Bearer token-0"], header="Authorization")


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables are read, an empty one as if it were not set."""
    environ = {"ROLLOUT_VERIFICATION_TOKEN": "token-1", "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN": ""}
    RequestVerifier.from_env(environ, header="X-Mine").verify({"X-Mine": "token-1"})
    environ["ROLLOUT_PREVIOUS_VERIFICATION_TOKEN"] = "token-0"
    RequestVerifier.from_env(environ).verify_token("token-0")
    monkeypatch.setenv("ROLLOUT_VERIFICATION_TOKEN", "token-2")
    monkeypatch.delenv("ROLLOUT_PREVIOUS_VERIFICATION_TOKEN", raising=False)
    RequestVerifier.from_env().verify_token("token-2")


@pytest.mark.parametrize("environ", [{}, {"ROLLOUT_VERIFICATION_TOKEN": ""}])
def test_missing_variable(environ: dict[str, str]) -> None:
    """Without the variable there is no verifier."""
    with pytest.raises(ConfigurationError, match="ROLLOUT_VERIFICATION_TOKEN is not set"):
        RequestVerifier.from_env(environ)


def test_environ_type() -> None:
    """Something else in the place of the environment is refused with the fix."""
    with pytest.raises(TypeError, match="pass a mapping"):
        RequestVerifier.from_env([])


def test_repr(verifier: RequestVerifier) -> None:
    """The header shows, and no token."""
    assert repr(verifier) == f"RequestVerifier(header={HEADER!r})"
