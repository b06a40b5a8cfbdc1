"""The strict readings of an app's answers, each with its bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rollout_auth import AuthData
from rollout_auth.testing import IntegrationError, Response
from rollout_auth.testing._answers import check_success, check_units, is_refusal, renewed, token_of

BEFORE = AuthData("key-1", "refresh-1", 864, {"region": "eu", "tier": 1})
RENEWED = {"apiKey": "key-2", "refreshToken": "refresh-2", "expiresIn": 3600, "region": "eu", "tier": 1}
DAY = 86_400


def answer(body: object, status: int = 200, **headers: str) -> Response:
    sent = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return Response(status, sent, body if isinstance(body, bytes) else json.dumps(body).encode())


# --- the token ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=utf-8", "application/jwt", ""])
def test_token_of_text(content_type: str) -> None:
    """If an answer is not JSON, its whole text is the token, without the white space around it."""
    assert token_of(answer(b" a.b.c\r\n", Content_Type=content_type), "token") == "a.b.c"


def test_token_of_text_that_is_not_ascii() -> None:
    """A text that cannot be a token is returned anyway: the check of the token reports what is wrong with it."""
    assert token_of(answer("ü.b.c".encode(), Content_Type="text/plain"), "token") == "\ufffd\ufffd.b.c"


def test_token_of_json() -> None:
    """In JSON, the field that the dashboard names is the token."""
    assert token_of(answer({"token": "x.y.z", "jwt": "a.b.c"}), "jwt") == "a.b.c"


@pytest.mark.parametrize("fields", [{}, {"token": ""}, {"token": 42}, {"token": None}, {"token": ["a.b.c"]}])
def test_no_token_in_json(fields: dict[str, object]) -> None:
    """A field that is missing, empty or not text is not a token."""
    with pytest.raises(IntegrationError, match=r"contains no token: .*'token'") as caught:
        token_of(answer(fields), "token")
    assert caught.value.code == "token_missing"


def test_no_token_in_text() -> None:
    """White space is not a token."""
    with pytest.raises(IntegrationError, match="token_missing"):
        token_of(answer(b" \n", Content_Type="text/plain"), "token")


@pytest.mark.parametrize("value", ["no-store", "No-Store", "private,no-store", "no-store , max-age=0"])
def test_no_store_among_others(value: str) -> None:
    """The directive may be anywhere in its header, in upper or lower case."""
    assert token_of(answer({"token": "a.b.c"}, Cache_Control=value), "token") == "a.b.c"


@pytest.mark.parametrize("value", ["", "no-cache", "no-store-at-all", "private no-store"])
def test_another_directive(value: str) -> None:
    """No other directive keeps an answer out of caches."""
    with pytest.raises(IntegrationError, match="send every header that connect_token_response returns ") as caught:
        token_of(answer({"token": "a.b.c"}, Cache_Control=value), "token")
    assert caught.value.code == "cacheable_answer"


# --- the refresh ----------------------------------------------------------------------------------------------------


def test_renewed() -> None:
    """The fields of the answer are the new authData."""
    extra = {"region": "eu", "tier": 1}
    assert renewed(answer(RENEWED), BEFORE) == AuthData("key-2", "refresh-2", 3600, extra)


@pytest.mark.parametrize(
    ("response", "code", "says"),
    [
        (answer(RENEWED, 201), "refresh_status", "returned 201: respond with refresh_response "),
        (answer(RENEWED, Content_Type="text/json"), "refresh_type", "not of type application/json: "),
        (answer(RENEWED, Cache_Control="private"), "cacheable_answer", "from the refresh endpoint contains a secret"),
        (answer(RENEWED, Cache_Control="private"), "cacheable_answer", "every header that refresh_response returns "),
        (answer(b"{"), "malformed_json", "from the refresh endpoint cannot be used: the body is not JSON: "),
        (answer({"refreshToken": "x"}), "refresh_fields", "a refresh lacks apiKey, expiresIn: "),
        (answer({**RENEWED, "apiKey": 1}), "refresh_fields", "is not valid authData: api_key "),
        (answer({"apiKey": "x", "refreshToken": "y", "expiresIn": 1}), "refresh_loses_fields", "its region, tier: "),
        (
            answer({**RENEWED, "expiresIn": 864_000}),
            "expires_in_milliseconds",
            "in the response to a refresh is 864000,",
        ),
        (answer(b"", 400), "refresh_refused", "returned 400: read the refresh token from the field"),
        (answer(b"", 401), "refresh_refused", "returned 401: check the verification token"),
        (answer(b"", 402), "refresh_refused", "returned 402: respond with 200 and a new key"),
        (answer(b"", 404), "no_such_route", "the refresh endpoint returned 404: "),
    ],
)
def test_bad_refresh(response: Response, code: str, says: str) -> None:
    """What is wrong with the answer is named, with what it lacks and how to fix it."""
    with pytest.raises(IntegrationError) as caught:
        renewed(response, BEFORE)
    assert caught.value.code == code
    assert says in caught.value.reason


# --- units ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "before"),
    [
        (None, None),
        (1, None),
        (3600, BEFORE),
        (864, BEFORE),
        (9 * 60_000, None),
        (7 * DAY + 3600, None),
        (10 * DAY, None),
        (10 * DAY, AuthData("key-1")),
        (25 * DAY, None),
        (365 * DAY, None),
        (400 * DAY, None),
        ("3600000", None),
        (3_600_000.0, None),
        (True, None),
    ],
)
def test_seconds(seconds: object, before: AuthData | None) -> None:
    """Up to 400 days, whole days are seconds, and so is what is no whole minute in milliseconds.

    What is no integer is no number of seconds at all, and left to the check of authData.
    """
    check_units(seconds, "the token", before)


@pytest.mark.parametrize(
    ("seconds", "before", "code"),
    [
        (864_000, BEFORE, "expires_in_milliseconds"),
        (10 * 60_000, None, "expires_in_milliseconds"),
        (60 * 60_000, None, "expires_in_milliseconds"),
        (400 * DAY + 1, None, "expires_in_milliseconds"),
        (999_999_999, None, "expires_in_milliseconds"),
        (1_000_000_000, None, "expires_in_instant"),
        (1_800_000_000, None, "expires_in_instant"),
    ],
)
def test_no_seconds(seconds: int, before: AuthData | None, code: str) -> None:
    """A thousandfold lifetime, minutes in milliseconds, more than 400 days and instants are not seconds."""
    with pytest.raises(IntegrationError, match=f"expiresIn in the token is {seconds}, ") as caught:
        check_units(seconds, "the token", before)
    assert caught.value.code == code


# --- statuses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (199, "call_refused"),
        (200, None),
        (299, None),
        (300, "call_refused"),
        (400, "call_refused"),
        (404, "no_such_route"),
        (405, "no_such_route"),
        (406, "call_refused"),
        (499, "call_refused"),
        (500, "server_error"),
        (599, "server_error"),
    ],
)
def test_success(status: int, code: str | None) -> None:
    """A status means success, a missing route, a fault of the server, or a refusal with its fix."""

    def check() -> Any:
        return check_success(Response(status), "call", "the API", "accept the key")

    if code is None:
        check()
        return
    with pytest.raises(IntegrationError, match=f"the API returned {status}: ") as caught:
        check()
    assert caught.value.code == code
    assert (caught.value.fix == "accept the key") == (code == "call_refused")


@pytest.mark.parametrize(("status", "expected"), [(399, False), (400, True), (499, True), (500, False)])
def test_refusal(status: int, expected: bool) -> None:
    """Only a status of 4xx says that the request is wrong."""
    assert is_refusal(Response(status)) is expected


def test_traceback_of_a_bad_answer(ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the module's own."""
    assert ends_at_the_call(renewed, answer(b"{"), BEFORE)
