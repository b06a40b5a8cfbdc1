from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from rollout_auth import (
    LEGACY_NAMESPACE,
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    BadVerificationTokenError,
    ClientCredentials,
    ConfigurationError,
    InvalidApiKeyError,
    InvalidRefreshTokenError,
    MalformedRequestError,
    MissingHeaderError,
    RequestVerifier,
    RolloutAuth,
    TemporarilyUnavailableError,
    refresh_response,
    verify_connect_token,
)
from rollout_auth.testing import CREDENTIALS, ENVIRON, VERIFICATION_TOKEN, sign_webhook

KEY_SECRET = "for tests alone, at least 64 characters " + "0123456789abcdef" * 2
VARIABLES = {**ENVIRON, "ROLLOUT_API_KEY_SECRET": KEY_SECRET}
HEADERS = {"X-Rollout-Verification-Token": VERIFICATION_TOKEN, "Content-Type": "application/json"}
EVENT = {"eventId": "e", "eventCreated": "2026-03-01T12:00:00Z", "event": "x", "resourceIds": [], "uri": None}


@pytest.fixture
def rollout() -> RolloutAuth:
    return RolloutAuth.from_env(VARIABLES)


@pytest.fixture
def own_keys() -> RolloutAuth:
    """For a partner with keys of its own."""
    return RolloutAuth.from_env(ENVIRON, own_keys=True)


def auth_data_of(token: str) -> AuthData:
    auth_data = verify_connect_token(token, credentials=CREDENTIALS).auth_data
    assert auth_data is not None
    return auth_data


def refresh_body(auth_data: AuthData) -> bytes:
    return json.dumps({"refreshToken": auth_data.refresh_token}).encode()


def calling(rollout: RolloutAuth, auth_data: AuthData) -> dict[str, Callable[..., Any]]:
    """The calls that ask a revocation rule, each with a good request."""
    headers = {**HEADERS, "Authorization": f"Bearer {auth_data.api_key}"}
    body = refresh_body(auth_data)
    return {
        "authenticate": lambda **options: rollout.authenticate(headers, **options),
        "authenticate_async": lambda **options: asyncio.run(rollout.authenticate_async(headers, **options)),
        "refresh": lambda **options: rollout.refresh(body, headers, **options),
        "refresh_async": lambda **options: asyncio.run(rollout.refresh_async(body, headers, **options)),
    }


class TestRoutes:
    def test_whole_conversation(self, rollout: RolloutAuth) -> None:
        """Four routes are four calls: connect, a call with the key, a refresh, and a call with the new key."""
        answer = json.loads(rollout.connect("user-1", extra={"region": "eu"}, grant_id="g-1").body)
        auth_data = auth_data_of(answer["token"])
        assert auth_data.extra == {"region": "eu"}
        grant = rollout.authenticate({**HEADERS, "Authorization": f"Bearer {auth_data.api_key}"})
        assert (grant.user_id, grant.grant_id) == ("user-1", "g-1")
        parts = rollout.refresh(refresh_body(auth_data), HEADERS)
        renewed = AuthData.from_dict(json.loads(parts.body))
        assert renewed.extra == {"region": "eu"}
        assert rollout.authenticate({**HEADERS, "authorization": f"bearer {renewed.api_key}"}).grant_id == "g-1"

    def test_answer_with_a_token(self, rollout: RolloutAuth) -> None:
        """The page gets the token and when it expires, which is what the token says; nobody may cache it."""
        parts = rollout.connect("user-1")
        answer = json.loads(parts.body)
        assert parts.status == 200
        assert parts.headers["Cache-Control"] == "no-store"
        verified = verify_connect_token(answer["token"], credentials=CREDENTIALS)
        assert datetime.fromisoformat(answer["expiresAt"]) == verified.expires_at
        assert verified.expires_at - verified.issued_at == timedelta(hours=1)

    def test_token_alone(self, rollout: RolloutAuth) -> None:
        """A page that is rendered on the server takes the token itself."""
        assert auth_data_of(rollout.connect_token("user-1")).is_refreshable

    def test_webhook(self, rollout: RolloutAuth) -> None:
        """A signed event is read, and any other signed message by its own call."""
        body, other = json.dumps(EVENT).encode(), b'{"synced": true}'
        assert rollout.webhook(body, sign_webhook(body, credentials=CREDENTIALS)).event_id == "e"
        headers = sign_webhook(other, credentials=CREDENTIALS)
        assert rollout.signed_request(other, headers) == {"synced": True}
        with pytest.raises(MalformedRequestError, match="read it with verify_signed_request"):
            rollout.webhook(other, headers)

    @pytest.mark.parametrize(
        ("headers", "error"),
        [
            ({}, MissingHeaderError),
            ({**HEADERS, "X-Rollout-Verification-Token": "x"}, BadVerificationTokenError),
        ],
    )
    def test_verification_token_comes_first(
        self, rollout: RolloutAuth, headers: dict[str, str], error: type[Exception]
    ) -> None:
        """Without the verification token, nothing else of a request is looked at, be it garbage."""
        for call in (
            lambda: rollout.verify(headers),
            lambda: rollout.authenticate({**headers, "Authorization": "garbage"}),
            lambda: asyncio.run(rollout.authenticate_async({**headers, "Authorization": "garbage"})),
            lambda: rollout.refresh(b"garbage", headers),
            lambda: asyncio.run(rollout.refresh_async(b"garbage", headers)),
            lambda: rollout.refresh_request(b"garbage", headers),
        ):
            with pytest.raises(error):
                call()

    def test_refused(self, rollout: RolloutAuth) -> None:
        """A request without a key, and one with another refresh token, are refused as what they are."""
        assert rollout.verify(HEADERS) is None
        with pytest.raises(InvalidApiKeyError, match="the request has no API key"):
            rollout.authenticate(HEADERS)
        with pytest.raises(InvalidRefreshTokenError):
            rollout.refresh(b'{"refreshToken": "r"}', HEADERS)
        with pytest.raises(MalformedRequestError):
            rollout.refresh(b"garbage", HEADERS)
        with pytest.raises(InvalidApiKeyError, match="two different values"):
            rollout.authenticate([*HEADERS.items(), ("Authorization", "a"), ("Authorization", "b")])


class TestRevocation:
    @pytest.mark.parametrize("name", ["authenticate", "authenticate_async", "refresh", "refresh_async"])
    def test_rule_of_the_call(self, rollout: RolloutAuth, name: str) -> None:
        """Each call asks the rule that it is given, and answers a store that is down with our error."""
        call = calling(rollout, auth_data_of(rollout.connect_token("user-1")))[name]

        def is_down(_grant: ApiKeyGrant) -> bool:
            raise TemporarilyUnavailableError

        assert call(is_revoked=lambda _: False)
        with pytest.raises((InvalidApiKeyError, InvalidRefreshTokenError), match="revoked"):
            call(is_revoked=lambda _: True)
        with pytest.raises(TemporarilyUnavailableError):
            call(is_revoked=is_down)

    def test_rule_of_the_environments_issuer(self) -> None:
        """``from_env`` hands its rule to the issuer."""
        rollout = RolloutAuth.from_env(VARIABLES, is_revoked=lambda grant: grant.grant_id == "g-1")
        auth_data = auth_data_of(rollout.connect_token("user-1", grant_id="g-1"))
        for call in calling(rollout, auth_data).values():
            with pytest.raises((InvalidApiKeyError, InvalidRefreshTokenError), match="revoked"):
                call()


class TestOwnKeys:
    def test_routes(self, own_keys: RolloutAuth) -> None:
        """A partner with keys of its own signs them, verifies requests, and answers a refresh itself."""
        auth_data = AuthData("own-key", "own-refresh", 60)
        assert auth_data_of(own_keys.connect_token("user-1", auth_data)) == auth_data
        assert auth_data_of(json.loads(own_keys.connect("user-1", auth_data).body)["token"]) == auth_data
        own_keys.verify(HEADERS)
        request = own_keys.refresh_request(refresh_body(auth_data), HEADERS)
        assert request.refresh_token == "own-refresh"
        assert refresh_response(auth_data).status == 200

    def test_no_issuer(self, own_keys: RolloutAuth) -> None:
        """Without an issuer no token goes out without authData, and no key is judged."""
        for call in (
            lambda: own_keys.connect("user-1"),
            lambda: own_keys.connect_token("user-1"),
            lambda: own_keys.authenticate(HEADERS),
            lambda: own_keys.refresh(b"{}", HEADERS),
            lambda: asyncio.run(own_keys.authenticate_async(HEADERS)),
            lambda: asyncio.run(own_keys.refresh_async(b"{}", HEADERS)),
        ):
            with pytest.raises(ConfigurationError, match="there is no issuer of API keys: pass one, or"):
                call()

    @pytest.mark.parametrize("options", [{"extra": {"a": 1}}, {"grant_id": "g"}])
    def test_options_of_an_issued_key(self, rollout: RolloutAuth, options: Any) -> None:
        """What belongs to a key that is issued is refused beside a key that is passed."""
        with pytest.raises(TypeError, match="leave them out beside auth_data"):
            rollout.connect("user-1", AuthData("own-key"), **options)


class TestHeaders:
    def test_key_in_another_header(self) -> None:
        """In any other header the key is taken as it is."""
        rollout = RolloutAuth.from_env(VARIABLES, api_key_header="X-Api-Key")
        auth_data = auth_data_of(rollout.connect_token("user-1"))
        assert rollout.authenticate({**HEADERS, "x-api-key": auth_data.api_key}).user_id == "user-1"
        with pytest.raises(InvalidApiKeyError):
            rollout.authenticate({**HEADERS, "x-api-key": f"Bearer {auth_data.api_key}"})

    def test_key_elsewhere(self) -> None:
        """A key from the query or the body is passed, and beside a header that is a mistake."""
        rollout = RolloutAuth.from_env(VARIABLES, api_key_header=None)
        auth_data = auth_data_of(rollout.connect_token("user-1"))
        assert rollout.authenticate(HEADERS, api_key=auth_data.api_key).user_id == "user-1"
        with pytest.raises(InvalidApiKeyError, match="has no API key"):
            rollout.authenticate(HEADERS)
        with pytest.raises(TypeError, match="build RolloutAuth with api_key_header=None"):
            RolloutAuth.from_env(VARIABLES).authenticate(HEADERS, api_key=auth_data.api_key)

    def test_verification_token_in_authorization(self) -> None:
        """The two may not be in one header, and may change places."""
        with pytest.raises(ConfigurationError, match="Authorization is the header of both the API key and"):
            RolloutAuth.from_env(VARIABLES, verification_header="Authorization")
        rollout = RolloutAuth.from_env(VARIABLES, verification_header="authorization", api_key_header="X-Api-Key")
        assert rollout.verify({"Authorization": f"Bearer {VERIFICATION_TOKEN}"}) is None


class TestFromEnv:
    def test_process_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a mapping it reads ``os.environ``."""
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value)
        assert RolloutAuth.from_env().connect_token("user-1")

    def test_issuer(self) -> None:
        """An issuer that was built elsewhere needs no variable."""
        issuer = ApiKeyIssuer(KEY_SECRET)
        rollout = RolloutAuth.from_env(ENVIRON, issuer=issuer)
        assert issuer.authenticate(auth_data_of(rollout.connect_token("user-1")).api_key)

    @pytest.mark.parametrize("options", [{"own_keys": True}, {"issuer": ApiKeyIssuer(KEY_SECRET)}])
    def test_rule_without_its_issuer(self, options: Any) -> None:
        """A revocation rule that nobody would ask is a mistake."""
        with pytest.raises(TypeError, match="pass it to your own ApiKeyIssuer"):
            RolloutAuth.from_env(VARIABLES, is_revoked=lambda _: False, **options)

    @pytest.mark.parametrize(
        ("changes", "problems"),
        [
            (dict.fromkeys(VARIABLES, ""), [f"{name} is not set" for name in VARIABLES]),
            ({"ROLLOUT_CLIENT_ID": "'c'"}, ["ROLLOUT_CLIENT_ID is surrounded by quotes"]),
            ({"ROLLOUT_VERIFICATION_TOKEN": "a,a"}, ["ROLLOUT_VERIFICATION_TOKEN reads like equal headers"]),
            ({"ROLLOUT_API_KEY_SECRET": "$SECRET"}, ["ROLLOUT_API_KEY_SECRET is the name of a variable"]),
            (
                {"ROLLOUT_API_KEY_SECRET": VARIABLES["ROLLOUT_CLIENT_SECRET"]},
                ["ROLLOUT_API_KEY_SECRET is the same as ROLLOUT_CLIENT_SECRET"],
            ),
            (
                {"ROLLOUT_PREVIOUS_API_KEY_SECRET": KEY_SECRET, "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN": "<token>"},
                [
                    "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN is a placeholder",
                    "ROLLOUT_PREVIOUS_API_KEY_SECRET is the same as ROLLOUT_API_KEY_SECRET",
                ],
            ),
            (
                {"ROLLOUT_CLIENT_ID": "i" * 64, "ROLLOUT_CLIENT_SECRET": "short"},
                ["ROLLOUT_CLIENT_ID looks like the client secret"],
            ),
        ],
    )
    def test_problems(self, changes: dict[str, str], problems: list[str]) -> None:
        """One error names every variable that is missing, wrong or equal to another, and shows no value."""
        with pytest.raises(ConfigurationError) as caught:
            RolloutAuth.from_env(VARIABLES | changes)
        message = str(caught.value)
        assert [part[: len(problem)] for part, problem in zip(message.split("; "), problems, strict=True)] == problems
        assert not any(value in message for value in (KEY_SECRET, VERIFICATION_TOKEN, CREDENTIALS.client_secret))

    def test_own_keys(self, own_keys: RolloutAuth) -> None:
        """Going without an API key secret is written out."""
        assert own_keys.connect_token("user-1", AuthData("own-key"))
        with pytest.raises(ConfigurationError, match=r"ROLLOUT_API_KEY_SECRET is not set: .* or pass own_keys=True"):
            RolloutAuth.from_env(ENVIRON)


class TestSettings:
    def test_options(self) -> None:
        """The settings of the parts are passed on."""
        rollout = RolloutAuth(
            CREDENTIALS,
            RequestVerifier(VERIFICATION_TOKEN),
            refresh_field="token",
            signed_content="raw",
            namespace=LEGACY_NAMESPACE,
            ttl=timedelta(minutes=5),
            dev=True,
        )
        token = rollout.connect_token("user-1", AuthData("own-key"))
        verified = verify_connect_token(token, credentials=CREDENTIALS, namespace=LEGACY_NAMESPACE)
        assert verified.dev
        assert verified.expires_at - verified.issued_at == timedelta(minutes=5)
        assert rollout.refresh_request(b"token=r", {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"})
        headers = sign_webhook(b"{}", credentials=CREDENTIALS, signed_content="raw")
        assert rollout.signed_request(b"{}", headers) == {}

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            (("c",), {}, "credentials is str"),
            ((CREDENTIALS, "token"), {}, r"verifier is str: pass RequestVerifier\(\.\.\.\)"),
            ((CREDENTIALS, RequestVerifier("t"), "secret"), {}, "issuer is str: pass ApiKeyIssuer"),
            ((CREDENTIALS, RequestVerifier("t")), {"api_key_header": 42}, "api_key_header is int"),
            ((CREDENTIALS, RequestVerifier("t")), {"refresh_field": 42}, "field is int"),
            ((CREDENTIALS, RequestVerifier("t")), {"ttl": 60}, "ttl is int"),
        ],
    )
    def test_types(self, arguments: Any, options: Any, message: str) -> None:
        """A setting of the wrong type is refused when the object is built."""
        with pytest.raises(TypeError, match=message):
            RolloutAuth(*arguments, *(() if len(arguments) > 1 else (RequestVerifier("t"),)), **options)

    @pytest.mark.parametrize(
        "options", [{"signed_content": "hex"}, {"api_key_header": "X Y"}, {"api_key_header": ""}, {"namespace": "x"}]
    )
    def test_values(self, options: Any) -> None:
        """A setting that cannot work is refused when the object is built."""
        with pytest.raises(ConfigurationError):
            RolloutAuth(CREDENTIALS, RequestVerifier("t"), **options)

    def test_repr(self, rollout: RolloutAuth) -> None:
        """It shows nothing, and is no dataclass that a serializer would take apart."""
        assert repr(rollout) == "RolloutAuth()"
        assert vars(rollout) == {}


def test_previous_client_secret() -> None:
    """During a rotation, webhooks under the previous secret verify."""
    rollout = RolloutAuth.from_env({**VARIABLES, "ROLLOUT_PREVIOUS_CLIENT_SECRET": "p" * 64})
    headers = sign_webhook(b"{}", credentials=ClientCredentials("c", "p" * 64))
    assert rollout.signed_request(b"{}", headers) == {}
