"""Laws for what arrives from outside: any bytes under any headers give a value, or an error of ours."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import example, given
from hypothesis import strategies as st

from rollout_auth import (
    AuthData,
    BadVerificationTokenError,
    ClientCredentials,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
    VerificationError,
    WebhookEvent,
    parse_refresh_request,
    verify_webhook,
)

SECRET = "not-a-real-secret-" + "0123456789abcdef" * 4
CREDENTIALS = ClientCredentials("client-1", SECRET)
FORM = "application/x-www-form-urlencoded"
NAMES = ("X-Rollout-Verification-Token", "X-Rollout-Signature", "Content-Type", "Authorization")

values = st.text(max_size=60) | st.sampled_from(["token-1", "token-1,token-1", "application/json", FORM, "0" * 64])
names = st.sampled_from([*NAMES, *(name.lower() for name in NAMES)]) | st.text(max_size=20)
byte_pairs = st.tuples(
    st.sampled_from([name.lower().encode() for name in NAMES]) | st.binary(max_size=20), st.binary(max_size=60)
)
environs = st.dictionaries(
    st.sampled_from(["HTTP_X_ROLLOUT_SIGNATURE", "HTTP_AUTHORIZATION", "CONTENT_TYPE"]), values
).map(lambda environ: {"REQUEST_METHOD": "POST", **environ})
all_headers = st.dictionaries(names, values | st.none()) | st.lists(byte_pairs) | environs
json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
bodies = (
    st.binary(max_size=200) | json_texts | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
events = st.fixed_dictionaries(
    {},
    optional={
        "eventId": st.text(max_size=5) | st.integers(),
        "eventCreated": st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
        | st.text(max_size=30),
        "event": st.text(max_size=5),
        "resourceIds": st.lists(st.text(max_size=5) | st.none(), max_size=3),
        "uri": st.text(max_size=5) | st.none(),
        "more": st.floats() | st.integers() | st.integers(10**20, 10**21),
    },
)
any_text = st.text(st.characters(categories=["Cs", "L", "S"]), min_size=1, max_size=5)
half_emojis = st.fixed_dictionaries(
    {
        "eventId": any_text,
        "eventCreated": st.just("2026-03-01T12:00:00Z"),
        "event": any_text,
        "resourceIds": st.lists(any_text, max_size=2),
        "uri": any_text | st.none(),
        "more": st.dictionaries(any_text, any_text),
    }
).map(lambda event: json.dumps(event).encode())
"""Events whose texts may have half of a surrogate pair, as JavaScript writes a text that was cut."""


def well_formed(value: Any) -> Any:
    """The value with U+FFFD for each half of a surrogate pair, as decoders of UTF-16 read it."""
    if isinstance(value, dict):
        return {well_formed(key): well_formed(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(well_formed, value))
    return (
        value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(value, str) else value
    )


def outcome(call: Any) -> Any:
    """What comes back, or None where it is refused; any other error is a failure of the test."""
    try:
        return call()
    except VerificationError:
        return None


@given(bodies, st.none() | st.text(max_size=60) | st.sampled_from(["application/json", FORM]), st.text(min_size=1))
@example(b"[" * 50_000, None, "a")
@example(b'{"a":' * 10_000, "application/json", "a")
@example(b"%" * 1000, FORM, "a")
@example(b"&" * 60_000, FORM, "a")
@example(b"a=1&" * 15_000, FORM, "a")
def test_any_refresh_body(body: bytes, content_type: str | None, field: str) -> None:
    """Any body of any type is a refresh request, or refused."""
    request = outcome(lambda: parse_refresh_request(body, content_type, field=field))
    assert request is None or isinstance(request, RefreshRequest)


@given(
    st.text(min_size=1, max_size=8168).filter(lambda text: text.strip() and "\0" not in text),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
)
def test_refresh_round_trip(refresh_token: str, fields: dict[str, str]) -> None:
    """What a client sends, as JSON or as a form, is what is read."""
    sent = {**fields, "refreshToken": refresh_token}
    expected = RefreshRequest(refresh_token, {name: text for name, text in fields.items() if name != "refreshToken"})
    assert parse_refresh_request(json.dumps(sent).encode()) == expected
    assert parse_refresh_request(urlencode(sent).encode(), FORM) == expected


@given(st.text(max_size=40), st.integers(8100, 8200), st.booleans())
def test_no_refresh_token(text: str, size: int, has_nul: bool) -> None:
    """Text that no refresh token can be, with NUL or longer than a token, is refused before a database sees it."""
    refresh_token = text.ljust(size, "x") + "\0" * has_nul
    sent = {"refreshToken": refresh_token}
    requests = [
        outcome(lambda: parse_refresh_request(json.dumps(sent).encode())),
        outcome(lambda: parse_refresh_request(urlencode(sent).encode(), FORM)),
    ]
    is_possible = len(refresh_token) <= 8168 and "\0" not in refresh_token
    assert requests == [RefreshRequest(refresh_token) if is_possible else None] * 2


@given(all_headers, bodies)
def test_any_request_to_the_endpoint(headers: Any, body: bytes) -> None:
    """Whatever arrives at a refresh endpoint is answered, the same way by both of its calls."""
    endpoint = RefreshEndpoint(lambda _: AuthData("k", "r", 1), verifier=RequestVerifier("token-1"))
    parts = endpoint.handle(body, headers)
    assert parts.status in (200, 400, 401)
    assert asyncio.run(endpoint.handle_async(body, headers)).body == parts.body


@given(all_headers, bodies)
def test_any_webhook(headers: Any, body: bytes) -> None:
    """No request that its sender could not sign is an event."""
    assert outcome(lambda: verify_webhook(body, headers, credentials=CREDENTIALS)) is None


@given(bodies | events.map(lambda event: json.dumps(event).encode()) | half_emojis)
@example(b'{"a":' * 1000 + b"1" + b"}" * 1000)
def test_any_signed_webhook(body: bytes) -> None:
    """Whatever was signed correctly is an event whose payload is the body as JavaScript reads it, or refused."""
    signature = hmac.digest(SECRET.encode(), base64.b64encode(body), "sha256").hex()
    event = outcome(lambda: verify_webhook(body, {"X-Rollout-Signature": signature}, credentials=CREDENTIALS))
    if event is not None:
        assert isinstance(event, WebhookEvent)
        assert event.payload == well_formed(json.loads(body))
        json.dumps(event.payload, ensure_ascii=False).encode()
        assert event.created_at.utcoffset() is not None


@given(st.text() | st.binary())
def test_any_token(candidate: str | bytes) -> None:
    """No other text is the verification token."""
    verifier = RequestVerifier(["token-1", "tökén"])
    try:
        verifier.verify_token(candidate)
    except BadVerificationTokenError:
        return
    assert candidate in ("token-1", b"token-1", "tökén", "tökén".encode(), "tökén".encode().decode("latin-1"))


@given(st.lists(st.sampled_from(["token-1", "token-2", "", " ", "token-1 "]), max_size=4))
def test_lines_and_commas_are_one(lines: list[str]) -> None:
    """A server that joins the lines of a header by commas changes nothing of the verdict."""
    verifier = RequestVerifier("token-1")
    name = "x-rollout-verification-token"
    apart = _verdict(verifier, [(name.encode(), line.encode()) for line in lines])
    assert _verdict(verifier, {name: ",".join(lines)}) == apart
    assert _verdict(verifier, {name: ", ".join(lines)}) == apart


def _verdict(verifier: RequestVerifier, headers: Any) -> str | None:
    try:
        verifier.verify(headers)
    except VerificationError as error:
        return error.code
    return None
