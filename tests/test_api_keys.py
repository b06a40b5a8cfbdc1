from __future__ import annotations

import asyncio
import base64
import copy
import dataclasses
import json
import pickle
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from rollout_auth import (
    ApiKeyExpiredError,
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    ClientCredentials,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidAuthDataError,
    InvalidRefreshTokenError,
    InvalidUserIdError,
    ShortSecretWarning,
    TemporarilyUnavailableError,
    generate_connect_token,
)
from rollout_auth._jws import MAX_TOKEN_LENGTH
from rollout_auth._time import EPOCH, LAST_SECOND
from rollout_auth.api_keys import API_KEY_TYPE, REFRESH_TOKEN_TYPE, derived_secret

SECRET = "a-secret-of-the-partners-own-" + "0123456789abcdef" * 4
OTHER = "another-secret-" + "0123456789abcdef" * 4
NOW = datetime(2026, 3, 1, 12, 0, 0, 123_999, tzinfo=timezone.utc)
WHOLE = NOW.replace(microsecond=0)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def issuer() -> ApiKeyIssuer:
    return ApiKeyIssuer(SECRET)


def signed(typ: str, secret: str = SECRET, **changes: Any) -> str:
    """Any claims, signed rightly for a type by PyJWT; ``...`` leaves a claim out."""
    second = int(WHOLE.timestamp())
    claims = {"sub": "user-1", "gid": "g", "gat": second * 1000, "iat": second, "exp": second + 60, **changes}
    payload = {name: value for name, value in claims.items() if value is not ...}
    return jwt.PyJWS().encode(json.dumps(payload).encode(), derived_secret(secret, typ), "HS512", {"typ": typ})


def claims_of(token: str | None) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token or "", options={"verify_signature": False})
    return claims


class TestIssue:
    def test_auth_data(self, issuer: ApiKeyIssuer) -> None:
        """What is issued is refreshable AuthData, whose life is that of a key as Rollout is told."""
        auth_data = issuer.issue("user-1", extra={"region": "eu"}, now=NOW)
        assert isinstance(auth_data, AuthData)
        assert (auth_data.is_refreshable, auth_data.expires_in, auth_data.extra) == (True, 3600, {"region": "eu"})
        assert ApiKeyIssuer(SECRET, api_key_ttl=DAY).issue("user-1").expires_in == 86_400

    def test_fits_a_connect_token(self, issuer: ApiKeyIssuer, credentials: ClientCredentials) -> None:
        """It is made to travel in a connect token."""
        assert len(generate_connect_token("user-1", issuer.issue("user-1"), credentials=credentials)) < 1500

    def test_grants_are_random(self, issuer: ApiKeyIssuer) -> None:
        """Each issue is a grant of its own, unless the partner names it."""
        grants = {issuer.authenticate(issuer.issue("user-1").api_key).grant_id for _ in range(20)}
        assert len(grants) == 20
        assert set(map(len, grants)) == {22}  # 128 bits in base64url
        named = issuer.issue("user-1", grant_id="user-1:7")
        assert issuer.authenticate(named.api_key).grant_id == "user-1:7"

    @pytest.mark.parametrize("user_id", ["", " u", "\ud800"])
    def test_user_id_text(self, issuer: ApiKeyIssuer, user_id: str) -> None:
        """The rules for user ids are those of connect tokens."""
        with pytest.raises(InvalidUserIdError):
            issuer.issue(user_id)
        with pytest.raises(TypeError, match=r"pass str\(user\.pk\)"):
            issuer.issue(42)

    @pytest.mark.parametrize("extra", [{"apiKey": "x"}, {"when": NOW}, {"a": "x" * 6200}])
    def test_extra(self, issuer: ApiKeyIssuer, extra: dict[str, object]) -> None:
        """Further fields follow the rules of AuthData, and a refresh token must fit a header."""
        with pytest.raises(InvalidAuthDataError):
            issuer.issue("user-1", extra=extra)

    def test_longest_token(self, issuer: ApiKeyIssuer) -> None:
        """A refresh token may be as long as a header can hold, and not one character longer."""
        longest = issuer.issue("user-1", extra={"a": "x" * 5895}, grant_id="g").refresh_token
        assert longest is not None
        assert len(longest) == MAX_TOKEN_LENGTH
        with pytest.raises(InvalidAuthDataError, match="more than 8168 characters"):
            issuer.issue("user-1", extra={"a": "x" * 5896}, grant_id="g")

    def test_last_instant(self) -> None:
        """A refresh token may end with the year 9999, and no second later."""
        issuer, last = (
            ApiKeyIssuer(SECRET, refresh_token_ttl=DAY),
            datetime(9999, 12, 30, 23, 59, 59, tzinfo=timezone.utc),
        )
        assert issuer.issue("user-1", now=last).refresh_token
        with pytest.raises(ConfigurationError, match="after the year 9999"):
            issuer.issue("user-1", now=last + SECOND)

    def test_tokens_are_random(self, issuer: ApiKeyIssuer) -> None:
        """A key and its refresh token share one random id of 64 bits, and no other pair has it."""
        pairs = [issuer.issue("user-1", grant_id="g", now=NOW) for _ in range(20)]
        ids = [{claims_of(pair.api_key)["jti"], claims_of(pair.refresh_token)["jti"]} for pair in pairs]
        assert {len(one) for one in ids} == {1}
        assert len(set.union(*ids)) == 20
        assert all(re.fullmatch("[0-9A-Za-z_-]{11}", one) for one in set.union(*ids))

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"grant_id": ""}, ConfigurationError),
            ({"grant_id": " 7"}, ConfigurationError),
            ({"grant_id": 7}, TypeError),
            ({"extra": None}, TypeError),
            ({"now": 7}, TypeError),
            ({"now": datetime(2026, 1, 1)}, ConfigurationError),
            ({"now": datetime(9999, 12, 1, tzinfo=timezone.utc)}, ConfigurationError),
        ],
    )
    def test_other_arguments(self, issuer: ApiKeyIssuer, options: Any, error: type[Exception]) -> None:
        """Another argument that is unusable is the caller's mistake, and named."""
        with pytest.raises(error, match=rf"\b{next(iter(options))}\b"):
            issuer.issue("user-1", **options)


class TestAuthenticate:
    @pytest.mark.parametrize("as_bytes", [False, True])
    def test_grant(self, issuer: ApiKeyIssuer, as_bytes: bool) -> None:
        """A good key tells whose it is, since when, and until when it is accepted."""
        key = issuer.issue("user-1", grant_id="g-1", now=NOW).api_key
        grant = issuer.authenticate(key.encode() if as_bytes else key, now=NOW + HOUR)
        granted = NOW.replace(microsecond=123_000)
        assert grant == ApiKeyGrant("g-1", "user-1", granted, WHOLE, WHOLE + 2 * HOUR + 60 * SECOND)
        assert grant.granted_at.tzinfo is timezone.utc

    def test_current_time(self, issuer: ApiKeyIssuer) -> None:
        """Without an instant, it is now."""
        before = datetime.now(timezone.utc) - SECOND
        assert before < issuer.authenticate(issuer.issue("user-1").api_key).granted_at <= datetime.now(timezone.utc)

    def test_end(self, issuer: ApiKeyIssuer) -> None:
        """A key is accepted one hour and a minute longer than it says, and no second more."""
        key = issuer.issue("user-1", now=NOW).api_key
        end = WHOLE + 2 * HOUR + 60 * SECOND
        assert issuer.authenticate(key, now=end - SECOND)
        with pytest.raises(ApiKeyExpiredError, match="has expired"):
            issuer.authenticate(key, now=end)

    def test_start(self, issuer: ApiKeyIssuer) -> None:
        """A machine whose clock is ahead by up to a day breaks no connection; a clock of years does."""
        issued = issuer.issue("user-1", now=NOW)
        assert issuer.authenticate(issued.api_key, now=WHOLE - DAY)
        assert issuer.refresh(issued.refresh_token or "", now=WHOLE - DAY).is_refreshable
        with pytest.raises(InvalidApiKeyError, match="set the clocks"):
            issuer.authenticate(issued.api_key, now=WHOLE - DAY - SECOND)
        with pytest.raises(InvalidRefreshTokenError, match="set the clocks"):
            issuer.refresh(issued.refresh_token or "", now=WHOLE - DAY - SECOND)

    @pytest.mark.parametrize("key", [None, "", b""])
    def test_no_key(self, issuer: ApiKeyIssuer, key: Any) -> None:
        """A request without a key is told as such."""
        with pytest.raises(InvalidApiKeyError, match=r"the request has no API key: put \{\{context"):
            issuer.authenticate(key)

    @pytest.mark.parametrize("key", ["x", "Bearer x", "é", "\ud800", b"\xff", "a.b.c", "x" * 9000])
    def test_other_keys(self, issuer: ApiKeyIssuer, key: Any) -> None:
        """Anything else is not a key."""
        with pytest.raises(InvalidApiKeyError, match="not an API key of this application"):
            issuer.authenticate(key)

    @pytest.mark.parametrize("key", [42, ["x"], {"key": "x"}])
    def test_type(self, issuer: ApiKeyIssuer, key: Any) -> None:
        """A key is text."""
        with pytest.raises(TypeError, match=r"api_key is \w+: pass it as str or bytes"):
            issuer.authenticate(key)

    @pytest.mark.parametrize(
        "changes",
        [
            {"sub": ...},
            {"sub": 1},
            {"sub": " "},
            {"gid": ...},
            {"gid": None},
            {"gat": ...},
            {"gat": True},
            {"gat": 1.5},
            {"gat": -1},
            {"gat": 10**18},
            {"iat": ...},
            {"iat": "1"},
            {"exp": ...},
            {"exp": 10**15},
        ],
    )
    def test_claims(self, issuer: ApiKeyIssuer, changes: Any) -> None:
        """A token that is signed rightly and says something else is refused."""
        assert issuer.authenticate(signed(API_KEY_TYPE), now=NOW).user_id == "user-1"
        with pytest.raises(InvalidApiKeyError):
            issuer.authenticate(signed(API_KEY_TYPE, **changes), now=NOW)
        with pytest.raises(InvalidRefreshTokenError):
            issuer.refresh(signed(REFRESH_TOKEN_TYPE, **changes), now=NOW)

    @pytest.mark.parametrize("granted", [0, LAST_SECOND * 1000])
    def test_first_and_last_grant(self, issuer: ApiKeyIssuer, granted: int) -> None:
        """A grant may be of every millisecond from 1970 to the last second that a datetime can name."""
        grant = issuer.authenticate(signed(API_KEY_TYPE, gat=granted), now=NOW)
        assert grant.granted_at == EPOCH + timedelta(milliseconds=granted)
        with pytest.raises(InvalidApiKeyError, match="gat is not a time"):
            issuer.authenticate(signed(API_KEY_TYPE, gat=LAST_SECOND * 1000 + 1), now=NOW)

    @pytest.mark.parametrize(("claim", "value"), [("iat", 10**10), ("gat", None), ("sub", ""), ("exp", "x")])
    def test_unusable_claims_are_named(self, issuer: ApiKeyIssuer, claim: str, value: object) -> None:
        """The message says which claim is wrong, for the log."""
        with pytest.raises(InvalidApiKeyError, match=f"not an API key of this application: {claim} is "):
            issuer.authenticate(signed(API_KEY_TYPE, **{claim: value}), now=NOW)

    def test_other_secret(self, issuer: ApiKeyIssuer) -> None:
        """A key of another application is refused."""
        with pytest.raises(InvalidApiKeyError, match="no configured secret signed this token"):
            issuer.authenticate(ApiKeyIssuer(OTHER).issue("user-1").api_key)


class TestRefresh:
    def test_successor(self, issuer: ApiKeyIssuer) -> None:
        """A refresh gives a new key of the same grant, with the same further fields, whose life starts again."""
        first = issuer.issue("user-1", extra={"region": "eu", "n": [1]}, grant_id="g-1", now=NOW)
        later = NOW + HOUR
        second = issuer.refresh(first.refresh_token or "", now=later)
        assert (second.expires_in, second.extra) == (3600, {"region": "eu", "n": [1]})
        assert second.api_key != first.api_key
        old, new = issuer.authenticate(first.api_key, now=later), issuer.authenticate(second.api_key, now=later)
        assert (new.grant_id, new.user_id, new.granted_at) == (old.grant_id, old.user_id, old.granted_at)
        assert new.issued_at == WHOLE + HOUR
        assert new.expires_at == old.expires_at + HOUR

    def test_again_and_again(self, issuer: ApiKeyIssuer) -> None:
        """Every refresh token works until its own end, however often it was used."""
        token = issuer.issue("user-1", now=NOW).refresh_token or ""
        keys = [issuer.refresh(token, now=NOW + 179 * DAY) for _ in range(3)]
        assert len({key.api_key for key in keys} | {key.refresh_token for key in keys}) == 6
        assert issuer.refresh(token, now=WHOLE + 180 * DAY - SECOND)
        with pytest.raises(InvalidRefreshTokenError, match="the refresh token has expired"):
            issuer.refresh(token, now=WHOLE + 180 * DAY)

    @pytest.mark.parametrize("token", ["", "x", "é", "\ud800", "a.b.c", "x" * 9000])
    def test_no_token(self, issuer: ApiKeyIssuer, token: str) -> None:
        """Anything else is not a refresh token; the log is told why."""
        with pytest.raises(InvalidRefreshTokenError, match="not a refresh token of this application: the token"):
            issuer.refresh(token)

    @pytest.mark.parametrize("token", [None, b"x", 42])
    def test_type(self, issuer: ApiKeyIssuer, token: Any) -> None:
        """A refresh token is a str."""
        with pytest.raises(TypeError, match="pass it as str"):
            issuer.refresh(token)

    @pytest.mark.parametrize(
        "extra",
        [{"apiKey": "x"}, {"n": 2**60}, {"a": "x" * 5903}, None, [], "x", 0],
        ids=lambda extra: f"{extra!r:.20}",
    )
    def test_extra_of_another_signer(self, issuer: ApiKeyIssuer, extra: object) -> None:
        """Further fields that AuthData would refuse, or a refresh would lose, are refused as a refresh token."""
        token = signed(REFRESH_TOKEN_TYPE, ext=extra)
        assert len(token) <= 8168
        with pytest.raises(InvalidRefreshTokenError):
            issuer.refresh(token, now=NOW)

    def test_grows_too_long(self, issuer: ApiKeyIssuer) -> None:
        """A token whose successor would not fit a header cannot be renewed, and the message says why."""
        second = int(WHOLE.timestamp())
        claims = {"sub": "u", "gid": "g", "gat": 0, "iat": second, "exp": second + 60, "ext": {"a": "é" * 1500}}
        payload = json.dumps(claims, ensure_ascii=False).encode()
        key = derived_secret(SECRET, REFRESH_TOKEN_TYPE)
        token = jwt.PyJWS().encode(payload, key, "HS512", {"typ": REFRESH_TOKEN_TYPE})
        with pytest.raises(InvalidRefreshTokenError, match=r"cannot be renewed: .* more than 8168 characters"):
            issuer.refresh(token, now=NOW)


class TestRotation:
    def test_several_secrets(self) -> None:
        """The first secret signs, and all are accepted."""
        old, both, new = ApiKeyIssuer(OTHER), ApiKeyIssuer([SECRET, OTHER]), ApiKeyIssuer(SECRET)
        before = old.issue("user-1")
        assert both.authenticate(before.api_key).user_id == "user-1"
        after = both.refresh(before.refresh_token or "")
        assert new.authenticate(after.api_key).user_id == "user-1"
        with pytest.raises(InvalidApiKeyError):
            old.authenticate(after.api_key)

    def test_later_changes_change_nothing(self) -> None:
        """A later change of the list that was passed changes nothing."""
        secrets = [SECRET]
        issuer = ApiKeyIssuer(secrets)
        secrets[0] = OTHER
        assert ApiKeyIssuer(SECRET).authenticate(issuer.issue("user-1").api_key)


class Later:
    """A rule whose answer is an object to await, and refuses."""

    def __init__(self, _grant: ApiKeyGrant) -> None:
        pass

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return True


async def revoked_async(_grant: ApiKeyGrant) -> bool:
    return True


class TestRevocation:
    def test_asked_on_both_paths(self) -> None:
        """The function is asked about each grant that is otherwise good, and only about those."""
        asked: list[ApiKeyGrant] = []
        revoked = {"g-2"}

        def is_revoked(grant: ApiKeyGrant) -> bool:
            asked.append(grant)
            return grant.grant_id in revoked

        issuer = ApiKeyIssuer(SECRET, is_revoked=is_revoked)
        good, bad = (issuer.issue("user-1", grant_id=grant_id, now=NOW) for grant_id in ("g-1", "g-2"))
        assert issuer.authenticate(good.api_key, now=NOW).grant_id == "g-1"
        assert issuer.refresh(good.refresh_token or "", now=NOW)
        with pytest.raises(InvalidApiKeyError, match="revoked"):
            issuer.authenticate(bad.api_key, now=NOW)
        with pytest.raises(InvalidRefreshTokenError, match="revoked"):
            issuer.refresh(bad.refresh_token or "", now=NOW)
        assert [grant.grant_id for grant in asked] == ["g-1", "g-1", "g-2", "g-2"]
        assert asked[1].expires_at == WHOLE + 180 * DAY
        with pytest.raises(ApiKeyExpiredError):
            issuer.authenticate(good.api_key, now=NOW + DAY)
        assert len(asked) == 4

    @pytest.mark.parametrize("answer", [None, 1, 0, "", []])
    def test_answer_is_a_bool(self, answer: Any) -> None:
        """An answer that is no bool, and might be taken for one, is refused."""
        issuer = ApiKeyIssuer(SECRET, is_revoked=lambda _: answer)
        auth_data = issuer.issue("user-1")
        problem = f"^is_revoked returned {type(answer).__name__}: return True or False"
        with pytest.raises(TypeError, match=problem):
            issuer.authenticate(auth_data.api_key)
        with pytest.raises(TypeError, match=problem):
            issuer.refresh(auth_data.refresh_token or "")

    def test_async_function(self) -> None:
        """An async function, whose coroutine would pass for True, is refused with the fix."""

        async def is_revoked(_grant: ApiKeyGrant) -> bool:
            return False

        issuer = ApiKeyIssuer(SECRET, is_revoked=is_revoked)
        auth_data = issuer.issue("user-1")
        with pytest.raises(TypeError, match="is_revoked is async: await authenticate_async and refresh_async instead"):
            issuer.authenticate(auth_data.api_key)
        for rule in (is_revoked, Later):
            with pytest.raises(TypeError, match="is_revoked is async"):
                ApiKeyIssuer(SECRET).refresh(auth_data.refresh_token or "", is_revoked=rule)

    @pytest.mark.parametrize("rule", [Later, revoked_async, lambda _: True])
    def test_async_calls(self, rule: Any) -> None:
        """The async calls ask a rule that is async or not, and one yes is enough."""
        auth_data = ApiKeyIssuer(SECRET).issue("user-1")
        for issuer, of_the_call in (
            (ApiKeyIssuer(SECRET, is_revoked=rule), None),
            (ApiKeyIssuer(SECRET, is_revoked=lambda _: False), rule),
        ):
            with pytest.raises(InvalidApiKeyError, match="revoked"):
                asyncio.run(issuer.authenticate_async(auth_data.api_key, is_revoked=of_the_call))
            with pytest.raises(InvalidRefreshTokenError, match="revoked"):
                asyncio.run(issuer.refresh_async(auth_data.refresh_token or "", is_revoked=of_the_call))

    def test_async_calls_of_good_grants(self, issuer: ApiKeyIssuer) -> None:
        """What no rule refuses is accepted, also where there is no rule."""
        auth_data = issuer.issue("user-1", grant_id="g-1")

        async def rule(grant: ApiKeyGrant) -> bool:
            return grant.grant_id != "g-1"

        for of_the_call in (None, rule):
            grant = asyncio.run(issuer.authenticate_async(auth_data.api_key, is_revoked=of_the_call))
            assert grant == issuer.authenticate(auth_data.api_key)
            renewed = asyncio.run(issuer.refresh_async(auth_data.refresh_token or "", is_revoked=of_the_call))
            assert issuer.authenticate(renewed.api_key).grant_id == "g-1"

    def test_rule_of_the_call(self) -> None:
        """A rule of the call is asked beside the constructor's, with the request's own session; one yes is enough."""
        asked: list[str] = []
        issuer = ApiKeyIssuer(SECRET, is_revoked=lambda grant: grant.grant_id == "g-2")
        good, bad = (issuer.issue("user-1", grant_id=grant_id) for grant_id in ("g-1", "g-2"))
        session = {"g-1"}

        def of_the_call(grant: ApiKeyGrant) -> bool:
            asked.append(grant.grant_id)
            return grant.grant_id in session

        for auth_data in (good, bad):
            with pytest.raises(InvalidApiKeyError, match="revoked"):
                issuer.authenticate(auth_data.api_key, is_revoked=of_the_call)
            with pytest.raises(InvalidRefreshTokenError, match="revoked"):
                issuer.refresh(auth_data.refresh_token or "", is_revoked=of_the_call)
        assert asked == ["g-1", "g-1"]
        session.clear()
        assert issuer.authenticate(good.api_key, is_revoked=of_the_call).grant_id == "g-1"

    @pytest.mark.parametrize("rule", [True, "revoked"])
    def test_rule_is_a_function(self, issuer: ApiKeyIssuer, rule: Any) -> None:
        """A rule that was called instead of passed is the caller's mistake."""
        with pytest.raises(TypeError, match="is_revoked is a function: pass it without calling it"):
            issuer.authenticate(issuer.issue("user-1").api_key, is_revoked=rule)

    def test_store_that_is_down(self, issuer: ApiKeyIssuer) -> None:
        """A rule whose store is down says so, and neither accepts nor refuses."""
        auth_data = issuer.issue("user-1")

        def rule(_grant: ApiKeyGrant) -> bool:
            raise TemporarilyUnavailableError

        with pytest.raises(TemporarilyUnavailableError):
            issuer.authenticate(auth_data.api_key, is_revoked=rule)
        with pytest.raises(TemporarilyUnavailableError):
            asyncio.run(issuer.refresh_async(auth_data.refresh_token or "", is_revoked=rule))

    def test_own_errors_pass_through(self) -> None:
        """An error of the partner's own, such as a database that is away, is the partner's."""
        error = ConnectionError("database")

        def is_revoked(_grant: ApiKeyGrant) -> bool:
            raise error

        issuer = ApiKeyIssuer(SECRET, is_revoked=is_revoked)
        with pytest.raises(ConnectionError) as caught:
            issuer.authenticate(issuer.issue("user-1").api_key)
        assert caught.value is error


class TestFromEnv:
    def test_secrets(self) -> None:
        """The secret of the environment signs; the previous one, if it is set, is accepted."""
        environ = {"ROLLOUT_API_KEY_SECRET": SECRET, "ROLLOUT_PREVIOUS_API_KEY_SECRET": ""}
        issuer = ApiKeyIssuer.from_env(environ, api_key_ttl=DAY)
        assert ApiKeyIssuer(SECRET).authenticate(issuer.issue("user-1").api_key)
        assert issuer.issue("user-1").expires_in == 86_400
        old = ApiKeyIssuer(OTHER).issue("user-1")
        with pytest.raises(InvalidApiKeyError):
            issuer.authenticate(old.api_key)
        rotated = ApiKeyIssuer.from_env({**environ, "ROLLOUT_PREVIOUS_API_KEY_SECRET": OTHER})
        assert rotated.authenticate(old.api_key)

    def test_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a mapping it reads ``os.environ``, and a secret that is not set is named."""
        monkeypatch.delenv("ROLLOUT_API_KEY_SECRET", raising=False)
        with pytest.raises(ConfigurationError, match="ROLLOUT_API_KEY_SECRET is not set: choose"):
            ApiKeyIssuer.from_env()


class TestSettings:
    @pytest.mark.parametrize(
        ("secrets", "options", "error"),
        [
            ("", {}, ConfigurationError),
            (SECRET + "\n", {}, ConfigurationError),
            ("-----BEGIN PRIVATE KEY-----" + SECRET, {}, ConfigurationError),
            ([], {}, ConfigurationError),
            ([SECRET, ""], {}, ConfigurationError),
            (None, {}, TypeError),
            (b"x" * 64, {}, TypeError),
            ([b"x" * 64], {}, TypeError),
            (SECRET, {"api_key_ttl": 3600}, TypeError),
            (SECRET, {"api_key_ttl": timedelta(0)}, ConfigurationError),
            (SECRET, {"api_key_ttl": SECOND / 2}, ConfigurationError),
            (SECRET, {"api_key_ttl": 3651 * DAY}, ConfigurationError),
            (SECRET, {"refresh_token_ttl": 86_400}, TypeError),
            (SECRET, {"refresh_token_ttl": 2 * HOUR + 59 * SECOND}, ConfigurationError),
            (SECRET, {"is_revoked": True}, TypeError),
        ],
    )
    def test_unusable(self, secrets: Any, options: Any, error: type[Exception]) -> None:
        """A setting that cannot work is refused when the issuer is built, and named."""
        with pytest.raises(error, match=rf"\b({'|'.join(options) or 'secrets?'})\b"):
            ApiKeyIssuer(secrets, **options)

    def test_longest_lives(self) -> None:
        """A key may live for ten years of 365 days, and a connection may rest for twenty."""
        longest = {"api_key_ttl": 3650 * DAY, "refresh_token_ttl": 7300 * DAY}
        assert ApiKeyIssuer(SECRET, **longest).issue("user-1").expires_in == 3650 * 86_400
        for name, duration in longest.items():
            with pytest.raises(ConfigurationError, match=f"^{name} is"):
                ApiKeyIssuer(SECRET, **{**longest, name: duration + SECOND})

    def test_shortest_rest(self) -> None:
        """A refresh token may end with its key, and no sooner."""
        assert ApiKeyIssuer(SECRET, refresh_token_ttl=2 * HOUR + 60 * SECOND)

    def test_short_secret(self) -> None:
        """A short secret gives one warning, at the caller's line."""
        with pytest.warns(ShortSecretWarning, match="for API keys") as caught:
            ApiKeyIssuer("short")
        assert [warning.filename for warning in caught] == [__file__]

    def test_repr(self, issuer: ApiKeyIssuer) -> None:
        """It shows nothing."""
        assert repr(issuer) == "ApiKeyIssuer()"


def test_derived_secret() -> None:
    """A derived secret is HKDF-SHA512 without salt, 64 bytes as base64url; each purpose has its own."""
    secret = "0123456789abcdef" * 4
    expected = HKDF(SHA512(), length=64, salt=None, info=b"purpose").derive(secret.encode())
    assert derived_secret(secret, "purpose") == base64.urlsafe_b64encode(expected).decode().rstrip("=")
    assert len({derived_secret(secret, purpose) for purpose in ("a", "b", "")} | {secret}) == 4


class TestGrant:
    def test_value(self, issuer: ApiKeyIssuer) -> None:
        """It is a frozen value: equal, hashable, copyable and picklable."""
        grant = issuer.authenticate(issuer.issue("user-1").api_key)
        for twin in (copy.copy(grant), copy.deepcopy(grant), pickle.loads(pickle.dumps(grant))):
            assert (twin, hash(twin)) == (grant, hash(grant))
        with pytest.raises(dataclasses.FrozenInstanceError):
            grant.user_id = "user-2"

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("grant_id", 1, TypeError),
            ("user_id", None, TypeError),
            *((name, 1, TypeError) for name in ("granted_at", "issued_at", "expires_at")),
            *((name, datetime(2026, 1, 1), ConfigurationError) for name in ("granted_at", "issued_at", "expires_at")),
        ],
    )
    def test_invalid_values_cannot_exist(self, name: str, value: object, error: type[Exception]) -> None:
        """One that a test builds by hand is checked like every other, and the field is named."""
        fields = {"grant_id": "g", "user_id": "u", "granted_at": NOW, "issued_at": NOW, "expires_at": NOW}
        with pytest.raises(error, match=rf"\b{name}\b"):
            ApiKeyGrant(**{**fields, name: value})

    def test_repr(self) -> None:
        """It holds no secret, and shows all that it holds."""
        fields = {"grant_id": "g", "user_id": "u", "granted_at": NOW, "issued_at": NOW, "expires_at": WHOLE}
        shown = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        assert repr(ApiKeyGrant(**fields)) == f"ApiKeyGrant({shown})"


@given(st.text() | st.binary())
def test_any_text(candidate: str | bytes) -> None:
    """Whatever text arrives is refused by an error of ours."""
    issuer = ApiKeyIssuer(SECRET)
    with pytest.raises(InvalidApiKeyError):
        issuer.authenticate(candidate)
    if isinstance(candidate, str):
        with pytest.raises(InvalidRefreshTokenError):
            issuer.refresh(candidate)
