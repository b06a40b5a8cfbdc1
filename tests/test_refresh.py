from __future__ import annotations

import asyncio
import copy
import json
import pickle
from typing import Any
from urllib.parse import urlencode

import pytest

from rollout_auth import (
    AuthData,
    BadVerificationTokenError,
    InvalidAuthDataError,
    InvalidRefreshTokenError,
    MalformedRequestError,
    RefreshEndpoint,
    RefreshRequest,
    RequestRefusedError,
    RequestVerifier,
    ResponseParts,
    TemporarilyUnavailableError,
    parse_refresh_request,
)

FORM = "application/x-www-form-urlencoded"
LIMIT = 64 * 1024


class TestParse:
    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "",
            "application/json",
            "application/json; charset=utf-8",
            'Application/JSON;charset="UTF-8"',
            "application/json; version=1",
            "application/json; charset=",
            " application/json ; charset=utf8 ; version=1",
            "application/json; charset=US-ASCII",
            "application/vnd.rollout+json",
            'application/json; x="a,b"; charset="utf-8"',
            r'application/json; x="a\",b"',
            'application/json; x="; charset=latin-1"',
            f"application/json; x={'a' * 236}",
        ],
    )
    def test_json(self, content_type: str | None) -> None:
        """A body of JSON, of a type derived from it, or of no type at all, is read as JSON."""
        request = parse_refresh_request(b'{"refreshToken": "refresh-1", "user": {"id": 1}}', content_type)
        assert request == RefreshRequest("refresh-1", {"user": {"id": 1}})

    @pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", f" {FORM} ;x=1", FORM.upper()])
    def test_form(self, content_type: str) -> None:
        """A form is read, its fields as text."""
        body = b"refreshToken=refresh%2B1+%C3%A9&user=1&empty="
        assert parse_refresh_request(body, content_type) == RefreshRequest("refresh+1 é", {"user": "1", "empty": ""})

    def test_field(self) -> None:
        """The name of the field is the partner's choice."""
        assert parse_refresh_request(b'{"token": "r"}', field="token").refresh_token == "r"
        assert parse_refresh_request(b"token=r", FORM, field="token").refresh_token == "r"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b'"refresh-1"',
            b"refreshToken=refresh-1",
            b'{"refreshToken": ""}',
            b'{"refreshToken": " "}',
            b'{"refreshToken": null}',
            b'{"refreshToken": 42}',
            b'{"refreshToken": ["r"]}',
            b'{"refresh_token": "r"}',
            b'{"refreshToken": "r", "refreshToken": "r"}',
            b'{"refreshToken": "\\ud800"}',
            b'{"refreshToken": "r", "n": NaN}',
            b'{"refreshToken": "r", "n": 1e999}',
            b'{"refreshToken": "r", "n": 1' + b"0" * 5000 + b"}",
            b'{"refreshToken": "\xff"}',
            b"\xef\xbb\xbf" + b'{"refreshToken": "r"}',
            b'{"refreshToken": "r", "n": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        ],
    )
    def test_bad_json(self, body: bytes) -> None:
        """JSON without the field, or that two parsers may read differently, is malformed."""
        with pytest.raises(MalformedRequestError):
            parse_refresh_request(body, "application/json")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"&",
            b"refreshToken",
            b"refreshToken=",
            b"refreshToken=+",
            b"refreshToken=a&refreshToken=a",
            b"refreshToken=a&other=1&other=2",
            b"refreshToken=a&&b=1",
            b"refreshToken=%ff",
            b"refreshToken=\xff",
            b"refreshToken=%ed%a0%80",
            b"refreshToken=%zz",
            b"refreshToken=%2",
            b'{"refreshToken": "r"}',
        ],
    )
    def test_bad_forms(self, body: bytes) -> None:
        """A form without the field, with a duplicate one or in no UTF-8, is malformed."""
        with pytest.raises(MalformedRequestError):
            parse_refresh_request(body, FORM)

    @pytest.mark.parametrize("body", [b"", b"&", b"refreshToken", b"refreshToken=\xff", b"refreshToken=%zz"])
    def test_no_form(self, body: bytes) -> None:
        """A body that is no form at all is told from a form without the field."""
        with pytest.raises(MalformedRequestError, match="is not a form in UTF-8"):
            parse_refresh_request(body, FORM)
        with pytest.raises(MalformedRequestError, match="no text under 'refreshToken'"):
            parse_refresh_request(b"other=1", FORM)

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "text/json",
            "multipart/form-data",
            "application/jsonp",
            "+json",
            "a b/c+json",
            "é",
            "\ud800",
            "application/json, application/json2",
            f"application/json,{FORM}",
            "application/json;v=1,text/plain",
            "application/json;charset=utf-8;x=1,application/json;charset=utf-16",
            "application/json; charset=latin-1",
            'application/json; charset="utf-16"',
            'application/json; x="a", application/json',
            'application/json; x="a,b',
            f"application/json; x={'a' * 237}",
            "," * 100_000,
            '"' * 100_000,
        ],
    )
    def test_other_types(self, content_type: str) -> None:
        """Another type or charset is malformed, whatever the body."""
        with pytest.raises(MalformedRequestError):
            parse_refresh_request(b'{"refreshToken": "r"}', content_type)

    @pytest.mark.parametrize("token", ["r\0", "\0", "x" * 8169])
    def test_no_refresh_token(self, token: str) -> None:
        """Text that no refresh token can be never reaches a database, which may fail on it."""
        for body, content_type in (
            (json.dumps({"refreshToken": token}).encode(), "application/json"),
            (urlencode({"refreshToken": token}).encode(), FORM),
        ):
            with pytest.raises(MalformedRequestError, match=r"NUL or is too long|no text"):
                parse_refresh_request(body, content_type)

    def test_longest_refresh_token(self) -> None:
        """A refresh token may be as long as a token can be."""
        assert len(parse_refresh_request(json.dumps({"refreshToken": "x" * 8168}).encode()).refresh_token) == 8168

    def test_size(self) -> None:
        """A body of 64 KiB is read, and a larger one refused before it is."""
        body = b'{"refreshToken": "r"}'.ljust(LIMIT)
        assert parse_refresh_request(body).refresh_token == "r"
        with pytest.raises(MalformedRequestError, match="larger than 65536 bytes"):
            parse_refresh_request(body + b" ")
        with pytest.raises(MalformedRequestError, match="larger than 65536 bytes"):
            parse_refresh_request(body + b" ", "text/plain")

    @pytest.mark.parametrize(
        ("body", "options", "message"),
        [
            ({"refreshToken": "r"}, {}, "body is dict: pass the raw bytes"),
            ("{}", {}, "body is str: pass the raw bytes"),
            (b"{}", {"content_type": b"application/json"}, "content_type is bytes: pass a str"),
            (b"{}", {"field": 1}, "field is int: pass a str"),
            (b"{}", {"content_type": 0}, "content_type is int: pass a str"),
            (b"{}", {"content_type": []}, "content_type is list: pass a str"),
        ],
    )
    def test_types(self, body: Any, options: Any, message: str) -> None:
        """An argument of the wrong type is the caller's mistake."""
        with pytest.raises(TypeError, match=f"^{message}"):
            parse_refresh_request(body, **options)


class TestRequest:
    def test_value(self) -> None:
        """It is a value: equal, hashable, copyable, picklable, with no other fields unless given."""
        request = RefreshRequest("r", {"a": 1})
        assert RefreshRequest("r").fields == {}
        for twin in (copy.copy(request), copy.deepcopy(request), pickle.loads(pickle.dumps(request))):
            assert (twin, hash(twin)) == (request, hash(request))
        assert len({hash(RefreshRequest(f"r-{number}")) for number in range(100)}) > 1

    def test_type(self) -> None:
        """A refresh token is a str."""
        with pytest.raises(TypeError, match="refresh_token is int: pass a str"):
            RefreshRequest(42)

    def test_repr(self) -> None:
        """Neither the token nor the fields show."""
        assert (
            repr(RefreshRequest("canary", {"a": "canary"})) == "RefreshRequest(refresh_token=<hidden>, fields=<hidden>)"
        )


HEADERS = {"X-Rollout-Verification-Token": "token-1", "Content-Type": "application/json"}
BODY = b'{"refreshToken": "refresh-1"}'
NEW = AuthData("key-2", "refresh-2", 3600)


def answer(endpoint: RefreshEndpoint, headers: Any = None, body: Any = BODY, *, is_async: bool) -> ResponseParts:
    headers = HEADERS if headers is None else headers
    return asyncio.run(endpoint.handle_async(body, headers)) if is_async else endpoint.handle(body, headers)


@pytest.mark.parametrize("is_async", [False, True])
class TestEndpoint:
    def build(self, result: Any = NEW, *, is_async: bool, **options: Any) -> tuple[RefreshEndpoint, list[Any]]:
        """An endpoint whose function returns or raises the result, and what it was called with."""
        calls: list[Any] = []

        def refresh(request: RefreshRequest) -> Any:
            calls.append(request)
            if isinstance(result, BaseException):
                raise result
            return result

        async def refresh_async(request: RefreshRequest) -> Any:
            return refresh(request)

        options = {"verifier": RequestVerifier("token-1"), **options}
        return RefreshEndpoint(refresh_async if is_async else refresh, **options), calls

    def test_success(self, is_async: bool) -> None:
        """A good request is answered with the new key."""
        endpoint, calls = self.build(is_async=is_async)
        parts = answer(endpoint, is_async=is_async)
        assert (parts.status, json.loads(parts.body)) == (200, NEW.to_dict())
        assert calls == [RefreshRequest("refresh-1")]

    def test_form_and_field(self, is_async: bool) -> None:
        """The content type is found in the headers, and the field is the configured one."""
        endpoint, calls = self.build(is_async=is_async, field="token")
        headers = [(b"x-rollout-verification-token", b"token-1"), (b"content-type", FORM.encode())]
        assert answer(endpoint, headers, b"token=r&a=1", is_async=is_async).status == 200
        assert calls == [RefreshRequest("r", {"a": "1"})]

    @pytest.mark.parametrize(
        ("headers", "body", "status", "code"),
        [
            ({}, BODY, 401, "missing_header"),
            ({**HEADERS, "X-Rollout-Verification-Token": "x"}, BODY, 401, "bad_verification_token"),
            ({**HEADERS, "X-Rollout-Verification-Token": "x"}, b"garbage", 401, "bad_verification_token"),
            (HEADERS, b"garbage", 400, "malformed_request"),
            ({**HEADERS, "Content-Type": "text/plain"}, BODY, 400, "malformed_request"),
            ({**HEADERS, "content-type": FORM}, BODY, 400, "malformed_request"),
        ],
    )
    def test_refused_before_the_function(
        self, caplog: pytest.LogCaptureFixture, is_async: bool, headers: Any, body: bytes, status: int, code: str
    ) -> None:
        """A request that is refused never reaches the function, and the reason reaches the log."""
        endpoint, calls = self.build(is_async=is_async)
        assert answer(endpoint, headers, body, is_async=is_async).status == status
        assert calls == []
        (message,) = caplog.messages
        assert message.startswith(f"{code}: ")

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (InvalidRefreshTokenError(), 400, "invalid_grant"),
            (BadVerificationTokenError(), 401, "invalid_client"),
            (TemporarilyUnavailableError(), 503, "temporarily_unavailable"),
        ],
    )
    def test_refused_by_the_function(self, is_async: bool, error: RequestRefusedError, status: int, code: str) -> None:
        """What the function raises to refuse is answered."""
        endpoint, _ = self.build(error, is_async=is_async)
        parts = answer(endpoint, is_async=is_async)
        assert (parts.status, json.loads(parts.body)) == (status, {"error": code})

    @pytest.mark.parametrize("error", [LookupError("own"), InvalidAuthDataError("own"), KeyboardInterrupt()])
    def test_own_errors_pass_through(self, is_async: bool, error: BaseException) -> None:
        """Any other error is the application's own: the same object passes, and nothing is logged as refused."""
        endpoint, calls = self.build(error, is_async=is_async)
        with pytest.raises(type(error)) as caught:
            answer(endpoint, is_async=is_async)
        assert caught.value is error
        assert len(calls) == 1

    @pytest.mark.parametrize(("result", "error"), [(AuthData("key"), InvalidAuthDataError), (None, TypeError)])
    def test_unusable_result(self, is_async: bool, result: Any, error: type[Exception]) -> None:
        """What cannot be sent as a new key is the application's mistake, not Rollout's."""
        endpoint, _ = self.build(result, is_async=is_async)
        with pytest.raises(error):
            answer(endpoint, is_async=is_async)

    def test_without_a_verifier(self, is_async: bool) -> None:
        """Going without a verification token is possible, and written out."""
        endpoint, _ = self.build(is_async=is_async, verifier=None)
        assert answer(endpoint, {}, is_async=is_async).status == 200

    @pytest.mark.parametrize(
        ("headers", "body", "message"),
        [(HEADERS, {"refreshToken": "r"}, "body is dict"), (42, BODY, "headers is int")],
    )
    def test_callers_own_mistakes(self, is_async: bool, headers: Any, body: Any, message: str) -> None:
        """A parsed body or a request object is a mistake, not a refusal."""
        endpoint, calls = self.build(is_async=is_async)
        with pytest.raises(TypeError, match=message):
            answer(endpoint, headers, body, is_async=is_async)
        assert calls == []

    def test_repr(self, is_async: bool) -> None:
        """It shows its settings, and no secret."""
        endpoint, _ = self.build(is_async=is_async)
        assert repr(endpoint) == (
            "RefreshEndpoint(field='refreshToken', verifier=RequestVerifier(header='X-Rollout-Verification-Token'))"
        )


def test_async_function_needs_the_async_call() -> None:
    """An async function behind ``handle`` is refused with the fix, and leaves no coroutine that was never awaited."""

    async def refresh(_request: RefreshRequest) -> AuthData:
        return NEW

    class Later:
        def __await__(self) -> Any:
            yield

    for function in (refresh, lambda _request: Later()):
        with pytest.raises(TypeError, match="call handle_async, and await it"):
            RefreshEndpoint(function, verifier=None).handle(BODY, {})


def test_plain_function_behind_the_async_call() -> None:
    """``handle_async`` takes a function that is not async, too."""
    endpoint = RefreshEndpoint(lambda _request: NEW, verifier=None)
    assert asyncio.run(endpoint.handle_async(BODY, {})).status == 200


@pytest.mark.parametrize(
    "options",
    [
        {"verifier": "token"},
        {"verifier": None, "field": None},
        {"verifier": None, "refresh": NEW},
    ],
)
def test_settings(options: Any) -> None:
    """A setting of the wrong type is refused when the endpoint is built; the verifier cannot be forgotten."""
    with pytest.raises(TypeError, match="pass"):
        RefreshEndpoint(options.pop("refresh", lambda _request: NEW), **options)
    with pytest.raises(TypeError, match="verifier"):
        RefreshEndpoint(lambda _request: NEW)
