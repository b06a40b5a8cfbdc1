from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from datetime import datetime, timedelta, timezone
from enum import Enum
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import jwt
import pytest

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
    TokenExpiredError,
    TokenNotYetValidError,
    generate_connect_token,
    verify_connect_token,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
IAT = int(NOW.timestamp())
SECOND = timedelta(seconds=1)


@pytest.fixture
def generate(credentials: ClientCredentials) -> Any:
    def call(*arguments: Any, **options: Any) -> str:
        return generate_connect_token(*arguments, **{"credentials": credentials, "now": NOW, **options})

    return call


@pytest.fixture
def verify(credentials: ClientCredentials) -> Any:
    def call(token: Any, **options: Any) -> ConnectToken:
        return verify_connect_token(token, **{"credentials": credentials, "now": NOW, **options})

    return call


@pytest.fixture
def signed(credentials: ClientCredentials) -> Any:
    """Any claims, signed rightly by PyJWT; ``None`` leaves a claim out."""

    def call(**changes: Any) -> str:
        claims = {"iss": "client-1", "sub": "user-1", "iat": IAT, "exp": IAT + 3600, **changes}
        payload = {name: value for name, value in claims.items() if value is not ...}
        return jwt.encode(payload, credentials.client_secret, algorithm="HS512")

    return call


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


class TestGenerate:
    def test_claims(self, generate: Any, auth_data: AuthData) -> None:
        """The claims are those that Rollout requires, with authData under its namespace, and no other."""
        assert claims_of(generate("user-1", auth_data)) == {
            "iss": "client-1",
            "sub": "user-1",
            "iat": IAT,
            "exp": IAT + 3600,
            "rollout.com": {"authData": auth_data.to_dict()},
        }

    def test_header(self, generate: Any) -> None:
        """The algorithm is HS512."""
        assert jwt.get_unverified_header(generate("user-1")) == {"alg": "HS512", "typ": "JWT"}

    def test_without_auth_data(self, generate: Any) -> None:
        """Without authData there is no namespace claim."""
        assert set(claims_of(generate("user-1"))) == {"iss", "sub", "iat", "exp"}

    @pytest.mark.parametrize("dev", [False, True])
    def test_legacy(self, generate: Any, dev: bool) -> None:
        """The legacy namespace carries authData, and dev if it is true."""
        options = {"dev": True} if dev else {}
        claims = claims_of(generate("user-1", AuthData("key"), namespace=LEGACY_NAMESPACE, dev=dev))
        assert claims["rollouthq.com"] == {"authData": {"apiKey": "key"}, **options}
        assert "rollout.com" not in claims
        claims = claims_of(generate("user-1", namespace="rollouthq.com", dev=dev))
        assert claims.get("rollouthq.com", {}) == options

    def test_dev_is_legacy(self, generate: Any) -> None:
        """The current namespace, where dev would be lost, refuses it."""
        with pytest.raises(ConfigurationError, match=r"only the legacy namespace, 'rollouthq.com', has dev"):
            generate("user-1", dev=True)

    @pytest.mark.parametrize("dev", [1, None, "true"])
    def test_dev_is_a_bool(self, generate: Any, dev: object) -> None:
        """Something else than a bool is refused, even after a call with the bool that it is equal to."""
        generate("user-1", dev=True, namespace=LEGACY_NAMESPACE)
        with pytest.raises(TypeError, match="pass True or False"):
            generate("user-1", dev=dev, namespace=LEGACY_NAMESPACE)

    @pytest.mark.parametrize("namespace", ["", "rollout", "ROLLOUT.COM", None, ANY])
    def test_namespace(self, generate: Any, namespace: object) -> None:
        """A namespace that no Rollout reads is refused."""
        with pytest.raises(ConfigurationError, match=r"'rollout\.com' or, on legacy, 'rollouthq\.com'"):
            generate("user-1", namespace=namespace)

    @pytest.mark.parametrize("seconds", [1, 900, 3600])
    def test_ttl(self, generate: Any, seconds: int) -> None:
        """The life is what was asked for, up to one hour."""
        assert claims_of(generate("user-1", ttl=timedelta(seconds=seconds)))["exp"] == IAT + seconds

    @pytest.mark.parametrize("ttl", [timedelta(0), timedelta(seconds=3601), timedelta(seconds=1.5), -SECOND])
    def test_ttl_out_of_range(self, generate: Any, ttl: timedelta) -> None:
        """A life that Rollout would refuse is refused here."""
        with pytest.raises(ConfigurationError, match=r"^ttl is"):
            generate("user-1", ttl=ttl)

    def test_ttl_type(self, generate: Any) -> None:
        """A number of unknown unit is refused."""
        with pytest.raises(TypeError, match=r"^ttl is int: pass timedelta\(seconds="):
            generate("user-1", ttl=3600)

    def test_fractions_are_cut_off(self, generate: Any) -> None:
        """Iat and exp are integers, rounded down."""
        claims = claims_of(generate("user-1", now=NOW + timedelta(microseconds=999_999)))
        assert (claims["iat"], claims["exp"]) == (IAT, IAT + 3600)

    @pytest.mark.parametrize("moment", [datetime(2026, 1, 1), datetime(1969, 1, 1, tzinfo=timezone.utc)])
    def test_unusable_instants(self, generate: Any, moment: datetime) -> None:
        """A naive datetime, or one before 1970, is refused."""
        with pytest.raises(ConfigurationError, match=r"^now is"):
            generate("user-1", now=moment)

    def test_last_instant(self, generate: Any, verify: Any) -> None:
        """The last token ends with the year 9999."""
        last = datetime(9999, 12, 31, 23, 59, 58, tzinfo=timezone.utc)
        token = generate("user-1", now=last, ttl=SECOND)
        assert verify(token, now=last).expires_at == last + SECOND
        with pytest.raises(ConfigurationError, match="year 9999"):
            generate("user-1", now=last, ttl=2 * SECOND)

    @pytest.mark.parametrize("user_id", [42, True, b"user-1"])
    def test_user_id_type(self, generate: Any, user_id: object) -> None:
        """A user id that is not a str is refused with the fix."""
        with pytest.raises(TypeError, match=r"pass str\(user\.pk\)"):
            generate(user_id)

    @pytest.mark.parametrize("user_id", ["", "  ", "user-1\n", " user-1", "\ud800"])
    def test_user_id_text(self, generate: Any, user_id: str) -> None:
        """A blank or padded user id is refused."""
        with pytest.raises(InvalidUserIdError):
            generate(user_id)

    def test_str_subclasses(self, generate: Any) -> None:
        """A str is a str, whatever its class: its text is signed, as a user id or as the name of a claim."""

        class Key(str, Enum):
            ONE = "user-1"
            NAMESPACE = "rollout.com"

        claims = claims_of(generate(Key.ONE, AuthData("key"), namespace=Key.NAMESPACE))
        assert (claims["sub"], claims["rollout.com"]) == ("user-1", {"authData": {"apiKey": "key"}})

    def test_subclasses_of_time(self, generate: Any) -> None:
        """A datetime or timedelta whose own arithmetic gives something else counts as the plain one that it is."""

        class Moment(datetime):
            def __sub__(self, other: Any) -> Any:
                return "an interval"

        class Span(timedelta):
            def __divmod__(self, other: Any) -> Any:
                raise NotImplementedError

        moment = Moment(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone.utc)
        claims = claims_of(generate("user-1", now=moment, ttl=Span(minutes=5)))
        assert (claims["iat"], claims["exp"]) == (IAT, IAT + 300)

    @pytest.mark.parametrize("option", ["ttl", "namespace", "dev"])
    def test_unhashable_options(self, generate: Any, option: str) -> None:
        """An option that cannot be looked up in a cache is refused like any other of the wrong type."""
        with pytest.raises((TypeError, ConfigurationError), match=r"pass|must be"):
            generate("user-1", **{option: []})

    def test_auth_data_type(self, generate: Any) -> None:
        """A dict in the place of AuthData is refused with the fix."""
        with pytest.raises(TypeError, match=r"auth_data is dict: pass AuthData\(\.\.\.\) or AuthData\.from_dict"):
            generate("user-1", {"apiKey": "key"})

    def test_credentials_type(self) -> None:
        """Something else in the place of credentials is refused with the fix, hashable or not."""
        for credentials in (("id", "secret"), ["id", "secret"], "secret"):
            with pytest.raises(TypeError, match="credentials is"):
                generate_connect_token("user-1", credentials=credentials)

    def test_size(self, generate: Any, verify: Any) -> None:
        """A token that fits a header to the last character is signed and verifies; a longer one is refused."""
        longest = max(size for size in range(5700, 5800) if 4 * (size + 200) / 3 < 8000)
        token = generate("user-1", AuthData("k" * longest))
        while len(token) < 8168:
            longest += 1
            token = generate("user-1", AuthData("k" * longest))
        assert len(token) == 8168
        assert verify(token).auth_data == AuthData("k" * longest)
        with pytest.raises(InvalidAuthDataError, match="would have 8171 characters, and a header holds 8168"):
            generate("user-1", AuthData("k" * (longest + 2)))

    def test_size_of_the_user_id(self, generate: Any) -> None:
        """Where there is no authData, it is the user id that is too long."""
        with pytest.raises(InvalidUserIdError, match="pass a shorter user_id"):
            generate("u" * 8168)


class TestEnvironment:
    def test_credentials_from_the_environment(self, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without credentials, both functions read the environment at each call: a rotated secret is seen at once."""
        with pytest.raises(ConfigurationError, match="ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"):
            generate_connect_token("user-1")
        monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
        monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret)
        token = generate_connect_token("user-1")
        assert verify_connect_token(token).client_id == "client-1"
        monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret + "-rotated")
        with pytest.raises(BadSignatureError):
            verify_connect_token(token)
        assert verify_connect_token(generate_connect_token("user-2")).user_id == "user-2"
        monkeypatch.setenv("ROLLOUT_PREVIOUS_CLIENT_SECRET", secret)
        assert verify_connect_token(token).user_id == "user-1"

    def test_current_time(self, credentials: ClientCredentials) -> None:
        """Without an instant, tokens start now."""
        before = datetime.now(timezone.utc)
        issued = verify_connect_token(
            generate_connect_token("user-1", credentials=credentials), credentials=credentials
        ).issued_at
        assert before - SECOND < issued <= datetime.now(timezone.utc)


class TestSigner:
    def test_same_tokens(self, generate: Any, credentials: ClientCredentials, auth_data: AuthData) -> None:
        """A signer signs what the function signs."""
        signer = ConnectTokenSigner(credentials, ttl=timedelta(minutes=5), namespace=LEGACY_NAMESPACE, dev=True)
        options = {"ttl": timedelta(minutes=5), "namespace": LEGACY_NAMESPACE, "dev": True}
        for data in (None, auth_data):
            assert signer.sign("user-1", data, now=NOW) == generate("user-1", data, **options)

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"ttl": 60}, TypeError),
            ({"ttl": timedelta(hours=2)}, ConfigurationError),
            ({"namespace": "x"}, ConfigurationError),
            ({"dev": True}, ConfigurationError),
            ({"dev": 1}, TypeError),
        ],
    )
    def test_settings_are_checked_when_built(
        self, credentials: ClientCredentials, options: Any, error: type[Exception]
    ) -> None:
        """Wrong settings do not wait for the first token."""
        with pytest.raises(error):
            ConnectTokenSigner(credentials, **options)

    def test_needs_credentials(self) -> None:
        """A signer is built from credentials alone."""
        with pytest.raises(TypeError, match="credentials is NoneType"):
            ConnectTokenSigner(None)

    def test_repr(self, credentials: ClientCredentials) -> None:
        """It shows whose tokens it signs."""
        assert repr(ConnectTokenSigner(credentials)) == "ConnectTokenSigner(client_id='client-1')"


class TestVerify:
    def test_content(self, generate: Any, verify: Any, auth_data: AuthData) -> None:
        """What was signed comes back, with aware instants in UTC."""
        expected = ConnectToken("client-1", "user-1", auth_data, NOW, NOW + timedelta(hours=1))
        token = generate("user-1", auth_data)
        assert verify(token) == verify(token.encode()) == expected
        assert verify(token).issued_at.tzinfo is timezone.utc

    def test_without_auth_data(self, generate: Any, verify: Any, signed: Any) -> None:
        """AuthData is optional, and so is the namespace claim."""
        assert verify(generate("user-1")).auth_data is None
        assert verify(signed(**{NAMESPACE: {}})).auth_data is None

    def test_legacy(self, generate: Any, verify: Any, auth_data: AuthData) -> None:
        """The legacy namespace is read on request, dev included."""
        verified = verify(
            generate("user-1", auth_data, namespace=LEGACY_NAMESPACE, dev=True), namespace=LEGACY_NAMESPACE
        )
        assert (verified.auth_data, verified.dev) == (auth_data, True)
        assert not verify(generate("user-1", namespace=LEGACY_NAMESPACE), namespace=LEGACY_NAMESPACE).dev

    def test_dev_under_the_current_namespace(self, signed: Any, verify: Any) -> None:
        """There Rollout ignores dev, and so it is not reported."""
        assert not verify(signed(**{NAMESPACE: {"dev": True}})).dev

    def test_previous_secret(self, generate: Any, verify: Any, secret: str) -> None:
        """During a rotation, tokens of the previous secret verify and the new one signs."""
        rotated = ClientCredentials("client-1", "rotated-" + secret, [secret])
        assert verify(generate("user-1"), credentials=rotated).user_id == "user-1"
        with pytest.raises(BadSignatureError):
            verify(generate("user-1", credentials=rotated))

    @pytest.mark.parametrize("leeway", [0, 60, 90])
    def test_expiry_boundary(self, generate: Any, verify: Any, leeway: int) -> None:
        """A token is accepted one second before exp + leeway, and refused at that second."""
        token, options = generate("user-1", ttl=SECOND), {"leeway": timedelta(seconds=leeway)}
        end = NOW + SECOND + leeway * SECOND
        assert verify(token, now=end - SECOND, **options)
        with pytest.raises(TokenExpiredError, match=f"expired {leeway} s ago") as caught:
            verify(token, now=end, **options)
        assert caught.value.expired_at == NOW + SECOND

    @pytest.mark.parametrize("leeway", [0, 60, 90])
    def test_start_boundary(self, generate: Any, verify: Any, leeway: int) -> None:
        """A token is accepted at iat - leeway, and refused one second before."""
        token, options = generate("user-1"), {"leeway": timedelta(seconds=leeway)}
        start = NOW - leeway * SECOND
        assert verify(token, now=start, **options)
        with pytest.raises(TokenNotYetValidError, match=f"becomes valid in {leeway + 1} s") as caught:
            verify(token, now=start - SECOND, **options)
        assert caught.value.valid_from == NOW

    def test_default_leeway(self, generate: Any, verify: Any) -> None:
        """Clocks may differ by one minute unless said otherwise."""
        token = generate("user-1")
        assert verify(token, now=NOW - 60 * SECOND)
        with pytest.raises(TokenNotYetValidError):
            verify(token, now=NOW - 61 * SECOND)

    def test_not_before(self, signed: Any, verify: Any) -> None:
        """Nbf is optional, and delays the start."""
        token = signed(nbf=IAT + 100)
        assert verify(token, now=NOW + 40 * SECOND)
        with pytest.raises(TokenNotYetValidError) as caught:
            verify(token, now=NOW + 39 * SECOND)
        assert caught.value.valid_from == NOW + 100 * SECOND
        assert verify(signed(nbf=IAT - 100))

    def test_not_before_hastens_nothing(self, signed: Any, verify: Any) -> None:
        """An early nbf does not let a token start before its iat."""
        with pytest.raises(TokenNotYetValidError) as caught:
            verify(signed(iat=IAT + 100, exp=IAT + 200, nbf=IAT - 100))
        assert caught.value.valid_from == NOW + 100 * SECOND

    def test_first_instant(self, generate: Any, verify: Any) -> None:
        """The first token starts with the year 1970."""
        first = datetime(1970, 1, 1, tzinfo=timezone.utc)
        assert verify(generate("user-1", now=first), now=first).issued_at == first

    def test_legacy_without_dev(self, generate: Any, verify: Any, auth_data: AuthData) -> None:
        """On legacy, dev may be absent, and is then false."""
        verified = verify(generate("user-1", auth_data, namespace=LEGACY_NAMESPACE), namespace=LEGACY_NAMESPACE)
        assert (verified.auth_data, verified.dev) == (auth_data, False)

    def test_empty_claim_of_the_other_namespace(self, signed: Any, verify: Any) -> None:
        """The other namespace's claim is misplaced, whatever it holds."""
        for claim, namespace in ((NAMESPACE, LEGACY_NAMESPACE), (LEGACY_NAMESPACE, NAMESPACE)):
            with pytest.raises(InvalidClaimError) as caught:
                verify(signed(**{claim: {}}), namespace=namespace)
            assert caught.value.claim == claim

    def test_wrong_arguments_are_named(self, generate: Any, verify: Any) -> None:
        """The message names the argument that is wrong."""
        with pytest.raises(ConfigurationError, match=r"^leeway is"):
            verify(generate("user-1"), leeway=-SECOND)
        with pytest.raises(TypeError, match=r"^issued_at is"):
            ConnectToken("client-1", "user-1", None, IAT, NOW)
        with pytest.raises(TypeError, match=r"^expires_at is"):
            ConnectToken("client-1", "user-1", None, NOW, IAT)

    @pytest.mark.parametrize("name", ["iss", "sub", "iat", "exp"])
    def test_required_claims(self, signed: Any, verify: Any, name: str) -> None:
        """Each of the four claims is required."""
        with pytest.raises(InvalidClaimError, match=f"{name} is missing") as caught:
            verify(signed(**{name: ...}))
        assert caught.value.claim == name

    @pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
    @pytest.mark.parametrize("value", [None, True, 1.5, float(IAT), str(IAT), [IAT], -1, 10**12, 10**18])
    def test_times_are_integers(self, signed: Any, verify: Any, name: str, value: object) -> None:
        """A time is an integer that is not a bool, and one that a datetime can name."""
        with pytest.raises(InvalidClaimError, match=f"{name} is not a time") as caught:
            verify(signed(**{name: value}))
        assert caught.value.claim == name

    @pytest.mark.parametrize("value", ["", "  ", None, 42, ["user-1"]])
    def test_subject_is_text(self, credentials: ClientCredentials, verify: Any, value: object) -> None:
        """Sub is a string with something in it."""
        claims = {"iss": "client-1", "sub": value, "iat": IAT, "exp": IAT + 60}
        token = jwt.PyJWS().encode(_dump(claims), credentials.client_secret, algorithm="HS512")
        with pytest.raises(InvalidClaimError, match="sub is not a string") as caught:
            verify(token)
        assert caught.value.claim == "sub"

    @pytest.mark.parametrize("value", ["client-2", "CLIENT-1", "client-1 "])
    def test_another_client(self, signed: Any, verify: Any, value: str) -> None:
        """A token for another client id is refused, though the secret be right."""
        with pytest.raises(InvalidClaimError, match="iss is another issuer than this configuration's") as caught:
            verify(signed(iss=value))
        assert caught.value.claim == "iss"

    @pytest.mark.parametrize("life", [0, -1, 3602, 86_400])
    def test_lifetime(self, signed: Any, verify: Any, life: int) -> None:
        """A lifetime of more than one hour, or of none, is refused."""
        with pytest.raises(InvalidClaimError, match="after iat: sign for 1 s to 3600 s") as caught:
            verify(signed(exp=IAT + life))
        assert caught.value.claim == "exp"

    @pytest.mark.parametrize(
        ("claim", "value"),
        [
            ("rollouthq.com", {"authData": {"apiKey": "k"}}),
            ("rollouthq.com", {"dev": True}),
            ("", {"authData": {"apiKey": "k"}}),
            ("https://rollout.com", {"authData": {"apiKey": "k"}}),
            ("authData", {"apiKey": "k"}),
        ],
    )
    def test_misplaced_auth_data(self, signed: Any, verify: Any, claim: str, value: object) -> None:
        """AuthData where Rollout does not look, which would be lost without an error, is refused."""
        with pytest.raises(InvalidClaimError, match=r"sign with namespace='rollout\.com'") as caught:
            verify(signed(**{claim: value}))
        assert caught.value.claim == claim

    def test_misplaced_auth_data_is_not_quoted(self, signed: Any, verify: Any) -> None:
        """A claim whose name is not one of Rollout's may be called anything, and is not named."""
        with pytest.raises(InvalidClaimError, match=r"and not under another name: sign"):
            verify(signed(**{"api_key=canary": {"authData": {}}}))

    @pytest.mark.parametrize("beside", [{}, {"dev": True}])
    def test_misplaced_beside_an_empty_claim(self, signed: Any, verify: Any, beside: object) -> None:
        """A claim of the right name that holds no authData does not hide that it stands elsewhere."""
        with pytest.raises(InvalidClaimError, match=r"and not under 'rollouthq.com'"):
            verify(signed(**{NAMESPACE: beside, LEGACY_NAMESPACE: {"authData": {"apiKey": "k"}}}))

    def test_both_names(self, signed: Any, verify: Any) -> None:
        """A token that serves both is read under the name that is expected."""
        token = signed(**{name: {"authData": {"apiKey": name}} for name in (NAMESPACE, LEGACY_NAMESPACE)})
        assert verify(token).auth_data == AuthData(NAMESPACE)
        assert verify(token, namespace=LEGACY_NAMESPACE).auth_data == AuthData(LEGACY_NAMESPACE)

    def test_misplaced_on_legacy(self, generate: Any, verify: Any, auth_data: AuthData) -> None:
        """A token of the current form is no legacy token."""
        with pytest.raises(InvalidClaimError, match=r"sign with namespace='rollouthq\.com'") as caught:
            verify(generate("user-1", auth_data), namespace=LEGACY_NAMESPACE)
        assert caught.value.claim == NAMESPACE

    def test_lifetime_of_rollouts_sample(self, signed: Any, verify: Any) -> None:
        """A token of 3,601 s is accepted: Rollout's own sample rounds exp up."""
        assert verify(signed(exp=IAT + 3601)).expires_at == NOW + timedelta(seconds=3601)

    @pytest.mark.parametrize("audience", ["https://rollout.com", ["x"], "", None])
    def test_audience(self, signed: Any, verify: Any, audience: object) -> None:
        """A token with an audience, whatever it is, is for somebody else (RFC 7519 section 4.1.3)."""
        with pytest.raises(InvalidClaimError, match="aud is there, so the token is for somebody else") as caught:
            verify(signed(aud=audience))
        assert caught.value.claim == "aud"

    def test_all_claims(self, signed: Any, verify: Any) -> None:
        """Everything that the token says can be read, beyond equality and repr."""
        token = signed(jti="1", nbf=IAT, **{NAMESPACE: {"authData": {"apiKey": "k"}, "more": 1}})
        verified = verify(token)
        assert verified.claims == claims_of(token)
        assert type(verified.claims) is dict
        assert verified == ConnectToken("client-1", "user-1", AuthData("k"), NOW, NOW + timedelta(hours=1))
        assert "more" not in repr(verified)

    def test_other_claims_are_the_signers_own(self, signed: Any, verify: Any) -> None:
        """Claims that Rollout ignores are ignored."""
        assert verify(signed(jti="1", other={"a": 1}, **{NAMESPACE: {"more": 1}})).auth_data is None

    @pytest.mark.parametrize(
        ("namespace", "value", "message"),
        [
            (NAMESPACE, None, "is not an object"),
            (NAMESPACE, [], "is not an object"),
            (NAMESPACE, "x", "is not an object"),
            (NAMESPACE, {"authData": None}, "authData under rollout.com cannot be used: authData has no 'apiKey'"),
            (NAMESPACE, {"authData": "key"}, "cannot be used: authData has no 'apiKey'"),
            (NAMESPACE, {"authData": {"apiKey": 42}}, "cannot be used: api_key is int"),
            (NAMESPACE, {"authData": {"apiKey": "k", "expiresIn": 3600.0, "refreshToken": "r"}}, "expires_in is float"),
            (NAMESPACE, {"authData": {"apiKey": "k", "expiresIn": True, "refreshToken": "r"}}, "expires_in is bool"),
            (NAMESPACE, {"authData": {"apiKey": "k", "refreshToken": "r"}}, "both or neither"),
            (NAMESPACE, {"authData": {"apiKey": "k", "n": 2**53}}, "beyond 2"),
            (LEGACY_NAMESPACE, {"dev": "true"}, "dev under rollouthq.com is not a boolean"),
            (LEGACY_NAMESPACE, {"dev": 1}, "dev under rollouthq.com is not a boolean"),
            (LEGACY_NAMESPACE, {"dev": None}, "dev under rollouthq.com is not a boolean"),
        ],
    )
    def test_unusable_namespace_claim(
        self, signed: Any, verify: Any, namespace: str, value: object, message: str
    ) -> None:
        """What stands under the namespace must be what AuthData can hold."""
        with pytest.raises(InvalidClaimError, match=message) as caught:
            verify(signed(**{namespace: value}), namespace=namespace)
        assert caught.value.claim == namespace

    @pytest.mark.parametrize(
        "payload",
        [
            b"[]",
            b"null",
            b"{",
            b"",
            b"\xff",
            b'{"iss":"client-1","iss":"client-1"}',
            b'{"a":NaN}',
            b'{"a":"\\ud800"}',
            b'{"a":1e999}',
            b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
        ],
    )
    def test_payload_is_strict_json(self, credentials: ClientCredentials, verify: Any, payload: bytes) -> None:
        """A payload that two parsers may read differently is malformed, though the signature be right."""
        token = jwt.PyJWS().encode(payload, credentials.client_secret, algorithm="HS512")
        with pytest.raises(MalformedTokenError, match=r"^the token's payload"):
            verify(token)

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384"])
    def test_other_algorithms(self, credentials: ClientCredentials, verify: Any, algorithm: str) -> None:
        """Another algorithm is named, and refused."""
        claims = {"iss": "client-1", "sub": "user-1", "iat": IAT, "exp": IAT + 60}
        token = jwt.encode(claims, credentials.client_secret, algorithm=algorithm)
        with pytest.raises(MalformedTokenError, match=f"alg is '{algorithm}', not 'HS512'"):
            verify(token)

    def test_unsigned(self, verify: Any) -> None:
        """A token that asks not to be verified is refused."""
        claims = {"iss": "client-1", "sub": "user-1", "iat": IAT, "exp": IAT + 60}
        with pytest.raises(MalformedTokenError, match="alg is 'none'"):
            verify(jwt.encode(claims, None, algorithm="none"))

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"credentials": "secret"}, TypeError),
            ({"namespace": "x"}, ConfigurationError),
            ({"leeway": 60}, TypeError),
            ({"leeway": -SECOND}, ConfigurationError),
            ({"leeway": SECOND / 2}, ConfigurationError),
            ({"now": IAT}, TypeError),
            ({"now": datetime(2026, 1, 1)}, ConfigurationError),
        ],
    )
    def test_callers_own_mistakes(self, generate: Any, verify: Any, options: Any, error: type[Exception]) -> None:
        """A wrong setting is not blamed on the token, be it good or bad."""
        for token in (generate("user-1"), "garbage"):
            with pytest.raises(error):
                verify(token, **options)

    @pytest.mark.parametrize("token", [None, 42, {"token": "x"}])
    def test_token_type(self, verify: Any, token: object) -> None:
        """Only text is a token."""
        with pytest.raises(TypeError, match="pass the compact JWT"):
            verify(token)


class TestConnectToken:
    def test_immutable_value(self, auth_data: AuthData) -> None:
        """It is frozen, hashable, copyable and picklable."""
        token = ConnectToken("client-1", "user-1", auth_data, NOW, NOW)
        with pytest.raises(dataclasses.FrozenInstanceError):
            token.user_id = "x"
        for twin in (copy.copy(token), copy.deepcopy(token), pickle.loads(pickle.dumps(token))):
            assert twin == token
            assert hash(twin) == hash(token)

    def test_equal_to_no_other_type(self) -> None:
        """What only looks like it is not equal, also when its fields are."""
        fields = ("client-1", "user-1", None, NOW, NOW, False)
        assert ConnectToken(*fields) not in (fields, None, SimpleNamespace(**dict(zip("abcdef", fields, strict=True))))

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ((1, "user-1", None, NOW, NOW), TypeError),
            (("client-1", 1, None, NOW, NOW), TypeError),
            (("client-1", "user-1", {"apiKey": "k"}, NOW, NOW), TypeError),
            (("client-1", "user-1", None, NOW, NOW, "dev"), TypeError),
            (("client-1", "user-1", None, 1, NOW), TypeError),
            (("client-1", "user-1", None, NOW, datetime(2026, 1, 1)), ConfigurationError),
        ],
    )
    def test_invalid_values_cannot_exist(self, arguments: Any, error: type[Exception]) -> None:
        """One that a test builds by hand is checked like every other."""
        with pytest.raises(error):
            ConnectToken(*arguments)

    def test_repr(self, auth_data: AuthData) -> None:
        """It shows everything but the secrets."""
        assert repr(ConnectToken("client-1", "user-1", auth_data, NOW, NOW + SECOND)) == (
            "ConnectToken(client_id='client-1', user_id='user-1', auth_data=AuthData(api_key=<hidden>, "
            "refresh_token=<hidden>, expires_in=3600, extra={'region': <hidden>, 'scopes': <hidden>}), "
            f"issued_at={NOW!r}, expires_at={NOW + SECOND!r}, dev=False, claims={{}})"
        )


def _dump(claims: object) -> bytes:
    return json.dumps(claims).encode()
