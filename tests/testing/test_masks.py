"""What a transcript shows of answers: no secret in any form, and the rest such that one can see what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from struct import iter_unpack
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollout_auth import AuthData
from rollout_auth.testing import Response
from rollout_auth.testing._masks import Mask, hidden, printable

SECRET = 'se cret/+&wört"h\\iding'


def escaped(text: str, digits: str) -> str:
    """The text with all in UTF-16 that a URL would escape."""
    units = {one: iter_unpack(">H", one.encode("utf-16-be")) for one in text if quote(one, safe="") != one}
    written = {one: "".join(f"\\u{unit:{digits}}" for (unit,) in pairs) for one, pairs in units.items()}
    return "".join(written.get(one, one) for one in text)


PLACES: dict[str, Callable[[str], object]] = {
    "shown field": lambda text: {"error": text},
    "in a shown field": lambda text: {"message": f"no such key: {text}, sorry"},
    "hidden field": lambda text: {"apiKey": text},
    "nested": lambda text: {"error": {"details": [{"message": [text]}]}},
    "name of a field": lambda text: {"errors": {text: "unknown"}},
}
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "URL": lambda text: quote(text, safe=""),
    "URL, slashes kept": quote,
    "URL as JavaScript writes it": lambda text: quote(text, safe="!'()*"),
    "URL in lower case": lambda text: "".join(
        character if len(quoted := quote(character, safe="")) == 1 else quoted.lower() for character in text
    ),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON as PHP writes it": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "JSON for HTML": lambda text: escaped(text, "04x"),
    "JSON for HTML, in capitals": lambda text: escaped(text, "04X"),
}

few = settings(max_examples=12)  # of each form in each place
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=60).filter(lambda text: text.strip())


def mask(*secrets: str, name: str = "API key") -> Mask:
    made = Mask()
    made.learn(name, *secrets)
    return made


def json_response(value: object, status: int = 400) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


# --- no secret ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
@few
@given(secret=secrets)
@example(secret=SECRET)
def test_no_secret_in_json(form: str, place: str, secret: str) -> None:
    """No form of a secret is shown, wherever it is in the JSON of an answer."""
    shown = mask(secret).show(json_response(PLACES[place](FORMS[form](secret))))
    for write in FORMS.values():
        assert write(secret) not in shown
        assert json.dumps(write(secret))[1:-1] not in shown


@pytest.mark.parametrize("form", FORMS)
@few
@given(secret=secrets)
@example(secret=SECRET)
@example(secret="two  blanks\tand a tab")
def test_no_secret_in_text(form: str, secret: str) -> None:
    """An error page shows a name instead of a secret, whatever form the secret has in it."""
    shown = mask(secret).show(Response(500, (), f"Error at {FORMS[form](secret)} :".encode()))
    for write in FORMS.values():
        assert write(secret) not in shown
    assert shown == "Error at <API key> :"


@few
@given(secret=secrets)
@example(secret=SECRET)
@example(secret="two \N{GRINNING FACE} faces")
def test_hide_knows_every_form(secret: str) -> None:
    """Each form is replaced by the name of the secret."""
    for write in FORMS.values():
        assert mask(secret).hide(f"({write(secret)})") == "(<API key>)"


def test_no_part_of_a_secret_where_a_text_is_cut() -> None:
    """A secret at the point where a long text is cut is not shown in part."""
    secret = "pass word! here! there!"
    for before in range(1150, 1210):
        page = f"{'A1' * (before // 2)} {secret}".encode()
        assert "pass" not in mask(secret).show(Response(500, (), page))


def test_secret_of_digits() -> None:
    """A secret that comes back as a number is hidden too, and no other number."""
    shown = mask("4711000815").show(json_response({"code": 4711000815, "status": 400}))
    assert json.loads(shown) == {"code": "<API key>", "status": 400}


def test_names_tell_secrets_apart() -> None:
    """Each secret has its name; of two that begin alike, the longer is found whole; the first name stays."""
    made = Mask()
    made.learn("client secret", "secret-one", "secret-two")
    made.learn("API key", "secret-one-and-more")
    made.learn("refresh token", "secret-two")
    assert made.hide("secret-one, secret-one-and-more; secret-two") == "<client secret>, <API key>; <client secret>"


def test_secret_within_another() -> None:
    """A secret that contains another is masked as a whole, wherever the other is in it."""
    assert mask("zone-one", "a zone-one secret").hide("a zone-one secret; zone-one") == "<API key>; <API key>"


def test_nothing_is_a_wildcard() -> None:
    """A text that differs from a secret in one character is no secret."""
    assert mask("key.one*two").hide("key.one*two, keyXone*two, key.oneetwo") == "<API key>, keyXone*two, key.oneetwo"


@pytest.mark.parametrize(("secret", "shown"), [("abc-123", "xabc-123y"), ("abcd-123", "x<API key>y")])
def test_secret_of_eight_characters(secret: str, shown: str) -> None:
    """From eight characters on, a secret is found within other words too."""
    assert mask(secret).hide(f"x{secret}y") == shown


def test_auth_data() -> None:
    """A key, its refresh token and the long texts in the further fields are hidden, by their names."""
    made = Mask()
    extra = {"region": "europe-west", "account": "a long word!", "more": [{"key": "another word"}, 12345678901234]}
    made.learn_auth_data(AuthData("the key", "a token", 3600, extra))
    made.learn_auth_data(AuthData("key two"))
    assert made.hide("the key, a token, key two; europe-west: a long word!, another word") == (
        "<API key>, <refresh token>, <API key>; europe-west: <authData>, <authData>"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("id", "<API key>"),
        ("the id: id.", "the <API key>: <API key>."),
        ("identity, void, id_1", "identity, void, id_1"),
    ],
)
def test_short_secret_is_a_word(text: str, shown: str) -> None:
    """A secret of few characters is hidden where it is a word of its own, so that other words stay."""
    assert mask("id").hide(text) == shown


@pytest.mark.parametrize(
    "text", ["Zm9vYmFyYmF6cXV4Zm9v", "0123456789abcdef0123", "a.b-c~d+e/f=g_h0123456", "abcdefghijklmnopqrstuvwxyz0"]
)
def test_what_looks_like_a_secret(text: str) -> None:
    """A long run of characters that is no word is hidden, though nobody named it as a secret."""
    assert Mask().hide(f"bad key {text}!") == f"bad key <hidden, {len(text)} characters>!"


@pytest.mark.parametrize("text", ["invalid_refresh_token_for_client", "rollout.auth.errors-of-any-kind", "A1" * 9])
def test_words_stay(text: str) -> None:
    """Words of error messages are shown, long ones too, and so is what is short."""
    assert Mask().hide(f"error: {text}") == f"error: {text}"


# --- what is shown --------------------------------------------------------------------------------------------------


def test_nothing() -> None:
    """An empty body shows nothing."""
    assert Mask().show(Response(204)) == ""


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("text/html; charset=utf-8", "<5 bytes of text/html>"),
        ("", "<5 bytes of no type>"),
        ("se-cret-se", "<5 bytes of <API key>>"),
        ("a\x1b[31mb", "<5 bytes of a\N{REPLACEMENT CHARACTER}[31mb>"),
    ],
)
def test_success_of_another_type(content_type: str, shown: str) -> None:
    """Of a success that is no JSON, its size and type are shown: it may be a token, or a page of a user's."""
    assert mask("se-cret-se").show(Response(200, {"Content-Type": content_type}, b"hello")) == shown


def test_json_fields() -> None:
    """Fields that tell of errors are shown, other texts by their length; numbers and the like as they are."""
    fields = {
        "error": "invalid_grant",
        "apiKey": "abcde",
        "expiresIn": 3600,
        "ok": True,
        "none": None,
        "list": ["abc", 1],
        "error_description": ["expired", {"title": "t", "name": "n"}],
        "type": "API-KEY-1",
    }
    assert json.loads(mask("API-KEY-1").show(json_response(fields))) == {
        "error": "invalid_grant",
        "apiKey": "<hidden, 5 characters>",
        "expiresIn": 3600,
        "ok": True,
        "none": None,
        "list": ["<hidden, 3 characters>", 1],
        "error_description": ["expired", {"title": "t", "name": "<hidden, 1 characters>"}],
        "type": "<API key>",
    }


@pytest.mark.parametrize(
    "field", ["code", "detail", "error", "error_description", "expiresAt", "message", "status", "title", "type"]
)
def test_field_of_errors(field: str) -> None:
    """What says that something is wrong, and what, is shown; fields of like names are not."""
    shown = Mask().show(json_response({field: "some words", f"{field}s": "some words"}))
    assert json.loads(shown) == {field: "some words", f"{field}s": "<hidden, 10 characters>"}


def test_success_in_json() -> None:
    """A known secret is named, also in a field that is not shown: so one can see which key came back."""
    shown = mask("key-of-user-1").show(json_response({"apiKey": "key-of-user-1"}, 200))
    assert shown == '{"apiKey": "<API key>"}'


@pytest.mark.parametrize("body", [b"[" * 400, b"word " * 400, json.dumps({"error": "word " * 400}).encode()])
def test_long_answers_are_cut(body: bytes) -> None:
    """No answer takes more than 300 characters, and one sees that it was cut."""
    shown = Mask().show(Response(500, (), body))
    assert len(shown) == 303
    assert shown.endswith("...")


def test_answers_of_three_hundred_characters() -> None:
    """What is just as long as may be is shown whole."""
    text = "abcd " * 59 + "abcde"
    assert Mask().show(Response(500, (), text.encode())) == text
    assert Mask().show(Response(500, (), f"{text}f".encode())) == f"{text}..."


def test_long_type_is_cut() -> None:
    """Of a type that is no type, no more is shown than of an answer."""
    shown = Mask().show(Response(200, {"Content-Type": "abcd " * 100}, b"hello"))
    assert shown == f"<5 bytes of {'abcd ' * 60}>"


def test_one_printable_line() -> None:
    """An error page is shown on one line, without what controls a terminal, and whatever its bytes are."""
    shown = Mask().show(Response(500, (), b"<h1>\n  Bad\t \xff\x1b[31m</h1>\r\n"))
    assert shown == "<h1> Bad \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[31m</h1>"


@given(st.text())
def test_printable(text: str) -> None:
    """Each character that is no print is replaced by one that is, and all others stay."""
    result = printable(text)
    assert result.isprintable()
    assert len(result) == len(text)
    assert all(new == old or not old.isprintable() for new, old in zip(result, text, strict=True))


def test_hidden() -> None:
    """A hidden text is shown by its length."""
    assert hidden("abc") == "<hidden, 3 characters>"
