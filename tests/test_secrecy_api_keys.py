"""Nothing that issues, checks or renews API keys shows a secret: neither the issuer's own, a token nor what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from types import SimpleNamespace

import pytest
from canaries import (
    ACCOUNT,
    API_KEY,
    CANARY_PIECES,
    CLAIMS,
    CLIENT_SECRET,
    EXTRA,
    NAIVE,
    NESTED,
    NOW,
    OTHER_SECRET,
    PREVIOUS_SECRET,
    REFRESH_TOKEN,
    SECOND,
    SHORT_SECRET,
    USER_ID,
    WAYS,
    Reporters,
    Sight,
    Unreachable,
    all_pieces,
    as_local,
    assert_hidden,
    assert_sights_hide,
    case,
    cases,
    encodings,
    failure,
    half_built_sights,
    leaks,
    nested,
    pretended,
    signed,
    signed_bytes,
    token_texts,
    unusable_secrets,
    unusable_texts,
    without,
    wrong_types,
)

from rollout_auth import (
    ApiKeyExpiredError,
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidAuthDataError,
    InvalidRefreshTokenError,
    InvalidUserIdError,
    RefreshEndpoint,
    RolloutAuthError,
    ShortSecretWarning,
)
from rollout_auth._grants import API_KEY_TYPE, REFRESH_TOKEN_TYPE
from rollout_auth._hmac import derived_secret

# --- the tokens -----------------------------------------------------------------------------------------------------

SECRETS = [CLIENT_SECRET, PREVIOUS_SECRET]
TYPES = (API_KEY_TYPE, REFRESH_TOKEN_TYPE)
DERIVED = {(secret, typ): derived_secret(secret, typ) for secret in (*SECRETS, OTHER_SECRET) for typ in TYPES}
EXPIRED_AT = NOW + timedelta(days=181)
GRANT_CLAIMS = {"sub": USER_ID, "gid": "grant-1", "gat": SECOND * 1000, "iat": SECOND, "exp": SECOND + 7260}


TERSE_CLAIMS = GRANT_CLAIMS | {"ext": EXTRA | {"more": f"{ACCOUNT}{'é' * 2000}"}}


def issuer(secrets: object = SECRETS, **options: object) -> ApiKeyIssuer:
    return ApiKeyIssuer(secrets, **options)


def grant_token(typ: str, claims: object, secret: str = CLIENT_SECRET) -> str:
    header = json.dumps({"alg": "HS512", "typ": typ}).encode()
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return signed_bytes(payload, header, DERIVED[secret, typ])


def secret_texts(*tokens: str) -> Iterator[str]:
    """The texts by which a report could show what was derived from a secret, or the parts of a token that tell."""
    for secret in DERIVED.values():
        yield from encodings(secret)
    for token in tokens:
        yield from token_texts(token.partition(".")[2])


ISSUER = issuer()
ISSUED = ISSUER.issue(USER_ID, extra=EXTRA, grant_id="grant-1", now=NOW)
FOREIGN = issuer(OTHER_SECRET).issue(USER_ID, extra=EXTRA, now=NOW)
PIECES = all_pieces(secret_texts(ISSUED.api_key, ISSUED.refresh_token, FOREIGN.api_key, FOREIGN.refresh_token))


def unusable_tokens(typ: str, good: str, foreign: str, other_kind: str, *more: object) -> dict[str, str]:
    claims = GRANT_CLAIMS | {"ext": EXTRA}
    payloads = {
        "not-json": API_KEY.encode(),
        "list": [claims],
        "nan": claims | {"more": float("nan")},
        "deep": claims | {"more": nested(40, ACCOUNT)},
        "duplicate-key": json.dumps(claims).encode()[:-1] + b',"again":1,"again":2}',
        "not-utf-8": json.dumps(claims).encode()[:-1] + b',"more":"\xff"}',
        **{f"{name}-missing": without(claims, name) for name in GRANT_CLAIMS},
        **{
            f"{name}-{kind}": claims | {name: value}
            for name in GRANT_CLAIMS
            for kind, value in {"null": None, "list": [API_KEY], "object": {"value": API_KEY}, "blank": " "}.items()
        },
        **{f"{name}-secret": claims | {name: API_KEY} for name in ("gat", "iat", "exp")},
        "iat-in-the-future": claims | {"iat": SECOND + 3600},
        "exp-after-9999": claims | {"exp": 10**12},
    }
    return {
        "empty": "",
        "opaque": API_KEY,
        "four-segments": f"{good}.{good}",
        "bearer": f"Bearer {good}",
        "line-break": f"{good}\n",
        "padded": f"{good}==",
        "cut": good[:-3],
        "not-ascii": f"{good}\xe9",
        "lone-surrogate": f"{good}\udcff",
        "oversize": good * 40,
        "foreign": foreign,
        "other-kind": other_kind,
        "connect-token": signed(CLAIMS),
        "connect-token-header": signed_bytes(json.dumps(claims).encode(), secret=CLIENT_SECRET),
        "header-not-json": signed_bytes(json.dumps(claims).encode(), API_KEY.encode()),
        **{f"payload-{kind}": grant_token(typ, payload) for kind, payload in payloads.items()},
    }


UNUSABLE_KEYS = unusable_tokens(API_KEY_TYPE, ISSUED.api_key, FOREIGN.api_key, ISSUED.refresh_token)
UNUSABLE_REFRESH_TOKENS = unusable_tokens(
    REFRESH_TOKEN_TYPE, ISSUED.refresh_token, FOREIGN.refresh_token, ISSUED.api_key
) | {
    f"extra-{kind}": grant_token(REFRESH_TOKEN_TYPE, GRANT_CLAIMS | {"ext": extra})
    for kind, extra in {
        "reserved": EXTRA | {"apiKey": API_KEY},
        "large-integer": EXTRA | {"limit": 2**60},
        "deep": EXTRA | {"deep": nested(20, ACCOUNT)},
    }.items()
}

# --- what the caller hands over -------------------------------------------------------------------------------------

WRONG_TIMES = without(wrong_types(API_KEY), "none") | {"str": API_KEY}
WRONG_LIVES = WRONG_TIMES | {"none": None}
OTHER_LIVES = {"zero": timedelta(0), "negative": timedelta(-1), "fraction": timedelta(seconds=1.5)}
OUT_OF_RANGE = datetime(9999, 12, 31, tzinfo=timezone.utc)

ISSUER_FAILURES = [
    *cases("secrets", TypeError, without(wrong_types(CLIENT_SECRET), "list") | {"set": {CLIENT_SECRET}}, issuer),
    *cases("secrets", ConfigurationError, unusable_secrets(CLIENT_SECRET) | {"none": []}, issuer),
    *cases("previous", TypeError, wrong_types(PREVIOUS_SECRET), lambda value: issuer([CLIENT_SECRET, value])),
    *cases(
        "previous", ConfigurationError, unusable_secrets(PREVIOUS_SECRET), lambda value: issuer([CLIENT_SECRET, value])
    ),
    *cases("newest", TypeError, wrong_types(CLIENT_SECRET), lambda value: issuer([value, PREVIOUS_SECRET])),
    case("short", ShortSecretWarning, issuer, SHORT_SECRET),
    case("short-previous", ShortSecretWarning, issuer, [CLIENT_SECRET, SHORT_SECRET]),
    *cases("key-life", TypeError, WRONG_LIVES, lambda value: issuer(api_key_ttl=value)),
    *cases("key-life", ConfigurationError, OTHER_LIVES, lambda value: issuer(api_key_ttl=value)),
    *cases("refresh-life", TypeError, WRONG_LIVES, lambda value: issuer(refresh_token_ttl=value)),
    *cases("refresh-life", ConfigurationError, OTHER_LIVES, lambda value: issuer(refresh_token_ttl=value)),
    *cases("is-revoked", TypeError, WRONG_TIMES, lambda value: issuer(is_revoked=value)),
    case("function-that-holds-a-secret", TypeError, issuer, is_revoked=partial(print, API_KEY), api_key_ttl=None),
    case("secrets-in-a-row", TypeError, ApiKeyIssuer, CLIENT_SECRET, PREVIOUS_SECRET),
    case("unknown-keyword", TypeError, issuer, previous_secrets=[PREVIOUS_SECRET]),
]


def issue(user_id: object = USER_ID, **options: object) -> AuthData:
    return ISSUER.issue(user_id, **{"extra": EXTRA, "now": NOW, **options})


ISSUE_FAILURES = [
    *cases("user-id", TypeError, wrong_types(ACCOUNT), issue),
    *cases("user-id", InvalidUserIdError, unusable_texts(ACCOUNT), issue),
    *cases("extra", TypeError, without(wrong_types(ACCOUNT), "dict"), lambda value: issue(extra=value)),
    *cases(
        "extra",
        InvalidAuthDataError,
        {
            "reserved": EXTRA | {"refreshToken": REFRESH_TOKEN},
            "bytes": EXTRA | {"more": ACCOUNT.encode()},
            "object": EXTRA | {"more": SimpleNamespace(value=ACCOUNT)},
            "nan": EXTRA | {"more": float("nan")},
            "large-integer": EXTRA | {"more": 2**53},
            "lone-surrogate": EXTRA | {"more": f"{ACCOUNT}\udcff"},
            "deep": EXTRA | {"more": nested(20, ACCOUNT)},
            "key-int": EXTRA | {42: ACCOUNT},
            "oversize": EXTRA | {"more": ACCOUNT * 100},
        },
        lambda value: issue(extra=value),
    ),
    case("extra-unreachable", OSError, issue, extra=Unreachable(EXTRA)),
    *cases("grant-id", TypeError, without(wrong_types(API_KEY), "none"), lambda value: issue(grant_id=value)),
    *cases("grant-id", ConfigurationError, unusable_texts(API_KEY), lambda value: issue(grant_id=value)),
    *cases("now", TypeError, WRONG_TIMES, lambda value: issue(now=value)),
    *cases("now", ConfigurationError, {"naive": NAIVE, "late": OUT_OF_RANGE}, lambda value: issue(now=value)),
    case("extra-positional", TypeError, ISSUER.issue, USER_ID, EXTRA),
    case("unknown-keyword", TypeError, issue, secret=CLIENT_SECRET),
]


def revoking(answer: object) -> ApiKeyIssuer:
    return issuer(is_revoked=lambda _grant: answer)


async def asynchronous(grant: ApiKeyGrant) -> bool:
    held = NESTED
    await asyncio.sleep(0)
    return not held


def authenticate(api_key: object = ISSUED.api_key, now: object = NOW, by: ApiKeyIssuer = ISSUER) -> ApiKeyGrant:
    return by.authenticate(api_key, now=now)


def refresh(refresh_token: object = ISSUED.refresh_token, now: object = NOW, by: ApiKeyIssuer = ISSUER) -> AuthData:
    return by.refresh(refresh_token, now=now)


def takes_nothing() -> bool:
    return False


def failures(call: Callable[..., object], refusal: type[Exception], expired: type[Exception]) -> list[object]:
    """What both calls have in common: a wrong instant, and a grant that is revoked or cannot be judged."""
    return [
        *cases("now", TypeError, WRONG_TIMES, lambda value: call(now=value)),
        case("now-naive", ConfigurationError, call, now=NAIVE),
        case("before-its-time", refusal, call, now=NOW - timedelta(hours=1)),
        case("expired", expired, call, now=EXPIRED_AT),
        case("revoked", refusal, call, by=revoking(answer=True)),
        *cases("is-revoked-returns", TypeError, WRONG_LIVES, lambda value: call(by=revoking(value))),
        case("is-revoked-async", TypeError, call, by=issuer(is_revoked=asynchronous)),
        case("is-revoked-takes-nothing", TypeError, call, by=issuer(is_revoked=takes_nothing)),
    ]


AUTHENTICATE_FAILURES = [
    *cases("key", TypeError, without(wrong_types(ISSUED.api_key), "none", "bytes"), authenticate),
    case("key-none", InvalidApiKeyError, authenticate, None),
    case("key-bytes", InvalidApiKeyError, authenticate, f"{ISSUED.api_key}=".encode()),
    *cases("key", InvalidApiKeyError, UNUSABLE_KEYS, authenticate),
    *failures(authenticate, InvalidApiKeyError, ApiKeyExpiredError),
]
REFRESH_FAILURES = [
    *cases("token", TypeError, wrong_types(ISSUED.refresh_token), refresh),
    *cases("token", InvalidRefreshTokenError, UNUSABLE_REFRESH_TOKENS, refresh),
    *failures(refresh, InvalidRefreshTokenError, InvalidRefreshTokenError),
    case(
        "new-one-after-9999",
        ConfigurationError,
        refresh,
        grant_token(REFRESH_TOKEN_TYPE, GRANT_CLAIMS | {"exp": 253_402_300_799, "ext": EXTRA}),
        now=OUT_OF_RANGE,
    ),
    case(
        "new-one-oversize",
        InvalidRefreshTokenError,
        refresh,
        grant_token(REFRESH_TOKEN_TYPE, json.dumps(TERSE_CLAIMS, ensure_ascii=False).encode()),
    ),
]


@pytest.mark.parametrize(("error", "call"), ISSUER_FAILURES)
def test_issuer(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A setting that ApiKeyIssuer refuses is shown nowhere, and neither are the secrets beside it."""
    assert_hidden(reporters, error, call, PIECES)


@pytest.mark.parametrize(("error", "call"), ISSUE_FAILURES)
def test_issue(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """What issue refuses is shown nowhere: neither a further field, nor a secret in the place of something else."""
    assert_hidden(reporters, error, call, PIECES)


@pytest.mark.parametrize(("error", "call"), AUTHENTICATE_FAILURES)
def test_authenticate(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A key that is refused is shown nowhere, and neither is what signs keys or what was handed over beside it."""
    assert_hidden(reporters, error, call, PIECES)


@pytest.mark.parametrize(("error", "call"), REFRESH_FAILURES)
def test_refresh(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A refresh token that is refused is shown nowhere, and neither are the fields that it carries."""
    assert_hidden(reporters, error, call, PIECES)


@pytest.mark.parametrize("method", [ISSUER.authenticate, ISSUER.refresh])
def test_call_that_fits_no_signature(reporters: Reporters, method: Callable[..., object]) -> None:
    """A call with an argument too many is refused before a frame exists that could show it, and the error is silent."""
    for call in (partial(method, API_KEY, REFRESH_TOKEN), partial(method, API_KEY, secret=CLIENT_SECRET), method):
        error = failure(call)
        assert type(error) is TypeError
        assert leaks(reporters.sights(error), CANARY_PIECES | PIECES) == []


# --- errors of the application --------------------------------------------------------------------------------------


def database_is_down(grant: ApiKeyGrant) -> bool:
    held = NESTED
    raise OSError(f"{grant.grant_id} was not found in {len(held)} characters")


def raises_our_error(grant: ApiKeyGrant) -> bool:
    held = NESTED
    raise InvalidApiKeyError(f"{len(held)} characters")


def asks_again(grant: ApiKeyGrant) -> bool:
    held = NESTED
    return bool(ISSUER.authenticate(held))


APPLICATION_FAILURES = {
    database_is_down: OSError,
    raises_our_error: InvalidApiKeyError,
    asks_again: InvalidApiKeyError,
}
each_call = pytest.mark.parametrize("call", [authenticate, refresh])


@each_call
@pytest.mark.parametrize("is_revoked", APPLICATION_FAILURES)
def test_error_of_the_application(reporters: Reporters, is_revoked: object, call: Callable[..., object]) -> None:
    """An error of is_revoked passes through as it is; its frame keeps its locals, and the others show no secret."""
    by = issuer(is_revoked=pretended(is_revoked, "application"))
    caught = failure(partial(call, by=by))
    sights = reporters.sights(caught)
    own = {f"{reporter}: application.{is_revoked.__name__}" for reporter in ("sentry", "django")}
    assert_sights_hide([sight for sight in sights if sight.where not in own], PIECES)
    assert own == {sight.where for sight in sights if leaks([sight])}
    assert type(caught) is APPLICATION_FAILURES[is_revoked]


SENT = without(UNUSABLE_REFRESH_TOKENS, "empty", "lone-surrogate")


@pytest.mark.parametrize("token", SENT.values(), ids=SENT)
def test_error_behind_the_refresh_endpoint(reporters: Reporters, token: str) -> None:
    """The error that a refresh endpoint's log is told of shows nothing of the refresh token, and neither the answer."""
    told: list[tuple[type, list[Sight]]] = []

    def tell(error: RolloutAuthError) -> None:
        told.append((type(error), reporters.sights(error)))

    endpoint = RefreshEndpoint(
        lambda request: ISSUER.refresh(request.refresh_token, now=NOW), verifier=None, on_refused=tell
    )
    parts = endpoint.handle({"Content-Type": "application/json"}, json.dumps({"refreshToken": token}).encode())
    ((told_error, sights),) = told
    assert_sights_hide(sights, PIECES)
    assert told_error is InvalidRefreshTokenError
    assert parts.status == 400
    assert leaks([Sight("answer", f"{parts.status} {parts.headers} {parts.body}")], CANARY_PIECES | PIECES) == []


# --- representations ------------------------------------------------------------------------------------------------

VALUES = {
    "issuer": ISSUER,
    "issuer-with-function": issuer(CLIENT_SECRET, is_revoked=partial(print, NESTED)),
    "auth-data": ISSUED,
    "renewed-auth-data": refresh(),
    "grant": authenticate(),
}
VALUE_PIECES = CANARY_PIECES | PIECES


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_text_of_a_value(value: object, way: Callable[[object], str]) -> None:
    """An issuer, what it issues and what it reads can be printed and logged, and show no secret."""
    assert leaks([Sight("text", way(value))], VALUE_PIECES) == []


@pytest.mark.parametrize("value", [ISSUER, VALUES["issuer-with-function"]], ids=["issuer", "issuer-with-function"])
def test_text_of_a_half_built_issuer(value: object) -> None:
    """Whichever attributes of an issuer are set, none included, it can be printed and shows no secret."""
    assert leaks(half_built_sights(value), VALUE_PIECES) == []


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value_in_a_local(reporters: Reporters, value: object) -> None:
    """An issuer, what it issues or what it reads may be the local of any frame: both reporters show its masked form."""
    assert_hidden(reporters, ValueError, partial(pretended(as_local), value), VALUE_PIECES)
