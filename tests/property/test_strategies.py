"""The strategies make what they promise: valid values that survive their way, and input that is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta, timezone
from math import isfinite
from typing import Any
from unicodedata import category

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rollout_auth import (
    AuthData,
    MalformedRequestError,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
    VerificationError,
    generate_connect_token,
    parse_refresh_request,
    verify_connect_token,
    verify_webhook,
)
from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, Request, sign_webhook, strategies

CONTENT_TYPE = "content-type"


@given(strategies.user_ids(), st.from_type(AuthData))
def test_tokens(user_id: str, auth_data: AuthData) -> None:
    """Every user id and AuthData can be signed, and comes back."""
    verified = verify_connect_token(
        generate_connect_token(user_id, auth_data, credentials=CREDENTIALS), credentials=CREDENTIALS
    )
    assert (verified.user_id, verified.auth_data) == (user_id, auth_data)


@pytest.mark.parametrize("refreshable", [True, False])
def test_refreshable(refreshable: bool) -> None:
    """Keys that can be renewed, or cannot, are made as asked."""
    values = drawn(strategies.auth_data(refreshable=refreshable), 100)
    assert {value.is_refreshable for value in values} == {refreshable}


@pytest.mark.parametrize("field", ["refreshToken", "token"])
def test_refresh_messages(field: str) -> None:
    """A refresh request as it travels is read as what was put into it."""
    for request in drawn(strategies.refresh_messages(st.just("refresh-1"), field=field), 100):
        content_type = dict(request.headers)["Content-Type"]
        assert parse_refresh_request(request.body, content_type, field=field).refresh_token == "refresh-1"


@given(strategies.refresh_requests(st.just("refresh-1")), strategies.refresh_messages())
def test_refresh_tokens(request: RefreshRequest, message: Request) -> None:
    """A refresh token can be given, or is made."""
    assert request.refresh_token == "refresh-1"
    assert parse_refresh_request(message.body, dict(message.headers)["Content-Type"]).refresh_token.strip()


@given(strategies.webhooks(), strategies.webhooks(signed_content="raw", digest="base64"))
def test_webhooks(usual: Any, other: Any) -> None:
    """A webhook as it travels verifies, in each form of signature."""
    assert verify_webhook(usual.body, dict(usual.headers), credentials=CREDENTIALS).event_id
    assert verify_webhook(other.body, dict(other.headers), credentials=CREDENTIALS, signed_content="raw").event_id


@given(strategies.hostile_headers(), strategies.hostile_bodies())
def test_hostile_input(headers: list[tuple[str, str]], body: bytes) -> None:
    """Whatever is hostile is refused by each check, by an error of the library's own."""
    verifier = RequestVerifier(VERIFICATION_TOKEN)
    with pytest.raises(VerificationError):
        verifier.verify(headers)
    with pytest.raises(VerificationError):
        verify_webhook(body, headers, credentials=CREDENTIALS)
    with pytest.raises(MalformedRequestError):
        parse_refresh_request(body, next((v for k, v in headers if k.lower() == CONTENT_TYPE), None))
    endpoint = RefreshEndpoint(lambda _: AuthData("key", "refresh", 60), verifier=None)
    assert endpoint.handle(body, headers).status == 400


# --- what is drawn --------------------------------------------------------------------------------------------------

TRAPS = [
    *(b"", b"null", b"[]", b'""', b"{", b"{}", b"NaN", b"&&=&", b"refreshToken", b"refreshToken=%zz"),
    *(b'{"refreshToken":NaN}', b'{"a":1e999}', b'{"a":18446744073709551616}', b'{"refreshToken":1}'),
    *(b'{"refreshToken":"a","refreshToken":"b"}', b'{"refreshToken":"\\ud800"}', b"refreshToken=a&refreshToken=b"),
    *(b"refreshToken=%ED%A0%80", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"9" * 60_000, b'{"a":' * 20_000),
    *(b"[" * 20_000, b"[" * 20_000 + b"]" * 20_000),
]
TEXTS = [
    *("", " ", "null", "undefined", "0", "Bearer", "Bearer ", "Bearer a b", "basic Og==", "a, b", "\u00e9", "\ud800"),
    *("\x00", "\r\n", "a\r\nX-Injected: 1", "\t", "\x7f", "\u200b", "\ufeff", "\x85"),
    *("x" * 9000, "a," * 3000, "=" * 100),
]
NAMES = [
    *("Authorization", "X-Rollout-Verification-Token", "X-Rollout-Signature", "Content-Type", "content-type", "", "X Y")
]


def drawn(strategy: st.SearchStrategy[Any], count: int = 300) -> list[Any]:
    """What is drawn, as often as told."""
    values: list[Any] = []

    @settings(max_examples=count, phases=[Phase.generate], derandomize=True, database=None, deadline=None)
    @given(strategy)
    def keep(value: Any) -> None:
        values.append(value)

    keep()
    return values


def test_hostile_bodies_are_these() -> None:
    """Every trap is drawn: what is no JSON, what parsers read differently, what is deep or long; and other bytes."""
    bodies = drawn(strategies.hostile_bodies(), 500)
    assert {*TRAPS} - {*bodies} == set()
    others = [body for body in bodies if body not in TRAPS]
    assert len({*others}) > 100
    assert max(map(len, others)) <= 40
    assert not [body for body in others if body.startswith(b"{")]
    assert [body for body in others if b"{" in body]


def test_hostile_headers_are_these() -> None:
    """Every name is drawn, and every text that a header may wrongly have; at most six of them, and other text."""
    lists = drawn(strategies.hostile_headers(), 500)
    pairs = [pair for headers in lists for pair in headers]
    assert {name for name, _ in pairs} == {*NAMES}
    texts = {text for _, text in pairs}
    assert {*TEXTS} - texts == set()
    assert len(texts) > 100
    assert {len(headers) for headers in lists} == {*range(7)}
    assert max(map(len, texts - {*TEXTS})) <= 40


def simplest(strategy: st.SearchStrategy[Any]) -> Any:
    """The first value that is drawn: hypothesis begins with the one to which it shrinks."""
    return drawn(strategy, 1)[0]


def inside(value: object) -> list[object] | None:
    """What a list or an object holds; None for a scalar."""
    if isinstance(value, Mapping):
        return [*value.values()]
    return value if isinstance(value, list) else None


def types_in(value: object) -> set[type]:
    return {type(value)}.union(*map(types_in, inside(value) or ()))


def leaves(value: object) -> int:
    inner = inside(value)
    return 1 if inner is None else sum(map(leaves, inner))


def widest(value: object) -> int:
    inner = inside(value) or ()
    return max([len(inner), *map(widest, inner)])


def test_simplest_values() -> None:
    """The simplest of each is short: what a failing test is shrunk to."""
    assert simplest(strategies.user_ids()) == "0"
    assert simplest(strategies.auth_data()) == AuthData("0")
    assert simplest(strategies.auth_data(refreshable=True)) == AuthData("0", "0", 1)
    token = simplest(strategies.connect_tokens())
    assert (token.user_id, token.client_id, token.auth_data) == ("0", "0", None)
    assert token.expires_at - token.issued_at == timedelta(seconds=1)
    assert simplest(strategies.refresh_requests()) == RefreshRequest("0", {})
    message = Request("POST", "/rollout/refresh", [("Content-Type", "application/json")], b'{"refreshToken": "0"}')
    assert simplest(strategies.refresh_messages()) == message
    event = simplest(strategies.webhook_events())
    assert (event.event_id, event.event, event.resource_ids, event.uri) == ("0", "0", (), None)
    webhook = simplest(strategies.webhooks())
    assert (webhook.method, webhook.target) == ("POST", "/rollout/webhook")
    assert dict(webhook.headers) == sign_webhook(webhook.body, credentials=CREDENTIALS)


def test_auth_data_is_of_every_form() -> None:
    """Keys that can be renewed and that cannot are drawn, with every type of JSON, nested, in up to three fields."""
    values = drawn(strategies.auth_data())
    assert {value.is_refreshable for value in values} == {True, False}
    assert {len(value.extra) for value in values} == {0, 1, 2, 3}
    found = set[type]().union(*(types_in(value) for one in values for value in one.extra.values()))
    assert found >= {type(None), bool, int, float, str}
    assert len(found) == 7


def test_further_fields_are_small() -> None:
    """A further field holds up to five values, of up to three in one list or object."""
    fields = [field for extra in drawn(strategies._extra()) for field in extra.values()]
    assert {*map(leaves, fields)} == {*range(6)}
    assert {*map(widest, fields)} == {*range(4)}


def test_numbers_survive_javascript() -> None:
    """Integers of both signs are drawn, which a double keeps, and floats that JSON knows."""
    integers = drawn(strategies._INTEGERS)
    assert -(2**53) < min(integers) < 0 < max(integers) < 2**53
    assert all(map(isfinite, drawn(strategies._FLOATS)))


def test_instants_are_of_any_time() -> None:
    """The earliest is at least a day after 1970 began, the latest a year before the last that a datetime can name.

    So each can be moved to any time zone, and a token's life be added.
    """
    limits = "min_value=datetime.datetime(1970, 1, 2, 0, 0), max_value=datetime.datetime(9998, 1, 1, 0, 0)"
    assert repr(strategies._INSTANTS) == f"datetimes({limits}, timezones=just(datetime.timezone.utc))"


def test_other_texts_are_short() -> None:
    """Fields have names and texts of forty characters at most."""
    assert repr(strategies._WELL_FORMED) == "text(alphabet=characters(exclude_categories=['Cs']), max_size=40)"


def test_connect_tokens_live() -> None:
    """A token lives for whole seconds, an hour at most, and belongs to a user and a client."""
    tokens = drawn(strategies.connect_tokens())
    lives = {token.expires_at - token.issued_at for token in tokens}
    assert min(lives) == timedelta(seconds=1)
    assert max(lives) <= timedelta(hours=1)
    assert not [token for token in tokens if token.issued_at.microsecond or token.issued_at.tzinfo is not timezone.utc]
    assert {token.auth_data is None for token in tokens} == {True, False}
    assert [token for token in tokens if token.user_id != token.client_id]


def test_refresh_messages_are_of_both_kinds() -> None:
    """A refresh travels as JSON, in UTF-8 as it is, and as a form; each is what its type says."""
    messages = drawn(strategies.refresh_messages())
    bodies: dict[str, list[bytes]] = {}
    for message in messages:
        assert (message.method, message.target) == ("POST", "/rollout/refresh")
        ((name, content_type),) = message.headers
        assert name == "Content-Type"
        bodies.setdefault(content_type, []).append(message.body)
    assert bodies.keys() == {"application/json", "application/x-www-form-urlencoded"}
    assert all(body.startswith(b"{") for body in bodies["application/json"])
    assert all(body.isascii() and b"=" in body for body in bodies["application/x-www-form-urlencoded"])
    assert not all(body.isascii() for body in bodies["application/json"])
    assert {len(json.loads(body)) for body in bodies["application/json"]} == {1, 2, 3, 4}


def test_webhook_events_say_what_their_payloads_do() -> None:
    """Each part of an event is that of its payload, with up to three resources."""
    events = drawn(strategies.webhook_events())
    for event in events:
        created_at = event.created_at.isoformat()
        assert dict(event.payload) == {
            "eventId": event.event_id,
            "eventCreated": created_at,
            "event": event.event,
            "resourceIds": event.payload["resourceIds"],
            "uri": event.uri,
        }
        assert tuple(event.payload["resourceIds"]) == event.resource_ids
        assert event.created_at.tzinfo is timezone.utc
    assert {len(event.resource_ids) for event in events} == {0, 1, 2, 3}


def test_texts_are_usable() -> None:
    """Texts are short, and none has a control character or half a surrogate pair, or is blank."""
    texts = drawn(strategies.user_ids())
    assert "min_size=1, max_size=40)" in repr(strategies.user_ids())
    assert not [text for text in texts if text != text.strip() or any(category(one) in {"Cs", "Cc"} for one in text)]
    assert len({*texts}) > 100


def test_reserved_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further fields have no name that another part has."""
    names = ["apiKey", "refreshToken", "expiresIn", "own"]
    monkeypatch.setattr(strategies, "_WELL_FORMED", st.sampled_from(names))
    assert {name for value in drawn(strategies.auth_data(), 200) for name in value.extra} == {"own"}
    fields = {name for value in drawn(strategies.refresh_requests(), 200) for name in value.fields}
    assert fields == {*names} - {"refreshToken"}
