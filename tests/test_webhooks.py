from __future__ import annotations

import base64
import copy
import hmac
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from rollout_auth import (
    BadSignatureError,
    ClientCredentials,
    ConfigurationError,
    MalformedRequestError,
    MissingHeaderError,
    WebhookEvent,
    verify_webhook,
)

HEADER = "X-Rollout-Signature"
LIMIT = 4 * 1024 * 1024
PAYLOAD = {
    "eventId": "event-1",
    "eventCreated": "2026-03-01T12:00:00.250+02:00",
    "event": "peopleCreated",
    "resourceIds": ["1", "2"],
    "uri": "https://rollout.com/api/people?ids=1,2",
    "extra": {"a": 1},
}
BODY = json.dumps(PAYLOAD).encode()


def digest(body: bytes, secret: str, signed_content: str = "base64") -> bytes:
    return hmac.digest(secret.encode(), base64.b64encode(body) if signed_content == "base64" else body, "sha256")


@pytest.fixture
def verify(credentials: ClientCredentials) -> Any:
    """Verify a body under a signature; by default, the right one in hex."""

    def call(body: Any = BODY, signature: Any = None, **options: Any) -> WebhookEvent:
        signature = digest(body, credentials.client_secret).hex() if signature is None else signature
        return verify_webhook(body, {HEADER: signature}, **{"credentials": credentials, **options})

    return call


def test_event(verify: Any) -> None:
    """What was delivered comes back, with an aware instant, and the whole body beside it."""
    event = verify()
    created = datetime(2026, 3, 1, 12, 0, 0, 250_000, timezone(timedelta(hours=2)))
    assert event == WebhookEvent("event-1", "peopleCreated", created, ("1", "2"), PAYLOAD["uri"], PAYLOAD)
    assert event.created_at.utcoffset() == timedelta(hours=2)


WRITTEN = {
    "hex": bytes.hex,
    "upper-case hex": lambda d: d.hex().upper(),
    "base64": lambda d: base64.b64encode(d).decode(),
    "base64 without padding": lambda d: base64.b64encode(d).decode().rstrip("="),
    "base64url": lambda d: base64.urlsafe_b64encode(d).decode(),
}


@pytest.mark.parametrize("signed_content", ["base64", "raw"])
@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_forms_of_a_digest(verify: Any, secret: str, write: Any, signed_content: str) -> None:
    """Each way to write a digest is read, over either content, and not taken for the other one."""
    signature = write(digest(BODY, secret, signed_content))
    assert verify(signature=signature, signed_content=signed_content).event_id == "event-1"
    with pytest.raises(BadSignatureError):
        verify(signature=signature, signed_content="raw" if signed_content == "base64" else "base64")


@pytest.mark.parametrize("junk", ["!", "\n", " ", "=", "\x00", "é"])
def test_digest_with_something_in_it(verify: Any, secret: str, junk: str) -> None:
    """The base64 of the right digest is refused with any character more, which a lenient reader would pass over."""
    right = base64.b64encode(digest(BODY, secret)).decode()
    for signature in (f"{right[:10]}{junk}{right[10:]}", f"{right[:-1]}{junk}=", f"{right}{junk}!"):
        with pytest.raises(BadSignatureError, match="does not match"):
            verify(signature=signature)


@pytest.mark.parametrize(
    "signature",
    [
        "x",
        "0" * 64,
        "g" * 64,
        "0" * 63,
        "0" * 65,
        "A" * 43,
        "A" * 44,
        "A" * 43 + "==",
        "=" * 44,
        "sha256=" + digest(BODY, "not-a-real-secret-" + "0123456789abcdef" * 4).hex(),
        "é" * 64,
        "٣" * 64,
        "\ud800",
        "\x00",
        "0" * 1_000_000,
        digest(BODY, "another").hex(),
        digest(BODY + b" ", "not-a-real-secret-" + "0123456789abcdef" * 4).hex(),
    ],
)
def test_other_signatures(verify: Any, signature: str) -> None:
    """Any other text is refused, whatever its characters and length."""
    with pytest.raises(BadSignatureError, match="pass the raw body, compare the client secret"):
        verify(signature=signature)


def test_changed_body(verify: Any, secret: str) -> None:
    """A body that was read and written again is another body."""
    with pytest.raises(BadSignatureError):
        verify(json.dumps(PAYLOAD, separators=(",", ":")).encode(), digest(BODY, secret).hex())


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: " "}, [], {"REQUEST_METHOD": "POST"}])
def test_missing_signature(credentials: ClientCredentials, headers: Any) -> None:
    """A delivery without a signature is none of Rollout's."""
    with pytest.raises(MissingHeaderError) as caught:
        verify_webhook(BODY, headers, credentials=credentials)
    assert caught.value.header == HEADER


def test_two_signatures(credentials: ClientCredentials, secret: str) -> None:
    """Two that differ are refused, although one of them is right."""
    right = digest(BODY, secret).hex().encode()
    with pytest.raises(BadSignatureError, match="two different values"):
        verify_webhook(BODY, [(b"x-rollout-signature", right), (b"x-rollout-signature", b"0")], credentials=credentials)
    with pytest.raises(BadSignatureError):
        verify_webhook(BODY, {HEADER: f"{right.decode()}, 0"}, credentials=credentials)


def test_previous_secret(verify: Any, secret: str) -> None:
    """During a rotation, both secrets verify."""
    rotated = ClientCredentials("client-1", "rotated-" + secret, [secret])
    for signer in rotated.secrets:
        assert verify(signature=digest(BODY, signer).hex(), credentials=rotated)


def test_environment(verify: Any, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials, the environment is read at each call."""
    with pytest.raises(ConfigurationError, match="ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"):
        verify(credentials=None)
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret)
    assert verify(credentials=None)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"event",
        b"\xff",
        BODY.replace(b'"a": 1', b'"a": NaN'),
        BODY.replace(b'"a": 1', b'"a": 1e999'),
        BODY.replace(b'"a": 1', b'"a": ' + b"9" * 5000),
        BODY.replace(b'"a": 1', b'"a": ' + b"[" * 5000 + b"]" * 5000),
    ],
)
def test_signed_body_that_is_no_json(verify: Any, body: bytes) -> None:
    """What JavaScript does not write is malformed, and the message does not blame the signature."""
    with pytest.raises(MalformedRequestError, match=r"^the body .*although its signature is right"):
        verify(body)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (BODY.replace(b'"event-1"', b'"event-\\ud83d"'), {**PAYLOAD, "eventId": "event-\ufffd"}),
        (BODY.replace(b'"a": 1', b'"a": 123456789012345678901'), {**PAYLOAD, "extra": {"a": 123456789012345678901}}),
        (BODY.replace(b'"a": 1', b'"a": 1, "a": 2'), {**PAYLOAD, "extra": {"a": 2}}),
    ],
    ids=["half an emoji", "21 digits", "a repeated key"],
)
def test_signed_body_of_javascript(verify: Any, written: bytes, read: dict[str, object]) -> None:
    """What a CRM's data makes JavaScript write is read as JavaScript reads it, and never refused for that."""
    event = verify(written)
    assert event.payload == read
    assert event.event_id == read["eventId"]
    event.event_id.encode()


def test_null_uri(verify: Any) -> None:
    """An event need not say where its resources can be read."""
    assert verify(json.dumps({**PAYLOAD, "uri": None}).encode()).uri is None


@pytest.mark.parametrize("name", ["eventId", "eventCreated", "event", "resourceIds", "uri"])
@pytest.mark.parametrize("value", [..., None, "", 42, True, {"a": 1}, [1], ["a", None]])
def test_fields(verify: Any, name: str, value: object) -> None:
    """A field that is missing or of another type makes the body malformed; the signature is not blamed."""
    payload = {key: item for key, item in {**PAYLOAD, name: value}.items() if item is not ...}
    if (name, value) in (("event", ""), ("uri", ""), ("uri", None)):
        assert verify(json.dumps(payload).encode())
    else:
        with pytest.raises(MalformedRequestError, match=f"^the signature is right, but .*{name}"):
            verify(json.dumps(payload).encode())


def test_no_resources(verify: Any) -> None:
    """An event may be about no resource."""
    assert verify(json.dumps({**PAYLOAD, "resourceIds": []}).encode()).resource_ids == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=timezone.utc)),
        ("2026-03-01t12:00:00z", datetime(2026, 3, 1, 12, tzinfo=timezone.utc)),
        ("2026-03-01 12:00:00+00:00", datetime(2026, 3, 1, 12, tzinfo=timezone.utc)),
        ("2026-03-01T12:00:00.1Z", datetime(2026, 3, 1, 12, 0, 0, 100_000, timezone.utc)),
        ("2026-03-01T12:00:00.123456789Z", datetime(2026, 3, 1, 12, 0, 0, 123_456, timezone.utc)),
        ("2026-03-01T12:00:00-08:30", datetime(2026, 3, 1, 20, 30, tzinfo=timezone.utc)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=timezone.utc)),
        ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
    ],
)
def test_instants(verify: Any, text: str, expected: datetime) -> None:
    """An ISO 8601 instant is read with any offset and fraction."""
    assert verify(json.dumps({**PAYLOAD, "eventCreated": text}).encode()).created_at == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00",
        "2026-03-01",
        "2026-02-30T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:00:60Z",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+05:99",
        "2026-03-01T12:00:00+0200",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00.Z",
        "٢٠٢٦-03-01T12:00:00Z",
        " 2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z\n",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "9999-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1740830400",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_no_instants(verify: Any, text: str) -> None:
    """A date without an offset, or one that no calendar has, is malformed."""
    with pytest.raises(MalformedRequestError, match="an ISO 8601 instant with an offset"):
        verify(json.dumps({**PAYLOAD, "eventCreated": text}).encode())


def test_size(verify: Any) -> None:
    """A body of 4 MiB is read, and a larger one refused before it is."""
    assert verify(BODY.ljust(LIMIT)).event_id == "event-1"
    with pytest.raises(MalformedRequestError, match="larger than 4194304 bytes"):
        verify(BODY.ljust(LIMIT + 1), "0" * 64)


@pytest.mark.parametrize(
    ("body", "options", "error", "message"),
    [
        (
            PAYLOAD,
            {},
            TypeError,
            r"body is dict: pass the raw bytes first, and then the headers; they are",
        ),
        ("{}", {}, TypeError, r"body is str: pass the raw bytes"),
        (BODY, {"credentials": "secret"}, TypeError, "credentials is str"),
        (BODY, {"signed_content": "hex"}, ConfigurationError, "must be 'base64' or, for an older Rollout, 'raw'"),
    ],
)
def test_callers_own_mistakes(verify: Any, body: Any, options: Any, error: type[Exception], message: str) -> None:
    """A parsed body or a wrong setting is not blamed on the request."""
    with pytest.raises(error, match=message):
        verify(body, "0" * 64, **options)


class TestEvent:
    def test_value(self) -> None:
        """It is a value: equal, hashable, copyable and picklable."""
        event = WebhookEvent("e", "created", datetime(2026, 1, 1, tzinfo=timezone.utc), ("1",), "https://x", {"a": 1})
        for twin in (copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))):
            assert (twin, hash(twin)) == (event, hash(event))
        others = {hash(WebhookEvent(f"e-{n}", "created", event.created_at, (), "https://x", {})) for n in range(100)}
        assert len(others) > 1

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"event_id": 1}, TypeError),
            ({"event": 1}, TypeError),
            ({"resource_ids": ["1"]}, TypeError),
            ({"resource_ids": (1,)}, TypeError),
            ({"uri": 1}, TypeError),
            ({"uri": 0}, TypeError),
            ({"created_at": 1}, TypeError),
            ({"created_at": datetime(2026, 1, 1)}, ConfigurationError),
        ],
    )
    def test_invalid_values_cannot_exist(self, changes: Any, error: type[Exception]) -> None:
        """One that a test builds by hand is checked like every other, and the field is named."""
        fields = {
            "event_id": "e",
            "event": "created",
            "created_at": datetime(2026, 1, 1, tzinfo=timezone.utc),
            "resource_ids": (),
            "uri": "https://x",
            "payload": {},
        }
        with pytest.raises(error, match=rf"\b{next(iter(changes))}\b.*: pass"):
            WebhookEvent(**{**fields, **changes})

    def test_repr(self) -> None:
        """The payload, which may tell of anyone, does not show."""
        created = datetime(2026, 1, 1, tzinfo=timezone.utc)
        assert repr(WebhookEvent("e", "created", created, ("1",), "https://x", {"a": "canary"})) == (
            f"WebhookEvent(event_id='e', event='created', created_at={created!r}, resource_ids=('1',), "
            "uri='https://x', payload=<hidden>)"
        )
