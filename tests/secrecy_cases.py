"""The public calls, with arguments that they take and, for each argument, values that they refuse.

What a call refuses goes by the name of the argument (``REFUSED``); ``Call.more`` says what is particular to one call.
Every value holds a canary if its type can.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from functools import partial
from inspect import signature
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch
from urllib.parse import urlencode

from canaries import (
    ACCOUNT,
    API_KEY,
    AUTH_DATA,
    CANARY_PIECES,
    CLAIMS,
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    EVENT_ID,
    EXTRA,
    HEADER,
    NESTED,
    NOW,
    OTHER_SECRET,
    OTHER_VERIFICATION_TOKEN,
    PREVIOUS_SECRET,
    PREVIOUS_VERIFICATION_TOKEN,
    REFRESH_TOKEN,
    RESOURCE_ID,
    SECOND,
    USER_ID,
    VERIFICATION_TOKEN,
    WIRE,
    all_pieces,
    encodings,
    signed,
    token_texts,
    without,
)

import rollout_auth
from rollout_auth import NAMESPACE, ApiKeyIssuer, AuthData, ClientCredentials, RefreshEndpoint, RequestVerifier
from rollout_auth.api_keys import API_KEY_TYPE, REFRESH_TOKEN_TYPE, derived_secret

Values = Mapping[str, object]


class Call(NamedTuple):
    """A public call, arguments that it takes, and what it refuses beside or instead of ``REFUSED``."""

    function: Callable[..., object]
    arguments: Values
    more: Mapping[str, Values] = {}

    def good(self) -> Callable[[], object]:
        return partial(self.function, **self.arguments)

    def bad(self) -> Iterator[tuple[str, object, Callable[[], object]]]:
        """Of each refusal, its name, the value and the call."""
        named = {name: REFUSED[name] for name in signature(self.function).parameters if name in REFUSED}
        if self.function.__module__.startswith("rollout_auth."):
            named["unknown"] = {"keyword": CLIENT_SECRET}
        for name, values in {**named, **self.more}.items():
            for kind, value in values.items():
                yield f"{name}-{kind}", value, partial(self.function, **{**self.arguments, name: value})


# --- values of the wrong type, and texts that cannot be used --------------------------------------------------------


def nested(depth: int, value: object) -> object:
    for _ in range(depth):
        value = [value]
    return value


def wrong_types(secret: str) -> Values:
    """Not a str, though most hold the secret."""
    return {
        "none": None,
        "int": 42,
        "bytes": secret.encode(),
        "bytearray": bytearray(secret.encode()),
        "list": [secret],
        "dict": {"value": secret},
        "object": SimpleNamespace(value=secret),
    }


def others(secret: str) -> Values:
    """Neither None nor of a type of this package or of datetime, though most hold the secret."""
    return without(wrong_types(secret), "none") | {"str": secret}


def unusable_texts(secret: str) -> dict[str, str]:
    return {
        "empty": "",
        "blank": " \t",
        "space-before": f" {secret}",
        "line-break-after": f"{secret}\n",
        "byte-order-mark": f"\ufeff{secret}",
        "nul": f"{secret}\0{secret}",
        "lone-surrogate": f"{secret}\udcff",
    }


def unusable_settings(secret: str) -> dict[str, str]:
    return unusable_texts(secret) | {
        "pem": f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
        "ssh": f"ssh-ed25519 {secret}",
        "jwk": json.dumps({"kty": "oct", "k": secret}),
        "quoted": f'"{secret}"',
        "variable": f"${{{secret}}}",
        "placeholder": f"<{secret}>",
    }


def bad_texts(secret: str) -> Values:
    return wrong_types(secret) | unusable_texts(secret)


def bad_settings(secret: str) -> Values:
    return wrong_types(secret) | unusable_settings(secret)


def bad_secrets(secret: str) -> Values:
    """Short ones too: the tests turn the warning into an error."""
    return bad_settings(secret) | {"short": secret[:40]}


def last(values: Values, before: str) -> Values:
    """Lists that are as they should be but for their last item."""
    return {f"last-{kind}": [before, value] for kind, value in values.items()}


class Unreachable(Mapping[str, object]):
    """A mapping that reads its values from elsewhere, and fails at the first that it does not hold."""

    def __init__(self, held: Values) -> None:
        self.held = held

    def __getitem__(self, key: str) -> object:
        if key not in self.held:
            raise OSError("unreachable")
        return self.held[key]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.held, "elsewhere"])

    def __len__(self) -> int:
        return len(self.held) + 1


class UnknownZone(tzinfo):
    """A time zone whose offset nobody can tell."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        raise OSError("unreachable")


LOST = datetime(2026, 1, 1, tzinfo=UnknownZone())
THE_END = datetime(9999, 12, 31, 23, 59, tzinfo=timezone.utc)
BAD_INSTANTS = others(API_KEY) | {"naive": NOW.replace(tzinfo=None), "unknown-zone": LOST}
BAD_MOMENTS = BAD_INSTANTS | {"before-1970": datetime(1969, 1, 1, tzinfo=timezone.utc), "the-end": THE_END}
BAD_LEEWAYS = others(API_KEY) | {"none": None, "negative": timedelta(-1), "fraction": timedelta(seconds=1.5)}
BAD_DURATIONS = BAD_LEEWAYS | {"zero": timedelta(0), "long": timedelta(days=10_000)}
NOT_CREDENTIALS = others(CLIENT_SECRET) | {
    "pair": (CLIENT_ID, CLIENT_SECRET),
    "auth-data": AUTH_DATA,
    "class": ClientCredentials,
}
NOT_AUTH_DATA = others(API_KEY) | {"wire": WIRE, "credentials": CREDENTIALS}
ENDLESS: dict[str, object] = {"account": ACCOUNT}
ENDLESS["again"] = ENDLESS
UNUSABLE_EXTRAS: dict[str, dict] = {
    "bytes": {"account": ACCOUNT.encode()},
    "set": {"account": {ACCOUNT}},
    "object-inside": {"account": {"keys": [ACCOUNT, SimpleNamespace(value=NESTED)]}},
    "nan": {"account": ACCOUNT, "limit": float("nan")},
    "large-integer": {"account": ACCOUNT, "limit": 2**60},
    "lone-surrogate": {"account": f"{ACCOUNT}\udcff"},
    "key-tuple": {"account": ACCOUNT, (NESTED,): 42},
    "key-lone-surrogate": {"account": ACCOUNT, "\udcff": NESTED},
    "too-deep": {"account": nested(17, ACCOUNT)},
    "endless": ENDLESS,
}
BAD_EXTRAS = (
    without(others(ACCOUNT), "dict")
    | UNUSABLE_EXTRAS
    | {"shadowing": EXTRA | {"apiKey": API_KEY}, "unreachable": Unreachable(EXTRA)}
)
BAD_LIVES = others(REFRESH_TOKEN) | {"bool": True, "float": 1.5, "zero": 0, "negative": -1, "int": 2**60}

BAD_WIRES = {
    **without(others(API_KEY), "dict"),
    "unreachable": Unreachable(WIRE),
    **{f"{name}-missing": without(WIRE, name) for name in ("apiKey", "refreshToken", "expiresIn")},
    **{f"apiKey-{kind}": WIRE | {"apiKey": value} for kind, value in bad_texts(API_KEY).items()},
    **{f"expiresIn-{kind}": WIRE | {"expiresIn": value} for kind, value in BAD_LIVES.items()},
    **{f"extra-{kind}": WIRE | value for kind, value in UNUSABLE_EXTRAS.items()},
}

# --- environments ---------------------------------------------------------------------------------------------------

VARIABLES = {
    "ROLLOUT_CLIENT_ID": CLIENT_ID,
    "ROLLOUT_CLIENT_SECRET": CLIENT_SECRET,
    "ROLLOUT_PREVIOUS_CLIENT_SECRET": PREVIOUS_SECRET,
}
TOKEN_VARIABLES = {
    "ROLLOUT_VERIFICATION_TOKEN": VERIFICATION_TOKEN,
    "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN": PREVIOUS_VERIFICATION_TOKEN,
}


def spoiled(variables: Mapping[str, str], rule: Callable[[str], Values]) -> dict[str, dict[str, object]]:
    """The variables, with one of them at a time set to an unusable value."""
    return {
        f"{name.removeprefix('ROLLOUT_').lower()}-{kind}": {**variables, name: value}
        for name, good in variables.items()
        for kind, value in rule(good).items()
        if value or "PREVIOUS" not in name
    }


def settable(environments: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Those that a process can have: the operating system refuses NUL in a variable."""
    return {kind: variables for kind, variables in environments.items() if "\0" not in "".join(variables.values())}


PROCESS_ENVIRONMENTS = {
    "empty": {},
    "without-secret": without(VARIABLES, "ROLLOUT_CLIENT_SECRET"),
    "id-is-secret": VARIABLES | {"ROLLOUT_CLIENT_ID": CLIENT_SECRET},
    "short-secret": VARIABLES | {"ROLLOUT_CLIENT_SECRET": CLIENT_SECRET[:40]},
    "short-previous-secret": VARIABLES | {"ROLLOUT_PREVIOUS_CLIENT_SECRET": PREVIOUS_SECRET[:40]},
    **settable(spoiled(VARIABLES, unusable_settings)),
}


def bad_mappings(variables: Mapping[str, str]) -> Values:
    """What is no mapping of variables, or one that cannot be used."""
    return without(others(CLIENT_SECRET), "dict") | {
        "pairs": list(variables.items()),
        "object": SimpleNamespace(**variables),
        "empty": {},
        "unreachable": Unreachable(dict([*variables.items()][:-1])),
        **spoiled(variables, bad_settings),
    }


def with_variables(function: Callable[..., object], variables: Mapping[str, str], **arguments: object) -> object:
    with patch.dict(os.environ, variables):
        return function(**arguments)


# --- tokens ---------------------------------------------------------------------------------------------------------


def claims(**changes: object) -> str:
    return signed(CLAIMS | changes)


def details(**changes: object) -> str:
    return claims(**{NAMESPACE: {"authData": WIRE | changes}})


def with_header(**fields: object) -> str:
    return signed(CLAIMS, header=json.dumps({"alg": "HS512", "typ": "JWT", **fields}).encode())


def unreadable(fields: Values) -> dict[str, bytes]:
    """Texts that are no strict JSON object, though they tell the fields."""
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


def misshapen(token: str) -> dict[str, object]:
    """Texts that are no compact token of the strict form, made of a good one."""
    header, payload, signature = token.split(".")
    return {
        "empty": "",
        "opaque": API_KEY,
        "one-segment": payload,
        "four-segments": f"{token}.{signature}",
        "bearer": f"Bearer {token}",
        "line-break": f"{token}\n",
        "padded": f"{token}==",
        "trailing-bits": f"{token[:-1]}{chr(ord(token[-1]) + 1)}",
        "cut-payload": f"{header}.{payload[: len(payload) // 4 * 4 - 3]}.{signature}",
        "not-ascii": f"{header}.{payload}é.{signature}",
        "lone-surrogate": f"{header}.{payload}\udcff.{signature}",
        "oversize": token * 40,
        "header-not-json": signed(CLAIMS, header=API_KEY.encode()),
        "memoryview": memoryview(token.encode()),
    }


TOKEN = signed(CLAIMS)
BODY, SIGNATURE = TOKEN.split(".")[1:]
NO_TEXTS: Values = {"null": None, "list": [API_KEY], "object": {"value": API_KEY}, "blank": " "}
NO_TIMES: Values = {"null": None, "float": 1.5, "list": [API_KEY], "secret": CLIENT_SECRET, "after-9999": 10**12}
UNTRUE_TOKENS = without(wrong_types(TOKEN), "bytes") | misshapen(TOKEN)
REFUSED_TOKENS = {
    **UNTRUE_TOKENS,
    "as-bytes": f"{TOKEN}=".encode(),
    "header-duplicate-key": signed(CLAIMS, header=b'{"alg":"HS512","alg":"HS512"}'),
    **{f"alg-{alg}": with_header(alg=alg) for alg in ("none", "HS256", "RS256", API_KEY[:9])},
    "alg-list": with_header(alg=[API_KEY]),
    "typ-secret": with_header(typ=API_KEY),
    "crit": with_header(crit=[API_KEY]),
    "kid-list": with_header(kid=[API_KEY]),
    **{f"payload-{kind}": signed(payload) for kind, payload in unreadable(CLAIMS).items()},
    "other-secret": signed(CLAIMS, secret=OTHER_SECRET),
    "no-signature": f"{HEADER}.{BODY}.",
    "changed-payload": f"{HEADER}.{claims(sub='user-2').split('.')[1]}.{SIGNATURE}",
    **{f"{name}-missing": signed(without(CLAIMS, name)) for name in ("iss", "sub", "iat", "exp")},
    **{f"{name}-{kind}": claims(**{name: value}) for name in ("iss", "sub") for kind, value in NO_TEXTS.items()},
    **{f"{name}-{kind}": claims(**{name: value}) for name in ("iat", "exp", "nbf") for kind, value in NO_TIMES.items()},
    "iss-secret": claims(iss=CLIENT_SECRET),
    "aud-secret": claims(aud=API_KEY),
    "exp-over-one-hour": claims(exp=SECOND + 3700),
    "early": claims(iat=SECOND + 600, exp=SECOND + 700),
    "late": claims(iat=SECOND - 700, exp=SECOND - 600),
    "namespace-legacy": signed(without(CLAIMS, NAMESPACE) | {rollout_auth.LEGACY_NAMESPACE: CLAIMS[NAMESPACE]}),
    "namespace-left-out": signed(without(CLAIMS, NAMESPACE) | {"authData": WIRE}),
    **{f"rollout-{kind}": claims(**{NAMESPACE: value}) for kind, value in without(NO_TEXTS, "object").items()},
    **{f"auth-data-{kind}": claims(**{NAMESPACE: {"authData": value}}) for kind, value in NO_TEXTS.items()},
    **{
        f"{name}-{kind}": details(**{name: value})
        for name in ("apiKey", "refreshToken", "expiresIn")
        for kind, value in (NO_TEXTS | {"line-break": f"{API_KEY}\n"}).items()
    },
    "extra-too-deep": details(deep=nested(18, ACCOUNT)),
}

SECRETS = [CLIENT_SECRET, PREVIOUS_SECRET]
ISSUER = ApiKeyIssuer(SECRETS)
ISSUED = ISSUER.issue(USER_ID, extra=EXTRA, grant_id="grant-1", now=NOW)
FOREIGN = ApiKeyIssuer(OTHER_SECRET).issue(USER_ID, extra=EXTRA, now=NOW)
GRANT = {"sub": USER_ID, "gid": "grant-1", "gat": SECOND * 1000, "iat": SECOND, "exp": SECOND + 7260, "ext": EXTRA}
NO_GRANTS = {
    **unreadable(GRANT),
    **{f"{name}-missing": without(GRANT, name) for name in ("sub", "gid", "gat", "iat", "exp")},
    **{f"{name}-{kind}": GRANT | {name: value} for name in ("sub", "gid") for kind, value in NO_TEXTS.items()},
    **{f"{name}-{kind}": GRANT | {name: value} for name in ("gat", "iat") for kind, value in NO_TIMES.items()},
    "gat-after-9999": GRANT | {"gat": 10**15},
    "exp-late": GRANT | {"exp": SECOND - 1},
}


def refused_grants(typ: str, good: str, *untrue: str) -> Values:
    """Tokens for API keys that are refused, as one type or the other."""
    header, secret = json.dumps({"alg": "HS512", "typ": typ}).encode(), derived_secret(CLIENT_SECRET, typ)
    return {
        **without(wrong_types(good), "bytes"),
        **misshapen(good),
        **{f"untrue-{number}": token for number, token in enumerate((TOKEN, *untrue))},
        **{f"payload-{kind}": signed(payload, header, secret) for kind, payload in NO_GRANTS.items()},
        **(
            {f"ext-{kind}": signed(GRANT | {"ext": extra}, header, secret) for kind, extra in NO_EXTRAS.items()}
            if typ == REFRESH_TOKEN_TYPE
            else {}
        ),
    }


NO_EXTRAS = {
    "list": [API_KEY],
    "reserved": EXTRA | {"apiKey": API_KEY},
    "large-integer": EXTRA | {"limit": 2**60},
    "deep": EXTRA | {"deep": nested(20, ACCOUNT)},
}


def judged(method: Callable[..., object], token: str, answer: object) -> object:
    """Authenticate or refresh where ``is_revoked`` returns the answer."""
    return method(ApiKeyIssuer(SECRETS, is_revoked=lambda _grant: answer), token, now=NOW)


# --- requests -------------------------------------------------------------------------------------------------------

TOKEN_HEADER, SIGNATURE_HEADER = "X-Rollout-Verification-Token", "X-Rollout-Signature"
FORM = "application/x-www-form-urlencoded"


def sent(kind: str, name: str, *values: str) -> Values:
    """Headers in each shape, with the values on a line each; a mapping has room for one line."""
    return {
        f"{kind}-mapping": {name: ", ".join(values)},
        f"{kind}-environ": {"REQUEST_METHOD": "POST", f"HTTP_{name.upper().replace('-', '_')}": ", ".join(values)},
        f"{kind}-pairs": [(name, value) for value in values],
        f"{kind}-pairs-of-bytes": [(name.lower().encode(), value.encode()) for value in values],
    }


def wrong_headers(name: str, value: str) -> Values:
    """No headers, though most hold the value."""
    return without(others(value), "dict") | {
        "none": None,
        "triples": [(name, value, value)],
        "iterator": iter([(name, value)]),
        "request": SimpleNamespace(headers={name: value}),
        "scope": {"type": "http", "headers": [(name.lower().encode(), value.encode())]},
        "event": {"requestContext": {}, "headers": {name: value}},
        "name-int": {42: value, name: value},
        "value-list": {name: [value]},
        "unreachable": Unreachable({name: value}),
    }


def wrong_bodies(fields: Values) -> Values:
    return without(others(json.dumps(fields)), "bytes") | {"none": None}


FIELDS = {"refreshToken": REFRESH_TOKEN, **EXTRA}
JSON_BODY = json.dumps(FIELDS).encode()
FORM_BODY = urlencode({"refreshToken": REFRESH_TOKEN, "account": ACCOUNT}).encode()
UNREADABLE_BODIES = {
    **unreadable(FIELDS),
    "oversize": JSON_BODY.ljust(rollout_auth.MAX_REFRESH_BODY + 1),
    "form": FORM_BODY,
    "token-missing": json.dumps(EXTRA).encode(),
    **{f"token-{kind}": json.dumps(FIELDS | {"refreshToken": value}).encode() for kind, value in NO_TEXTS.items()},
    "token-nul": json.dumps(FIELDS | {"refreshToken": f"{REFRESH_TOKEN}\0"}).encode(),
    "token-long": json.dumps(FIELDS | {"refreshToken": REFRESH_TOKEN * 200}).encode(),
}
UNREADABLE_FORMS = {
    "empty": b"",
    "json": JSON_BODY,
    "not-utf-8": FORM_BODY + b"\xff",
    "bad-escape": FORM_BODY + b"%zz",
    "duplicate-field": FORM_BODY + b"&" + FORM_BODY,
    "token-missing": urlencode({"account": ACCOUNT}).encode(),
}
PAYLOAD = {
    "eventId": EVENT_ID,
    "eventCreated": "2026-01-02T03:04:05Z",
    "event": "peopleCreated",
    "resourceIds": [RESOURCE_ID],
    "uri": f"https://rollout.com/api/people?ids={RESOURCE_ID}",
    **EXTRA,
}
WEBHOOK = json.dumps(PAYLOAD).encode()


def digest(webhook: bytes, secret: str = CLIENT_SECRET) -> bytes:
    return hmac.digest(secret.encode(), base64.b64encode(webhook), "sha256")


def delivered(body: bytes) -> object:
    return rollout_auth.verify_webhook(body, {SIGNATURE_HEADER: digest(body).hex()}, credentials=CREDENTIALS)


GOOD_SIGNATURE, OTHER_DIGEST = digest(WEBHOOK).hex(), digest(WEBHOOK, OTHER_SECRET)
BAD_SIGNATURES = {
    "upper-case-hex": OTHER_DIGEST.hex().upper(),
    "base64": base64.b64encode(OTHER_DIGEST).decode(),
    "base64url": base64.urlsafe_b64encode(OTHER_DIGEST).decode(),
    "cut": GOOD_SIGNATURE[:-1],
    "not-ascii": f"{GOOD_SIGNATURE}é",
    "client-secret": CLIENT_SECRET,
}
REFUSED_WEBHOOKS = {
    **without(unreadable(PAYLOAD), "large-integer", "lone-surrogate", "duplicate-key"),
    "oversize": WEBHOOK.ljust(rollout_auth.MAX_WEBHOOK_BODY + 1),
    **{f"{name}-missing": json.dumps(without(PAYLOAD, name)).encode() for name in without(PAYLOAD, *EXTRA)},
    **{
        f"{name}-{kind}": json.dumps(PAYLOAD | {name: value}).encode()
        for name in without(PAYLOAD, *EXTRA)
        for kind, value in {"int": 42, "list": [[EVENT_ID]], "object": {"value": EVENT_ID}}.items()
    },
    "eventCreated-secret": json.dumps(PAYLOAD | {"eventCreated": EVENT_ID}).encode(),
}


def renew(request: object) -> AuthData:
    return AUTH_DATA


def driven(method: Callable[..., Coroutine[object, None, object]], **arguments: object) -> object:
    """The result of a coroutine that waits for nothing."""
    try:
        method(**arguments).send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def answered(name: str, answer: object) -> object:
    """Handle a refresh that the app answers like this."""
    endpoint = RefreshEndpoint(lambda _request: answer, verifier=None)
    if name == "handle":
        return endpoint.handle(JSON_BODY, {})
    return driven(endpoint.handle_async, body=JSON_BODY, headers={})


VERIFIER = RequestVerifier([VERIFICATION_TOKEN, PREVIOUS_VERIFICATION_TOKEN])
BEARER_VERIFIER = RequestVerifier(VERIFICATION_TOKEN, header="Authorization")
SIGNER = rollout_auth.ConnectTokenSigner(CREDENTIALS)
ENDPOINT = RefreshEndpoint(renew, verifier=VERIFIER)
REQUEST = {"body": JSON_BODY, "headers": {TOKEN_HEADER: VERIFICATION_TOKEN}}
UNSIGNED_HEADERS = {
    **wrong_headers(SIGNATURE_HEADER, GOOD_SIGNATURE),
    **sent("other", SIGNATURE_HEADER, OTHER_DIGEST.hex()),
    **sent("two", SIGNATURE_HEADER, GOOD_SIGNATURE, OTHER_DIGEST.hex()),
    **sent("elsewhere", "X-Signature", GOOD_SIGNATURE),
    **{f"signature-{kind}": {SIGNATURE_HEADER: value} for kind, value in BAD_SIGNATURES.items()},
}
UNVERIFIED_HEADERS = {
    **wrong_headers(TOKEN_HEADER, VERIFICATION_TOKEN),
    **sent("other", TOKEN_HEADER, OTHER_VERIFICATION_TOKEN),
    **sent("two", TOKEN_HEADER, VERIFICATION_TOKEN, PREVIOUS_VERIFICATION_TOKEN),
    **sent("elsewhere", "X-Api-Token", VERIFICATION_TOKEN),
}

# --- the calls ------------------------------------------------------------------------------------------------------

REFUSED: Mapping[str, Values] = {
    "answer": NOT_AUTH_DATA | {"none": None},
    "api_key": bad_texts(API_KEY),
    "api_key_ttl": BAD_DURATIONS,
    "auth_data": NOT_AUTH_DATA
    | {"long": AuthData(API_KEY * 100), "much": AuthData(API_KEY, extra={"a": [ACCOUNT] * 99})},
    "client_id": bad_settings(OTHER_SECRET) | {"secret": CLIENT_SECRET, "previous": PREVIOUS_SECRET},
    "client_secret": bad_secrets(CLIENT_SECRET),
    "content_type": without(others(REFRESH_TOKEN), "none") | {"long": REFRESH_TOKEN * 4, "two": f"{FORM}, {FORM}"},
    "credentials": NOT_CREDENTIALS,
    "dev": others(CLIENT_SECRET),
    "error": others(API_KEY) | {"auth-data": AUTH_DATA, "error-of-others": LookupError(REFRESH_TOKEN)},
    "expires_in": BAD_LIVES | {"none": None},
    "extra": BAD_EXTRAS,
    "field": wrong_types(REFRESH_TOKEN),
    "grant_id": without(bad_texts(API_KEY), "none"),
    "header": bad_texts(VERIFICATION_TOKEN),
    "is_revoked": others(API_KEY),
    "leeway": BAD_LEEWAYS,
    "namespace": others(CLIENT_SECRET) | {"none": None},
    "now": BAD_MOMENTS,
    "previous_client_secrets": without(others(OTHER_SECRET), "list") | last(bad_secrets(PREVIOUS_SECRET), OTHER_SECRET),
    "refresh": others(API_KEY) | {"auth-data": AUTH_DATA},
    "refresh_token": bad_texts(REFRESH_TOKEN),
    "refresh_token_ttl": BAD_DURATIONS,
    "secrets": without(bad_secrets(CLIENT_SECRET), "list") | last(bad_secrets(PREVIOUS_SECRET), CLIENT_SECRET),
    "signed_content": others(CLIENT_SECRET) | {"raw": "raw"},
    "token": UNTRUE_TOKENS,
    "ttl": BAD_DURATIONS,
    "user_id": bad_texts(API_KEY) | {"auth-data": AUTH_DATA, "long": API_KEY * 100},
    "variables": PROCESS_ENVIRONMENTS,
    "verification_tokens": without(bad_settings(VERIFICATION_TOKEN), "list")
    | last(bad_settings(PREVIOUS_VERIFICATION_TOKEN), VERIFICATION_TOKEN)
    | {"set": {VERIFICATION_TOKEN}, "commas": f"{VERIFICATION_TOKEN},{VERIFICATION_TOKEN}"},
    "verifier": others(VERIFICATION_TOKEN),
}


def value_class(kind: type, more: Mapping[str, Values] = {}, **fields: object) -> Call:
    """The class of a value whose texts and instants are checked for their types alone."""
    texts = {name: wrong_types(API_KEY) for name, value in fields.items() if isinstance(value, str)}
    instants = {name: BAD_INSTANTS for name, value in fields.items() if isinstance(value, datetime)}
    return Call(kind, fields, {**texts, **instants, **more})


SIGNING = {"user_id": USER_ID, "auth_data": AUTH_DATA, "now": NOW}
DELIVERY = {"body": WEBHOOK, "headers": {SIGNATURE_HEADER: GOOD_SIGNATURE}}
WRONG_REQUESTS = {"body": wrong_bodies(FIELDS), "headers": wrong_headers(TOKEN_HEADER, VERIFICATION_TOKEN)}

CALLS = {
    "AuthData": Call(
        AuthData, {"api_key": API_KEY, "refresh_token": REFRESH_TOKEN, "expires_in": 3600, "extra": EXTRA}
    ),
    "AuthData.from_dict": Call(AuthData.from_dict, {"data": WIRE}, {"data": BAD_WIRES}),
    "AuthData.to_dict": Call(AUTH_DATA.to_dict, {}),
    "AuthData.extra[]": Call(AUTH_DATA.extra.__getitem__, {"key": "settings"}, {"key": {"x": "x", "list": [NESTED]}}),
    "ClientCredentials": Call(
        ClientCredentials,
        {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "previous_client_secrets": [PREVIOUS_SECRET]},
    ),
    "ClientCredentials.from_env": Call(
        ClientCredentials.from_env, {"environ": VARIABLES}, {"environ": bad_mappings(VARIABLES) | PROCESS_ENVIRONMENTS}
    ),
    "generate_connect_token, environment": Call(
        partial(with_variables, rollout_auth.generate_connect_token, **SIGNING), {"variables": VARIABLES}
    ),
    "verify_webhook, environment": Call(
        partial(with_variables, rollout_auth.verify_webhook, **DELIVERY), {"variables": VARIABLES}
    ),
    "ConnectTokenSigner": Call(rollout_auth.ConnectTokenSigner, {"credentials": CREDENTIALS}),
    "ConnectTokenSigner.sign": Call(SIGNER.sign, SIGNING),
    "generate_connect_token": Call(rollout_auth.generate_connect_token, {**SIGNING, "credentials": CREDENTIALS}),
    "verify_connect_token": Call(
        rollout_auth.verify_connect_token,
        {"token": TOKEN, "credentials": CREDENTIALS, "now": NOW},
        {"token": REFUSED_TOKENS},
    ),
    "ConnectToken": value_class(
        rollout_auth.ConnectToken,
        {"auth_data": NOT_AUTH_DATA},
        client_id=CLIENT_ID,
        user_id=USER_ID,
        auth_data=AUTH_DATA,
        issued_at=NOW,
        expires_at=NOW,
    ),
    "RequestVerifier": Call(RequestVerifier, {"verification_tokens": [VERIFICATION_TOKEN]}),
    "RequestVerifier.from_env": Call(
        RequestVerifier.from_env, {"environ": TOKEN_VARIABLES}, {"environ": bad_mappings(TOKEN_VARIABLES)}
    ),
    "RequestVerifier.verify": Call(
        VERIFIER.verify, {"headers": {TOKEN_HEADER: VERIFICATION_TOKEN}}, {"headers": UNVERIFIED_HEADERS}
    ),
    "RequestVerifier.verify, Authorization": Call(
        BEARER_VERIFIER.verify,
        {"headers": {"Authorization": f"Bearer {VERIFICATION_TOKEN}"}},
        {"headers": sent("other", "Authorization", f"Bearer {OTHER_VERIFICATION_TOKEN}")},
    ),
    "RequestVerifier.verify_token": Call(
        VERIFIER.verify_token,
        {"candidate": VERIFICATION_TOKEN},
        {"candidate": without(bad_texts(VERIFICATION_TOKEN), "bytes") | {"other": OTHER_VERIFICATION_TOKEN}},
    ),
    "parse_refresh_request": Call(
        rollout_auth.parse_refresh_request, {"body": JSON_BODY}, {"body": wrong_bodies(FIELDS) | UNREADABLE_BODIES}
    ),
    "parse_refresh_request, form": Call(
        rollout_auth.parse_refresh_request, {"body": FORM_BODY, "content_type": FORM}, {"body": UNREADABLE_FORMS}
    ),
    "RefreshRequest": value_class(rollout_auth.RefreshRequest, refresh_token=REFRESH_TOKEN, fields=EXTRA),
    "RefreshEndpoint": Call(RefreshEndpoint, {"refresh": partial(print, API_KEY), "verifier": VERIFIER}),
    "RefreshEndpoint.handle": Call(ENDPOINT.handle, REQUEST, WRONG_REQUESTS),
    "RefreshEndpoint.handle_async": Call(partial(driven, ENDPOINT.handle_async), REQUEST, WRONG_REQUESTS),
    "RefreshEndpoint.handle, answer": Call(partial(answered, "handle"), {"answer": AUTH_DATA}),
    "RefreshEndpoint.handle_async, answer": Call(partial(answered, "handle_async"), {"answer": AUTH_DATA}),
    "connect_token_response": Call(rollout_auth.connect_token_response, {"token": TOKEN}),
    "refresh_response": Call(
        rollout_auth.refresh_response, {"auth_data": AUTH_DATA}, {"auth_data": NOT_AUTH_DATA | {"none": None}}
    ),
    "error_response": Call(rollout_auth.error_response, {"error": rollout_auth.InvalidRefreshTokenError()}),
    "ResponseParts": Call(
        rollout_auth.ResponseParts,
        {"body": JSON_BODY, "status": 200, "headers": {}},
        {"headers": {"none": None, "str": API_KEY, "list": [API_KEY], "triple": [(TOKEN_HEADER, API_KEY, API_KEY)]}},
    ),
    "verify_webhook": Call(
        rollout_auth.verify_webhook,
        {**DELIVERY, "credentials": CREDENTIALS},
        {"body": wrong_bodies(PAYLOAD) | {"other": WEBHOOK + b" "}, "headers": UNSIGNED_HEADERS},
    ),
    "verify_webhook, signed": Call(delivered, {"body": WEBHOOK}, {"body": REFUSED_WEBHOOKS}),
    "WebhookEvent": value_class(
        rollout_auth.WebhookEvent,
        {"resource_ids": others(RESOURCE_ID), "uri": without(wrong_types(RESOURCE_ID), "none")},
        event_id=EVENT_ID,
        event=ACCOUNT,
        created_at=NOW,
        resource_ids=(RESOURCE_ID,),
        uri=RESOURCE_ID,
        payload=PAYLOAD,
    ),
    "ApiKeyIssuer": Call(ApiKeyIssuer, {"secrets": SECRETS, "is_revoked": partial(print, NESTED)}),
    "ApiKeyIssuer.issue": Call(ISSUER.issue, {"user_id": USER_ID, "extra": EXTRA, "grant_id": "grant-1", "now": NOW}),
    "ApiKeyIssuer.authenticate": Call(
        ISSUER.authenticate,
        {"api_key": ISSUED.api_key, "now": NOW},
        {"api_key": refused_grants(API_KEY_TYPE, ISSUED.api_key, FOREIGN.api_key, ISSUED.refresh_token)},
    ),
    "ApiKeyIssuer.refresh": Call(
        ISSUER.refresh,
        {"refresh_token": ISSUED.refresh_token, "now": NOW},
        {
            "refresh_token": refused_grants(
                REFRESH_TOKEN_TYPE, ISSUED.refresh_token, FOREIGN.refresh_token, ISSUED.api_key
            )
        },
    ),
    "is_revoked of authenticate": Call(partial(judged, ApiKeyIssuer.authenticate, ISSUED.api_key), {"answer": False}),
    "is_revoked of refresh": Call(partial(judged, ApiKeyIssuer.refresh, ISSUED.refresh_token), {"answer": False}),
    "ApiKeyGrant": value_class(
        rollout_auth.ApiKeyGrant,
        grant_id="grant-1",
        user_id=USER_ID,
        granted_at=NOW,
        issued_at=NOW,
        expires_at=NOW,
    ),
}

CACHES = [
    held
    for name, module in sorted(sys.modules.items())
    if name.startswith("rollout_auth.")
    for held in vars(module).values()
    if hasattr(held, "cache_clear")
]


def forget() -> None:
    """Empty the caches of the package, so that each call does all of its work."""
    for cache in CACHES:
        cache.cache_clear()


# --- what must not be seen ------------------------------------------------------------------------------------------


def secret_texts() -> Iterator[str]:
    """What is derived from the secrets, the segments of good tokens, and signatures of the webhook."""
    for secret in (*SECRETS, OTHER_SECRET):
        for typ in (API_KEY_TYPE, REFRESH_TOKEN_TYPE):
            yield from encodings(derived_secret(secret, typ))
        made = digest(WEBHOOK, secret)
        yield from (made.hex(), made.hex().upper(), str(list(made))[1:-1], repr(made)[2:-1])
        yield from (base64.b64encode(made).decode(), base64.urlsafe_b64encode(made).decode())
    yield from token_texts(TOKEN)
    for issued in (ISSUED, FOREIGN):
        yield from token_texts(issued.api_key.partition(".")[2])
        yield from token_texts(str(issued.refresh_token).partition(".")[2])


PIECES = CANARY_PIECES | all_pieces(secret_texts())


def pieces_with(value: object) -> set[str]:
    """Every piece, and those of a value that is a token."""
    is_token = isinstance(value, (str, bytes)) and value[:3] in ("eyJ", b"eyJ")
    return PIECES | all_pieces(token_texts(value)) if is_token else PIECES
