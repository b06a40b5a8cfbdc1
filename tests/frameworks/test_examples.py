"""The same request gets the same answer from every example, and no request gets a 500."""

from __future__ import annotations

import json
import select
from base64 import b64encode
from datetime import datetime
from hmac import digest
from typing import Any

import pytest

from rollout_auth import AuthData, ClientCredentials, verify_connect_token

Client = Any  # the one of conftest.py
Header = tuple[str, "str | bytes"]

TOKEN, REFRESH, CONTACTS, WEBHOOK = "/rollout/token", "/rollout/refresh", "/api/contacts", "/rollout/webhook"
VERIFICATION = "X-Rollout-Verification-Token"
SIGNATURE = "X-Rollout-Signature"
SESSION = ("X-Demo-Session", "demo-session")
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
REFRESH_LIMIT, WEBHOOK_LIMIT = 64 * 1024, 4 * 1024 * 1024

EVENT: dict[str, object] = {
    "eventId": "event-1",
    "eventCreated": "2026-03-01T12:00:00+00:00",
    "event": "peopleCreated",
    "resourceIds": ["person-1"],
    "uri": "https://example.com/people",
}


def bearer(api_key: str, scheme: str = "Bearer") -> Header:
    return ("Authorization", f"{scheme} {api_key}")


def refresh_body(key: AuthData) -> bytes:
    return json.dumps({"refreshToken": key.refresh_token}).encode()


def signature(body: bytes, secret: str) -> bytes:
    return digest(secret.encode(), b64encode(body), "sha256")


def fields_of(headers: Any) -> dict[str, list[str]]:
    """The values of each header that a library's answer has, as they came."""
    return {name: headers.get_all(name) for name in ("Content-Type", "Cache-Control", "Pragma")}


NOT_CACHED_JSON = {"Content-Type": ["application/json"], "Cache-Control": ["no-store"], "Pragma": ["no-cache"]}
REFUSALS = {
    "missing_header": (401, "invalid_client", ["Bearer"]),
    "bad_verification_token": (401, "invalid_client", ["Bearer"]),
    "bad_signature": (401, "invalid_token", ['Bearer error="invalid_token"']),
    "invalid_api_key": (401, "invalid_token", ['Bearer error="invalid_token"']),
    "malformed_request": (400, "invalid_request", None),
    "invalid_refresh_token": (400, "invalid_grant", None),
}


def assert_refused(answer: Any, code: str) -> None:
    """The answer is that of the error with this code, and no cache may keep it."""
    status, error, challenge = REFUSALS[code]
    assert (answer.status, answer.json) == (status, {"error": error})
    assert answer.headers.get_all("WWW-Authenticate") == challenge
    assert fields_of(answer.headers) == NOT_CACHED_JSON


# --- the token endpoint ---------------------------------------------------------------------------------------------


def test_token(client: Client, credentials: ClientCredentials) -> None:
    """A signed-in user gets a token that verifies, with its end, and no cache may keep the answer."""
    answer = client.send("GET", TOKEN, SESSION)
    token = verify_connect_token(answer.json["token"], credentials=credentials)
    assert (answer.status, token.user_id, token.auth_data.is_refreshable) == (200, "user-1", True)
    assert answer.json.keys() == {"token", "expiresAt"}
    assert datetime.fromisoformat(answer.json["expiresAt"]) == token.expires_at
    assert fields_of(answer.headers) == NOT_CACHED_JSON


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="nobody"),
        pytest.param([("X-Demo-Session", "")], id="blank"),
        pytest.param([("X-Demo-Session", "another-session")], id="unknown"),
        pytest.param([("X-Demo-Session", b"demo-session\xff")], id="non-ASCII"),
        pytest.param([SESSION, SESSION], id="twice"),
    ],
)
def test_token_for_nobody(client: Client, headers: list[Header]) -> None:
    """Whoever is not signed in gets no token."""
    answer = client.send("GET", TOKEN, *headers)
    assert (answer.status, answer.json) == (401, {"error": "not_signed_in"})


# --- the refresh endpoint -------------------------------------------------------------------------------------------

WITH_TOKEN = b'{"refreshToken":"%s"}'


@pytest.mark.parametrize(
    ("headers", "template"),
    [
        pytest.param([JSON], WITH_TOKEN, id="JSON"),
        pytest.param([JSON], b'\r\n{"user": {"id": 1.5}, "refreshToken": "%s"}\n', id="JSON with other fields"),
        pytest.param([], WITH_TOKEN, id="JSON without a type"),
        pytest.param([("Content-Type", "")], WITH_TOKEN, id="JSON with a blank type"),
        pytest.param([("Content-Type", "APPLICATION/Json ; Charset=UTF-8")], WITH_TOKEN, id="JSON in capitals"),
        pytest.param([("Content-Type", "application/vnd.api+json")], WITH_TOKEN, id="+json"),
        pytest.param([FORM], b"refreshToken=%s", id="form"),
        pytest.param([FORM], b"a=&refreshToken=%s&b=%%C3%%A9+", id="form with other fields"),
        pytest.param([("Content-Type", f'{FORM[1]}; charset="utf-8"')], b"refreshToken=%s", id="form with charset"),
        pytest.param([JSON], WITH_TOKEN + b" " * REFRESH_LIMIT, id="as large as allowed"),
    ],
)
def test_refresh(
    client: Client,
    verified: Header,
    key: AuthData,
    headers: list[Header],
    template: bytes,
) -> None:
    """A refresh token in JSON or in a form gets a new key that works, and no cache may keep the answer."""
    body = (template % key.refresh_token.encode())[:REFRESH_LIMIT]
    answer = client.send("POST", REFRESH, verified, *headers, body=body)
    renewed = AuthData.from_dict(answer.json)
    assert (answer.status, renewed.is_refreshable) == (200, True)
    assert renewed.api_key != key.api_key
    assert fields_of(answer.headers) == NOT_CACHED_JSON
    for api_key in (key.api_key, renewed.api_key):
        assert client.send("GET", CONTACTS, verified, bearer(api_key)).status == 200


def test_refresh_after_a_lost_answer(client: Client, verified: Header, key: AuthData) -> None:
    """A refresh whose answer is lost can be sent again, with the same refresh token, and so can the next."""
    body = refresh_body(key)
    head = f"POST {REFRESH} HTTP/1.1\r\nHost: a\r\n{VERIFICATION}: {verified[1]}\r\nContent-Length: {len(body)}\r\n\r\n"
    with client.connect() as connection:
        connection.sendall(head.encode() + body)
    again = client.send("POST", REFRESH, verified, JSON, body=body)
    assert again.status == 200
    assert client.send("POST", REFRESH, verified, JSON, body=refresh_body(AuthData.from_dict(again.json))).status == 200
    assert client.send("POST", REFRESH, verified, JSON, body=body).status == 200


MALFORMED_JSON = {
    "empty": b"",
    "white space": b" \r\n",
    "not JSON": b"refreshToken: %s",
    "cut off": b'{"refreshToken":"%s"',
    "followed by more": WITH_TOKEN + WITH_TOKEN.replace(b"%s", b"x"),
    "text": b'"%s"',
    "array": b'["%s"]',
    "null": b"null",
    "no token": b"{}",
    "token is null": b'{"refreshToken":null}',
    "token is a number": b'{"refreshToken":1}',
    "token is a list": b'{"refreshToken":["%s"]}',
    "token is blank": b'{"refreshToken":" \\n"}',
    "another field": b'{"RefreshToken":"%s"}',
    "duplicate key": b'{"refreshToken":"x","refreshToken":"%s"}',
    "equal duplicate key": b'{"refreshToken":"%s","refreshToken":"%s"}',
    "escaped duplicate key": b'{"refreshToken":"%s","\\u0072efreshToken":"%s"}',
    "duplicate key inside": b'{"refreshToken":"%s","x":[{"y":1,"y":1}]}',
    "lone surrogate": b'{"refreshToken":"%s","x":"\\ud800"}',
    "lone surrogate in a key": b'{"refreshToken":"%s","\\uDFFF":1}',
    "lone surrogate in the token": b'{"refreshToken":"%s\\ud83d"}',
    "lone surrogate in bytes": b'{"refreshToken":"%s","x":"\xed\xa0\x80"}',
    "deep": b'{"refreshToken":"%s","x":' + b"[" * 33 + b"]" * 33 + b"}",
    "very deep": b'{"refreshToken":"%s","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "endlessly deep": b'{"x":' * 13_000,
    "huge integer": b'{"refreshToken":"%s","x":18446744073709551616}',
    "huge negative integer": b'{"refreshToken":"%s","x":-9223372036854775809}',
    "very long integer": b'{"refreshToken":"%s","x":' + b"9" * 60_000 + b"}",
    "huge float": b'{"refreshToken":"%s","x":1e999}',
    "huge exponent": b'{"refreshToken":"%s","x":-1e' + b"9" * 5000 + b"}",
    "NaN": b'{"refreshToken":"%s","x":NaN}',
    "Infinity": b'{"refreshToken":"%s","x":-Infinity}',
    "not UTF-8": b'{"refreshToken":"%s","x":"\xff"}',
    "byte order mark": b"\xef\xbb\xbf" + WITH_TOKEN,
    "UTF-16": '{"refreshToken":"%s"}'.encode("utf-16"),
    "NUL": b'{"refreshToken":"%s\0"}',
    "form as JSON": b"refreshToken=%s",
    "too large": WITH_TOKEN + b" " * (REFRESH_LIMIT - 61),
}
MALFORMED_FORM = {
    "empty form": b"",
    "no token in the form": b"a=b",
    "blank token in the form": b"refreshToken=+",
    "no value in the form": b"refreshToken",
    "duplicate field": b"refreshToken=x&refreshToken=%s",
    "equal duplicate field": b"refreshToken=%s&refreshToken=%s",
    "escaped duplicate field": b"refreshToken=%s&%%72efreshToken=%s",
    "form not UTF-8": b"refreshToken=%s&x=\xff",
    "form not UTF-8 once unescaped": b"refreshToken=%s&x=%%FF",
    "lone surrogate in the form": b"refreshToken=%s&x=%%ED%%A0%%80",
    "bad escape": b"refreshToken=%s&x=%%zz",
    "JSON as form": WITH_TOKEN,
    "form too large": b"refreshToken=%s&x=" + b"x" * REFRESH_LIMIT,
}
ANOTHER_TYPE = {
    "text": "text/plain",
    "XML": "application/xml",
    "multipart": "multipart/form-data; boundary=x",
    "multipart without a boundary": "multipart/form-data",
    "no media type": "json",
    "a suffix alone": "+json",
    "another charset": "application/json; charset=iso-8859-1",
    "an unknown charset": "application/json; charset=unknown",
    "a codec that is no charset": "application/json; charset=hex",
    "a long charset": "application/json; charset=" + "x" * 4000,
    "two types": "application/json, application/x-www-form-urlencoded",
    "non-ASCII": b"application/js\xf6n",
    "a non-ASCII charset": b"application/json; charset=\xff",
}


@pytest.mark.parametrize(
    ("content_type", "template"),
    [
        *(pytest.param(JSON[1], body, id=name) for name, body in MALFORMED_JSON.items()),
        *(pytest.param(FORM[1], body, id=name) for name, body in MALFORMED_FORM.items()),
        *(pytest.param(content_type, WITH_TOKEN, id=name) for name, content_type in ANOTHER_TYPE.items()),
    ],
)
def test_malformed_refresh(
    client: Client, verified: Header, key: AuthData, content_type: str | bytes, template: bytes
) -> None:
    """A body that two parsers may read differently is refused, although it has a good refresh token."""
    body = template.replace(b"%s", key.refresh_token.encode()).replace(b"%%", b"%")
    answer = client.send("POST", REFRESH, verified, ("Content-Type", content_type), body=body)
    assert_refused(answer, "malformed_request")


@pytest.mark.parametrize("token", ["unknown", "x" * 8168, "ключ", "\U0001f511", "%s{}\r\n"], ids=ascii)
def test_unknown_refresh_token(client: Client, verified: Header, token: str) -> None:
    """A refresh token that the application does not know is refused, whatever its text."""
    answer = client.send("POST", REFRESH, verified, JSON, body=json.dumps({"refreshToken": token}).encode())
    assert_refused(answer, "invalid_refresh_token")


@pytest.mark.parametrize("token", ["x" * 8169, "\0", "a\0b"], ids=ascii)
def test_no_refresh_token(client: Client, verified: Header, token: str) -> None:
    """Text that no refresh token can be is refused before the application looks it up."""
    answer = client.send("POST", REFRESH, verified, JSON, body=json.dumps({"refreshToken": token}).encode())
    assert_refused(answer, "malformed_request")


def test_api_key_is_no_refresh_token(client: Client, verified: Header, key: AuthData) -> None:
    """An API key does not refresh, and a refresh token does not open the API."""
    swapped = AuthData(key.refresh_token, refresh_token=key.api_key, expires_in=3600)
    assert client.send("POST", REFRESH, verified, JSON, body=refresh_body(swapped)).status == 400
    assert client.send("GET", CONTACTS, verified, bearer(swapped.api_key)).status == 401


def test_refusal_is_logged(client: Client, key: AuthData) -> None:
    """The log says once why a request was refused, which the answer does not, and holds no secret."""
    guess, forged = (VERIFICATION, "guess-1"), (SIGNATURE, "guess-1")
    for method, path, header, body, code in (
        ("POST", REFRESH, guess, refresh_body(key), "bad_verification_token"),
        ("GET", CONTACTS, guess, None, "bad_verification_token"),
        ("POST", WEBHOOK, forged, json.dumps(EVENT).encode(), "bad_signature"),
    ):
        before = client.log()
        client.send(method, path, header, JSON, bearer(key.api_key), body=body)
        logged = client.log().removeprefix(before)
        assert logged.count(f"{code}: ") == 1
        assert not any(secret in logged for secret in ("guess-1", key.refresh_token, key.api_key))


# --- the verification token -----------------------------------------------------------------------------------------

GOOD = "verification-token-1"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([(VERIFICATION, GOOD)], id="once"),
        pytest.param([(VERIFICATION.lower(), GOOD)], id="lower case"),
        pytest.param([(VERIFICATION.upper(), GOOD)], id="upper case"),
        pytest.param([(VERIFICATION, f" \t{GOOD}\t ")], id="white space around"),
        pytest.param([(VERIFICATION, GOOD), (VERIFICATION.upper(), GOOD)], id="twice the same"),
        pytest.param([(VERIFICATION, ""), (VERIFICATION, GOOD)], id="once and once blank"),
        pytest.param([(VERIFICATION, "vérification-0".encode())], id="the previous one in UTF-8"),
        pytest.param([(VERIFICATION, "vérification-0".encode("latin-1"))], id="the previous one in Latin-1"),
    ],
)
def test_verification_token(client: Client, key: AuthData, headers: list[Header]) -> None:
    """A configured verification token is found in any case, and two lines that say the same are one."""
    assert client.send("POST", REFRESH, *headers, JSON, body=refresh_body(key)).status == 200
    assert client.send("GET", CONTACTS, *headers, bearer(key.api_key)).status == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param([], "missing_header", id="missing"),
        pytest.param([(VERIFICATION, "")], "missing_header", id="blank"),
        pytest.param([(VERIFICATION, " \t ")], "missing_header", id="white space"),
        pytest.param([(VERIFICATION, ""), (VERIFICATION, "")], "missing_header", id="blank twice"),
        pytest.param([("X_Rollout_Verification_Token", GOOD)], "missing_header", id="underscores"),
        pytest.param([("Rollout-Verification-Token", GOOD)], "missing_header", id="another name"),
        pytest.param([(VERIFICATION, "another")], "bad_verification_token", id="another"),
        pytest.param([(VERIFICATION, GOOD[:-1])], "bad_verification_token", id="cut off"),
        pytest.param([(VERIFICATION, GOOD.upper())], "bad_verification_token", id="capitals"),
        pytest.param([(VERIFICATION, f"Bearer {GOOD}")], "bad_verification_token", id="with a scheme"),
        pytest.param([(VERIFICATION, f"{GOOD},x")], "bad_verification_token", id="a list"),
        pytest.param([(VERIFICATION, GOOD), (VERIFICATION, "x")], "bad_verification_token", id="good, then another"),
        pytest.param([(VERIFICATION, "x"), (VERIFICATION, GOOD)], "bad_verification_token", id="another, then good"),
        pytest.param([(VERIFICATION, b"\xff\xfe\x80")], "bad_verification_token", id="bytes that are no text"),
        pytest.param([(VERIFICATION, "ключ".encode())], "bad_verification_token", id="non-ASCII"),
        pytest.param([(VERIFICATION, "x" * 7000)], "bad_verification_token", id="long"),
    ],
)
def test_no_verification_token(client: Client, key: AuthData, headers: list[Header], code: str) -> None:
    """A request without a configured verification token is refused, however good the rest of it is."""
    refresh = client.send("POST", REFRESH, *headers, JSON, body=refresh_body(key))
    contacts = client.send("GET", CONTACTS, *headers, bearer(key.api_key))
    assert_refused(refresh, code)
    assert_refused(contacts, code)


def test_verification_token_comes_first(client: Client) -> None:
    """Without a verification token, the answer tells nothing about the body, not even that it is too large."""
    for body in (b"", b"{", b"x" * (REFRESH_LIMIT + 1)):
        assert client.send("POST", REFRESH, JSON, body=body).status == 401


# --- the API key ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_api_key(client: Client, verified: Header, key: AuthData, name: str, scheme: str) -> None:
    """A key that was issued opens the API, and the name of the header and of the scheme may be in any case."""
    answer = client.send("GET", CONTACTS, verified, (name, f"{scheme} {key.api_key}"))
    assert (answer.status, answer.json["user"]) == (200, "user-1")
    assert answer.headers.get_all("Content-Type") == ["application/json"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["%s"], id="without a scheme"),
        pytest.param(["Bearer %s", "Bearer %s"], id="twice the same"),
        pytest.param(["", "Bearer %s"], id="once and once blank"),
    ],
)
def test_api_key_in_other_ways(client: Client, verified: Header, key: AuthData, values: list[str]) -> None:
    """A key without a scheme is a key, and two lines that say the same are one, on every server."""
    headers = [("Authorization", value.replace("%s", key.api_key)) for value in values]
    assert client.send("GET", CONTACTS, verified, *headers).status == 200


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="missing"),
        pytest.param([""], id="blank"),
        pytest.param(["Bearer"], id="scheme alone"),
        pytest.param(["Basic %s"], id="another scheme"),
        pytest.param(["Bearer unknown"], id="unknown"),
        pytest.param(["Bearer %sx"], id="longer"),
        pytest.param(["Bearer %s", "Bearer unknown"], id="good, then another"),
        pytest.param(["Bearer unknown", "Bearer %s"], id="another, then good"),
        pytest.param([b"Bearer \xff\xe9"], id="bytes that are no text"),
        pytest.param(["Bearer ключ".encode()], id="non-ASCII"),
        pytest.param(["Bearer " + "x" * 7000], id="long"),
    ],
)
def test_no_api_key(client: Client, verified: Header, key: AuthData, values: list[str | bytes]) -> None:
    """A request of Rollout's without a key that was issued is refused."""
    keyed = [value.replace("%s", key.api_key) if isinstance(value, str) else value for value in values]
    answer = client.send("GET", CONTACTS, verified, *(("Authorization", value) for value in keyed))
    assert_refused(answer, "invalid_api_key")


# --- webhooks -------------------------------------------------------------------------------------------------------


def deliver(client: Client, event: object, credentials: ClientCredentials) -> Any:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    signed = signature(body, credentials.client_secret).hex()
    return client.send("POST", WEBHOOK, (SIGNATURE, signed), JSON, body=body)


@pytest.mark.parametrize("name", [SIGNATURE, SIGNATURE.lower(), SIGNATURE.upper()])
@pytest.mark.parametrize("write", [bytes.hex, lambda made: b64encode(made).decode()], ids=["hex", "base64"])
@pytest.mark.parametrize("times", [1, 2])
def test_webhook(client: Client, credentials: ClientCredentials, name: str, write: Any, times: int) -> None:
    """A delivery is accepted for its signature in hex or base64, also if the header is there twice with one value."""
    body = json.dumps(EVENT).encode()
    signed = (name, write(signature(body, credentials.client_secret)))
    answer = client.send("POST", WEBHOOK, *[signed] * times, body=body)
    assert (answer.status, answer.body) == (204, b"")


def test_webhook_is_handled_once(
    client: Client, verified: Header, key: AuthData, credentials: ClientCredentials
) -> None:
    """A second delivery of an event is accepted, and changes nothing."""
    event = {**EVENT, "eventId": "event-once", "resourceIds": ["person-once"]}
    assert [deliver(client, event, credentials).status for _ in range(3)] == [204, 204, 204]
    contacts = client.send("GET", CONTACTS, verified, bearer(key.api_key)).json["contacts"]
    assert contacts.count("person-once") == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param([], "missing_header", id="missing"),
        pytest.param([""], "missing_header", id="blank"),
        pytest.param(["%s", "0" * 64], "bad_signature", id="good, then another"),
        pytest.param(["0" * 64, "%s"], "bad_signature", id="another, then good"),
        pytest.param(["%s,x"], "bad_signature", id="a list"),
        pytest.param(["sha256=%s"], "bad_signature", id="prefix"),
        pytest.param(["%s0"], "bad_signature", id="longer"),
        pytest.param(["x"], "bad_signature", id="no digest"),
        pytest.param(["=" * 44], "bad_signature", id="no base64"),
        pytest.param([b"\xff" * 43], "bad_signature", id="bytes that are no text"),
        pytest.param(["٣".encode() * 64], "bad_signature", id="digits of another script"),
        pytest.param(["x" * 7000], "bad_signature", id="long"),
    ],
)
def test_webhook_without_signature(
    client: Client, credentials: ClientCredentials, values: list[str | bytes], code: str
) -> None:
    """A delivery without the one signature is refused."""
    body = json.dumps(EVENT).encode()
    good = signature(body, credentials.client_secret).hex()
    signed = [value.replace("%s", good) if isinstance(value, str) else value for value in values]
    answer = client.send("POST", WEBHOOK, *((SIGNATURE, value) for value in signed), body=body)
    assert_refused(answer, code)


def test_webhook_with_another_signature(client: Client, credentials: ClientCredentials) -> None:
    """A signature by another secret, of another body or of the body itself is refused."""
    body = json.dumps(EVENT).encode()
    for made in (
        signature(body, "another secret"),
        signature(body + b" ", credentials.client_secret),
        signature(b"", credentials.client_secret),
        digest(credentials.client_secret.encode(), body, "sha256"),
    ):
        answer = client.send("POST", WEBHOOK, (SIGNATURE, made.hex()), body=body)
        assert_refused(answer, "bad_signature")


def test_webhook_in_two_spellings(client: Client, credentials: ClientCredentials) -> None:
    """Two lines that spell one signature differently are two values, and are refused."""
    body = json.dumps(EVENT).encode()
    made = signature(body, credentials.client_secret)
    signed = [(SIGNATURE, made.hex()), (SIGNATURE, b64encode(made))]
    assert client.send("POST", WEBHOOK, *signed, body=body).status == 401


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="not JSON"),
        pytest.param([EVENT], id="array"),
        pytest.param({}, id="no fields"),
        pytest.param({**EVENT, "eventId": 1}, id="id is a number"),
        pytest.param({**EVENT, "eventId": [["x"]]}, id="id is a list"),
        pytest.param({**EVENT, "resourceIds": "person-1"}, id="resources are a text"),
        pytest.param({**EVENT, "eventCreated": "2026-03-01T12:00:00"}, id="no offset"),
        pytest.param({**EVENT, "eventCreated": "9999-12-31T23:59:60Z"}, id="no instant"),
        pytest.param({**EVENT, "uri": 1}, id="uri is a number"),
        pytest.param({**EVENT, "x": float("nan")}, id="NaN"),
        pytest.param(json.dumps(EVENT).encode()[:-1] + b',"x":1e400}', id="number that no JavaScript has"),
        pytest.param(json.dumps(EVENT).encode()[:-1] + b',"x":' + b"9" * 5000 + b"}", id="endless integer"),
        pytest.param(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="very deep"),
        pytest.param(json.dumps(EVENT).encode("utf-16"), id="UTF-16"),
        pytest.param(json.dumps(EVENT).encode().ljust(WEBHOOK_LIMIT + 1), id="too large"),
    ],
)
def test_malformed_webhook(client: Client, credentials: ClientCredentials, event: object) -> None:
    """A body that is no event is refused, although it is signed."""
    answer = deliver(client, event, credentials)
    assert_refused(answer, "malformed_request")


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({**EVENT, "uri": None}, id="no URI"),
        pytest.param({**EVENT, "eventId": "half \ud83d"}, id="half an emoji"),
        pytest.param({**EVENT, "x": 123456789012345678901}, id="long integer"),
        pytest.param(json.dumps(EVENT).encode()[:-1] + b',"uri":"x"}', id="repeated key"),
    ],
)
def test_webhook_of_javascript(client: Client, credentials: ClientCredentials, event: object) -> None:
    """What JavaScript writes and reads is accepted once it is signed, or its delivery would fail for ever."""
    assert deliver(client, event, credentials).status == 204


def test_large_webhook(client: Client, credentials: ClientCredentials) -> None:
    """An event as large as allowed is accepted."""
    assert deliver(client, json.dumps(EVENT).encode().ljust(WEBHOOK_LIMIT), credentials).status == 204


# --- what the server decides ----------------------------------------------------------------------------------------


def test_different_content_types(client: Client, verified: Header, key: AuthData) -> None:
    """Two different types are refused: gunicorn refuses any two, and uvicorn hands both to the library."""
    for types in ([JSON, FORM], [FORM, JSON]):
        assert client.send("POST", REFRESH, verified, *types, body=refresh_body(key)).status == 400


def test_equal_content_types(client: Client, verified: Header, key: AuthData) -> None:
    """Two equal types are one to the library, if they reach it: gunicorn refuses them."""
    expected = {"gunicorn": 400, "uvicorn": 200}[client.server]
    assert client.send("POST", REFRESH, verified, JSON, JSON, body=refresh_body(key)).status == expected


def test_body_in_chunks(client: Client, verified: Header, key: AuthData) -> None:
    """A body of unknown length is read, but by Django under WSGI: there it is empty, and so it is refused."""
    body = refresh_body(key)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = f"POST {REFRESH} HTTP/1.1\r\nHost: a\r\n{VERIFICATION}: {verified[1]}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert client.send_bytes(head.encode() + chunked) == (400 if client.app == "django" else 200)


@pytest.mark.parametrize("path", [REFRESH, WEBHOOK])
def test_endless_body(client: Client, verified: Header, path: str) -> None:
    """An application does not read a body to its end if it is too large."""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{VERIFICATION}: {verified[1]}\r\n{SIGNATURE}: x\r\n"
    most = 64 * 1024 * 1024
    sent = 0
    with client.connect() as connection:
        connection.sendall(f"{head}Content-Length: {2 * most}\r\n\r\n".encode())
        try:
            while sent < most and not select.select([connection], [], [], 0)[0]:
                sent += connection.send(b" " * 65536)
            assert sent < most
            answer = connection.recv(65536)
        except ConnectionError:
            answer = b""
    assert not answer or answer.split()[1] == b"400"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", TOKEN, 405), ("GET", REFRESH, 405), ("POST", CONTACTS, 405), ("PUT", WEBHOOK, 405), ("GET", "/x", 404)],
)
def test_other_routes(client: Client, verified: Header, method: str, path: str, status: int) -> None:
    """Another method or path than those four finds nothing."""
    assert client.send(method, path, verified, SESSION, body=b"").status == status


HOSTILE = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n",
    "a line alone": b"\r\n\r\n",
    "HTTP/0.9": b"GET /api/contacts\r\n\r\n",
    "no such version": b"POST /rollout/refresh HTTP/9.9\r\nHost: a\r\n\r\n",
    "non-ASCII path": b"POST /rollout/refresh\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "escaped path": b"GET /%ff%00/..%2f HTTP/1.1\r\nHost: a\r\n\r\n",
    "non-ASCII query": b"GET /api/contacts?x=%ff%00&\\ HTTP/1.1\r\nHost: a\r\n\r\n",
    **{
        name: b"POST /rollout/refresh HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n"
        for name, line in {
            "NUL": b"X-Rollout-Verification-Token: a\0b",
            "control byte": b"X-Rollout-Verification-Token: a\x01b",
            "folded line": b"X-Rollout-Verification-Token: a\r\n b",
            "carriage return": b"X-Rollout-Verification-Token: a\rb",
            "no colon": b"X-Rollout-Verification-Token",
            "space before the colon": b"X-Rollout-Verification-Token : verification-token-1",
            "non-ASCII name": b"X-R\xf6llout-Verification-Token: a",
            "no name": b": a",
            "header of 9 KB": b"X-Rollout-Verification-Token: " + b"a" * 9_000,
            "header of 300 KB": b"X-Rollout-Verification-Token: " + b"a" * 300_000,
            "200 headers": b"\r\n".join(b"X-Rollout-Verification-Token: %d" % number for number in range(200)),
            "5000 headers": b"\r\n".join(b"X-Rollout-Verification-Token: %d" % number for number in range(5000)),
            "another host": b"Host: b",
            "negative length": b"Content-Length: -1",
            "length that is no number": b"Content-Length: x",
            "two lengths": b"Content-Length: 1\r\nContent-Length: 2",
            "length and chunks": b"Content-Length: 9\r\nTransfer-Encoding: chunked",
            "unknown coding": b"Transfer-Encoding: x",
            "cut off": b'X-Rollout-Verification-Token: verification-token-1\r\nContent-Length: 99\r\n\r\n{"refresh',
            "unknown expectation": b"Expect: x",
        }.items()
    },
}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in HOSTILE.items()])
def test_hostile_bytes(client: Client, data: bytes) -> None:
    """What is hardly HTTP is refused (501: an unknown coding) or gets no answer, and the server goes on."""
    status = client.send_bytes(data)
    assert status in (None, 501) or 400 <= status < 500
    assert client.send("GET", "/x").status == 404
