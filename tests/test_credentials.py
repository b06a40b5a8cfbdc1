from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import warnings
from datetime import datetime, timezone

import pytest

from rollout_auth import ClientCredentials, ConfigurationError, ShortSecretWarning, generate_connect_token
from rollout_auth.credentials import given_or_environment

OLDER = "an-older-secret-" + "x" * 64


def test_values(secret: str) -> None:
    """What was given can be read, the previous secrets as a tuple, and the one that signs comes first."""
    credentials = ClientCredentials("client-1", secret, [OLDER])
    assert (credentials.client_id, credentials.client_secret) == ("client-1", secret)
    assert credentials.previous_client_secrets == (OLDER,)
    assert credentials.secrets == (secret, OLDER)


@pytest.mark.parametrize(
    ("value", "problem"),
    [("", "blank"), ("  ", "blank"), ("x\n", "white space"), ("\tx", "white space"), ("x\0y", "NUL")],
)
def test_careless_copies(secret: str, value: str, problem: str) -> None:
    """An empty value, or one with a pasted line break, is refused when the credentials are built."""
    for name, arguments in {
        "client_id": (value, secret),
        "client_secret": ("client-1", value),
        "previous_client_secrets": ("client-1", secret, [OLDER, value]),
    }.items():
        with pytest.raises(ConfigurationError, match=f"^{name} .*{problem}"):
            ClientCredentials(*arguments)


def test_other_kinds_of_key(secret: str) -> None:
    """The text of a PEM key is no client secret, neither the current nor a previous one."""
    pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
    with pytest.raises(ConfigurationError, match="client_secret is the text of a PEM"):
        ClientCredentials("client-1", pem)
    with pytest.raises(ConfigurationError, match="previous_client_secrets is the text of a PEM"):
        ClientCredentials("client-1", secret, [pem])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "s" * 64), "client_id is NoneType: pass a str"),
        (("client-1", None), "client_secret is NoneType.*from the environment"),
        (("client-1", b"s" * 64), "client_secret is bytes"),
        (("client-1", "s" * 64, [None]), "previous_client_secrets is NoneType"),
        (("client-1", "s" * 64, "p" * 64), "previous_client_secrets is str: pass a list of str"),
        (("client-1", "s" * 64, b"p" * 64), "previous_client_secrets is bytes: pass a list of str"),
    ],
)
def test_wrong_types(arguments: tuple[object, ...], message: str) -> None:
    """A value of the wrong type, such as None from a missing variable, is refused with the fix."""
    with pytest.raises(TypeError, match=message):
        ClientCredentials(*arguments)


@pytest.mark.parametrize("previous", [None, 42, {"x"}])
def test_previous_secrets_are_a_sequence(secret: str, previous: object) -> None:
    """What has no order is no list of secrets."""
    with pytest.raises(TypeError, match="pass a list of str"):
        ClientCredentials("client-1", secret, previous)


@pytest.mark.parametrize("environ", [[("ROLLOUT_CLIENT_ID", "x")], "x", 42])
def test_environment_is_a_mapping(environ: object) -> None:
    """Something else in the place of the environment is refused with the fix."""
    with pytest.raises(TypeError, match=r"environ is .*: pass a mapping"):
        ClientCredentials.from_env(environ)


@pytest.mark.parametrize("value", ["'quoted'", "$VARIABLE", "${VARIABLE}", "<your value>", "null", "None", "undefined"])
def test_values_of_a_careless_environment(secret: str, value: str) -> None:
    """What an environment file or a template leaves behind is refused when the credentials are built."""
    for name, arguments in {
        "client_id": (value, secret),
        "client_secret": ("client-1", value),
        "previous_client_secrets": ("client-1", secret, [OLDER, value]),
    }.items():
        with pytest.raises(ConfigurationError, match=f"^{name} is "):
            ClientCredentials(*arguments)


def test_exchanged(secret: str) -> None:
    """An id as long as a secret, beside a secret as short as an id, would be signed into iss and reach the browser."""
    with pytest.raises(ConfigurationError, match=r"client_id looks like the client secret, .*: swap them") as caught:
        ClientCredentials(secret, "client-1")
    assert secret not in str(caught.value)
    assert ClientCredentials("i" * 64, secret).client_id == "i" * 64


def test_id_is_no_secret(secret: str) -> None:
    """The id is public, so the same text as a secret is refused in its place."""
    with pytest.raises(ConfigurationError, match="client_id is the same text"):
        ClientCredentials(secret, secret)
    with pytest.raises(ConfigurationError, match="client_id is the same text"):
        ClientCredentials(OLDER, secret, [OLDER])


@pytest.mark.parametrize(
    ("secret", "previous"), [("s" * 63, ()), ("s" * 64, ("p" * 63,)), ("short", ("p" * 64, "shorter"))]
)
def test_short_secret(secret: str, previous: tuple[str, ...]) -> None:
    """Secrets of fewer than 64 bytes give one warning, which points at the caller's line."""
    with pytest.warns(ShortSecretWarning, match="64 bytes") as caught:
        ClientCredentials("client-1", secret, previous)
    assert [warning.filename for warning in caught] == [__file__]


def test_full_length_is_counted_in_bytes() -> None:
    """Sixty-four bytes are enough, also as 32 characters of two bytes."""
    ClientCredentials("client-1", "s" * 64)
    ClientCredentials("client-1", "é" * 32)


def test_short_secret_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens are signed with the environment's credentials, there is one warning, at the first call."""
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", "short-and-used-in-this-test-alone")
    with pytest.warns(ShortSecretWarning) as caught:
        assert len({generate_connect_token("user-1") for _ in range(3)}) >= 1
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("names", "filename"),
    [
        pytest.param({"__name__": "rollout_auth_site"}, "site.py", id="similar-name"),
        pytest.param({}, "site.py", id="no-name"),
        pytest.param({"__name__": "rollout_auth"}, __file__, id="package"),
        pytest.param({"__name__": "rollout_auth.testing.report"}, __file__, id="deeper-in-the-package"),
    ],
)
def test_whose_line_a_short_secret_is(names: dict[str, str], filename: str) -> None:
    """The warning points at the first line outside the package, whose modules are known by their whole first name."""
    code = compile("ClientCredentials('client-1', 'short')", "site.py", "exec")
    with pytest.warns(ShortSecretWarning) as caught:
        exec(code, {**names, "ClientCredentials": ClientCredentials})
    assert [warning.filename for warning in caught] == [filename]


def test_short_secret_can_be_filtered() -> None:
    """A platform's short secret can be accepted with an ordinary filter for the class."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ShortSecretWarning)
        assert ClientCredentials("client-1", "short").client_secret == "short"


def test_from_env(secret: str) -> None:
    """The variables are those of Rollout's samples, with an optional previous secret."""
    environ = {"ROLLOUT_CLIENT_ID": "client-1", "ROLLOUT_CLIENT_SECRET": secret}
    assert ClientCredentials.from_env(environ) == ClientCredentials("client-1", secret)
    environ["ROLLOUT_PREVIOUS_CLIENT_SECRET"] = ""
    assert ClientCredentials.from_env(environ) == ClientCredentials("client-1", secret)
    environ["ROLLOUT_PREVIOUS_CLIENT_SECRET"] = OLDER
    assert ClientCredentials.from_env(environ) == ClientCredentials("client-1", secret, [OLDER])


def test_from_env_reads_the_process_environment(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping, it is ``os.environ``."""
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret)
    assert ClientCredentials.from_env() == ClientCredentials("client-1", secret)


def test_from_env_of_an_empty_mapping(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty mapping is one without variables, not a wish for the environment of the process."""
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret)
    with pytest.raises(ConfigurationError, match="ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"):
        ClientCredentials.from_env({})


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "^ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"),
        ({"ROLLOUT_CLIENT_ID": ""}, "^ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set"),
        ({"ROLLOUT_CLIENT_ID": "client-1"}, "^ROLLOUT_CLIENT_SECRET is not set"),
        ({"ROLLOUT_CLIENT_SECRET": "s" * 64}, "^ROLLOUT_CLIENT_ID is not set"),
    ],
)
def test_missing_variables(environ: dict[str, str], message: str) -> None:
    """One error names every variable that is missing."""
    with pytest.raises(ConfigurationError, match=message):
        ClientCredentials.from_env(environ)


def test_unreadable_bytes_in_the_environment() -> None:
    """Bytes that are not UTF-8, which Python keeps as lone surrogates, are refused."""
    environ = {"ROLLOUT_CLIENT_ID": "client-1", "ROLLOUT_CLIENT_SECRET": os.fsdecode(b"s" * 64 + b"\xff")}
    with pytest.raises(ConfigurationError, match="client_secret contains a lone surrogate"):
        ClientCredentials.from_env(environ)


def test_environment_is_cached_by_value(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values give the same object; a rotated secret is seen at the next call."""
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", OLDER)
    first = given_or_environment(None)
    assert given_or_environment(None) is first
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret)
    monkeypatch.setenv("ROLLOUT_PREVIOUS_CLIENT_SECRET", OLDER)
    assert given_or_environment(None) == ClientCredentials("client-1", secret, [OLDER])
    monkeypatch.delenv("ROLLOUT_CLIENT_SECRET")
    with pytest.raises(ConfigurationError, match="ROLLOUT_CLIENT_SECRET is not set"):
        given_or_environment(None)


def test_immutable(credentials: ClientCredentials) -> None:
    """No attribute can be set."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        credentials.client_secret = "x"


def test_previous_secrets_are_copied(secret: str) -> None:
    """A later change of the list that was passed changes nothing."""
    previous = [OLDER]
    credentials = ClientCredentials("client-1", secret, previous)
    previous.append("x")
    assert credentials.previous_client_secrets == (OLDER,)


def test_copies(credentials: ClientCredentials) -> None:
    """Credentials survive copying and pickling, and are equal by value."""
    for twin in (copy.copy(credentials), copy.deepcopy(credentials), pickle.loads(pickle.dumps(credentials))):
        assert twin == credentials
        assert hash(twin) == hash(credentials)
    assert len({hash(ClientCredentials(f"client-{number}", "s" * 64)) for number in range(100)}) > 1


def test_final() -> None:
    """Deriving is refused: a derived class could show what this one hides."""
    with pytest.raises(TypeError, match="ClientCredentials is final: hold one in a field of Derived"):
        type("Derived", (ClientCredentials,), {})


def test_beside_other_classes(credentials: ClientCredentials) -> None:
    """They are unequal to what is not their like."""
    assert credentials != (credentials.client_id, credentials.client_secret)
    assert credentials != ClientCredentials(credentials.client_id, credentials.client_secret, [OLDER])


def test_repr(credentials: ClientCredentials, secret: str) -> None:
    """The id shows, and whether there are previous secrets."""
    masked = "ClientCredentials(client_id='client-1', client_secret=<hidden>, previous_client_secrets={})"
    assert repr(credentials) == masked.format("()")
    assert repr(ClientCredentials("client-1", secret, [OLDER])) == masked.format("<hidden>")


def test_subclasses_are_taken_for_their_text(secret: str) -> None:
    """Two texts that only their own class takes for equal stay two, also in the cache of signers."""

    class Folded(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return str.lower(self) == str(other).lower()

        def __hash__(self) -> int:
            return hash(str.lower(self))

    lower, upper = (ClientCredentials("client-1", Folded(text)) for text in (secret.lower(), secret.upper()))
    assert type(lower.client_secret) is str
    now = datetime(2026, 3, 1, tzinfo=timezone.utc)
    tokens = {generate_connect_token("user-1", credentials=one, now=now) for one in (lower, upper)}
    assert len(tokens) == 2


def test_wrong_credentials() -> None:
    """Something else in the place of credentials is refused with the fix."""
    with pytest.raises(TypeError, match=r"credentials is dict: pass ClientCredentials\(client_id, client_secret\)"):
        given_or_environment({"client_id": "x"})
