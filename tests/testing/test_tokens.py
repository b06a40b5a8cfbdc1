"""How the simulator reports a connect token that Rollout does not accept."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from testing.handwritten import encoded, signed

from rollout_auth import AuthData, VerificationError, verify_connect_token
from rollout_auth.testing import CREDENTIALS, IntegrationError
from rollout_auth.testing._tokens import judged_token

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=timezone.utc)
SECONDS = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {"iss": CREDENTIALS.client_id, "sub": "user-1", "iat": SECONDS, "exp": SECONDS + 900}
SIGN = "sign with generate_connect_token"
KEY = {"authData": {"apiKey": "key-1"}}


def token(*without: str, **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if name not in without}
    return signed(claims, "HS512", CREDENTIALS.client_secret)


def with_header(header: object) -> str:
    return ".".join([encoded(json.dumps(header).encode()), *token().split(".")[1:]])


def judged(text: str) -> Any:
    return judged_token(text, CREDENTIALS, "rollout.com", NOW)


def test_good_token() -> None:
    """A token without a mistake is what it says, with authData and without."""
    verified = judged(token(**{"rollout.com": KEY}))
    assert (verified.user_id, verified.auth_data) == ("user-1", AuthData("key-1"))
    assert judged(token()).auth_data is None


def test_longest_token() -> None:
    """A token of an hour and a second is taken: Rollout's own sample rounds the expiry up."""
    assert judged(token(exp=SECONDS + 3601)).expires_at.timestamp() == SECONDS + 3601


def test_namespace_and_time() -> None:
    """A token is read by the dashboard's claim, at Rollout's time."""
    text = token(**{"rollouthq.com": KEY})
    assert judged_token(text, CREDENTIALS, "rollouthq.com", NOW).auth_data == AuthData("key-1")


@pytest.mark.parametrize(
    ("text", "code", "fix"),
    [
        ("abc", "malformed_token", SIGN),
        (f"{token()}.x", "malformed_token", SIGN),
        (with_header({"alg": "HS512", "typ": "other"}), "malformed_token", SIGN),
        (with_header({"alg": "HS256", "typ": "JWT"}), "wrong_algorithm", SIGN),
        (with_header({"alg": "none"}), "wrong_algorithm", SIGN),
        (with_header({"typ": "JWT"}), "malformed_token", SIGN),
        (
            signed(CLAIMS, "HS512", "s" * 64),
            "wrong_secret",
            "sign with the simulator's client secret (ROLLOUT_CLIENT_SECRET)",
        ),
        (
            token(iat=SECONDS - 1000, exp=SECONDS - 100),
            "token_expired",
            "sign a new token for each page, and use Rollout's clock, which says 12:34:56 UTC (Clock)",
        ),
        (
            token(iat=SECONDS + 100),
            "token_not_yet_valid",
            "sign a new token for each page, and use Rollout's clock, which says 12:34:56 UTC (Clock)",
        ),
        (token(sub=""), "user_id_unusable", "pass str(user.pk)"),
        (token("sub"), "user_id_unusable", "pass str(user.pk)"),
        (
            token(iss="another"),
            "wrong_client_id",
            "sign with the simulator's client id (ROLLOUT_CLIENT_ID)",
        ),
        (token("iat"), "wrong_times", f"{SIGN}, which signs whole seconds, for at most 3600 s"),
        (token(exp="x"), "wrong_times", f"{SIGN}, which signs whole seconds, for at most 3600 s"),
        (token(exp=SECONDS + 3602), "wrong_times", f"{SIGN}, which signs whole seconds, for at most 3600 s"),
        (token(aud="rollout"), "audience", SIGN),
        (token(aud=[]), "audience", SIGN),
        (token(nbf="x"), "wrong_times", f"{SIGN}, which signs whole seconds, for at most 3600 s"),
        (token(**{"rollout.com": {"authData": {}}}), "auth_data_unusable", "pass AuthData"),
    ],
)
def test_mistake(text: str, code: str, fix: str) -> None:
    """A token that is refused has a code and a fix, and the words with which the library refuses it."""
    with pytest.raises(VerificationError) as refused:
        verify_connect_token(text, credentials=CREDENTIALS, now=NOW)
    with pytest.raises(IntegrationError) as caught:
        judged(text)
    assert (caught.value.code, caught.value.fix) == (code, fix)
    assert caught.value.problem == f"Rollout refuses the connect token: {refused.value}"


def test_number_for_a_user_id() -> None:
    """A user id that is a number is the most common mistake, and has a message of its own."""
    with pytest.raises(IntegrationError, match=r"is a number, .* a string: pass str\(user.pk\)") as caught:
        judged(token(sub=42))
    assert caught.value.code == "user_id_not_text"


def test_claim_of_another_name() -> None:
    """What is under another claim's name is lost, and the claim is named."""
    text = token(**{"rollouthq.com": KEY})
    with pytest.raises(VerificationError) as refused:
        verify_connect_token(text, credentials=CREDENTIALS, now=NOW)
    with pytest.raises(IntegrationError) as caught:
        judged(text)
    assert (caught.value.code, caught.value.fix) == ("wrong_claim_name", f"{SIGN}, which uses the right name")
    lost = "authData is not under 'rollout.com', where Rollout looks for it, and is lost without an error"
    assert caught.value.problem == f"{lost} ({refused.value})"


def test_units_of_the_token() -> None:
    """A life in milliseconds is named as that of the token."""
    key = {"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 3_600_000}
    with pytest.raises(IntegrationError, match="expiresIn in the connect token is 3600000") as caught:
        judged(token(**{"rollout.com": {"authData": key}}))
    assert caught.value.code == "expires_in_milliseconds"


def test_traceback_of_a_token(ends_at_the_call: Any) -> None:
    """A failure shows the line of the test, and none of the module's own."""
    assert ends_at_the_call(judged_token, "abc", CREDENTIALS, "rollout.com", NOW)
