"""Nothing that verifies, reads or answers a request shows a secret: neither a token, a key, a body nor a signature."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError
from datetime import timedelta
from functools import partial
from types import FunctionType, SimpleNamespace
from urllib.parse import urlencode

import pytest
from canaries import (
    ACCOUNT,
    API_KEY,
    AUTH_DATA,
    CANARY_PIECES,
    CLAIMS,
    CLIENT_SECRET,
    CREDENTIALS,
    EVENT_ID,
    EXTRA,
    HEADER,
    NAIVE,
    NESTED,
    NOW,
    OTHER_SECRET,
    OTHER_VERIFICATION_TOKEN,
    PREVIOUS_VERIFICATION_TOKEN,
    REFRESH_TOKEN,
    RESOURCE_ID,
    SECOND,
    SHORT_ENVIRONMENTS,
    TOKEN,
    UNUSABLE_ENVIRONMENTS,
    VERIFICATION_TOKEN,
    WAYS,
    WRONG_AUTH_DATA,
    WRONG_CREDENTIALS,
    Reporters,
    Sight,
    Unreachable,
    all_pieces,
    as_local,
    assert_hidden,
    assert_sights_hide,
    case,
    cases,
    claims,
    each_spoiled,
    failure,
    half_built_sights,
    leaks,
    nested,
    pretended,
    settable,
    signed,
    signed_bytes,
    token_texts,
    unusable_texts,
    without,
    wrong_types,
)

from rollout_auth import (
    AuthData,
    BadSignatureError,
    BadVerificationTokenError,
    ConfigurationError,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidRefreshTokenError,
    MalformedRequestError,
    MalformedTokenError,
    MissingHeaderError,
    RefreshEndpoint,
    RefreshRequest,
    RefreshUnavailableError,
    RequestVerifier,
    ResponseParts,
    RolloutAuthError,
    ShortSecretWarning,
    WebhookEvent,
    connect_token_response,
    parse_refresh_request,
    refresh_error_response,
    refresh_response,
    verify_webhook,
)

# --- requests -------------------------------------------------------------------------------------------------------

TOKEN_HEADER = "X-Rollout-Verification-Token"
SIGNATURE_HEADER = "X-Rollout-Signature"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def sent(name: str, *values: str) -> dict[str, object]:
    """Headers in each shape, with the values on a line each; a mapping has room for one line."""
    return {
        "mapping": {name: ", ".join(values)},
        "environ": {"REQUEST_METHOD": "POST", f"HTTP_{name.upper().replace('-', '_')}": ", ".join(values)},
        "pairs-of-str": [(name, value) for value in values],
        "pairs-of-bytes": [(name.lower().encode(), value.encode()) for value in values],
    }


def wrong_headers(name: str, value: str) -> dict[str, object]:
    """No headers, though most hold the value."""
    return {
        "none": None,
        "int": 42,
        "str": f"{name}: {value}",
        "bytes": f"{name}: {value}".encode(),
        "lines": [f"{name}: {value}"],
        "triples": [(name, value, value)],
        "iterator": iter([(name, value)]),
        "request": SimpleNamespace(headers={name: value}),
        "scope": {"type": "http", "headers": [(name.lower().encode(), value.encode())]},
        "name-int": {42: value, name: value},
        "value-list": {name: [value]},
        "value-object": {name: SimpleNamespace(value=value)},
    }


def wrong_bodies(fields: Mapping[str, object]) -> dict[str, object]:
    """No bytes, though they tell the fields."""
    text = json.dumps(fields)
    return {
        "none": None,
        "str": text,
        "dict": fields,
        "list": [fields],
        "bytearray": bytearray(text.encode()),
        "memoryview": memoryview(text.encode()),
        "request": SimpleNamespace(body=text.encode()),
    }


def unreadable_bodies(fields: Mapping[str, object]) -> dict[str, bytes]:
    """Bodies that are no strict JSON object, though they tell the fields."""
    body = json.dumps(fields).encode()
    values = {
        "list-around": [fields],
        "text": ACCOUNT,
        "nan": {**fields, "limit": float("nan")},
        "large-integer": {**fields, "limit": 10**30},
        "lone-surrogate": {**fields, "name": f"{ACCOUNT}\udcff"},
        "deep": {**fields, "deep": nested(40, ACCOUNT)},
    }
    return {kind: json.dumps(value).encode() for kind, value in values.items()} | {
        "empty": b"",
        "cut": body[:-1],
        "not-utf-8": body[:-1] + b',"name":"\xff"}',
        "byte-order-mark": b"\xef\xbb\xbf" + body,
        "large-float": body[:-1] + b',"limit":1e999}',
        "duplicate-key": body[:-1] + b',"again":1,"again":2}',
        "very-deep": body[:-1] + b',"deep":' + b"[" * 5000,
    }


# --- the verification token -----------------------------------------------------------------------------------------

VERIFIER = RequestVerifier([VERIFICATION_TOKEN, PREVIOUS_VERIFICATION_TOKEN])
BEARER_VERIFIER = RequestVerifier(VERIFICATION_TOKEN, header="Authorization")


def with_previous_token(value: object) -> RequestVerifier:
    return RequestVerifier([VERIFICATION_TOKEN, value])


def with_header(value: object) -> RequestVerifier:
    return RequestVerifier(VERIFICATION_TOKEN, header=value)


VERIFIER_FAILURES = [
    *cases("token", TypeError, without(wrong_types(VERIFICATION_TOKEN), "list"), RequestVerifier),
    *cases("token", ConfigurationError, unusable_texts(VERIFICATION_TOKEN), RequestVerifier),
    *cases("previous-token", TypeError, wrong_types(PREVIOUS_VERIFICATION_TOKEN), with_previous_token),
    *cases("previous-token", ConfigurationError, unusable_texts(PREVIOUS_VERIFICATION_TOKEN), with_previous_token),
    case("tokens-none", ConfigurationError, RequestVerifier, []),
    case("tokens-set", TypeError, RequestVerifier, {VERIFICATION_TOKEN}),
    *cases("header", TypeError, wrong_types(VERIFICATION_TOKEN), with_header),
    *cases("header", ConfigurationError, unusable_texts(VERIFICATION_TOKEN), with_header),
    case("header-positional", TypeError, RequestVerifier, VERIFICATION_TOKEN, PREVIOUS_VERIFICATION_TOKEN),
    case("unknown-keyword", TypeError, RequestVerifier, VERIFICATION_TOKEN, previous=PREVIOUS_VERIFICATION_TOKEN),
]

TOKEN_VARIABLE = "ROLLOUT_VERIFICATION_TOKEN"
PREVIOUS_TOKEN_VARIABLE = "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN"
TOKEN_VARIABLES = {TOKEN_VARIABLE: VERIFICATION_TOKEN, PREVIOUS_TOKEN_VARIABLE: PREVIOUS_VERIFICATION_TOKEN}
UNUSABLE_TOKEN_VARIABLES = {
    "token": (TOKEN_VARIABLE, unusable_texts(VERIFICATION_TOKEN)),
    "previous-token": (PREVIOUS_TOKEN_VARIABLE, without(unusable_texts(PREVIOUS_VERIFICATION_TOKEN), "empty")),
}
UNUSABLE_TOKEN_ENVIRONMENTS = {
    "no-variable": {},
    "no-token": without(TOKEN_VARIABLES, TOKEN_VARIABLE),
    **each_spoiled(TOKEN_VARIABLES, UNUSABLE_TOKEN_VARIABLES),
}


def from_variable(name: str) -> Callable[[object], RequestVerifier]:
    return lambda value: RequestVerifier.from_env(TOKEN_VARIABLES | {name: value})


def from_env_with_header(value: object) -> RequestVerifier:
    return RequestVerifier.from_env(TOKEN_VARIABLES, header=value)


FROM_ENV_FAILURES = [
    *cases("variables", ConfigurationError, UNUSABLE_TOKEN_ENVIRONMENTS, RequestVerifier.from_env),
    *(
        case(f"{prefix}-{kind}", TypeError, from_variable(name), value)
        for prefix, (name, _) in UNUSABLE_TOKEN_VARIABLES.items()
        for kind, value in without(wrong_types(OTHER_VERIFICATION_TOKEN), "none").items()
    ),
    *cases("header", TypeError, wrong_types(VERIFICATION_TOKEN), from_env_with_header),
    *cases("header", ConfigurationError, unusable_texts(VERIFICATION_TOKEN), from_env_with_header),
    case("environ-pairs", TypeError, RequestVerifier.from_env, list(TOKEN_VARIABLES.items())),
    case("environ-str", TypeError, RequestVerifier.from_env, f"{TOKEN_VARIABLE}={VERIFICATION_TOKEN}"),
    case("environ-object", TypeError, RequestVerifier.from_env, SimpleNamespace(**TOKEN_VARIABLES)),
    case("environ-unreachable", OSError, RequestVerifier.from_env, Unreachable({TOKEN_VARIABLE: VERIFICATION_TOKEN})),
    case("unknown-keyword", TypeError, RequestVerifier.from_env, token=VERIFICATION_TOKEN),
]

OTHER_TOKEN_SENT = sent(TOKEN_HEADER, OTHER_VERIFICATION_TOKEN)
TWO_TOKENS_SENT = sent(TOKEN_HEADER, VERIFICATION_TOKEN, PREVIOUS_VERIFICATION_TOKEN)
OTHER_BEARER_SENT = sent("Authorization", f"Bearer {OTHER_VERIFICATION_TOKEN}")
TOKEN_SENT_ELSEWHERE = sent("X-Api-Token", VERIFICATION_TOKEN)
WRONG_HEADERS = wrong_headers(TOKEN_HEADER, VERIFICATION_TOKEN)
UNREACHABLE_HEADERS = Unreachable({TOKEN_HEADER: VERIFICATION_TOKEN})
OTHER_TOKENS = {
    "none": None,
    "other": OTHER_VERIFICATION_TOKEN,
    "bytes": OTHER_VERIFICATION_TOKEN.encode(),
    "not-ascii": f"{VERIFICATION_TOKEN}\xe9",
    **unusable_texts(VERIFICATION_TOKEN),
}

VERIFY_FAILURES = [
    *cases("other-token", BadVerificationTokenError, OTHER_TOKEN_SENT, VERIFIER.verify),
    *cases("two-tokens", BadVerificationTokenError, TWO_TOKENS_SENT, VERIFIER.verify),
    *cases("other-bearer-token", BadVerificationTokenError, OTHER_BEARER_SENT, BEARER_VERIFIER.verify),
    *cases("token-elsewhere", MissingHeaderError, TOKEN_SENT_ELSEWHERE, VERIFIER.verify),
    *cases("headers", TypeError, WRONG_HEADERS, VERIFIER.verify),
    case("headers-unreachable", OSError, VERIFIER.verify, UNREACHABLE_HEADERS),
    *cases("candidate", TypeError, without(wrong_types(VERIFICATION_TOKEN), "none", "bytes"), VERIFIER.verify_token),
    *cases("candidate", BadVerificationTokenError, OTHER_TOKENS, VERIFIER.verify_token),
]


@pytest.mark.parametrize(("error", "call"), VERIFIER_FAILURES)
def test_verifier(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A verification token that RequestVerifier refuses is shown nowhere, and neither are the tokens beside it."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(("error", "call"), FROM_ENV_FAILURES)
def test_verifier_from_env(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A mapping of variables that RequestVerifier.from_env refuses is shown nowhere."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(
    "environ",
    [pytest.param(environ, id=kind) for kind, environ in settable(UNUSABLE_TOKEN_ENVIRONMENTS).items()],
)
def test_verifier_from_process_environment(
    reporters: Reporters, monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]
) -> None:
    """Variables of the process that RequestVerifier.from_env refuses are shown nowhere."""
    for name in TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert_hidden(reporters, ConfigurationError, RequestVerifier.from_env)


@pytest.mark.parametrize(("error", "call"), VERIFY_FAILURES)
def test_verify(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A request or a token that is refused is shown nowhere, and neither are the configured tokens."""
    assert_hidden(reporters, error, call)


# --- the refresh request --------------------------------------------------------------------------------------------

FIELDS = {"refreshToken": REFRESH_TOKEN, **EXTRA}
JSON_BODY = json.dumps(FIELDS).encode()
FORM_BODY = urlencode({"refreshToken": REFRESH_TOKEN, "account": ACCOUNT}).encode()
BODY_LIMIT = 64 * 1024


def json_body(**changes: object) -> bytes:
    return json.dumps(FIELDS | changes).encode()


MALFORMED_JSON = {
    **unreadable_bodies(FIELDS),
    "oversize": JSON_BODY.ljust(BODY_LIMIT + 1),
    "form": FORM_BODY,
    "token-missing": json.dumps(EXTRA).encode(),
    "token-null": json_body(refreshToken=None),
    "token-blank": json_body(refreshToken=" "),
    "token-int": json_body(refreshToken=42),
    "token-list": json_body(refreshToken=[REFRESH_TOKEN]),
    "token-object": json_body(refreshToken={"value": REFRESH_TOKEN}),
}
MALFORMED_FORMS = {
    "empty": b"",
    "oversize": FORM_BODY + b"&pad=" + b"x" * BODY_LIMIT,
    "json": JSON_BODY,
    "not-utf-8": FORM_BODY + b"\xff",
    "escaped-not-utf-8": FORM_BODY + b"%ff",
    "bad-escape": FORM_BODY + b"%zz",
    "field-without-value": FORM_BODY + b"&name",
    "duplicate-field": FORM_BODY + b"&" + FORM_BODY,
    "token-missing": urlencode({"account": ACCOUNT}).encode(),
    "token-blank": urlencode({"account": ACCOUNT, "refreshToken": " "}).encode(),
}
OTHER_CONTENT_TYPES = {
    "text": "text/plain",
    "multipart": "multipart/form-data; boundary=x",
    "two-types": f"{JSON}, {FORM}",
    "charset": f"{JSON}; charset=utf-16",
    "secret": REFRESH_TOKEN,
}
REFRESH_REQUEST = RefreshRequest(REFRESH_TOKEN, EXTRA)

PARSE_FAILURES = [
    *cases("json", MalformedRequestError, MALFORMED_JSON, parse_refresh_request),
    *cases("form", MalformedRequestError, MALFORMED_FORMS, lambda value: parse_refresh_request(value, FORM)),
    *cases("body", TypeError, wrong_bodies(FIELDS), parse_refresh_request),
    *cases(
        "content-type",
        MalformedRequestError,
        OTHER_CONTENT_TYPES,
        lambda value: parse_refresh_request(JSON_BODY, value),
    ),
    *cases(
        "content-type",
        TypeError,
        without(wrong_types(REFRESH_TOKEN), "none"),
        lambda value: parse_refresh_request(JSON_BODY, value),
    ),
    *cases("field", TypeError, wrong_types(REFRESH_TOKEN), lambda value: parse_refresh_request(JSON_BODY, field=value)),
    case("field-unknown", MalformedRequestError, parse_refresh_request, JSON_BODY, field="refresh_token"),
    case("field-positional", TypeError, parse_refresh_request, JSON_BODY, JSON, REFRESH_TOKEN),
    case("unknown-keyword", TypeError, parse_refresh_request, JSON_BODY, token=REFRESH_TOKEN),
]
REFRESH_REQUEST_FAILURES = [
    *cases("token", TypeError, wrong_types(REFRESH_TOKEN), lambda value: RefreshRequest(value, EXTRA)),
    case("token-and-fields-swapped", TypeError, RefreshRequest, EXTRA, REFRESH_TOKEN),
    case("unknown-keyword", TypeError, RefreshRequest, REFRESH_TOKEN, extra=EXTRA),
    case("assignment", FrozenInstanceError, setattr, REFRESH_REQUEST, "refresh_token", REFRESH_TOKEN),
    case("deletion", FrozenInstanceError, delattr, REFRESH_REQUEST, "refresh_token"),
]


@pytest.mark.parametrize(("error", "call"), PARSE_FAILURES)
def test_parse_refresh_request(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A body that is not read is shown nowhere: neither the refresh token nor another field."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(("error", "call"), REFRESH_REQUEST_FAILURES)
def test_refresh_request(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """What RefreshRequest refuses is shown nowhere, and neither are the fields beside it."""
    assert_hidden(reporters, error, call)


# --- the refresh endpoint -------------------------------------------------------------------------------------------

HEADERS = {TOKEN_HEADER: VERIFICATION_TOKEN, "Content-Type": JSON}


def renew(request: RefreshRequest) -> AuthData:
    return AUTH_DATA


def ignore(error: RolloutAuthError) -> None:
    return None


def later(function: Callable[[object], object]) -> FunctionType:
    """The function as an async one of the application, with a local of its own."""

    async def wait(given: object) -> object:
        held = REFRESH_TOKEN
        await asyncio.sleep(0)
        return function(given) if held else None

    return pretended(wait, "application")


def build(
    refresh: object = renew, on_refused: object = ignore, verifier: object = VERIFIER, **options: object
) -> RefreshEndpoint:
    return RefreshEndpoint(refresh, verifier=verifier, on_refused=on_refused, **options)


def handle(refresh: object, on_refused: object, headers: object, body: object) -> ResponseParts:
    return build(refresh, on_refused).handle(headers, body)


def handle_async(refresh: object, on_refused: object, headers: object, body: object) -> ResponseParts:
    return asyncio.run(build(refresh, on_refused).handle_async(headers, body))


def handle_async_functions(refresh: object, on_refused: object, headers: object, body: object) -> ResponseParts:
    return handle_async(later(refresh), later(on_refused), headers, body)


Handler = Callable[[object, object, object, object], ResponseParts]
HANDLERS = {"handle": handle, "handle_async": handle_async, "handle_async-async-functions": handle_async_functions}
each_handler = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)


def answer(
    handler: Handler,
    headers: object = HEADERS,
    body: object = JSON_BODY,
    refresh: object = renew,
    on_refused: object = ignore,
) -> ResponseParts:
    return handler(refresh, on_refused, headers, body)


def answer_result(result: object, handler: Handler) -> ResponseParts:
    return answer(handler, refresh=lambda _request: result)


ENDPOINT_FAILURES = [
    *cases(
        "verifier",
        TypeError,
        without(wrong_types(VERIFICATION_TOKEN), "none") | {"str": VERIFICATION_TOKEN},
        lambda value: build(verifier=value),
    ),
    *cases("refresh", TypeError, wrong_types(API_KEY) | {"auth-data": AUTH_DATA}, lambda value: build(refresh=value)),
    *cases("on-refused", TypeError, without(wrong_types(API_KEY), "none"), lambda value: build(on_refused=value)),
    *cases("field", TypeError, wrong_types(REFRESH_TOKEN), lambda value: build(field=value)),
    case("function-that-holds-a-secret", TypeError, build, refresh=partial(print, API_KEY), field=None),
]
HANDLE_FAILURES = [
    *cases("body", TypeError, wrong_bodies(FIELDS), lambda value, handler: answer(handler, body=value)),
    *cases("headers", TypeError, WRONG_HEADERS, lambda value, handler: answer(handler, headers=value)),
    case("headers-unreachable", OSError, answer, headers=UNREACHABLE_HEADERS),
    case("content-type-list", TypeError, answer, headers=HEADERS | {"Content-Type": [VERIFICATION_TOKEN]}),
    *cases("result", TypeError, WRONG_AUTH_DATA | {"none": None}, answer_result),
    case("result-not-refreshable", InvalidAuthDataError, answer_result, AuthData(API_KEY)),
]
REFUSED_REQUESTS = {
    "token-missing": (MissingHeaderError, {"Authorization": VERIFICATION_TOKEN}, JSON_BODY),
    "token-other": (BadVerificationTokenError, HEADERS | {TOKEN_HEADER: OTHER_VERIFICATION_TOKEN}, JSON_BODY),
    "tokens-two": (BadVerificationTokenError, TWO_TOKENS_SENT["pairs-of-bytes"], JSON_BODY),
    "content-type": (MalformedRequestError, HEADERS | {"Content-Type": "text/plain"}, JSON_BODY),
    "content-types-two": (MalformedRequestError, [*HEADERS.items(), ("Content-Type", REFRESH_TOKEN)], JSON_BODY),
    "body-not-json": (MalformedRequestError, HEADERS, JSON_BODY[:-1]),
    "body-without-token": (MalformedRequestError, HEADERS, json.dumps(EXTRA).encode()),
    "body-not-a-form": (MalformedRequestError, HEADERS | {"Content-Type": FORM}, JSON_BODY),
}


def refresh_fails(request: RefreshRequest) -> AuthData:
    held = request.refresh_token
    raise LookupError(f"nothing is stored under {len(held)} characters")


def refresh_builds_unusable(request: RefreshRequest) -> AuthData:
    held = request.refresh_token
    return AuthData(held, held, 0)


def refresh_refuses(request: RefreshRequest) -> AuthData:
    held = request.refresh_token
    raise InvalidRefreshTokenError(f"nothing is stored under {len(held)} characters")


def refresh_verifies(request: RefreshRequest) -> AuthData:
    held = request.fields["account"]
    VERIFIER.verify_token(held)
    return AUTH_DATA


def refresh_is_unavailable(request: RefreshRequest) -> AuthData:
    held = request.refresh_token
    raise RefreshUnavailableError(retry_after=timedelta(seconds=len(held)))


def log_fails(error: RolloutAuthError) -> None:
    held = NESTED
    raise OSError(f"{type(error).__name__} was not logged: {len(held)} characters are too many")


def application_case(
    name: str,
    error: type[Exception],
    headers: object = HEADERS,
    body: object = JSON_BODY,
    **functions: FunctionType,
) -> object:
    """A request that makes functions of an application fail, and the names of these."""
    names = {function.__name__ for function in functions.values()}
    functions = {name: pretended(function, "application") for name, function in functions.items()}
    return pytest.param(error, names, partial(answer, headers=headers, body=body, **functions), id=name)


APPLICATION_FAILURES = [
    application_case("refresh", LookupError, refresh=refresh_fails),
    application_case("refresh-with-unusable-key", InvalidAuthDataError, refresh=refresh_builds_unusable),
    *(
        application_case(f"log-of-{function.__name__}", OSError, refresh=function, on_refused=log_fails)
        for function in (refresh_refuses, refresh_verifies, refresh_is_unavailable)
    ),
    *(
        application_case(f"log-of-{kind}", OSError, headers, body, on_refused=log_fails)
        for kind, (_, headers, body) in REFUSED_REQUESTS.items()
    ),
]


@pytest.mark.parametrize(("error", "call"), ENDPOINT_FAILURES)
def test_refresh_endpoint(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A setting that RefreshEndpoint refuses is shown nowhere, such as a token where the verifier belongs."""
    assert_hidden(reporters, error, call)


@each_handler
@pytest.mark.parametrize(("error", "call"), HANDLE_FAILURES)
def test_handle(
    reporters: Reporters, error: type[Exception], call: Callable[[Handler], object], handler: Handler
) -> None:
    """A request or a new key that the endpoint cannot use is shown nowhere."""
    assert_hidden(reporters, error, partial(call, handler))


@pytest.mark.parametrize(
    ("headers", "functions"),
    [
        pytest.param(HEADERS, {"refresh": later(renew)}, id="refresh"),
        pytest.param(TOKEN_SENT_ELSEWHERE["mapping"], {"on_refused": later(ignore)}, id="on-refused"),
    ],
)
def test_async_function_behind_handle(
    reporters: Reporters, headers: Mapping[str, str], functions: Mapping[str, FunctionType]
) -> None:
    """An async function that nobody would await is refused, and the request is shown nowhere."""
    assert_hidden(reporters, TypeError, partial(answer, handle, headers, **functions))


@each_handler
@pytest.mark.parametrize(("error", "headers", "body"), REFUSED_REQUESTS.values(), ids=REFUSED_REQUESTS)
def test_error_that_the_log_reports(
    reporters: Reporters, error: type[Exception], headers: object, body: bytes, handler: Handler
) -> None:
    """on_refused may report the error that it is told of, which then shows no secret; and the answer shows none."""
    told: list[tuple[type, list[Sight]]] = []
    parts = answer(handler, headers, body, on_refused=lambda given: told.append((type(given), reporters.sights(given))))
    ((told_error, sights),) = told
    assert_sights_hide(sights)
    assert told_error is error
    assert leaks([Sight("answer", f"{parts.status} {parts.headers} {parts.body}")]) == []


@each_handler
@pytest.mark.parametrize(("error", "names", "call"), APPLICATION_FAILURES)
def test_error_of_the_application(
    reporters: Reporters,
    error: type[Exception],
    names: set[str],
    call: Callable[[Handler], object],
    handler: Handler,
) -> None:
    """An error of the application's functions passes through; their frames keep their locals, the others show none."""
    caught = failure(partial(call, handler))
    sights = reporters.sights(caught)
    if handler is handle_async_functions:
        names = names | {"wait"}
    own = {f"{reporter}: application.{name}" for reporter in ("sentry", "django") for name in names}
    assert_sights_hide([sight for sight in sights if sight.where not in own])
    assert own == {sight.where for sight in sights if leaks([sight])}
    assert type(caught) is error


# --- the answers ----------------------------------------------------------------------------------------------------

OTHER_ERRORS = {
    "str": API_KEY,
    "auth-data": AUTH_DATA,
    "wire": dict(AUTH_DATA.extra),
    "class": InvalidRefreshTokenError,
    "error-of-others": LookupError(REFRESH_TOKEN),
}
UNUSABLE_TOKENS = {
    MalformedTokenError: {
        "empty": "",
        "one-segment": TOKEN.split(".")[1],
        "four-segments": f"{TOKEN}.{TOKEN.split('.')[2]}",
        "bearer": f"Bearer {TOKEN}",
        "line-break": f"{TOKEN}\n",
        "padded": f"{TOKEN}==",
        "cut": f"{HEADER}.{TOKEN.split('.')[1][:-3]}.{TOKEN.split('.')[2]}",
        "not-ascii": f"{TOKEN}\xe9",
        "lone-surrogate": f"{TOKEN}\udcff",
        "oversize": claims(note=API_KEY * 100),
        "header-not-json": signed(CLAIMS, header=API_KEY.encode()),
        **{f"payload-{kind}": signed_bytes(payload) for kind, payload in unreadable_bodies(CLAIMS).items()},
    },
    InvalidClaimError: {
        "exp-missing": signed(without(CLAIMS, "exp")),
        "exp-secret": claims(exp=API_KEY),
        "exp-list": claims(exp=[API_KEY]),
        "exp-after-9999": claims(exp=10**12),
    },
}

RESPONSE_FAILURES = [
    *cases("refresh", TypeError, WRONG_AUTH_DATA | {"none": None}, refresh_response),
    case("refresh-not-refreshable", InvalidAuthDataError, refresh_response, AuthData(API_KEY, extra=EXTRA)),
    *cases("error", TypeError, wrong_types(REFRESH_TOKEN) | OTHER_ERRORS, refresh_error_response),
    *cases("token", TypeError, without(wrong_types(TOKEN), "bytes"), connect_token_response),
    *cases("parts-headers", TypeError, {"none": None, "int": 42}, partial(ResponseParts, JSON_BODY, 200)),
    *cases(
        "parts-headers",
        ValueError,
        {"str": API_KEY, "list": [API_KEY], "triple": [(TOKEN_HEADER, API_KEY, API_KEY)]},
        partial(ResponseParts, JSON_BODY, 200),
    ),
]


@pytest.mark.parametrize(("error", "call"), RESPONSE_FAILURES)
def test_response(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """What cannot be answered is shown nowhere."""
    assert_hidden(reporters, error, call, all_pieces(token_texts(TOKEN)))


@pytest.mark.parametrize("kind", [str, bytes])
@pytest.mark.parametrize(
    ("error", "token"),
    [
        pytest.param(error, token, id=name)
        for error, tokens in UNUSABLE_TOKENS.items()
        for name, token in tokens.items()
    ],
)
def test_connect_token_response(reporters: Reporters, error: type[Exception], token: str, kind: type) -> None:
    """Of a token that is not sent to the browser, neither a segment nor what it decodes to is shown."""
    given = token if kind is str else token.encode("utf-8", "surrogatepass")
    expected = error if kind is str else TypeError
    assert_hidden(reporters, expected, partial(connect_token_response, given), all_pieces(token_texts(given)))


# --- webhooks -------------------------------------------------------------------------------------------------------

PAYLOAD = {
    "eventId": EVENT_ID,
    "eventCreated": "2026-01-02T03:04:05Z",
    "event": "peopleCreated",
    "resourceIds": [RESOURCE_ID],
    "uri": f"https://rollout.com/api/people?ids={RESOURCE_ID}",
    **EXTRA,
}
WEBHOOK = json.dumps(PAYLOAD).encode()
WEBHOOK_LIMIT = 4 * 1024 * 1024


def digest(webhook: bytes, secret: str = CLIENT_SECRET) -> bytes:
    return hmac.digest(secret.encode(), base64.b64encode(webhook), "sha256")


def digest_texts(webhook: bytes) -> Iterator[str]:
    """The texts by which a report could show a signature of the webhook, whichever secret has made it."""
    for secret in (*CREDENTIALS.secrets, OTHER_SECRET):
        for made in (digest(webhook, secret), hmac.digest(secret.encode(), webhook, "sha256")):
            yield from (made.hex(), made.hex().upper(), str(list(made))[1:-1], repr(made)[2:-1])
            yield from (base64.b64encode(made).decode(), base64.urlsafe_b64encode(made).decode())


def verify(webhook: object = WEBHOOK, signature: str | None = None, **options: object) -> WebhookEvent:
    signature = digest(webhook).hex() if signature is None else signature
    return verify_webhook(webhook, {SIGNATURE_HEADER: signature}, **{"credentials": CREDENTIALS, **options})


def verify_with_headers(headers: object) -> WebhookEvent:
    return verify_webhook(WEBHOOK, headers, credentials=CREDENTIALS)


def verify_swapped() -> WebhookEvent:
    return verify_webhook({SIGNATURE_HEADER: SIGNATURE}, WEBHOOK, credentials=CREDENTIALS)


SIGNATURE = digest(WEBHOOK).hex()
OTHER_DIGEST = digest(WEBHOOK, OTHER_SECRET)
OTHER_SIGNATURES = {
    "hex": OTHER_DIGEST.hex(),
    "upper-case-hex": OTHER_DIGEST.hex().upper(),
    "base64": base64.b64encode(OTHER_DIGEST).decode(),
    "base64url": base64.urlsafe_b64encode(OTHER_DIGEST).decode(),
    "prefixed": f"sha256={SIGNATURE}",
    "cut": SIGNATURE[:-1],
    "twice": f"{SIGNATURE}{SIGNATURE}",
    "not-ascii": f"{SIGNATURE}\xe9",
    "client-secret": CLIENT_SECRET,
    "of-the-body-itself": hmac.digest(CLIENT_SECRET.encode(), WEBHOOK, "sha256").hex(),
}
WRONG_SIGNATURE_HEADERS = wrong_headers(SIGNATURE_HEADER, SIGNATURE)
UNREACHABLE_SIGNATURE = Unreachable({SIGNATURE_HEADER: SIGNATURE})

WEBHOOK_FAILURES = [
    *cases("signature", BadSignatureError, OTHER_SIGNATURES, lambda value: verify(signature=value)),
    *cases("other-signature", BadSignatureError, sent(SIGNATURE_HEADER, OTHER_DIGEST.hex()), verify_with_headers),
    *cases(
        "two-signatures",
        BadSignatureError,
        sent(SIGNATURE_HEADER, SIGNATURE, OTHER_DIGEST.hex()),
        verify_with_headers,
    ),
    *cases("signature-elsewhere", MissingHeaderError, sent("X-Signature", SIGNATURE), verify_with_headers),
    *cases("headers", TypeError, WRONG_SIGNATURE_HEADERS, verify_with_headers),
    case("headers-unreachable", OSError, verify_with_headers, UNREACHABLE_SIGNATURE),
    *cases("body", TypeError, wrong_bodies(PAYLOAD), lambda value: verify(value, SIGNATURE)),
    case("body-and-headers-swapped", TypeError, verify_swapped),
    *cases("credentials", TypeError, WRONG_CREDENTIALS, lambda value: verify(credentials=value)),
    *cases(
        "signed-content",
        ConfigurationError,
        wrong_types(CLIENT_SECRET) | {"secret": CLIENT_SECRET},
        lambda value: verify(signed_content=value),
    ),
    case("signed-content-raw", BadSignatureError, verify, signed_content="raw"),
]


def changed_webhook(**changes: object) -> bytes:
    return json.dumps(PAYLOAD | changes).encode()


WRONG_FIELDS = {"null": None, "int": 42, "list": [[EVENT_ID]], "object": {"value": EVENT_ID}}
MALFORMED_WEBHOOKS = {
    **unreadable_bodies(PAYLOAD),
    "oversize": WEBHOOK.ljust(WEBHOOK_LIMIT + 1),
    **{f"{name}-missing": json.dumps(without(PAYLOAD, name)).encode() for name in without(PAYLOAD, *EXTRA)},
    **{
        f"{name}-{kind}": changed_webhook(**{name: value})
        for name in without(PAYLOAD, *EXTRA)
        for kind, value in WRONG_FIELDS.items()
    },
    "eventCreated-secret": changed_webhook(eventCreated=EVENT_ID),
    "eventCreated-without-offset": changed_webhook(eventCreated="2026-01-02T03:04:05"),
    "resourceIds-secret": changed_webhook(resourceIds=RESOURCE_ID),
    "resourceIds-mixed": changed_webhook(resourceIds=[RESOURCE_ID, 42]),
}


def event(**changes: object) -> WebhookEvent:
    fields = {
        "event_id": EVENT_ID,
        "event": "peopleCreated",
        "created_at": NOW,
        "resource_ids": (RESOURCE_ID,),
        "uri": f"https://rollout.com/api/people?ids={RESOURCE_ID}",
        "payload": PAYLOAD,
    }
    return WebhookEvent(**fields | changes)


EVENT = event(event_id="event-1", resource_ids=("1",), uri="https://rollout.com/api/people?ids=1")
EVENT_FAILURES = [
    *cases("event-id", TypeError, wrong_types(EVENT_ID), lambda value: event(event_id=value)),
    *cases("event", TypeError, wrong_types(ACCOUNT), lambda value: event(event=value)),
    *cases("uri", TypeError, wrong_types(RESOURCE_ID), lambda value: event(uri=value)),
    *cases("created-at", TypeError, {"int": SECOND, "secret": EVENT_ID}, lambda value: event(created_at=value)),
    *cases("resource-ids", TypeError, {"int": 42, "mixed": (RESOURCE_ID, 42)}, lambda value: event(resource_ids=value)),
    case("created-at-naive", ConfigurationError, event, created_at=NAIVE),
    case("payload-missing", TypeError, WebhookEvent, EVENT_ID, ACCOUNT, NOW, (RESOURCE_ID,), NESTED),
    case("unknown-keyword", TypeError, event, signature=SIGNATURE),
    case("assignment", FrozenInstanceError, setattr, EVENT, "payload", PAYLOAD),
    case("deletion", FrozenInstanceError, delattr, EVENT, "payload"),
]


@pytest.mark.parametrize(("error", "call"), WEBHOOK_FAILURES)
def test_verify_webhook(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A webhook that is refused is shown nowhere: neither its body and signature, nor what they are compared with."""
    assert_hidden(reporters, error, call, all_pieces(digest_texts(WEBHOOK)))


@pytest.mark.parametrize("webhook", MALFORMED_WEBHOOKS.values(), ids=MALFORMED_WEBHOOKS)
def test_malformed_webhook(reporters: Reporters, webhook: bytes) -> None:
    """A body that is signed rightly, and is not such an event, is shown nowhere."""
    assert_hidden(reporters, MalformedRequestError, partial(verify, webhook), all_pieces(digest_texts(webhook)))


@pytest.mark.parametrize(
    ("error", "environ"),
    [
        *(pytest.param(ConfigurationError, value, id=kind) for kind, value in settable(UNUSABLE_ENVIRONMENTS).items()),
        *(pytest.param(ShortSecretWarning, value, id=kind) for kind, value in SHORT_ENVIRONMENTS.items()),
    ],
)
def test_webhook_and_process_environment(
    reporters: Reporters, monkeypatch: pytest.MonkeyPatch, error: type[Exception], environ: Mapping[str, str]
) -> None:
    """Variables of the process that cannot be used are shown nowhere, and neither is the webhook."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert_hidden(reporters, error, partial(verify, credentials=None), all_pieces(digest_texts(WEBHOOK)))


@pytest.mark.parametrize(("error", "call"), EVENT_FAILURES)
def test_webhook_event(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """What WebhookEvent refuses is shown nowhere, and neither is the payload beside it."""
    assert_hidden(reporters, error, call, all_pieces(digest_texts(WEBHOOK)))


# --- representations ------------------------------------------------------------------------------------------------

VALUES = {
    "verifier": VERIFIER,
    "bearer-verifier": BEARER_VERIFIER,
    "refresh-request": REFRESH_REQUEST,
    "refresh-request-without-fields": RefreshRequest(REFRESH_TOKEN),
    "refresh-endpoint": build(partial(print, API_KEY), partial(print, CLIENT_SECRET)),
    "refresh-endpoint-without-verifier": build(verifier=None, on_refused=None),
    "connect-token-response": connect_token_response(TOKEN),
    "refresh-response": refresh_response(AUTH_DATA),
    "refresh-error-response": refresh_error_response(RefreshUnavailableError()),
    "webhook-event": EVENT,
}
VALUE_PIECES = CANARY_PIECES | all_pieces(token_texts(TOKEN))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_text_of_a_value(value: object, way: Callable[[object], str]) -> None:
    """A request, an answer or an event can be printed and logged, and shows no secret."""
    assert leaks([Sight("text", way(value))], VALUE_PIECES) == []


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value_has_no_dict(value: object) -> None:
    """It has no ``__dict__``, by which ``vars`` and serializers would show what ``repr`` hides."""
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_text_of_a_half_built_value(value: object) -> None:
    """Whichever attributes of a value are set, none included, it can be printed and shows no secret."""
    assert leaks(half_built_sights(value), VALUE_PIECES) == []


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value_in_a_local(reporters: Reporters, value: object) -> None:
    """A request, an answer or an event may be the local of any frame: both reporters show its masked form."""
    assert_hidden(reporters, ValueError, partial(pretended(as_local), value), VALUE_PIECES)
