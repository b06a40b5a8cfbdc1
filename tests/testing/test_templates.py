"""Requests with places: what is filled in arrives as it is, and what is shown holds no secret."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_auth import AuthData, ConfigurationError
from rollout_auth.testing import Dashboard, DashboardRequest, Request, strategies
from rollout_auth.testing.templates import API_KEY, REFRESH_TOKEN, VERIFICATION_TOKEN

CANARY = "canary-0123456789abcdef"
CONTEXT = {
    "verificationToken": "token-1",
    "context": {
        "userId": "user 1",
        "authData": {"apiKey": "a/b c&d", "expiresIn": 60, "account": {"id": 7, "names": ["é", None]}},
    },
}


def fill(**parts: Any) -> Request:
    return DashboardRequest("POST", parts.pop("path", "/a"), **parts).fill(CONTEXT)


def context(user_id: str, auth_data: AuthData) -> dict[str, object]:
    return {"verificationToken": "token-1", "context": {"userId": user_id, "authData": auth_data.to_dict()}}


def header_text() -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"]))


# --- construction ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"json": {}, "form": {}}, "json and form are both given"),
        ({"method": "post"}, "method is not an HTTP method"),
        ({"method": ""}, "method is not an HTTP method"),
        ({"method": "GET /"}, "method is not an HTTP method"),
        ({"path": "a"}, "path does not begin with a slash"),
        ({"path": ""}, "path does not begin with a slash"),
        ({"headers": {"X-Key:": "1"}}, "header is not the name"),
        ({"headers": {"": "1"}}, "header is not the name"),
    ],
)
def test_refused(arguments: dict[str, Any], message: str) -> None:
    """What no request can have is refused when it is written down, with the fix."""
    with pytest.raises(ConfigurationError, match=message):
        DashboardRequest(**{"method": "POST", "path": "/a", **arguments})


def test_name_of_another_type() -> None:
    """A header whose name is no text is refused by its type."""
    with pytest.raises(TypeError, match="header is int"):
        DashboardRequest("POST", "/a", headers={1: "1"})


def test_parts_are_copies() -> None:
    """What the caller changes afterwards does not change the request."""
    headers, query, form = {"A": "1"}, {"b": "2"}, {"c": "3"}
    template = DashboardRequest("POST", "/a", headers=headers, query=query, form=form)
    for part in (headers, query, form):
        part.clear()
    assert template.fill({}).target == "/a?b=2"
    assert template.fill({}).body == b"c=3"
    assert ("A", "1") in template.fill({}).headers


# --- filled in and read back ----------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(strategies.user_ids(), strategies.auth_data(refreshable=True))
def test_target_reads_back(user_id: str, auth_data: AuthData) -> None:
    """In the path and in the query, every text arrives as it is, and nothing of it is taken for another part."""
    template = DashboardRequest(
        "GET", "/users/{{context.userId}}/keys", query={"key": "{{ context.authData.apiKey }}", "for": "rollout"}
    )
    target = template.fill(context(user_id, auth_data)).target
    assert target.isascii()
    parts = urlsplit(target)
    assert [unquote(part) for part in parts.path.split("/")] == ["", "users", user_id, "keys"]
    assert parse_qsl(parts.query, strict_parsing=True) == [("key", auth_data.api_key), ("for", "rollout")]
    assert not parts.fragment


@settings(max_examples=60)
@given(strategies.user_ids(), strategies.auth_data(refreshable=True))
def test_form_reads_back(user_id: str, auth_data: AuthData) -> None:
    """In a form, every text arrives as it is."""
    template = DashboardRequest(
        "POST", "/a", form={"refresh_token": "{{context.authData.refreshToken}}", "user": "id {{context.userId}}"}
    )
    request = template.fill(context(user_id, auth_data))
    fields = parse_qsl(request.body.decode("ascii"), strict_parsing=True)
    assert fields == [("refresh_token", auth_data.refresh_token), ("user", f"id {user_id}")]
    assert request.headers == (("Content-Type", "application/x-www-form-urlencoded"),)


@settings(max_examples=60)
@given(strategies.user_ids(), strategies.auth_data(refreshable=True))
def test_json_reads_back(user_id: str, auth_data: AuthData) -> None:
    """In JSON, a text that is nothing but a place becomes the very value, and any other has it as text."""
    template = DashboardRequest(
        "POST",
        "/a",
        json={
            "all": "{{context.authData}}",
            "list": ["{{ context.authData.expiresIn }}", "-{{context.userId}}-"],
            "n": 1,
        },
    )
    request = template.fill(context(user_id, auth_data))
    assert json.loads(request.body) == {
        "all": auth_data.to_dict(),
        "list": [auth_data.expires_in, f"-{user_id}-"],
        "n": 1,
    }
    assert request.headers == (("Content-Type", "application/json"),)


@given(header_text())
def test_header_reads_back(text: str) -> None:
    """In a header, every text of Latin-1 arrives as it is."""
    template = DashboardRequest("GET", "/a", headers={"Authorization": "Bearer {{key}}"})
    assert template.fill({"key": text}).headers == (("Authorization", f"Bearer {text}"),)


@pytest.mark.parametrize("character", [*map(chr, range(9)), *map(chr, range(10, 32)), "\x7f", "\u0100", "€"])
def test_header_that_cannot_travel(character: str) -> None:
    """A control character, or one beyond Latin-1, is refused with the header's name, and without the value."""
    template = DashboardRequest("GET", "/a", headers={"X-Key": "{{key}}"})
    with pytest.raises(ConfigurationError, match="the header X-Key cannot hold this value") as refusal:
        template.fill({"key": f"{CANARY}{character}"})
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("character", ["\t", " ", "~", "\x80", "\xff"])
def test_header_may_hold(character: str) -> None:
    """A header may hold a tab, the one control character, and whatever else Latin-1 has."""
    assert fill(headers={"A": f"a{character}b"}).headers == (("A", f"a{character}b"),)


def test_place_in_the_path() -> None:
    """What fills a place in the path is one segment of it, with all that could be taken for another part quoted."""
    assert fill(path="/{{context.authData.apiKey}}/x").target == "/a%2Fb%20c%26d/x"


def test_place_that_is_not_known() -> None:
    """The message has what there is in its place, by name, and the fix."""
    fix = "sign it into authData, or remove it from the request"
    for place, known in (
        ("context.authData.token", " (known: account, apiKey, expiresIn)"),
        ("context.user", " (known: authData, userId)"),
        ("context.userId.x", ""),
    ):
        with pytest.raises(ConfigurationError) as refusal:
            fill(query={"q": f"{{{{{place}}}}}"})
        assert str(refusal.value) == f"there is no value for {{{{{place}}}}}{known}: {fix}"


def test_filling_that_fails_forgets() -> None:
    """What could not be filled in leaves no context in the frames of the error."""
    template = DashboardRequest("GET", "/a", headers={"A": "{{key}}", "B": "{{other}}"})
    with pytest.raises(ConfigurationError) as refusal:
        template.fill({"key": CANARY})
    frames = [entry.frame.raw for entry in refusal.traceback if "rollout_auth" in str(entry.path)]
    assert len(frames) > 2
    assert CANARY not in repr([frame.f_locals for frame in frames])


def test_values_are_not_filled_in_again() -> None:
    """A value that looks like a placeholder is not filled in."""
    request = DashboardRequest("GET", "/a", query={"q": "{{key}}"}, headers={"A": "{{key}}"}).fill(
        {"key": "{{other}}", "other": CANARY}
    )
    assert request == Request("GET", "/a?q=%7B%7Bother%7D%7D", [("A", "{{other}}")])


def test_values_that_are_no_text() -> None:
    """Among other text, a value that is no text is written as compact JSON."""
    request = fill(json="{{context.authData.account}}.", query={"s": "{{context.authData.expiresIn}}"})
    assert json.loads(request.body) == '{"id":7,"names":["é",null]}.'
    assert request.target == "/a?s=60"


def test_json_values() -> None:
    """JSON of every type can be the body, in compact UTF-8; names of fields are no places."""
    assert fill(json=["é", None, {"{{context.userId}}": True}, (1.5,)]).body == (
        '["é",null,{"{{context.userId}}":true},[1.5]]'.encode()
    )
    assert fill(json=MappingProxyType({"a": "{{context.userId}}"})).body == b'{"a":"user 1"}'
    assert fill(json=("{{context.userId}}", ["{{context.userId}}"])).body == b'["user 1",["user 1"]]'
    assert fill(json=0).body == b"0"


def test_no_body() -> None:
    """Without a body there is no type of one; an empty form is a body."""
    assert fill() == Request("POST", "/a")
    assert fill(form={}) == Request("POST", "/a", [("Content-Type", "application/x-www-form-urlencoded")])


def test_content_type_of_ones_own() -> None:
    """A Content-Type that is given, in any case, is the one that is sent."""
    request = fill(json={}, headers={"content-TYPE": "application/vnd.api+json"})
    assert request.headers == (("content-TYPE", "application/vnd.api+json"),)


@pytest.mark.parametrize(
    "place", ["contexts", "context.authData.refreshToken", "context.userId.id", "verificationToken."]
)
@pytest.mark.parametrize(
    "parts",
    [{"path": "/{}"}, {"query": {"a": "{}"}}, {"headers": {"A": "{}"}}, {"json": ["{}"]}, {"form": {"a": "-{}"}}],
)
def test_unknown_place(place: str, parts: dict[str, Any]) -> None:
    """A placeholder that nothing fills is refused by its name, wherever it is."""
    text = json.dumps(parts).replace("{}", f"{{{{{place}}}}}")
    with pytest.raises(ConfigurationError, match=f"there is no value for {{{{{place}}}}}") as refusal:
        fill(**json.loads(text))
    assert "a/b c&d" not in str(refusal.value)


# --- what holds a place ---------------------------------------------------------------------------------------------

EVERYWHERE = DashboardRequest(
    "POST",
    "/a",
    headers={"A": "x {{ verificationToken }}", "B": "{{context.authData.apiKey}}"},
    query={"c": "{{verificationToken}}", "d": "{{verificationTokens}}"},
    json={"e": [{"deep": "{{verificationToken}}"}], "f": "{{context.authData.refreshToken}}"},
)


@pytest.mark.parametrize(
    "parts",
    [
        {"path": "/{{verificationToken}}"},
        {"headers": {"A": "Bearer {{ verificationToken }}"}},
        {"query": {"a": "{{verificationToken}}"}},
        {"form": {"a": "{{verificationToken}}"}},
        {"json": "{{verificationToken}}"},
        {"json": {"a": [{"b": "{{verificationToken}}"}]}},
        {"json": MappingProxyType({"a": "{{verificationToken}}"})},
    ],
)
def test_has(parts: dict[str, Any]) -> None:
    """A place is found in every part, and no other place is taken for it."""
    template = DashboardRequest("POST", parts.pop("path", "/a"), **parts)
    assert template.has(VERIFICATION_TOKEN)
    assert not template.has(API_KEY)
    assert not template.has("verification")


def test_has_what_the_default_has() -> None:
    """The default call has the key, the default refresh the refresh token, and both have the verification token."""
    dashboard = Dashboard()
    places = (API_KEY, REFRESH_TOKEN, VERIFICATION_TOKEN)
    assert [dashboard.api.has(place) for place in places] == [True, False, True]
    assert dashboard.refresh is not None
    assert [dashboard.refresh.has(place) for place in places] == [False, True, True]


def test_has_beyond_ascii() -> None:
    """A place whose name is not ASCII is found in JSON too."""
    template = DashboardRequest("POST", "/a", json={"a": "{{context.authData.schlüssel}}"})
    assert template.has("context.authData.schlüssel")
    assert template.without("context.authData.schlüssel").json == {}


def test_without() -> None:
    """Each header, and each field of the query and the body, that holds the place is left out, and nothing else."""
    without = EVERYWHERE.without(VERIFICATION_TOKEN)
    assert (without.method, without.path) == ("POST", "/a")
    assert without.headers == {"B": "{{context.authData.apiKey}}"}
    assert without.query == {"d": "{{verificationTokens}}"}
    assert without.json == {"f": "{{context.authData.refreshToken}}"}
    assert without.without(REFRESH_TOKEN).json == {}
    assert EVERYWHERE.has(VERIFICATION_TOKEN)


def test_without_in_a_form() -> None:
    """A field of a form is left out likewise; a body that is no object stays as it is."""
    template = DashboardRequest("POST", "/a", form={"a": "{{verificationToken}}", "b": "1"})
    assert template.without(VERIFICATION_TOKEN).form == {"b": "1"}
    assert DashboardRequest("POST", "/a", json=["{{a}}"]).without("a").json == ["{{a}}"]


# --- what is shown --------------------------------------------------------------------------------------------------


def test_shown() -> None:
    """Places and schemes are shown, literals by their length; types that are no secret are shown whole."""
    template = DashboardRequest(
        "POST",
        "/a",
        headers={
            "Authorization": "Bearer {{context.authData.apiKey}}",
            "X-Key": CANARY,
            "Accept": "application/json",
            "content-type": "application/vnd.api+json",
        },
        query={"t": "{{ verificationToken }}", "v": f"1{CANARY}"},
        json={"a": [f"{CANARY}{{{{context.userId}}}}", 1, None]},
    )
    assert str(template) == (
        "POST /a?t={{ verificationToken }}&v=<hidden, 24 characters>"
        "  Authorization: Bearer {{context.authData.apiKey}}"
        "  X-Key: <hidden, 23 characters>"
        "  Accept: application/json"
        "  content-type: application/vnd.api+json"
        '  JSON {"a": ["<hidden, 23 characters>{{context.userId}}", 1, null]}'
    )
    assert repr(template) == f"<DashboardRequest {template}>"


@pytest.mark.parametrize(
    ("literal", "shown"), [("", ""), ("XX", "<hidden, 2 characters>"), (" ", "<hidden, 1 characters>")]
)
def test_short_literals(literal: str, shown: str) -> None:
    """A literal is hidden however short it is, and nothing is nothing."""
    assert str(DashboardRequest("GET", "/a", headers={"X-A": literal})) == f"GET /a  X-A: {shown}"


def test_form_is_shown() -> None:
    """A form is shown as such, its literals by their length."""
    template = DashboardRequest("POST", "/a", form={"grant_type": "refresh_token", "t": "{{x}}"})
    assert str(template) == "POST /a  form grant_type=<hidden, 13 characters>&t={{x}}"


@pytest.mark.parametrize("literal", [CANARY, "Sesame", "Bearer", f"Bearer {CANARY}"])
@pytest.mark.parametrize("part", ["headers", "query", "form", "json"])
def test_literals_are_hidden(part: str, literal: str) -> None:
    """A literal may be a secret, whatever word it is: only a scheme beside a place is shown."""
    shown = repr(DashboardRequest("POST", "/a", **{part: {"k": literal}}))
    assert literal not in shown
    assert literal.removeprefix("Bearer ") not in shown


@pytest.mark.parametrize("path", ["/a?x=1", "/a#b", "/é", "/a b", "/a\n", '/"', "/{x}"])
def test_path_is_a_path(path: str) -> None:
    """A path with a query, or with characters that must be quoted, is refused when the request is made."""
    with pytest.raises(ConfigurationError, match="quote them, or pass query="):
        DashboardRequest("GET", path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": None}, "method is NoneType"),
        ({"path": 1}, "path is int"),
        ({"headers": {"A": None}}, "headers has a NoneType"),
        ({"query": {"a": 1}}, "query has a int"),
        ({"form": {"a": True}}, "form has a bool"),
    ],
)
def test_parts_are_texts(arguments: dict[str, Any], message: str) -> None:
    """A part of another type is refused when the request is made."""
    with pytest.raises(TypeError, match=f"^{message}"):
        DashboardRequest(**{"method": "GET", "path": "/a", **arguments})


def test_cannot_be_changed() -> None:
    """Dashboards share requests, so their parts do not change."""
    template = DashboardRequest("GET", "/a", headers={"A": "b"})
    with pytest.raises(TypeError):
        template.headers["A"] = "c"
