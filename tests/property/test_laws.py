"""Laws that hold for every value, with PyJWT as the independent writer."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rollout_auth import (
    LEGACY_NAMESPACE,
    NAMESPACE,
    AuthData,
    ClientCredentials,
    ConfigurationError,
    ConnectToken,
    InvalidAuthDataError,
    VerificationError,
    generate_connect_token,
    verify_connect_token,
)
from rollout_auth._text import setting_problem, text_problem

SECRET = "not-a-real-secret-" + "0123456789abcdef" * 4
CREDENTIALS = ClientCredentials("client-1", SECRET)
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
SECOND = int(NOW.timestamp())

HEADER = b'{"alg":"HS512","typ":"JWT"}'
NOBODY = ("None", "null", "undefined", "AnonymousUser")

usable_text = st.text(min_size=1, max_size=40).filter(lambda text: text_problem(text) is None)
user_ids = usable_text.filter(lambda text: text not in NOBODY)
client_ids = usable_text.filter(lambda text: setting_problem(text) is None)
json_numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | json_numbers | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
extras = st.dictionaries(
    st.text(max_size=10).filter(lambda key: key not in ("apiKey", "refreshToken", "expiresIn")), json_values, max_size=4
)
auth_data = st.builds(AuthData, usable_text, extra=extras) | st.builds(
    AuthData, usable_text, usable_text, st.integers(1, 315_360_000), extras
)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.timezones())
lives = st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds))


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(payload: bytes, header: bytes = HEADER) -> str:
    """Sign any bytes correctly, under our header or any other."""
    message = f"{base64url(header)}.{base64url(payload)}"
    algorithm = jwt.get_algorithm_by_name("HS512")
    return f"{message}.{base64url(algorithm.sign(message.encode(), SECRET.encode()))}"


def outcome(token: Any) -> ConnectToken | None:
    """What the token says, or None where it is refused; any other error is a failure of the test."""
    try:
        return verify_connect_token(token, credentials=CREDENTIALS, now=NOW)
    except VerificationError:
        return None


@given(auth_data)
def test_dict_round_trip(value: AuthData) -> None:
    """What was written as a dict is read as it was, also by way of JSON."""
    assert AuthData.from_dict(value.to_dict()) == value
    assert AuthData.from_dict(json.loads(json.dumps(value.to_dict()))) == value


@given(st.dictionaries(st.sampled_from(["apiKey", "refreshToken", "expiresIn", "region"]), json_values))
def test_foreign_dicts(data: dict[str, object]) -> None:
    """Any JSON object is authData, of which nothing is lost, or is refused by an error of ours."""
    try:
        value = AuthData.from_dict(data)
    except InvalidAuthDataError:
        return
    assert value.to_dict() == data


@given(user_ids, st.none() | auth_data, instants, lives, st.booleans())
def test_token_round_trip(user_id: str, data: AuthData | None, now: datetime, ttl: timedelta, legacy: bool) -> None:
    """What was signed is what is verified."""
    namespace = LEGACY_NAMESPACE if legacy else NAMESPACE
    options: dict[str, Any] = {"credentials": CREDENTIALS, "namespace": namespace, "now": now}
    token = generate_connect_token(user_id, data, ttl=ttl, dev=legacy, **options)
    start = now.astimezone(timezone.utc).replace(microsecond=0)
    assert verify_connect_token(token, **options) == ConnectToken("client-1", user_id, data, start, start + ttl, legacy)


@given(client_ids, user_ids, st.none() | auth_data, lives, st.booleans(), st.booleans())
def test_same_bytes_as_pyjwt(
    client_id: str, user_id: str, data: AuthData | None, ttl: timedelta, legacy: bool, dev: bool
) -> None:
    """A token is byte for byte what ``jwt.encode`` makes of the same claims."""
    token = generate_connect_token(
        user_id,
        data,
        credentials=ClientCredentials(client_id, SECRET),
        ttl=ttl,
        namespace=LEGACY_NAMESPACE if legacy else NAMESPACE,
        dev=legacy and dev,
        now=NOW,
    )
    issued = int(NOW.timestamp())
    claims: dict[str, Any] = {
        "iss": client_id,
        "sub": user_id,
        "iat": issued,
        "exp": issued + ttl // timedelta(seconds=1),
    }
    inner: dict[str, Any] = {} if data is None else {"authData": data.to_dict()}
    if legacy and dev:
        inner["dev"] = True
    if inner:
        claims[LEGACY_NAMESPACE if legacy else NAMESPACE] = inner
    assert token == jwt.encode(claims, SECRET, algorithm="HS512")


@given(st.text(min_size=1, max_size=300), user_ids)
@pytest.mark.filterwarnings("ignore::rollout_auth.ShortSecretWarning")
def test_same_mac_as_hmac(secret: str, user_id: str) -> None:
    """The signature is the HMAC of the standard library, for a secret of any length."""
    assume(setting_problem(secret) is None)
    token = generate_connect_token(user_id, credentials=ClientCredentials("client-1 of a partner", secret), now=NOW)
    message, _, signature = token.rpartition(".")
    assert signature == base64url(hmac.digest(secret.encode(), message.encode(), "sha512"))


@given(st.binary() | st.text() | st.text("ey.AQgw-_=", max_size=300))
def test_any_text(token: bytes | str) -> None:
    """Whatever text arrives is refused by an error of ours."""
    assert outcome(token) is None


@given(st.data())
def test_mutations(data: st.DataObject) -> None:
    """A good token that was changed anywhere is refused, or it is the same token."""
    token = generate_connect_token("user-1", AuthData("key-1"), credentials=CREDENTIALS, now=NOW).encode()
    start = data.draw(st.integers(0, len(token)), "start")
    end = data.draw(st.integers(start, min(len(token), start + 20)), "end")
    changed = token[:start] + data.draw(st.binary(max_size=20), "put in") + token[end:]
    assert outcome(changed) is None or changed == token


@given(st.integers(0, 399), st.sampled_from(b"ABCDwxyz0189-_+/=. \n"))
def test_single_characters(position: int, character: int) -> None:
    """No single character of a token can be another."""
    token = bytearray(generate_connect_token("user-1", AuthData("k" * 120), credentials=CREDENTIALS, now=NOW).encode())
    assume(token[position] != character)
    token[position] = character
    assert outcome(bytes(token)) is None


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 5000)
@example(b'{"a":' * 1500 + b"1" + b"}" * 1500)
def test_any_signed_payload(payload: bytes) -> None:
    """Whatever was signed correctly and is no connect token is refused by an error of ours."""
    assert outcome(sign(payload)) is None


@given(
    st.binary(max_size=100)
    | st.dictionaries(st.sampled_from(["alg", "typ", "crit", "kid", "b64", "jku"]), json_values).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_any_signed_header(header: bytes) -> None:
    """Whatever header was signed correctly is refused by an error of ours, or is one that says HS512."""
    claims = {"iss": "client-1", "sub": "user-1", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}
    if outcome(sign(json.dumps(claims).encode(), header)) is not None:
        assert json.loads(header)["alg"] == "HS512"


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "iss": st.just("client-1") | json_values,
            "sub": json_values,
            "iat": st.just(int(NOW.timestamp())) | json_values,
            "exp": st.just(int(NOW.timestamp()) + 60) | st.integers(3599, 3603).map(SECOND.__add__) | json_values,
            "nbf": json_values,
            "aud": json_values,
            "rollout.com": st.fixed_dictionaries({}, optional={"authData": json_values, "dev": json_values})
            | json_values,
        },
    )
)
def test_any_signed_claims(claims: dict[str, Any]) -> None:
    """Claims that were signed correctly come back as they are, or are refused by an error of ours."""
    verified = outcome(sign(json.dumps(claims).encode()))
    if verified is not None:
        assert verified.claims == claims
        assert 0 < claims["exp"] - claims["iat"] <= 3601
        assert "aud" not in claims
        inner = claims.get("rollout.com", {})
        assert (verified.client_id, verified.user_id) == (claims["iss"], claims["sub"])
        assert verified.issued_at.timestamp() == claims["iat"]
        assert verified.expires_at.timestamp() == claims["exp"]
        assert (verified.auth_data and verified.auth_data.to_dict()) == inner.get("authData")


@given(
    st.text(max_size=80)
    | st.sampled_from(["ssh-rsa", "-----BEGIN PUBLIC KEY-----\n", "\n-----END PUBLIC KEY-----", '{"kty":', '"oct"}'])
    .flatmap(lambda part: st.tuples(st.text(max_size=5), st.just(part), st.text(max_size=30)))
    .map("".join)
    | json_values.map(lambda value: json.dumps({"kty": value}))
)
@pytest.mark.filterwarnings("ignore::rollout_auth.ShortSecretWarning")
def test_secrets_that_pyjwt_takes(secret: str) -> None:
    """Every secret that credentials accept is one that PyJWT accepts, so that what signs also verifies."""
    try:
        credentials = ClientCredentials("client-1", secret)
    except ConfigurationError:
        return
    token = generate_connect_token("user-1", credentials=credentials, now=NOW)
    assert verify_connect_token(token, credentials=credentials, now=NOW).user_id == "user-1"
