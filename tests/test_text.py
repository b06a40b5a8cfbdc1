from __future__ import annotations

from enum import Enum

import pytest
from django.utils.functional import SimpleLazyObject
from werkzeug.local import LocalProxy

from rollout_auth import InvalidUserIdError
from rollout_auth._text import checked_texts, checked_user_id, plain_text, setting_problem, text_problem

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----"


class Role(str, Enum):
    ADMIN = "admin"


@pytest.mark.parametrize("value", ["a", "a b", "ключ", "🔑"])
def test_usable_text(value: str) -> None:
    """Text with something in it is fine, whatever its script."""
    assert text_problem(value) is None
    assert setting_problem(value) is None


def test_visible_ends() -> None:
    """Every visible character of ASCII may begin and end a text."""
    for character in map(chr, range(0x21, 0x7F)):
        assert text_problem(f"{character} {character}") is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "blank"),
        (" \t\n", "blank"),
        ("a\n", "white space"),
        ("\r\na", "white space"),
        ("a\u00a0", "white space"),
        ("a\u3000", "white space"),
        ("\u2028a", "white space"),
        ("a\x85", "white space"),
        ("\ufeffa", "white space"),
        ("a\u200b", "white space"),
        ("a\u2060", "white space"),
        ("a\0b", "NUL"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_unusable_text(value: str, problem: str) -> None:
    """What a careless copy leaves behind is named."""
    assert problem in (text_problem(value) or "")
    assert problem in (setting_problem(value) or "")


@pytest.mark.parametrize(
    "value",
    [
        PEM,
        PEM.replace("-----", "---- ").strip(),
        PEM[:30],
        PEM[-30:],
        "ssh-rsa AAAAB3NzaC1yc2E= user@host",
        "ssh-ed25519 AAAA",
        "ssh-dss AAAA",
        "ecdsa-sha2-nistp256 AAAA",
        "prefix ssh-rsa AAAA",
        "x-cert-v01@openssh.com AAAA",
        '{"kty":"oct","k":"AAAA"}',
        '[{"kty":"oct"}]',
        '{"kty":',
        "[" * 2000,
    ],
)
def test_other_kinds_of_key(value: str) -> None:
    """The text of a PEM, SSH or JWK key is no setting, though it is fine as other text."""
    assert text_problem(value) is None
    assert "copy the value itself" in (setting_problem(value) or "")
    assert setting_problem(f"{value}\n") == setting_problem(f"\n{value}") == setting_problem(value)


@pytest.mark.parametrize("value", ["a\nb", "\x7fa", "a\x01b"])
def test_control_characters(value: str) -> None:
    """A setting has no control characters, which are allowed in other text."""
    assert text_problem(value) is None
    assert "control character" in (setting_problem(value) or "")


@pytest.mark.parametrize("value", ["}", "a{}", "sshrsa", "BEGIN PRIVATE KEY"])
def test_settings_that_only_resemble_keys(value: str) -> None:
    """A setting that merely has a character in common with such a key is a setting."""
    assert setting_problem(value) is None


@pytest.mark.parametrize("values", [b"two", 42, {"two"}, None])
def test_one_or_several(values: object) -> None:
    """What is neither a text nor a list of them is named as what it is, and bytes are no list of numbers."""
    with pytest.raises(TypeError, match=f"secrets is {type(values).__name__}: pass a str or a list of str"):
        checked_texts("secrets", values, setting_problem)


def test_no_user() -> None:
    """A user who is not there gets no advice that would sign for one called None."""
    with pytest.raises(TypeError, match=r"^user_id is NoneType: nobody is signed in, so refuse the visitor$"):
        checked_user_id(None)


@pytest.mark.parametrize("user_id", [42, True, b"42", 4.2, ["42"]])
def test_user_id_type(user_id: object) -> None:
    """A user id that is not a str is the caller's mistake, and the message holds the fix."""
    with pytest.raises(TypeError, match=r"pass str\(user\.pk\)") as caught:
        checked_user_id(user_id)
    assert type(user_id).__name__ in str(caught.value)


@pytest.mark.parametrize("user_id", ["", " ", " 42", "42\n", "4\x002", "\udcff"])
def test_user_id_text(user_id: str) -> None:
    """A user id that Rollout would file under another user is refused, and the message holds the fix."""
    with pytest.raises(InvalidUserIdError, match=r"pass str\(user\.pk\)"):
        checked_user_id(user_id)


def test_user_id_of_another_class() -> None:
    """A member of an enumeration of texts counts as its text, and comes back as a plain one."""
    user_id = checked_user_id(Role.ADMIN)
    assert (user_id, type(user_id)) == ("admin", str)


@pytest.mark.parametrize("user_id", ["None", "null", "undefined", "AnonymousUser"])
def test_user_who_is_not_signed_in(user_id: str) -> None:
    """The text of a user who is not signed in is refused: every such visitor would share one account."""
    with pytest.raises(InvalidUserIdError, match=f"user_id is '{user_id}', .*refuse the visitor"):
        checked_user_id(user_id)


@pytest.mark.parametrize("user_id", ["none", "NULL", "Nonesuch", "AnonymousUser-1"])
def test_user_ids_that_only_resemble_nobody(user_id: str) -> None:
    """An id that ``str()`` of nobody does not give is an id."""
    assert checked_user_id(user_id) == user_id


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("'secret'", "surrounded by quotes: remove them"),
        ('"secret"', "surrounded by quotes: remove them"),
        ("`secret`", "surrounded by quotes: remove them"),
        ('""', "surrounded by quotes: remove them"),
        ("$ROLLOUT_CLIENT_SECRET", "the name of a variable and not its value"),
        ("${ROLLOUT_CLIENT_SECRET}", "the name of a variable and not its value"),
        ("ROLLOUT_CLIENT_SECRET", "the name of a variable and not its value"),
        ("ROLLOUT_CLIENT_SECRET=abc", "the name of a variable and not its value"),
        ("${SECRET:-fallback}", "the name of a variable and not its value"),
        ("<your client secret>", "a placeholder: copy the value itself"),
        ("null", "the text 'null', which stands for no value"),
        ("None", "the text 'None', which stands for no value"),
        ("undefined", "the text 'undefined', which stands for no value"),
    ],
)
def test_what_an_environment_file_leaves_behind(value: str, problem: str) -> None:
    """Quotes, names of variables, placeholders and the names of nothing are no settings, but may be other texts."""
    assert text_problem(value) is None
    assert problem in (setting_problem(value) or "")


@pytest.mark.parametrize(
    "value", ["a'b'", "'a", "$", "$lower", "ROLLOUT", "rollout_client_secret", "a${B}", "<a", "a>", "nullable", "'a\""]
)
def test_settings_that_only_resemble_a_placeholder(value: str) -> None:
    """A setting that merely has a character in common with a placeholder is a setting."""
    assert setting_problem(value) is None


class Subclass(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another text"


@pytest.mark.parametrize(
    "value",
    ["text", Subclass("text"), LocalProxy(lambda: "text"), SimpleLazyObject(lambda: "text")],
    ids=["str", "subclass", "LocalProxy", "SimpleLazyObject"],
)
def test_plain_text(value: str) -> None:
    """A subclass of str, and a lazy proxy for a str, give their text as a plain str."""
    assert plain_text(value) == "text"
    assert type(plain_text(value)) is str
    assert checked_user_id(value) == "text"


@pytest.mark.parametrize("value", [None, 42, b"text", LocalProxy(lambda: 42), SimpleLazyObject(lambda: 42)])
def test_no_plain_text(value: object) -> None:
    """Nothing else has a text, whatever its ``str()`` is."""
    assert plain_text(value) is None
