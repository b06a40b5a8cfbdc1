"""The public calls, with arguments that they take and, for each argument, values that they refuse.

What a call refuses goes by the name of the argument (``REFUSED``); ``Call.more`` says what is particular to one call.
Every value holds a canary if its type can.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from functools import partial
from inspect import signature
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch

import canaries as c
from canaries import ACCOUNT, API_KEY, CLAIMS, CLIENT_SECRET, EXTRA, NESTED, NOW, SECOND, USER_ID, WIRE, signed, without

import rollout_auth as ra
from rollout_auth import api_keys

Values = list[object]


class Call(NamedTuple):
    """A public call, arguments that it takes, and what it refuses instead of ``REFUSED``."""

    function: Callable[..., object]
    arguments: Mapping[str, object]
    more: Mapping[str, Values] = {}

    def good(self) -> Callable[[], object]:
        return partial(self.function, **self.arguments)

    def bad(self) -> dict[str, list[tuple[object, Callable[[], object]]]]:
        """Of each argument, the values that are refused, each with its call."""
        named = {name: REFUSED[name] for name in signature(self.function).parameters if name in REFUSED}
        if self.function.__module__.startswith("rollout_auth."):
            named["unknown"] = [CLIENT_SECRET]
        return {
            name: [(value, partial(self.function, **{**self.arguments, name: value})) for value in values]
            for name, values in {**named, **self.more}.items()
        }


# --- values of the wrong type, and texts that cannot be used --------------------------------------------------------


def wrong_types(secret: str) -> Values:
    """Not a str, though most hold the secret: the one list of such values."""
    data = secret.encode()
    return [None, 42, data, bytearray(data), [secret], {"value": secret}, SimpleNamespace(value=secret)]


def but(kind: type | tuple[type, ...], values: Values) -> Values:
    return [value for value in values if not isinstance(value, kind)]


def others(secret: str) -> Values:
    """Not None, and of no type of this package or of datetime."""
    return [*but(NONE, wrong_types(secret)), secret]


def unusable_texts(secret: str) -> list[str]:
    return ["", " \t", f" {secret}", f"{secret}\n", f"\ufeff{secret}", f"{secret}\0{secret}", f"{secret}\udcff"]


def unusable_settings(secret: str) -> list[str]:
    key, jwk = f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----", json.dumps({"k": secret})
    return [
        *unusable_texts(secret),
        key,
        f"ssh-ed25519 {secret}",
        jwk,
        f"{secret}\a{secret}",
        f'"{secret}"',
        f"${{{secret}}}",
        f"<{secret}>",
    ]


def bad_texts(secret: str) -> Values:
    return wrong_types(secret) + unusable_texts(secret)


def bad_settings(secret: str) -> Values:
    return wrong_types(secret) + unusable_settings(secret)


def bad_secrets(secret: str) -> Values:
    """Short ones too: the tests turn the warning into an error."""
    return [*bad_settings(secret), secret[:40]]


def last(values: Values) -> Values:
    """Lists that are as they should be but for their last item."""
    return [[c.OTHER_SECRET, value] for value in values]


def nested(depth: int) -> object:
    return [nested(depth - 1)] if depth else ACCOUNT


def each_without(values: Mapping[str, object], *names: str) -> Values:
    return [without(values, name) for name in names]


def each_with(values: Mapping[str, object], names: str, changes: Values) -> Values:
    return [{**values, name: change} for name in names.split() for change in changes]


class Unreachable(Mapping[str, object]):
    """A mapping that reads its values from elsewhere, and fails at the first that it does not hold."""

    def __init__(self, held: Mapping[str, object]) -> None:
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


NONE = type(None)
DAY, THE_END = timedelta(days=1), datetime(9999, 12, 31, 23, 59, tzinfo=timezone.utc)
BAD_INSTANTS = [*others(API_KEY), NOW.replace(tzinfo=None), NOW.replace(tzinfo=UnknownZone())]
BAD_LEEWAYS = [*others(API_KEY), None, -DAY, DAY / 7]
NOT_CREDENTIALS = [*others(CLIENT_SECRET), (USER_ID, CLIENT_SECRET), c.AUTH_DATA, ra.ClientCredentials]
NOT_AUTH_DATA = [*others(API_KEY), WIRE, c.CREDENTIALS]
ENDLESS: dict[str, object] = {"account": ACCOUNT}
ENDLESS["again"] = ENDLESS
UNUSABLE = [
    ACCOUNT.encode(),
    {ACCOUNT},
    [ACCOUNT, object()],
    float("nan"),
    2**60,
    f"{ACCOUNT}\udcff",
    nested(17),
]
UNUSABLE_EXTRAS = [ENDLESS, {(NESTED,): 42}, {"\udcff": NESTED}, *each_with(EXTRA, "more", UNUSABLE)]
BAD_EXTRAS = [*but(dict, others(ACCOUNT)), *UNUSABLE_EXTRAS, EXTRA | {"apiKey": API_KEY}, Unreachable(EXTRA)]
BAD_LIVES = [*but(int, others(API_KEY)), True, 1.5, 0, -1, 2**60]
NO_TEXTS: Values = [None, [API_KEY], {"value": API_KEY}, " "]
NO_TIMES: Values = [None, 1.5, [API_KEY], CLIENT_SECRET, 10**15]
BAD_WIRES = [
    *but(dict, others(API_KEY)),
    *(*each_without(WIRE, "apiKey", "refreshToken", "expiresIn"), Unreachable(WIRE)),
    *each_with(WIRE, "apiKey refreshToken", bad_texts(API_KEY)),
    *each_with(WIRE, "expiresIn", [*BAD_LIVES, None]),
    *(WIRE | extra for extra in UNUSABLE_EXTRAS),
]

# --- environments ---------------------------------------------------------------------------------------------------

VARIABLES = {
    "ROLLOUT_CLIENT_ID": c.CLIENT_ID,
    "ROLLOUT_CLIENT_SECRET": CLIENT_SECRET,
    "ROLLOUT_PREVIOUS_CLIENT_SECRET": c.PREVIOUS_SECRET,
}
TOKEN_VARIABLES = {
    "ROLLOUT_VERIFICATION_TOKEN": c.VERIFICATION_TOKEN,
    "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN": c.PREVIOUS_SECRET,
}
KEY_VARIABLES = {"ROLLOUT_API_KEY_SECRET": c.OTHER_SECRET, "ROLLOUT_PREVIOUS_API_KEY_SECRET": c.PREVIOUS_SECRET[::-1]}
ALL_VARIABLES = {
    **VARIABLES,
    "ROLLOUT_VERIFICATION_TOKEN": c.VERIFICATION_TOKEN,
    "ROLLOUT_API_KEY_SECRET": c.OTHER_SECRET,
}


def spoiled(variables: Mapping[str, str], rule: Callable[[str], Values]) -> list[dict[str, str]]:
    """The variables, with one of them at a time set to an unusable value."""
    values = [(name, value) for name, good in variables.items() for value in rule(good)]
    return [{**variables, name: value} for name, value in values if value or "PREVIOUS" not in name]


def bad_mappings(variables: Mapping[str, str]) -> Values:
    """What is no mapping of variables, or one that cannot be used."""
    partly = Unreachable(dict([*variables.items()][:-1]))
    return [*but(dict, others(CLIENT_SECRET)), [*variables.items()], {}, partly, *spoiled(variables, bad_settings)]


PROCESS_ENVIRONMENTS = [
    VARIABLES | {"ROLLOUT_CLIENT_ID": c.OTHER_SECRET, "ROLLOUT_CLIENT_SECRET": CLIENT_SECRET[:40]},
    *({}, without(VARIABLES, "ROLLOUT_CLIENT_SECRET"), VARIABLES | {"ROLLOUT_CLIENT_ID": CLIENT_SECRET}),
    *each_with(VARIABLES, "ROLLOUT_CLIENT_SECRET ROLLOUT_PREVIOUS_CLIENT_SECRET", [c.OTHER_SECRET[:40]]),
    *(variables for variables in spoiled(VARIABLES, unusable_settings) if "\0" not in "".join(variables.values())),
]


def with_variables(function: Callable[..., object], variables: Mapping[str, str], **arguments: object) -> object:
    with patch.dict(os.environ, variables):
        return function(**arguments)


# --- tokens ---------------------------------------------------------------------------------------------------------


def unreadable(fields: Mapping[str, object]) -> list[bytes]:
    """Texts that are no strict JSON object, though they tell the fields."""
    body = json.dumps(fields).encode()
    values = [[fields], ACCOUNT, *each_with(fields, "more", [float("nan"), 10**30, f"{ACCOUNT}\udcff", nested(40)])]
    ends = [b',"more":"\xff"}', b',"more":1e999}', b',"again":1,"again":2}', b',"deep":' + b"[" * 5000, b""]
    return [b"", *(json.dumps(value).encode() for value in values), *(body[:-1] + end for end in ends)]


def misshapen(token: str) -> Values:
    """Texts that are no compact token of the strict form, made of a good one; and other types."""
    header, payload, signature = token.split(".")
    shapes = ["", API_KEY, payload, f"{token}.{signature}", f"Bearer {token}", f"{token}\n", f"{token}=="]
    cut = f"{header}.{payload[: len(payload) // 4 * 4 - 3]}.{signature}"
    shapes += [cut, f"{header}.{payload}é.{signature}", f"{header}.{payload}\udcff.{signature}", token * 40]
    return [*but(bytes, wrong_types(token)), *shapes, signed(CLAIMS, API_KEY.encode()), memoryview(token.encode())]


TOKEN = signed(CLAIMS)
ALGORITHMS = ["none", "HS256", "RS256", API_KEY, [API_KEY]]
HEADER_FIELDS = [{"typ": API_KEY}, {"crit": [API_KEY]}, {"kid": [API_KEY]}, *({"alg": alg} for alg in ALGORITHMS)]
HEADERS = [b'{"alg":"HS512","alg":"HS512"}', *(json.dumps({"alg": "HS512", **more}).encode() for more in HEADER_FIELDS)]
DETAILS = [None, [WIRE], " ", *({"authData": wire} for wire in (*NO_TEXTS, WIRE | {"deep": nested(18)}))]
WIRES = [*each_with(WIRE, "apiKey refreshToken expiresIn", [*NO_TEXTS, f"{API_KEY}\n"])]
REFUSED_CLAIMS = [
    *each_without(CLAIMS, "iss", "sub", "iat", "exp"),
    *each_with(CLAIMS, "iss sub", [*NO_TEXTS]),
    *each_with(CLAIMS, "iat exp nbf", NO_TIMES),
    *(CLAIMS | {"iss": API_KEY}, CLAIMS | {"aud": API_KEY}, CLAIMS | {"exp": SECOND + 3700}),
    *(CLAIMS | {"iat": SECOND + 600, "exp": SECOND + 700}, CLAIMS | {"iat": SECOND - 700, "exp": SECOND - 600}),
    *({**without(CLAIMS, ra.NAMESPACE), name: {"authData": WIRE}} for name in ("rollouthq.com", "authData", "x")),
    *each_with(CLAIMS, ra.NAMESPACE, [*DETAILS, *({"authData": wire} for wire in WIRES)]),
]
REFUSED_TOKENS = [
    *misshapen(TOKEN),
    *(f"{TOKEN}=".encode(), signed(CLAIMS, secret=c.OTHER_SECRET), f"{TOKEN.rpartition('.')[0]}."),
    *(signed(CLAIMS, header) for header in HEADERS),
    *(signed(payload) for payload in (*unreadable(CLAIMS), *REFUSED_CLAIMS)),
]

SECRETS = [CLIENT_SECRET, c.PREVIOUS_SECRET]
ISSUER = ra.ApiKeyIssuer(SECRETS)
ISSUED = ISSUER.issue(USER_ID, extra=EXTRA, grant_id="grant-1", now=NOW)
FOREIGN = ra.ApiKeyIssuer(c.OTHER_SECRET).issue(USER_ID, extra=EXTRA, now=NOW)
GRANT = {"sub": USER_ID, "gid": "grant-1", "gat": SECOND * 1000, "iat": SECOND, "exp": SECOND + 7260, "ext": EXTRA}
NO_GRANTS = [
    *(*unreadable(GRANT), *each_without(GRANT, "sub", "gid", "gat", "iat", "exp")),
    *(*each_with(GRANT, "sub gid", [*NO_TEXTS]), *each_with(GRANT, "gat iat exp", NO_TIMES)),
    *(GRANT | {"exp": SECOND - 1}, GRANT | {"iat": SECOND + 2 * 86400}),
]
NO_EXTRAS = [[API_KEY], EXTRA | {"apiKey": API_KEY}, EXTRA | {"more": 2**60}, EXTRA | {"more": nested(20)}]


def refused_grants(typ: str, good: str, *untrue: str) -> Values:
    """Tokens for API keys that are refused, as one type or the other."""
    header, secret = json.dumps({"alg": "HS512", "typ": typ}).encode(), api_keys.derived_secret(CLIENT_SECRET, typ)
    payloads = NO_GRANTS + (each_with(GRANT, "ext", NO_EXTRAS) if typ == api_keys.REFRESH_TOKEN_TYPE else [])
    return [*misshapen(good), TOKEN, *untrue, *(signed(payload, header, secret) for payload in payloads)]


def judged(method: Callable[..., object], token: str, answer: object) -> object:
    """Authenticate or refresh where ``is_revoked`` returns the answer."""
    return method(ra.ApiKeyIssuer(SECRETS, is_revoked=lambda _grant: answer), token, now=NOW)


# --- requests -------------------------------------------------------------------------------------------------------

TOKEN_HEADER, SIGNATURE_HEADER = "X-Rollout-Verification-Token", "X-Rollout-Signature"
FORM = "application/x-www-form-urlencoded"


def sent(name: str, *values: str) -> Values:
    """Headers in each shape, with the values on a line each; a mapping has room for one line."""
    line, variable = ", ".join(values), f"HTTP_{name.upper().replace('-', '_')}"
    pairs = [(name, value) for value in values]
    binary = [(name.lower().encode(), value.encode()) for value in values]
    return [{name: line}, {"REQUEST_METHOD": "POST", variable: line}, pairs, binary]


def wrong_headers(name: str, value: str) -> Values:
    """No headers, though most hold the value."""
    containers = [(name, value, value)], iter([(name, value)]), SimpleNamespace(headers={name: value})
    events = {"type": "http", "headers": [(name, value)]}, {"requestContext": {}, "headers": {name: value}}
    mappings = {42: value, name: value}, {name: [value]}, Unreachable({name: value})
    return [None, *but(dict, others(value)), *containers, *events, *mappings]


def wrong_bodies(body: bytes) -> Values:
    return [None, *but(bytes, others(body.decode()))]


FIELDS = {"refreshToken": API_KEY, **EXTRA}
JSON_BODY, FORM_BODY = json.dumps(FIELDS).encode(), f"refreshToken={API_KEY}&account={ACCOUNT}".encode()
NO_REFRESH_TOKENS = [*NO_TEXTS, f"{API_KEY}\0", API_KEY * 200]
UNREADABLE_BODIES = [
    *(*wrong_bodies(JSON_BODY), *unreadable(FIELDS), JSON_BODY.ljust(ra.MAX_REFRESH_BODY + 1), FORM_BODY),
    *(json.dumps(fields).encode() for fields in (EXTRA, *each_with(FIELDS, "refreshToken", NO_REFRESH_TOKENS))),
]
UNREADABLE_FORMS = [b"", JSON_BODY, FORM_BODY + b"\xff", FORM_BODY + b"%zz", FORM_BODY + b"&" + FORM_BODY]
EVENT = {"eventId": ACCOUNT, "event": "x", "eventCreated": NOW.isoformat(), "resourceIds": [NESTED], "uri": NESTED}
WEBHOOK = json.dumps(EVENT).encode()


def digest(webhook: bytes, secret: str = CLIENT_SECRET) -> bytes:
    return hmac.digest(secret.encode(), b64encode(webhook), "sha256")


def delivered(body: bytes) -> object:
    return ra.verify_webhook(body, {SIGNATURE_HEADER: digest(body).hex()}, credentials=c.CREDENTIALS)


SIGNATURE, OTHER_DIGEST = digest(WEBHOOK).hex(), digest(WEBHOOK, c.OTHER_SECRET)
OTHER_SIGNATURES = [
    OTHER_DIGEST.hex().upper(),
    b64encode(OTHER_DIGEST).decode(),
    urlsafe_b64encode(OTHER_DIGEST).decode(),
]
BAD_SIGNATURES = [*OTHER_SIGNATURES, SIGNATURE[:-1], f"{SIGNATURE}é", CLIENT_SECRET]
TOLERATED = (b"\\udcff", b"1" + b"0" * 30, b'"again"')
REFUSED_WEBHOOKS = [
    *(body for body in unreadable(EVENT) if not any(part in body for part in TOLERATED)),
    WEBHOOK.ljust(ra.MAX_WEBHOOK_BODY + 1),
    *(json.dumps(event).encode() for event in each_without(EVENT, *EVENT)),
    *(json.dumps(event).encode() for event in each_with(EVENT, " ".join(EVENT), [42, [[ACCOUNT]], {"value": ACCOUNT}])),
]
UNSIGNED_HEADERS = [
    *(*wrong_headers(SIGNATURE_HEADER, SIGNATURE), *sent("X-Signature", SIGNATURE)),
    *(*sent(SIGNATURE_HEADER, OTHER_DIGEST.hex()), *sent(SIGNATURE_HEADER, SIGNATURE, OTHER_DIGEST.hex())),
    *({SIGNATURE_HEADER: value} for value in BAD_SIGNATURES),
]
UNVERIFIED_HEADERS = [
    *(*wrong_headers(TOKEN_HEADER, c.VERIFICATION_TOKEN), *sent("X-Api-Token", c.VERIFICATION_TOKEN)),
    *(*sent(TOKEN_HEADER, c.OTHER_SECRET), *sent(TOKEN_HEADER, c.VERIFICATION_TOKEN, c.PREVIOUS_SECRET)),
]


def driven(method: Callable[..., Coroutine[object, None, object]], **arguments: object) -> object:
    """The result of a coroutine that waits for nothing."""
    try:
        method(**arguments).send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def answered(answer: object) -> object:
    """Handle a refresh that the app answers like this."""
    return ra.RefreshEndpoint(lambda _request: answer, verifier=None).handle(JSON_BODY, {})


def answered_async(answer: object) -> object:
    endpoint = ra.RefreshEndpoint(lambda _request: answer, verifier=None)
    return driven(endpoint.handle_async, body=JSON_BODY, headers={})


SIGNER = ra.ConnectTokenSigner(c.CREDENTIALS)
VERIFIER = ra.RequestVerifier([c.VERIFICATION_TOKEN, c.PREVIOUS_SECRET])
BEARER_VERIFIER = ra.RequestVerifier(c.VERIFICATION_TOKEN, header="Authorization")
ROLLOUT = ra.RolloutAuth(c.CREDENTIALS, VERIFIER, ISSUER)
FRESH = ISSUER.issue(USER_ID, extra=EXTRA)
ENDPOINT = ra.RefreshEndpoint(lambda _request: c.AUTH_DATA, verifier=VERIFIER)

# --- the calls ------------------------------------------------------------------------------------------------------

LARGE = [ra.AuthData(API_KEY * 100), ra.AuthData(API_KEY, extra={"a": [ACCOUNT] * 99})]
REFUSED: Mapping[str, Values] = {
    "answer": [*NOT_AUTH_DATA, None, True],
    "api_key": bad_texts(API_KEY),
    "api_key_ttl": [*BAD_LEEWAYS, DAY * 0, DAY * 9999],
    "auth_data": NOT_AUTH_DATA + LARGE,
    "client_id": [*bad_settings(c.OTHER_SECRET), CLIENT_SECRET, c.PREVIOUS_SECRET],
    "client_secret": bad_secrets(CLIENT_SECRET),
    "content_type": [*others(API_KEY), API_KEY * 4, f"{FORM}, {FORM}", f"{FORM}; charset={API_KEY}"],
    "credentials": NOT_CREDENTIALS,
    "dev": [*others(CLIENT_SECRET), True],
    "error": [*others(API_KEY), c.AUTH_DATA, LookupError(API_KEY)],
    "expires_in": [*BAD_LIVES, None],
    "extra": BAD_EXTRAS,
    "field": wrong_types(API_KEY),
    "grant_id": but(NONE, bad_texts(API_KEY)),
    "header": bad_texts(c.VERIFICATION_TOKEN),
    "is_revoked": others(API_KEY),
    "leeway": BAD_LEEWAYS,
    "namespace": [*others(CLIENT_SECRET), None],
    "now": [*BAD_INSTANTS, datetime(1969, 1, 1, tzinfo=timezone.utc), THE_END],
    "previous_client_secrets": [*but(list, others(c.OTHER_SECRET)), *last(bad_secrets(c.PREVIOUS_SECRET))],
    "refresh": [*others(API_KEY), c.AUTH_DATA],
    "refresh_token": bad_texts(API_KEY),
    "refresh_token_ttl": [*BAD_LEEWAYS, DAY * 0, DAY * 9999],
    "secrets": [[], *but(list, bad_secrets(CLIENT_SECRET)), *last(bad_secrets(c.PREVIOUS_SECRET))],
    "signed_content": [*others(CLIENT_SECRET), "raw"],
    "token": misshapen(TOKEN),
    "ttl": [*BAD_LEEWAYS, DAY * 0, DAY],
    "user_id": [*bad_texts(API_KEY), c.AUTH_DATA, API_KEY * 100],
    "variables": PROCESS_ENVIRONMENTS,
    "verification_tokens": [
        {API_KEY},
        f"{API_KEY},{API_KEY}",
        *but(list, bad_settings(API_KEY)),
        *last(bad_settings(API_KEY)),
    ],
    "verifier": others(c.VERIFICATION_TOKEN),
}


def value_class(kind: type, more: Mapping[str, Values] = {}, **fields: object) -> Call:
    """The class of a value whose texts and instants are checked for their types alone."""
    texts = {name: wrong_types(API_KEY) for name, value in fields.items() if isinstance(value, str)}
    instants = {name: BAD_INSTANTS for name, value in fields.items() if isinstance(value, datetime)}
    return Call(kind, fields, {**texts, **instants, **more})


SIGNING = {"user_id": USER_ID, "auth_data": c.AUTH_DATA, "now": NOW}
DELIVERY = {"body": WEBHOOK, "headers": {SIGNATURE_HEADER: SIGNATURE}}
REQUEST = {"body": JSON_BODY, "headers": {TOKEN_HEADER: c.VERIFICATION_TOKEN}}
BEARER = {"Authorization": f"Bearer {c.VERIFICATION_TOKEN}"}
WRONG_REQUESTS = {"body": wrong_bodies(JSON_BODY), "headers": wrong_headers(TOKEN_HEADER, c.VERIFICATION_TOKEN)}
KEYED = {**REQUEST["headers"], "Authorization": f"Bearer {FRESH.api_key}"}
KEYED_WRONGLY = {
    "headers": [*UNVERIFIED_HEADERS, *({**KEYED, "Authorization": key} for key in (API_KEY, f"Bearer {TOKEN}", ""))],
    "api_key": but(NONE, bad_texts(API_KEY)),
}
FRESH_REQUEST = {**REQUEST, "body": json.dumps({"refreshToken": FRESH.refresh_token}).encode()}
KEYS = refused_grants(api_keys.API_KEY_TYPE, ISSUED.api_key, FOREIGN.api_key, ISSUED.refresh_token)
REFRESH_TOKENS = refused_grants(
    api_keys.REFRESH_TOKEN_TYPE, ISSUED.refresh_token, FOREIGN.refresh_token, ISSUED.api_key
)

CALLS = {
    "AuthData": Call(ra.AuthData, {"api_key": API_KEY, "refresh_token": NESTED, "expires_in": 3600, "extra": EXTRA}),
    "AuthData.from_dict": Call(ra.AuthData.from_dict, {"data": WIRE}, {"data": BAD_WIRES}),
    "AuthData.to_dict": Call(c.AUTH_DATA.to_dict, {}),
    "AuthData.extra[]": Call(c.AUTH_DATA.extra.__getitem__, {"key": "settings"}, {"key": ["x", [NESTED]]}),
    "ClientCredentials": Call(
        ra.ClientCredentials,
        {"client_id": c.CLIENT_ID, "client_secret": CLIENT_SECRET, "previous_client_secrets": [c.PREVIOUS_SECRET]},
    ),
    "ClientCredentials.from_env": Call(
        ra.ClientCredentials.from_env,
        {"environ": VARIABLES},
        {"environ": bad_mappings(VARIABLES) + PROCESS_ENVIRONMENTS},
    ),
    "generate, environment": Call(
        partial(with_variables, ra.generate_connect_token, **SIGNING), {"variables": VARIABLES}
    ),
    "webhook, environment": Call(partial(with_variables, ra.verify_webhook, **DELIVERY), {"variables": VARIABLES}),
    "ConnectTokenSigner": Call(ra.ConnectTokenSigner, {"credentials": c.CREDENTIALS}),
    "ConnectTokenSigner.sign": Call(SIGNER.sign, SIGNING),
    "generate_connect_token": Call(ra.generate_connect_token, {**SIGNING, "credentials": c.CREDENTIALS}),
    "verify_connect_token": Call(
        ra.verify_connect_token, {"token": TOKEN, "credentials": c.CREDENTIALS, "now": NOW}, {"token": REFUSED_TOKENS}
    ),
    "ConnectToken": value_class(
        ra.ConnectToken,
        {"auth_data": NOT_AUTH_DATA, "dev": others(API_KEY)},
        client_id="id",
        user_id=USER_ID,
        auth_data=c.AUTH_DATA,
        issued_at=NOW,
        expires_at=NOW,
    ),
    "RequestVerifier": Call(ra.RequestVerifier, {"verification_tokens": [c.VERIFICATION_TOKEN]}),
    "RequestVerifier.from_env": Call(
        ra.RequestVerifier.from_env, {"environ": TOKEN_VARIABLES}, {"environ": bad_mappings(TOKEN_VARIABLES)}
    ),
    "RequestVerifier.verify": Call(VERIFIER.verify, {"headers": REQUEST["headers"]}, {"headers": UNVERIFIED_HEADERS}),
    "RequestVerifier.verify, Bearer": Call(
        BEARER_VERIFIER.verify, {"headers": BEARER}, {"headers": sent("Authorization", f"Bearer {c.OTHER_SECRET}")}
    ),
    "RequestVerifier.verify_token": Call(
        VERIFIER.verify_token,
        {"candidate": c.VERIFICATION_TOKEN},
        {"candidate": [*bad_texts(c.OTHER_SECRET), c.OTHER_SECRET]},
    ),
    "parse_refresh_request": Call(ra.parse_refresh_request, {"body": JSON_BODY}, {"body": UNREADABLE_BODIES}),
    "parse_refresh_request, form": Call(
        ra.parse_refresh_request, {"body": FORM_BODY, "content_type": FORM}, {"body": UNREADABLE_FORMS}
    ),
    "RefreshRequest": value_class(ra.RefreshRequest, refresh_token=API_KEY, fields=EXTRA),
    "RefreshEndpoint": Call(ra.RefreshEndpoint, {"refresh": partial(print, API_KEY), "verifier": VERIFIER}),
    "RefreshEndpoint.handle": Call(ENDPOINT.handle, REQUEST, WRONG_REQUESTS),
    "RefreshEndpoint.handle_async": Call(partial(driven, ENDPOINT.handle_async), REQUEST, WRONG_REQUESTS),
    "RefreshEndpoint.handle, answer": Call(answered, {"answer": c.AUTH_DATA}),
    "RefreshEndpoint.handle_async, answer": Call(answered_async, {"answer": c.AUTH_DATA}),
    "RolloutAuth": Call(
        ra.RolloutAuth,
        {"credentials": c.CREDENTIALS, "verifier": VERIFIER, "issuer": ISSUER},
        {
            "issuer": others(CLIENT_SECRET),
            "verifier": [*others(c.VERIFICATION_TOKEN), None],
            "signed_content": others(CLIENT_SECRET),
            "api_key_header": but(NONE, bad_texts(API_KEY)),
            "refresh_field": wrong_types(API_KEY),
        },
    ),
    "RolloutAuth.from_env": Call(
        ra.RolloutAuth.from_env,
        {"environ": ALL_VARIABLES},
        {"environ": bad_mappings(ALL_VARIABLES), "signed_content": others(CLIENT_SECRET)},
    ),
    "RolloutAuth.connect": Call(
        ROLLOUT.connect, {"user_id": USER_ID, "extra": EXTRA, "grant_id": "grant-1"}, {"auth_data": NOT_AUTH_DATA}
    ),
    "RolloutAuth.connect_token": Call(ROLLOUT.connect_token, {"user_id": USER_ID, "auth_data": c.AUTH_DATA}),
    "RolloutAuth.authenticate": Call(ROLLOUT.authenticate, {"headers": KEYED}, KEYED_WRONGLY),
    "RolloutAuth.authenticate_async": Call(
        partial(driven, ROLLOUT.authenticate_async), {"headers": KEYED}, KEYED_WRONGLY
    ),
    "RolloutAuth.refresh": Call(ROLLOUT.refresh, FRESH_REQUEST, WRONG_REQUESTS),
    "RolloutAuth.refresh_async": Call(partial(driven, ROLLOUT.refresh_async), FRESH_REQUEST, WRONG_REQUESTS),
    "RolloutAuth.refresh_request": Call(ROLLOUT.refresh_request, REQUEST, {"body": UNREADABLE_BODIES}),
    "RolloutAuth.webhook": Call(ROLLOUT.webhook, DELIVERY, {"headers": UNSIGNED_HEADERS}),
    "RolloutAuth.signed_request": Call(ROLLOUT.signed_request, DELIVERY, {"headers": UNSIGNED_HEADERS}),
    "connect_token_response": Call(ra.connect_token_response, {"token": TOKEN}),
    "refresh_response": Call(
        ra.refresh_response, {"auth_data": c.AUTH_DATA}, {"auth_data": [*NOT_AUTH_DATA, None, ra.AuthData(API_KEY)]}
    ),
    "error_response": Call(ra.error_response, {"error": ra.InvalidRefreshTokenError()}),
    "ResponseParts": Call(
        ra.ResponseParts,
        {"body": JSON_BODY, "status": 200, "headers": {}},
        {"headers": [None, API_KEY, [API_KEY], [(TOKEN_HEADER, API_KEY, API_KEY)]]},
    ),
    "verify_webhook": Call(
        ra.verify_webhook,
        {**DELIVERY, "credentials": c.CREDENTIALS},
        {"body": [*wrong_bodies(WEBHOOK), WEBHOOK + b" "], "headers": UNSIGNED_HEADERS},
    ),
    "verify_signed_request": Call(
        ra.verify_signed_request,
        {**DELIVERY, "credentials": c.CREDENTIALS},
        {"body": [*wrong_bodies(WEBHOOK), WEBHOOK + b" ", b""], "headers": UNSIGNED_HEADERS},
    ),
    "verify_webhook, signed": Call(delivered, {"body": WEBHOOK}, {"body": REFUSED_WEBHOOKS}),
    "WebhookEvent": value_class(
        ra.WebhookEvent,
        {"resource_ids": others(NESTED), "uri": but(NONE, wrong_types(NESTED))},
        event_id=ACCOUNT,
        event="x",
        created_at=NOW,
        resource_ids=(NESTED,),
        uri="",
        payload=EVENT,
    ),
    "ApiKeyIssuer": Call(ra.ApiKeyIssuer, {"secrets": SECRETS, "is_revoked": partial(print, NESTED)}),
    "ApiKeyIssuer.from_env": Call(
        ra.ApiKeyIssuer.from_env, {"environ": KEY_VARIABLES}, {"environ": bad_mappings(KEY_VARIABLES)}
    ),
    "ApiKeyIssuer.authenticate_async": Call(
        partial(driven, ISSUER.authenticate_async), {"api_key": ISSUED.api_key, "now": NOW}, {"api_key": KEYS}
    ),
    "ApiKeyIssuer.refresh_async": Call(
        partial(driven, ISSUER.refresh_async),
        {"refresh_token": ISSUED.refresh_token, "now": NOW},
        {"refresh_token": REFRESH_TOKENS},
    ),
    "ApiKeyIssuer.issue": Call(ISSUER.issue, {"user_id": USER_ID, "extra": EXTRA, "grant_id": "grant-1", "now": NOW}),
    "ApiKeyIssuer.authenticate": Call(ISSUER.authenticate, {"api_key": ISSUED.api_key, "now": NOW}, {"api_key": KEYS}),
    "ApiKeyIssuer.refresh": Call(
        ISSUER.refresh, {"refresh_token": ISSUED.refresh_token, "now": NOW}, {"refresh_token": REFRESH_TOKENS}
    ),
    "is_revoked, key": Call(partial(judged, ra.ApiKeyIssuer.authenticate, ISSUED.api_key), {"answer": False}),
    "is_revoked, refresh token": Call(
        partial(judged, ra.ApiKeyIssuer.refresh, ISSUED.refresh_token), {"answer": False}
    ),
    "ApiKeyGrant": value_class(
        ra.ApiKeyGrant, grant_id="grant-1", user_id=USER_ID, granted_at=NOW, issued_at=NOW, expires_at=NOW
    ),
}

MODULES = [module for name, module in sorted(sys.modules.items()) if name.startswith("rollout_auth.")]
CACHES = [held for module in MODULES for held in vars(module).values() if hasattr(held, "cache_clear")]


def forget() -> None:
    """Empty the caches of the package, so that each call does all of its work."""
    for cache in CACHES:
        cache.cache_clear()


# --- what must not be seen ------------------------------------------------------------------------------------------


def secret_texts() -> Iterator[str]:
    """What is derived from the secrets, the segments of good tokens, and signatures of the webhook."""
    for secret in (*SECRETS, c.OTHER_SECRET):
        for typ in (api_keys.API_KEY_TYPE, api_keys.REFRESH_TOKEN_TYPE):
            yield from c.encodings(api_keys.derived_secret(secret, typ))
        made = digest(WEBHOOK, secret)
        yield from (made.hex(), made.hex().upper(), str(list(made))[1:-1], repr(made)[2:-1])
        yield from (b64encode(made).decode(), urlsafe_b64encode(made).decode())
    yield from c.token_texts(TOKEN)
    for issued in (ISSUED, FOREIGN):
        for token in (issued.api_key, issued.refresh_token):
            yield from c.token_texts(token.partition(".")[2])


PIECES = c.CANARY_PIECES | c.all_pieces(secret_texts())


def pieces_with(value: object) -> set[str]:
    """Every piece, and those of a value that is a token."""
    is_token = isinstance(value, (str, bytes)) and value[:3] in ("eyJ", b"eyJ")
    return PIECES | c.all_pieces(c.token_texts(value)) if is_token else PIECES
