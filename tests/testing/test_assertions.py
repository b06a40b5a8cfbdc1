"""``assert_connect_token``: what it lets pass, and what its failures show."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from canaries import all_pieces, canary, encodings
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_auth import (
    LEGACY_NAMESPACE,
    AuthData,
    ClientCredentials,
    ConfigurationError,
    InvalidUserIdError,
    generate_connect_token,
    verify_connect_token,
)
from rollout_auth.testing import CREDENTIALS, ENVIRON, assert_connect_token, strategies

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
FOUND = [canary(f"found{number}") for number in range(4)]
EXPECTED = [canary(f"expected{number}", 70) for number in range(4)]
SECRET = canary("clientSecret")
PIECES = all_pieces(text for secret in (*FOUND, *EXPECTED, SECRET) for text in encodings(secret))


def token(auth_data: AuthData | None = None, **options: Any) -> str:
    return generate_connect_token("user-1", auth_data, **{"credentials": CREDENTIALS, "now": NOON, **options})


def check(text: str, **options: Any) -> Any:
    return assert_connect_token(text, **{"user_id": "user-1", "credentials": CREDENTIALS, "now": NOON, **options})


def failure(text: str, **options: Any) -> str:
    with pytest.raises(AssertionError) as failed:
        check(text, **options)
    assert_nothing_leaks(failed.value)
    return str(failed.value)


def assert_nothing_leaks(error: BaseException) -> None:
    """Neither the message, nor a cause, nor a variable of a frame of the package has a secret or its base64."""
    assert error.__cause__ is None
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    inner = [frame.f_locals for frame in frames if frame.f_globals["__name__"].startswith("rollout_auth")]
    assert inner
    seen = [str(error), repr(error), repr(inner), "".join(traceback.format_exception(error))]
    assert not [piece for piece in PIECES if any(piece in text for text in seen)]


@settings(max_examples=60)
@given(strategies.user_ids(), st.none() | strategies.auth_data())
def test_same(user_id: str, auth_data: AuthData | None) -> None:
    """A token that says what it must passes, and what it says is returned."""
    text = generate_connect_token(user_id, auth_data, credentials=CREDENTIALS, now=NOON)
    verified = assert_connect_token(text, user_id=user_id, auth_data=auth_data, credentials=CREDENTIALS, now=NOON)
    assert verified == verify_connect_token(text, credentials=CREDENTIALS, now=NOON)
    assert assert_connect_token(text.encode(), user_id=user_id, credentials=CREDENTIALS, now=NOON) == verified


@settings(max_examples=60)
@given(strategies.auth_data(), strategies.auth_data())
def test_different(found: AuthData, expected: AuthData) -> None:
    """A token with other authData passes if, and only if, the two are equal."""
    text = token(found)
    if found == expected:
        check(text, auth_data=expected)
    else:
        failure(text, auth_data=expected)


@pytest.mark.parametrize("auth_data", [None, AuthData(FOUND[0]), AuthData(FOUND[0], FOUND[1], 60, {"a": FOUND[2]})])
def test_any_auth_data(auth_data: AuthData | None) -> None:
    """Where no authData is expected in particular, any will do."""
    assert check(token(auth_data)).auth_data == auth_data


def test_user_id() -> None:
    """Another user id is a difference, and both are shown."""
    message = failure(token(AuthData(FOUND[0])), user_id="user-2")
    assert message == "the connect token is not as expected:\n  user_id: 'user-1', expected 'user-2'"


def test_auth_data_is_missing() -> None:
    """AuthData that is not there is a difference, whose values are hidden."""
    message = failure(token(), auth_data=AuthData(EXPECTED[0], EXPECTED[1], 60, {"a": EXPECTED[2]}))
    (line,) = message.splitlines()[1:]
    hidden = "api_key=<hidden>, refresh_token=<hidden>, expires_in=60, extra={'a': <hidden>}"
    assert line == f"  auth_data: None, expected AuthData({hidden})"


def test_auth_data_is_too_much() -> None:
    """AuthData where none is expected is a difference, whose values are hidden."""
    message = failure(token(AuthData(FOUND[0])), auth_data=None)
    assert message.splitlines()[1:] == [
        "  auth_data: AuthData(api_key=<hidden>, refresh_token=None, expires_in=None, extra={}), expected None"
    ]


def test_every_difference() -> None:
    """The message lists every difference: what is there, absent or different, numbers as they are, texts by length."""
    found = AuthData(FOUND[0], FOUND[1], 60, {"same": FOUND[2], "size": FOUND[3], "more": 1, "list": [FOUND[2]]})
    expected = AuthData(
        EXPECTED[0],
        EXPECTED[1] + "0123456789",
        3600,
        {"same": FOUND[2], "size": EXPECTED[2], "less": EXPECTED[3], "list": []},
    )
    message = failure(token(found), user_id="user-2", auth_data=expected)
    assert message.splitlines() == [
        "the connect token is not as expected:",
        "  user_id: 'user-1', expected 'user-2'",
        "  authData.apiKey: <hidden, 80 characters>, expected <hidden, 70 characters>",
        "  authData.refreshToken: <hidden, 80 characters>, expected another value",
        "  authData.expiresIn: 60, expected 3600",
        "  authData.size: <hidden, 80 characters>, expected <hidden, 70 characters>",
        "  authData.more: present, expected to be absent",
        "  authData.list: <hidden>, expected another value",
        "  authData.less: absent, expected <hidden, 70 characters>",
    ]


def test_renewal_is_missing() -> None:
    """A key that cannot be renewed, although it should, lacks two fields."""
    message = failure(token(AuthData(FOUND[0])), auth_data=AuthData(FOUND[0], EXPECTED[1], 3600))
    assert message.splitlines()[1:] == [
        "  authData.refreshToken: absent, expected <hidden, 70 characters>",
        "  authData.expiresIn: absent, expected 3600",
    ]


@pytest.mark.parametrize(("found", "expected"), [(True, 1), (1, True), (0, False), (1, 1.0), ([1], [True])])
def test_json_types(found: object, expected: object) -> None:
    """Values that only Python considers equal are different: JSON's true is not 1."""
    message = failure(
        token(AuthData(FOUND[0], extra={"flag": found})), auth_data=AuthData(FOUND[0], extra={"flag": expected})
    )
    assert message.splitlines()[1:] == ["  authData.flag: <hidden>, expected another value"]


def test_order_of_fields() -> None:
    """JSON objects whose fields are in another order are equal, at every depth."""
    found = AuthData(FOUND[0], extra={"a": 1, "b": {"c": [{"d": 1, "e": 2}], "f": 3}})
    same = {"b": {"f": 3, "c": [{"e": 2, "d": 1}]}, "a": 1}
    check(token(found), auth_data=AuthData(FOUND[0], extra=same))
    message = failure(token(found), auth_data=AuthData(EXPECTED[0], extra=same))
    assert message.splitlines()[1:] == ["  authData.apiKey: <hidden, 80 characters>, expected <hidden, 70 characters>"]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (token(AuthData(FOUND[0])), {"now": NOON + timedelta(hours=2)}, "token_expired"),
        (token(AuthData(FOUND[0])), {"now": NOON - timedelta(hours=2)}, "token_not_yet_valid"),
        (token(AuthData(FOUND[0])), {"namespace": LEGACY_NAMESPACE}, "invalid_claim"),
        (token(AuthData(FOUND[0])), {"credentials": ClientCredentials("test-client", SECRET)}, "bad_signature"),
        (FOUND[0], {}, "malformed_token"),
        ("", {}, "malformed_token"),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)
def test_refused(text: str, options: dict[str, Any], code: str) -> None:
    """A token that does not verify fails with the reason and its code, and nothing of the token."""
    message = failure(text, **options)
    assert message.startswith("the connect token is refused: ")
    assert message.endswith(f" [{code}]")
    assert not text or text not in message


def test_namespace() -> None:
    """AuthData is expected under the given name."""
    legacy = token(AuthData(FOUND[0]), namespace=LEGACY_NAMESPACE)
    assert check(legacy, auth_data=AuthData(FOUND[0]), namespace=LEGACY_NAMESPACE).user_id == "user-1"


def test_credentials_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials, the environment's are used, at the current time."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    verified = assert_connect_token(generate_connect_token("user-1"), user_id="user-1")
    assert verified.client_id == ENVIRON["ROLLOUT_CLIENT_ID"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"credentials": None}, ConfigurationError, "ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"),
        ({"credentials": SECRET}, TypeError, "credentials is str"),
        ({"namespace": "other"}, ConfigurationError, "the namespace must be"),
        ({"now": NOON.replace(tzinfo=None)}, ConfigurationError, "now is a naive datetime"),
        ({"auth_data": {"apiKey": EXPECTED[0]}}, TypeError, "auth_data is dict"),
        ({"auth_data": EXPECTED[0]}, TypeError, "auth_data is str"),
    ],
)
@pytest.mark.parametrize("auth_data", [None, AuthData(FOUND[0])], ids=["without", "with"])
def test_ones_own_arguments(
    auth_data: AuthData | None, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """An unusable argument is not a failed assertion: the error names the fix, and does not quote it."""
    with pytest.raises(error, match=message) as refusal:
        check(token(auth_data), **options)
    assert not isinstance(refusal.value, AssertionError)
    assert_nothing_leaks(refusal.value)


@pytest.mark.parametrize(
    ("user_id", "error"), [(42, TypeError), (" ", InvalidUserIdError), ("None", InvalidUserIdError)]
)
def test_user_id_that_no_token_has(user_id: Any, error: type[Exception]) -> None:
    """An expected user id that no token can have is refused, with the fix."""
    with pytest.raises(error, match=r"pass str\(user\.pk\)"):
        assert_connect_token("x", user_id=user_id, credentials=CREDENTIALS)
