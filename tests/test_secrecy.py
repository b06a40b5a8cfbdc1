"""No failure, representation or warning shows a secret: neither of credentials, nor of authData, nor of a token."""

from __future__ import annotations

import base64
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone, tzinfo
from functools import partial
from types import FunctionType, SimpleNamespace

import pytest
from canaries import (
    ACCOUNT,
    API_KEY,
    AUTH_DATA,
    CLAIMS,
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    EXTRA,
    HEADER,
    NAIVE,
    NESTED,
    NOW,
    OTHER_SECRET,
    PREVIOUS_SECRET,
    REFRESH_TOKEN,
    SECOND,
    SHORT_CREDENTIALS,
    SHORT_ENVIRONMENTS,
    SHORT_SECRET,
    TOKEN,
    TOKEN_PIECES,
    UNUSABLE_ENVIRONMENTS,
    UNUSABLE_VARIABLES,
    USER_ID,
    VARIABLES,
    WAYS,
    WIRE,
    WRONG_AUTH_DATA,
    WRONG_CREDENTIALS,
    Reporters,
    Sight,
    Unreachable,
    all_pieces,
    as_local,
    assert_hidden,
    canary,
    case,
    cases,
    claims,
    failure,
    half_built_sights,
    leaks,
    nested,
    pretended,
    settable,
    signed,
    signed_bytes,
    texts,
    token_texts,
    unusable_secrets,
    unusable_texts,
    without,
    wrong_types,
)

from rollout_auth import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    AuthData,
    BadSignatureError,
    ClientCredentials,
    ConfigurationError,
    ConnectToken,
    ConnectTokenSigner,
    InvalidAuthDataError,
    InvalidClaimError,
    InvalidUserIdError,
    MalformedTokenError,
    ShortSecretWarning,
    TokenExpiredError,
    TokenNotYetValidError,
    generate_connect_token,
    verify_connect_token,
)

SIGNER = ConnectTokenSigner(CREDENTIALS)
CONNECT_TOKEN = ConnectToken(CLIENT_ID, USER_ID, AUTH_DATA, NOW, NOW + timedelta(hours=1))

# --- unusable values ------------------------------------------------------------------------------------------------


def renamed(values: Mapping[str, object], old: str, new: str) -> dict[str, object]:
    return {new if name == old else name: value for name, value in values.items()}


ENDLESS: dict[str, object] = {"account": ACCOUNT}
ENDLESS["again"] = ENDLESS

UNUSABLE_EXTRAS: dict[str, dict] = {
    "datetime": {"account": ACCOUNT, "since": NOW},
    "bytes": {"account": ACCOUNT.encode()},
    "set": {"account": {ACCOUNT}},
    "object": {"account": SimpleNamespace(value=ACCOUNT)},
    "object-inside": {"account": {"keys": [ACCOUNT, SimpleNamespace(value=NESTED)]}},
    "nan": {"account": ACCOUNT, "limit": float("nan")},
    "infinite": {"account": ACCOUNT, "limit": float("inf")},
    "large-integer": {"account": ACCOUNT, "limit": 2**60},
    "lone-surrogate": {"account": f"{ACCOUNT}\udcff"},
    "key-int": {"account": ACCOUNT, 42: NESTED},
    "key-tuple": {"account": ACCOUNT, (NESTED,): 42},
    "key-lone-surrogate": {"account": ACCOUNT, "\udcff": NESTED},
    "too-deep": {"account": nested(17, ACCOUNT)},
    "endless": ENDLESS,
}
UNUSABLE_LIVES = {"zero": 0, "negative": -1, "large": 2**60}
WRONG_LIVES = {
    "bool": True,
    "float": 3600.0,
    "timedelta": timedelta(hours=1),
    "refresh-token": REFRESH_TOKEN,
    "list": [REFRESH_TOKEN],
}
WRONG_OPTIONS = {
    "ttl-int": {"ttl": 3600},
    "ttl-none": {"ttl": None},
    "ttl-secret": {"ttl": CLIENT_SECRET},
    "dev-int": {"namespace": LEGACY_NAMESPACE, "dev": 1},
    "dev-none": {"namespace": LEGACY_NAMESPACE, "dev": None},
    "dev-secret": {"namespace": LEGACY_NAMESPACE, "dev": CLIENT_SECRET},
}
UNUSABLE_OPTIONS = {
    "ttl-zero": {"ttl": timedelta(0)},
    "ttl-negative": {"ttl": timedelta(seconds=-1)},
    "ttl-fraction": {"ttl": timedelta(seconds=1.5)},
    "ttl-two-hours": {"ttl": timedelta(hours=2)},
    "namespace-unknown": {"namespace": "rollout"},
    "namespace-none": {"namespace": None},
    "namespace-secret": {"namespace": CLIENT_SECRET},
    "dev-without-legacy": {"dev": True},
}
WRONG_INSTANTS = {"number": SECOND, "secret": API_KEY, "list": [API_KEY]}
UNUSABLE_INSTANTS = {"naive": NAIVE, "before-1970": datetime(1969, 1, 1, tzinfo=timezone.utc)}
THE_END = datetime(9999, 12, 31, 23, 30, tzinfo=timezone.utc)

# --- failures of each public call -----------------------------------------------------------------------------------


def with_api_key(value: object) -> AuthData:
    return AuthData(value, REFRESH_TOKEN, 3600, EXTRA)


def with_refresh_token(value: object) -> AuthData:
    return AuthData(API_KEY, value, 3600, EXTRA)


def with_expires_in(value: object) -> AuthData:
    return AuthData(API_KEY, REFRESH_TOKEN, value, EXTRA)


def with_extra(value: object) -> AuthData:
    return AuthData(API_KEY, REFRESH_TOKEN, 3600, value)


AUTH_DATA_FAILURES = [
    *cases("api-key", TypeError, wrong_types(API_KEY), with_api_key),
    *cases("api-key", InvalidAuthDataError, unusable_texts(API_KEY), with_api_key),
    *cases("refresh-token", TypeError, without(wrong_types(REFRESH_TOKEN), "none"), with_refresh_token),
    *cases("refresh-token", InvalidAuthDataError, unusable_texts(REFRESH_TOKEN) | {"none": None}, with_refresh_token),
    *cases("expires-in", TypeError, WRONG_LIVES, with_expires_in),
    *cases("expires-in", InvalidAuthDataError, UNUSABLE_LIVES | {"none": None}, with_expires_in),
    *cases("extra", TypeError, without(wrong_types(ACCOUNT), "dict") | {"str": json.dumps(EXTRA)}, with_extra),
    *cases("extra", InvalidAuthDataError, UNUSABLE_EXTRAS | {"shadowing": {"apiKey": API_KEY}}, with_extra),
    case("refresh-token-and-expires-in-swapped", TypeError, AuthData, API_KEY, 3600, REFRESH_TOKEN, EXTRA),
    case("assignment", FrozenInstanceError, setattr, AUTH_DATA, "api_key", API_KEY),
    case("deletion", FrozenInstanceError, delattr, AUTH_DATA, "api_key"),
    case("extra-without-that-key", KeyError, AUTH_DATA.extra.__getitem__, "region"),
]


def from_wire(**changes: object) -> AuthData:
    return AuthData.from_dict(WIRE | changes)


FROM_DICT_FAILURES = [
    *cases("data", InvalidAuthDataError, wrong_types(API_KEY), AuthData.from_dict),
    case("data-pairs", InvalidAuthDataError, AuthData.from_dict, list(WIRE.items())),
    case("data-json", InvalidAuthDataError, AuthData.from_dict, json.dumps(WIRE)),
    case("apiKey-missing", InvalidAuthDataError, AuthData.from_dict, without(WIRE, "apiKey")),
    case("refreshToken-missing", InvalidAuthDataError, AuthData.from_dict, without(WIRE, "refreshToken")),
    case("expiresIn-missing", InvalidAuthDataError, AuthData.from_dict, without(WIRE, "expiresIn")),
    *cases("apiKey", InvalidAuthDataError, wrong_types(API_KEY), lambda value: from_wire(apiKey=value)),
    *cases("apiKey", InvalidAuthDataError, unusable_texts(API_KEY), lambda value: from_wire(apiKey=value)),
    *cases("refreshToken", InvalidAuthDataError, wrong_types(API_KEY), lambda value: from_wire(refreshToken=value)),
    *cases("refreshToken", InvalidAuthDataError, unusable_texts(API_KEY), lambda value: from_wire(refreshToken=value)),
    *cases("expiresIn", InvalidAuthDataError, WRONG_LIVES | UNUSABLE_LIVES, lambda value: from_wire(expiresIn=value)),
    case("expiresIn-none", InvalidAuthDataError, from_wire, expiresIn=None),
    *cases("extra", InvalidAuthDataError, UNUSABLE_EXTRAS, lambda value: AuthData.from_dict(WIRE | value)),
    case("unknown-keyword", TypeError, AuthData.from_dict, WIRE, extra=EXTRA),
]


def with_client_id(value: object) -> ClientCredentials:
    return ClientCredentials(value, CLIENT_SECRET, [PREVIOUS_SECRET])


def with_client_secret(value: object) -> ClientCredentials:
    return ClientCredentials(CLIENT_ID, value, [PREVIOUS_SECRET])


def with_previous_secret(value: object) -> ClientCredentials:
    return ClientCredentials(CLIENT_ID, CLIENT_SECRET, [OTHER_SECRET, value])


def with_previous_secrets(value: object) -> ClientCredentials:
    return ClientCredentials(CLIENT_ID, CLIENT_SECRET, value)


CREDENTIALS_FAILURES = [
    *cases("client-id", TypeError, wrong_types(CLIENT_SECRET), with_client_id),
    *cases("client-id", ConfigurationError, unusable_texts(CLIENT_ID), with_client_id),
    case("client-id-is-secret", ConfigurationError, with_client_id, CLIENT_SECRET),
    case("client-id-is-previous-secret", ConfigurationError, with_client_id, PREVIOUS_SECRET),
    *cases("client-secret", TypeError, wrong_types(CLIENT_SECRET), with_client_secret),
    *cases("client-secret", ConfigurationError, unusable_secrets(CLIENT_SECRET), with_client_secret),
    case("client-secret-short", ShortSecretWarning, with_client_secret, SHORT_SECRET),
    *cases("previous-secret", TypeError, wrong_types(PREVIOUS_SECRET), with_previous_secret),
    *cases("previous-secret", ConfigurationError, unusable_secrets(PREVIOUS_SECRET), with_previous_secret),
    case("previous-secret-short", ShortSecretWarning, with_previous_secret, SHORT_SECRET),
    *cases("previous-secrets", TypeError, without(wrong_types(OTHER_SECRET), "list", "dict"), with_previous_secrets),
    case("previous-secrets-str", TypeError, with_previous_secrets, PREVIOUS_SECRET),
    case("assignment", FrozenInstanceError, setattr, CREDENTIALS, "client_secret", OTHER_SECRET),
    case("deletion", FrozenInstanceError, delattr, CREDENTIALS, "client_secret"),
]


def from_variable(name: str) -> Callable[[object], ClientCredentials]:
    return lambda value: ClientCredentials.from_env(VARIABLES | {name: value})


FROM_ENV_FAILURES = [
    *cases("variables", ConfigurationError, UNUSABLE_ENVIRONMENTS, ClientCredentials.from_env),
    *cases("variables", ShortSecretWarning, SHORT_ENVIRONMENTS, ClientCredentials.from_env),
    *(
        case(f"{prefix}-{kind}", TypeError, from_variable(name), value)
        for prefix, (name, _) in UNUSABLE_VARIABLES.items()
        for kind, value in without(wrong_types(OTHER_SECRET), "none").items()
    ),
    case("environ-pairs", TypeError, ClientCredentials.from_env, list(VARIABLES.items())),
    case("environ-str", TypeError, ClientCredentials.from_env, f"ROLLOUT_CLIENT_SECRET={CLIENT_SECRET}"),
    case("environ-bytes", TypeError, ClientCredentials.from_env, f"ROLLOUT_CLIENT_SECRET={CLIENT_SECRET}".encode()),
    case("environ-object", TypeError, ClientCredentials.from_env, SimpleNamespace(**VARIABLES)),
    case("unknown-keyword", TypeError, ClientCredentials.from_env, client_secret=CLIENT_SECRET),
]

SIGNER_FAILURES = [
    *cases("credentials", TypeError, WRONG_CREDENTIALS | {"none": None}, ConnectTokenSigner),
    *cases("option", TypeError, WRONG_OPTIONS, lambda value: ConnectTokenSigner(CREDENTIALS, **value)),
    *cases("option", ConfigurationError, UNUSABLE_OPTIONS, lambda value: ConnectTokenSigner(CREDENTIALS, **value)),
    case("namespace-list", ConfigurationError, ConnectTokenSigner, CREDENTIALS, namespace=[CLIENT_SECRET]),
]


def signing_failures(sign: Callable[..., str]) -> list[object]:
    large, large_extra = AuthData(API_KEY * 100, extra=EXTRA), AuthData(API_KEY, extra={"accounts": [ACCOUNT] * 100})
    return [
        *cases("user-id", TypeError, wrong_types(API_KEY), lambda value: sign(value, AUTH_DATA)),
        *cases("user-id", InvalidUserIdError, unusable_texts(API_KEY), lambda value: sign(value, AUTH_DATA)),
        case("user-id-auth-data", TypeError, sign, AUTH_DATA, USER_ID),
        case("user-id-large", InvalidUserIdError, sign, API_KEY * 100),
        case("user-id-large-with-auth-data", InvalidAuthDataError, sign, USER_ID * 1000, AUTH_DATA),
        *cases("auth-data", TypeError, WRONG_AUTH_DATA, lambda value: sign(USER_ID, value)),
        case("auth-data-large", InvalidAuthDataError, sign, USER_ID, large),
        case("auth-data-large-extra", InvalidAuthDataError, sign, USER_ID, large_extra),
        *cases("now", TypeError, WRONG_INSTANTS, lambda value: sign(USER_ID, AUTH_DATA, now=value)),
        *cases("now", ConfigurationError, UNUSABLE_INSTANTS, lambda value: sign(USER_ID, AUTH_DATA, now=value)),
        case("now-at-the-end", ConfigurationError, sign, USER_ID, AUTH_DATA, now=THE_END),
    ]


def generate(**options: object) -> str:
    return generate_connect_token(USER_ID, AUTH_DATA, **{"credentials": CREDENTIALS, **options})


GENERATE_FAILURES = [
    *signing_failures(partial(generate_connect_token, credentials=CREDENTIALS)),
    *cases("credentials", TypeError, WRONG_CREDENTIALS, lambda value: generate(credentials=value)),
    *cases("option", TypeError, WRONG_OPTIONS, lambda value: generate(**value)),
    *cases("option", ConfigurationError, UNUSABLE_OPTIONS, lambda value: generate(**value)),
    case("namespace-list", ConfigurationError, generate, namespace=[CLIENT_SECRET]),
]

CONNECT_TOKEN_FAILURES = [
    case("client-id", TypeError, ConnectToken, None, USER_ID, AUTH_DATA, NOW, NOW),
    case("user-id", TypeError, ConnectToken, CLIENT_ID, 42, AUTH_DATA, NOW, NOW),
    case("issued-at", TypeError, ConnectToken, CLIENT_ID, USER_ID, AUTH_DATA, SECOND, NOW),
    case("issued-at-naive", ConfigurationError, ConnectToken, CLIENT_ID, USER_ID, AUTH_DATA, NAIVE, NOW),
    case("expires-at", TypeError, ConnectToken, CLIENT_ID, USER_ID, AUTH_DATA, NOW, SECOND),
    case("expires-at-naive", ConfigurationError, ConnectToken, CLIENT_ID, USER_ID, AUTH_DATA, NOW, NAIVE),
    *cases("auth-data", TypeError, WRONG_AUTH_DATA, lambda value: ConnectToken(CLIENT_ID, USER_ID, value, NOW, NOW)),
    case("auth-data-and-user-id", TypeError, ConnectToken, CLIENT_ID, 42, WIRE, NOW, NOW),
    case("assignment", FrozenInstanceError, setattr, CONNECT_TOKEN, "auth_data", WIRE),
    case("deletion", FrozenInstanceError, delattr, CONNECT_TOKEN, "auth_data"),
]

# --- tokens that are refused ----------------------------------------------------------------------------------------


def rollout_claim(value: object) -> str:
    return signed(CLAIMS | {NAMESPACE: value})


def auth_data(**changes: object) -> str:
    return rollout_claim({"authData": WIRE | changes})


def with_header(**fields: object) -> str:
    return signed(CLAIMS, header=json.dumps({"alg": "HS512", "typ": "JWT", **fields}).encode())


PAYLOAD = json.dumps(CLAIMS).encode()
BODY, SIGNATURE = TOKEN.split(".")[1:]
NEXT_LETTER = chr(ord(SIGNATURE[-1]) + 1)

MALFORMED_TOKENS = {
    "empty": "",
    "one-segment": BODY,
    "two-segments": f"{HEADER}.{BODY}",
    "four-segments": f"{TOKEN}.{SIGNATURE}",
    "bearer": f"Bearer {TOKEN}",
    "line-break": f"{TOKEN}\n",
    "quoted": f'"{TOKEN}"',
    "padded-signature": f"{TOKEN}==",
    "padded-payload": f"{HEADER}.{BODY}=.{SIGNATURE}",
    "padded-header": f"{HEADER}=.{BODY}.{SIGNATURE}",
    "trailing-bits": f"{HEADER}.{BODY}.{SIGNATURE[:-1]}{NEXT_LETTER}",
    "standard-alphabet": f"{HEADER}.{BODY[:-4]}+/+/.{SIGNATURE}",
    "cut-payload": f"{HEADER}.{BODY[: len(BODY) // 4 * 4 - 3]}.{SIGNATURE}",
    "not-ascii": f"{HEADER}.{BODY}é.{SIGNATURE}",
    "lone-surrogate": f"{HEADER}.{BODY}\udcff.{SIGNATURE}",
    "nul": f"{HEADER}.{BODY}\0.{SIGNATURE}",
    "oversize": auth_data(apiKey=API_KEY * 100),
    "header-not-utf-8": signed(CLAIMS, header=b"\xff" + API_KEY.encode()),
    "header-not-json": signed(CLAIMS, header=API_KEY.encode()),
    "header-not-object": signed(CLAIMS, header=json.dumps([API_KEY]).encode()),
    "header-duplicate-key": signed(CLAIMS, header=b'{"alg":"HS512","alg":"HS512"}'),
    "header-without-alg": signed(CLAIMS, header=b'{"typ":"JWT"}'),
    **{f"alg-{name}": with_header(alg=name) for name in ("none", "HS256", "HS384", "RS256", "ES256", "hs512")},
    "alg-secret": with_header(alg=API_KEY),
    "alg-list": with_header(alg=[API_KEY]),
    "typ-secret": with_header(typ=API_KEY),
    "crit": with_header(crit=[API_KEY]),
    "b64": with_header(b64=API_KEY),
    "kid-list": with_header(kid=[API_KEY]),
    "payload-not-utf-8": signed_bytes(PAYLOAD.replace(b"user", b"\xff\xfe")),
    "payload-not-json": signed_bytes(PAYLOAD[:-1]),
    "payload-list": signed([CLAIMS]),
    "payload-text": signed(API_KEY),
    "payload-empty": signed_bytes(b""),
    "payload-duplicate-key": signed_bytes(PAYLOAD.replace(b'"sub":', b'"iss":')),
    "payload-nan": claims(limit=float("nan")),
    "payload-large-integer": claims(limit=10**30),
    "payload-large-float": signed_bytes(PAYLOAD.replace(b"3600", b"1e999")),
    "payload-lone-surrogate": claims(name=f"{API_KEY}\udcff"),
    "payload-deep": claims(deep=nested(40, API_KEY)),
    "payload-very-deep": signed_bytes(PAYLOAD[:-1] + b',"deep":' + b"[" * 5000),
}
BADLY_SIGNED_TOKENS = {
    "other-secret": signed(CLAIMS, secret=OTHER_SECRET),
    "no-signature": f"{HEADER}.{BODY}.",
    "cut-signature": f"{HEADER}.{BODY}.{SIGNATURE[:-2]}",
    "changed-payload": f"{HEADER}.{claims(sub='user-2').split('.')[1]}.{SIGNATURE}",
}
WRONG_CLAIMS = {"null": None, "float": 1.5, "bool": True, "list": [API_KEY], "object": WIRE}
WRONG_WIRE_TEXTS = {"null": None, "int": 42, "list": [API_KEY], "object": {"value": API_KEY}}
INVALID_CLAIMS = {
    **{f"{name}-missing": signed(without(CLAIMS, name)) for name in ("iss", "sub", "iat", "exp")},
    **{
        f"{name}-{kind}": claims(**{name: value})
        for name in ("iss", "sub", "iat", "exp", "nbf")
        for kind, value in WRONG_CLAIMS.items()
    },
    **{f"{name}-secret": claims(**{name: CLIENT_SECRET}) for name in ("iss", "iat", "exp", "nbf")},
    "sub-blank": claims(sub=" "),
    "iat-negative": claims(iat=-1),
    "exp-after-9999": claims(exp=10**12),
    "exp-before-iat": claims(exp=SECOND - 1),
    "exp-over-one-hour": claims(exp=SECOND + 3601),
    "namespace-legacy": signed(renamed(CLAIMS, NAMESPACE, LEGACY_NAMESPACE)),
    "namespace-empty": signed(renamed(CLAIMS, NAMESPACE, "")),
    "namespace-left-out": signed(without(CLAIMS, NAMESPACE) | {"authData": WIRE}),
    "rollout-null": rollout_claim(None),
    "rollout-secret": rollout_claim(API_KEY),
    "rollout-list": rollout_claim([{"authData": WIRE}]),
    "auth-data-null": rollout_claim({"authData": None}),
    "auth-data-secret": rollout_claim({"authData": API_KEY}),
    "auth-data-list": rollout_claim({"authData": [API_KEY]}),
    "auth-data-without-api-key": rollout_claim({"authData": without(WIRE, "apiKey")}),
    "auth-data-without-refresh-token": rollout_claim({"authData": without(WIRE, "refreshToken")}),
    "auth-data-without-expires-in": rollout_claim({"authData": without(WIRE, "expiresIn")}),
    **{
        f"{name}-{kind}": auth_data(**{name: value})
        for name in ("apiKey", "refreshToken")
        for kind, value in (without(unusable_texts(API_KEY), "lone-surrogate") | WRONG_WIRE_TEXTS).items()
    },
    **{
        f"expiresIn-{kind}": auth_data(expiresIn=value)
        for kind, value in {**without(WRONG_LIVES, "timedelta"), **UNUSABLE_LIVES, "null": None}.items()
    },
    "extra-large-integer": auth_data(limit=2**60),
    "extra-too-deep": auth_data(deep=nested(18, ACCOUNT)),
}
REFUSED_TOKENS = {
    MalformedTokenError: MALFORMED_TOKENS,
    BadSignatureError: BADLY_SIGNED_TOKENS,
    InvalidClaimError: INVALID_CLAIMS,
    TokenExpiredError: {"expired": claims(iat=SECOND - 3600, exp=SECOND - 60)},
    TokenNotYetValidError: {"iat-ahead": claims(iat=SECOND + 61), "nbf-ahead": claims(nbf=SECOND + 61)},
}


def verify(token: object = TOKEN, **options: object) -> ConnectToken:
    return verify_connect_token(token, **{"credentials": CREDENTIALS, "now": NOW, **options})


def verify_legacy_dev(value: object) -> ConnectToken:
    token = signed(CLAIMS | {LEGACY_NAMESPACE: {"authData": WIRE, "dev": value}})
    return verify(token, namespace=LEGACY_NAMESPACE)


VERIFY_FAILURES = [
    *cases("token", TypeError, without(wrong_types(TOKEN), "bytes"), verify),
    case("token-memoryview", TypeError, verify, memoryview(TOKEN.encode())),
    *cases("credentials", TypeError, WRONG_CREDENTIALS, lambda value: verify(credentials=value)),
    case("credentials-positional", TypeError, verify_connect_token, TOKEN, CREDENTIALS),
    case(
        "credentials-short",
        BadSignatureError,
        verify,
        signed(CLAIMS, secret=OTHER_SECRET),
        credentials=SHORT_CREDENTIALS,
    ),
    *cases("now", TypeError, WRONG_INSTANTS, lambda value: verify(now=value)),
    *cases("now", ConfigurationError, UNUSABLE_INSTANTS, lambda value: verify(now=value)),
    *cases("leeway", TypeError, {"int": 60, "none": None, "secret": API_KEY}, lambda value: verify(leeway=value)),
    case("leeway-negative", ConfigurationError, verify, leeway=timedelta(seconds=-1)),
    case("leeway-fraction", ConfigurationError, verify, leeway=timedelta(seconds=1.5)),
    case("namespace-unknown", ConfigurationError, verify, namespace="rollout"),
    case("namespace-secret", ConfigurationError, verify, namespace=CLIENT_SECRET),
    case("namespace-list", ConfigurationError, verify, namespace=[CLIENT_SECRET]),
    case("namespace-legacy", InvalidClaimError, verify, namespace=LEGACY_NAMESPACE),
    *cases("legacy-dev", InvalidClaimError, {"secret": API_KEY, "int": 1, "null": None}, verify_legacy_dev),
    case("unknown-keyword", TypeError, verify, secret=CLIENT_SECRET),
]


@pytest.mark.parametrize(("error", "call"), AUTH_DATA_FAILURES)
def test_auth_data(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A value that AuthData refuses is shown nowhere, and neither are the values beside it."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(("error", "call"), FROM_DICT_FAILURES)
def test_auth_data_from_dict(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A mapping that AuthData.from_dict refuses is shown nowhere."""
    assert_hidden(reporters, error, call)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("error", "call"), CREDENTIALS_FAILURES)
def test_client_credentials(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A secret that ClientCredentials refuses is shown nowhere, and neither are the secrets beside it."""
    assert_hidden(reporters, error, call)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("error", "call"), FROM_ENV_FAILURES)
def test_client_credentials_from_env(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A mapping of variables that ClientCredentials.from_env refuses is shown nowhere."""
    assert_hidden(reporters, error, call)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(ClientCredentials.from_env, id="from-env"),
        pytest.param(partial(generate_connect_token, USER_ID, AUTH_DATA), id="generate"),
        pytest.param(partial(verify_connect_token, TOKEN), id="verify"),
    ],
)
@pytest.mark.parametrize(
    ("error", "environ"),
    [
        *(pytest.param(ConfigurationError, value, id=kind) for kind, value in settable(UNUSABLE_ENVIRONMENTS).items()),
        *(pytest.param(ShortSecretWarning, value, id=kind) for kind, value in SHORT_ENVIRONMENTS.items()),
    ],
)
def test_process_environment(
    reporters: Reporters,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
    environ: Mapping[str, str],
    call: Callable[[], object],
) -> None:
    """Variables of the process that cannot be used are shown nowhere, whichever call reads them."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert_hidden(reporters, error, call, TOKEN_PIECES)


@pytest.mark.parametrize(("error", "call"), SIGNER_FAILURES)
def test_connect_token_signer(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """Settings that ConnectTokenSigner refuses are shown nowhere, if they could be secret."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(("error", "call"), signing_failures(SIGNER.sign))
def test_sign(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A token that ConnectTokenSigner.sign does not hand out leaves no trace of the secret and of authData."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(("error", "call"), GENERATE_FAILURES)
def test_generate_connect_token(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """A token that generate_connect_token does not hand out leaves no trace of the secret and of authData."""
    assert_hidden(reporters, error, call)


@pytest.mark.parametrize(("error", "call"), VERIFY_FAILURES)
def test_verify_connect_token(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """Arguments that verify_connect_token refuses are shown nowhere, and neither is the token beside them."""
    assert_hidden(reporters, error, call, TOKEN_PIECES)


@pytest.mark.parametrize("kind", [str, bytes])
@pytest.mark.parametrize(
    ("error", "token"),
    [pytest.param(error, token, id=name) for error, tokens in REFUSED_TOKENS.items() for name, token in tokens.items()],
)
def test_refused_token(reporters: Reporters, error: type[Exception], token: str, kind: type) -> None:
    """Of a token that is refused, neither a segment nor what it decodes to is shown."""
    given = token if kind is str else token.encode("utf-8", "surrogatepass")
    assert_hidden(reporters, error, partial(verify, given), all_pieces(token_texts(given)))


@pytest.mark.parametrize(("error", "call"), CONNECT_TOKEN_FAILURES)
def test_connect_token(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """What ConnectToken refuses is shown nowhere, and neither is the authData beside it."""
    assert_hidden(reporters, error, call)


# --- errors of others that pass through -----------------------------------------------------------------------------


class UnknownZone(tzinfo):
    """A time zone whose offset nobody can tell."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        raise OSError("unreachable")


LOST = datetime(2026, 1, 1, tzinfo=UnknownZone())
HELD_VARIABLES = Unreachable(without(VARIABLES, "ROLLOUT_PREVIOUS_CLIENT_SECRET"))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        case("extra", OSError, with_extra, Unreachable(EXTRA)),
        case("data", OSError, AuthData.from_dict, Unreachable(WIRE)),
        case("environ", OSError, ClientCredentials.from_env, HELD_VARIABLES),
        case("now-of-sign", OSError, SIGNER.sign, USER_ID, AUTH_DATA, now=LOST),
        case("now-of-generate", OSError, generate, now=LOST),
        case("now-of-verify", OSError, verify, now=LOST),
    ],
)
def test_error_of_an_argument(reporters: Reporters, error: type[Exception], call: Callable[[], object]) -> None:
    """An error that the code of an argument raises passes through frames that show no secret."""
    assert_hidden(reporters, error, call, TOKEN_PIECES)


def test_missing_pyjwt(reporters: Reporters, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyJWT cannot be imported, the error that says so shows neither the token nor a secret."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    unused_until_now = ClientCredentials(CLIENT_ID, canary("unusedSecret"), [CLIENT_SECRET])
    wanted = TOKEN_PIECES | all_pieces(unused_until_now.secrets)
    assert_hidden(reporters, ModuleNotFoundError, partial(verify, credentials=unused_until_now), wanted)


# --- representations ------------------------------------------------------------------------------------------------

VALUES = {
    "auth-data": AUTH_DATA,
    "auth-data-not-refreshable": AuthData(API_KEY),
    "extra": AUTH_DATA.extra,
    "credentials": CREDENTIALS,
    "credentials-with-one-secret": ClientCredentials(CLIENT_ID, CLIENT_SECRET),
    "signer": SIGNER,
    "connect-token": CONNECT_TOKEN,
    "connect-token-without-auth-data": ConnectToken(CLIENT_ID, USER_ID, None, NOW, NOW),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_text_of_a_value(value: object, way: Callable[[object], str]) -> None:
    """A public value that holds secrets can be printed and logged, and shows none."""
    assert leaks([Sight("text", way(value))]) == []


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value_has_no_dict(value: object) -> None:
    """It has no ``__dict__``, by which ``vars`` and serializers would show what ``repr`` hides."""
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_text_of_a_half_built_value(value: object) -> None:
    """Whichever attributes of a value are set, none included, it can be printed and shows no secret."""
    assert leaks(half_built_sights(value)) == []


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "build",
    [
        pytest.param(partial(with_client_secret, SHORT_SECRET), id="client-secret"),
        pytest.param(partial(with_previous_secret, SHORT_SECRET), id="previous-secret"),
        pytest.param(partial(ClientCredentials.from_env, SHORT_ENVIRONMENTS["short-secret"]), id="from-env"),
    ],
)
def test_text_of_a_warning(build: Callable[[], object]) -> None:
    """The warning about a short secret does not show it."""
    with pytest.warns(ShortSecretWarning) as caught:
        build()
    (shown,) = caught
    line = warnings.formatwarning(shown.message, shown.category, shown.filename, shown.lineno)
    assert leaks([Sight("warning", line), *texts(shown.message)]) == []


# --- the checker itself ---------------------------------------------------------------------------------------------


def as_masked_name(api_key: str) -> None:
    raise ValueError("says nothing")


def as_bytes(held: str) -> None:
    data = held.encode()
    del held
    raise ValueError(f"says nothing about {len(data)} bytes")


def as_token(held: str) -> None:
    segment = base64.urlsafe_b64encode(b'{"apiKey":"' + held.encode() + b'"}').rstrip(b"=")
    del held
    raise ValueError(f"says nothing about {len(segment)} characters")


def as_item(held: str) -> None:
    items = [{"inside": (held,)}]
    del held
    raise ValueError(f"says nothing about {len(items)} item")


def as_cut_text(held: str) -> None:
    start = held[7:40]
    del held
    raise ValueError(f"says nothing about {len(start)} characters")


def as_message(held: str) -> None:
    raise ValueError(held)


def as_attribute(held: str) -> None:
    error = ValueError("says nothing")
    error.held = held
    del held
    raise error


def as_note(held: str) -> None:
    error = ValueError("says nothing")
    error.__notes__ = [held]
    del held
    raise error


def as_context(held: str) -> None:
    try:
        raise LookupError(held)
    except LookupError:
        del held
        raise ValueError("says nothing") from None


@pytest.mark.parametrize(
    ("leak", "places"),
    [
        (as_local, {"sentry", "django"}),
        (as_bytes, {"sentry", "django"}),
        (as_token, {"sentry", "django"}),
        (as_item, {"sentry", "django"}),
        (as_cut_text, {"sentry", "django"}),
        (as_message, {"str", "repr", "args", "pickle", "traceback", "sentry", "django"}),
        (as_attribute, {"vars", "pickle"}),
        (as_note, {"notes", "vars", "pickle"}),
        (as_context, {"str", "repr", "args", "pickle", "traceback"}),
    ],
)
def test_leak_is_found(reporters: Reporters, leak: FunctionType, places: set[str]) -> None:
    """A function of the package that leaks a secret would be caught, wherever it leaks it."""
    found = leaks(reporters.sights(failure(partial(pretended(leak), API_KEY))))
    assert places <= {place.partition(":")[0] for place in found}
    with pytest.raises(AssertionError):
        assert_hidden(reporters, ValueError, partial(pretended(leak), API_KEY))


def test_masked_name_is_a_leak_to_django_alone(reporters: Reporters) -> None:
    """Sentry's own scrubber is at work: it masks a local by its name, which Django does not."""
    found = leaks(reporters.sights(failure(partial(pretended(as_masked_name), API_KEY))))
    assert [place.partition(":")[0] for place in found] == ["django"]


def test_frames_of_the_package_are_demanded(reporters: Reporters) -> None:
    """An error without a frame of the package does not count as one that hides its secrets."""
    with pytest.raises(AssertionError):
        assert_hidden(reporters, ValueError, partial(int, "x"))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value_in_a_local(reporters: Reporters, value: object) -> None:
    """A public value may be the local of any frame: both reporters show its masked form."""
    assert_hidden(reporters, ValueError, partial(pretended(as_local), value))
