"""Rollout's API as its front end calls it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest

from rollout_auth import AuthData, generate_connect_token
from rollout_auth.testing import (
    CREDENTIALS,
    BrowserAPI,
    BrowserRequest,
    Clock,
    HTTPTransport,
    Request,
    Response,
    RolloutSimulator,
    WSGITransport,
    serve,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
INPUTS = {"appKey": "hubspot", "userInputs": {"apiKey": "canary"}}


class Page:
    """A page that calls the API with a user's token."""

    def __init__(self) -> None:
        self.clock = Clock(NOON)
        self.simulator = RolloutSimulator(lambda request: Response(500), credentials=CREDENTIALS, clock=self.clock)
        self.api = BrowserAPI(self.simulator)
        self.transport = WSGITransport(self.api)
        self.token = self.new_token()

    def new_token(self, user_id: str = "user-1", auth_data: AuthData | None = None) -> str:
        return generate_connect_token(user_id, auth_data, credentials=CREDENTIALS, now=self.clock.now())

    def send(self, method: str, target: str, value: Any = None, authorization: str | None = None) -> Response:
        headers = [("Authorization", f"Bearer {self.token}" if authorization is None else authorization)]
        body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
        return self.transport.send([Request(method, target, headers if authorization != "" else [], body)])[0]


@pytest.fixture
def page() -> Page:
    return Page()


def message(response: Response) -> str:
    (error,) = response.json()["errors"]
    return error["message"]


# --- CORS -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/connectors", "/credentials", "/elsewhere"])
def test_preflight(page: Page, target: str) -> None:
    """A browser's question whether it may ask is answered for every origin, without a token, and is not kept."""
    response = page.send("OPTIONS", target, authorization="")
    assert (response.status, response.body) == (204, b"")
    assert response.header("Access-Control-Allow-Origin") == "*"
    assert {"Authorization", "Content-Type", "X-Rollout-User-Agent"} <= {
        *response.header("Access-Control-Allow-Headers").split(", ")
    }
    assert {"GET", "POST", "DELETE"} <= {*response.header("Access-Control-Allow-Methods").split(", ")}
    assert page.api.requests == []


def test_every_answer_can_be_read(page: Page) -> None:
    """Each answer, refusals included, lets a page of another origin read it, and says how long it is."""
    for response in (
        page.send("GET", "/connectors"),
        page.send("GET", "/no"),
        page.send("GET", "/credentials", None, "x"),
    ):
        assert response.header("Access-Control-Allow-Origin") == "*"
        assert response.header("Content-Length") == str(len(response.body))
        assert response.media_type == "application/json"


def test_icon(page: Page) -> None:
    """Icons are images that need no token, and are not kept."""
    response = page.send("GET", "/connectors/hubspot/icon", authorization="")
    assert (response.status, response.media_type) == (200, "image/svg+xml")
    assert response.body.startswith(b"<svg ")
    assert page.api.requests == []


def called(page: Page, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """What a WSGI server gets for an environ: the status, the headers and the body."""
    started: list[Any] = []
    complete = {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": f"Bearer {page.token}", **environ}
    body = b"".join(page.api(complete, lambda *start: started.append(start)))
    ((status, headers),) = started
    assert len(dict(headers)) == len(headers)
    return status, dict(headers), body


CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Rollout-User-Agent",
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
}


def test_status_and_headers(page: Page) -> None:
    """An answer has its standard phrase, its type and its length; one without content has no type or length."""
    json_type = {"Content-Type": "application/json"}
    assert called(page, PATH_INFO="/credentials") == ("200 OK", {**CORS, **json_type, "Content-Length": "2"}, b"[]")
    assert called(page, PATH_INFO="/credentials", REQUEST_METHOD="DELETE") == ("204 No Content", CORS, b"")
    assert called(page, PATH_INFO="/x", REQUEST_METHOD="OPTIONS") == ("204 No Content", CORS, b"")
    error = b'{"errors": [{"message": "there is no such endpoint"}]}'
    headers = {**CORS, **json_type, "Content-Length": str(len(error))}
    assert called(page, PATH_INFO="/x") == ("404 Not Found", headers, error)


@pytest.mark.parametrize(("name", "initial"), [("hubspot", "H"), ("follow-up-boss", "F"), ("1", "?"), ("", "?")])
def test_icon_shows_the_initial(page: Page, name: str, initial: str) -> None:
    """An icon is a picture of the connector's initial, or of a question mark where that is no letter."""
    status, headers, body = called(page, PATH_INFO=f"/connectors/{name}/icon", HTTP_AUTHORIZATION="")
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" rx="2" fill="#47b"/>'
        '<text x="4.5" y="6.5" font-size="6" font-family="sans-serif" text-anchor="middle" fill="#fff">'
        f"{initial}</text></svg>"
    )
    assert (status, body.decode()) == ("200 OK", picture)
    assert headers == {**CORS, "Content-Type": "image/svg+xml", "Content-Length": str(len(picture))}


@pytest.mark.parametrize("path", ["/connectors/hubspot", "/connectors/hubspot/icon/x", "/x/connectors/hubspot/icon"])
def test_no_icon(page: Page, path: str) -> None:
    """What only resembles the path of an icon is another endpoint, which there is not."""
    assert page.send("GET", path).status == 404


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization", ["", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Bearer canary.canary.canary"]
)
def test_without_a_good_token(page: Page, authorization: str) -> None:
    """Without a good token the answer is 401, with the problem and without what was sent; it is kept as refused."""
    response = page.send("GET", "/credentials", authorization=authorization)
    assert response.status == 401
    assert message(response)
    assert b"canary" not in response.body
    assert page.api.requests == [BrowserRequest("GET", "/credentials", 401, None)]


def test_no_token(page: Page) -> None:
    """A page that sends no token gets an error that says so."""
    assert message(page.send("GET", "/credentials", authorization="")) == "the page sent no connect token"


@pytest.mark.parametrize("scheme", ["bearer", "Basic", "", "XBearer"])
def test_other_scheme(page: Page, scheme: str) -> None:
    """A good token after another scheme does not count."""
    response = page.send("GET", "/credentials", authorization=f"{scheme} {page.token}")
    assert (response.status, message(response)) == (401, "the page sent no connect token")


@pytest.mark.parametrize("token", [" ", "a b", "{} x", " {}"])
def test_token_with_a_space(page: Page, token: str) -> None:
    """Everything after the scheme is the token, spaces included, and is refused as one."""
    response = page.send("GET", "/credentials", authorization=f"Bearer {token.format(page.token)}")
    assert response.status == 401
    assert message(response).startswith("Rollout refuses the connect token: ")


def test_token_of_another_secret(page: Page) -> None:
    """A token is verified as the simulator verifies it, at the time of its clock."""
    page.clock.advance(timedelta(hours=2))
    response = page.send("GET", "/credentials")
    assert (response.status, message(response)[:36]) == (401, "Rollout refuses the connect token: t")
    page.token = page.new_token()
    assert page.send("GET", "/credentials").status == 200


def test_connects(page: Page) -> None:
    """A good token connects the user with the simulator, which has the key from then on."""
    page.token = page.new_token("user-2", AuthData("key-2"))
    page.send("GET", "/connectors")
    assert page.simulator.auth_data == AuthData("key-2")
    assert page.api.requests == [BrowserRequest("GET", "/connectors", 200, "user-2")]


def test_refuse_next_token(page: Page) -> None:
    """The next token is refused, then and later; other tokens are not, earlier ones included."""
    assert page.send("GET", "/credentials").status == 200
    page.api.refuse_next_token()
    first, page.token = page.token, page.new_token("user-2")
    refused = page.send("GET", "/credentials")
    assert (refused.status, message(refused)) == (401, "the token is refused, as the test asked")
    assert page.send("GET", "/connectors").status == 401
    page.token = first
    assert page.send("GET", "/credentials").status == 200
    assert [request.user_id for request in page.api.requests] == ["user-1", None, None, "user-1"]


def test_refusal_waits_for_a_token(page: Page) -> None:
    """A request without a token does not use up the refusal."""
    page.api.refuse_next_token()
    page.send("GET", "/credentials", authorization="")
    assert message(page.send("GET", "/credentials")) == "the token is refused, as the test asked"


# --- endpoints ------------------------------------------------------------------------------------------------------


def test_connectors(page: Page) -> None:
    """The front end gets connectors, each with a name and what it asks the user for."""
    connectors = page.send("GET", "/connectors").json()
    assert {"follow-up-boss", "hubspot"} <= connectors.keys()
    for connector in connectors.values():
        assert connector["name"]
        assert [field["key"] for field in connector["authByPlan"]["default"]["userInputsSchema"]] == ["apiKey"]


def test_connectors_to_the_letter(page: Page) -> None:
    """Four connectors of the kind that Rollout has, each of which asks for an API key, with all that a CRM may do."""
    people = dict.fromkeys(("list", "create", "update", "delete"), True)
    field = {"key": "apiKey", "type": "secret", "label": "API key"}
    assert page.send("GET", "/connectors").json() == {
        key: {
            "name": name,
            "entities": {"crm": {"people": people}},
            "authByPlan": {"default": {"type": "apiToken", "userInputsSchema": [field]}},
        }
        for key, name in {
            "follow-up-boss": "Follow Up Boss",
            "hubspot": "HubSpot",
            "pipedrive": "Pipedrive",
            "salesforce": "Salesforce",
        }.items()
    }


def test_credentials_to_the_letter(page: Page) -> None:
    """A credential has an id, its connector, an instant and a label; what is answered to its making is the id."""
    page.send("GET", "/credentials")
    assert page.send("POST", "/credentials", INPUTS).json() == {"id": "credential-1"}
    assert json.loads(page.send("GET", "/credentials").body) == [
        {
            "id": "credential-1",
            "appKey": "hubspot",
            "createdAt": "2026-03-01T12:00:00.000+00:00",
            "label": "test",
        }
    ]


def test_credentials_of_each_user(page: Page) -> None:
    """A user has credentials of their own."""
    page.send("POST", "/credentials", INPUTS)
    page.token = page.new_token("user-2")
    assert json.loads(page.send("GET", "/credentials").body) == []
    page.token = page.new_token("user-1")
    assert len(json.loads(page.send("GET", "/credentials").body)) == 1


def test_delete_several(page: Page) -> None:
    """Each id of the query is removed."""
    ids = [page.send("POST", "/credentials", INPUTS).json()["id"] for _ in range(3)]
    page.send("DELETE", f"/credentials?credentialId={ids[0]}&credentialId={ids[2]}")
    assert [one["id"] for one in json.loads(page.send("GET", "/credentials").body)] == ids[1:2]


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 400)])
def test_longest_body(page: Page, size: int, status: int) -> None:
    """A body of 64 KiB is read, and no more than that."""
    fields = {**INPUTS, "pad": ""}
    body = json.dumps({**fields, "pad": "x" * (size - len(json.dumps(fields)))}).encode()
    assert page.send("POST", "/credentials", body).status == status
    stream = BytesIO(body + bytes(100))
    environ = {"PATH_INFO": "/credentials", "CONTENT_LENGTH": str(size + 100), "wsgi.input": stream}
    called(page, REQUEST_METHOD="POST", **environ)
    assert stream.tell() == 65_536


@pytest.mark.parametrize("environ", [{}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}])
def test_no_body(page: Page, environ: dict[str, str]) -> None:
    """Without a length there is no body to read."""
    stream = BytesIO(b"{}")
    status, _, body = called(page, REQUEST_METHOD="POST", PATH_INFO="/credentials", **{**environ, "wsgi.input": stream})
    assert (status, stream.tell()) == ("400 Bad Request", 0)
    assert b"the body is not JSON" in body


@pytest.mark.parametrize("length", ["999999999999999999", "9999999999999999999"])
def test_length_of_many_digits(page: Page, length: str) -> None:
    """A length of up to 18 digits is a number, and the body is read up to the limit; a longer one is refused."""
    environ = {
        "PATH_INFO": "/credentials",
        "CONTENT_LENGTH": length,
        "wsgi.input": BytesIO(json.dumps(INPUTS).encode()),
    }
    status, _, body = called(page, REQUEST_METHOD="POST", **environ)
    assert (status, b"the Content-Length is not a number" in body) == (
        ("200 OK", False) if len(length) == 18 else ("400 Bad Request", True)
    )


def test_credentials(page: Page) -> None:
    """A credential is added, listed without what the user typed, and taken away by its id alone."""
    assert json.loads(page.send("GET", "/credentials").body) == []
    ids = [page.send("POST", "/credentials", INPUTS).json()["id"] for _ in range(2)]
    assert len(set(ids)) == 2
    listed = page.send("GET", "/credentials")
    assert b"canary" not in listed.body
    assert [(one["id"], one["appKey"], one["createdAt"]) for one in json.loads(listed.body)] == [
        (one, "hubspot", "2026-03-01T12:00:00.000+00:00") for one in ids
    ]
    assert page.send("DELETE", f"/credentials?credentialId={ids[0]}").status == 204
    assert [one["id"] for one in json.loads(page.send("GET", "/credentials").body)] == ids[1:]


@pytest.mark.parametrize("query", ["", "?credentialId=", "?credentialId=other", "?credentialId=a&credentialId=b"])
def test_delete_nothing(page: Page, query: str) -> None:
    """An unknown id removes nothing."""
    page.send("POST", "/credentials", INPUTS)
    assert page.send("DELETE", f"/credentials{query}").status == 204
    assert len(json.loads(page.send("GET", "/credentials").body)) == 1


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"appKey": "hubspot"},
        {"appKey": "unknown", "userInputs": {"apiKey": "1"}},
        {"appKey": None, "userInputs": {"apiKey": "1"}},
        {"appKey": [], "userInputs": {"apiKey": "1"}},
        {"appKey": {}, "userInputs": {"apiKey": "1"}},
        {"appKey": "hubspot", "userInputs": {"apiKey": ""}},
        {"appKey": "hubspot", "userInputs": {}},
        {"appKey": "hubspot", "userInputs": ["1"]},
        {"appKey": "hubspot", "userInputs": "1"},
    ],
)
def test_add_unusable(page: Page, value: object) -> None:
    """A form that is not filled in is refused, and nothing is added."""
    response = page.send("POST", "/credentials", value)
    assert (response.status, message(response)) == (400, "fill in every field")
    assert json.loads(page.send("GET", "/credentials").body) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"a":"%s"}' % (b"x" * 70_000)])
def test_add_no_json(page: Page, body: bytes) -> None:
    """A body that is not a JSON object, or is very long, is refused with that reason."""
    response = page.send("POST", "/credentials", body)
    assert (response.status, message(response)[:8]) == (400, "the body")


@pytest.mark.parametrize("length", ["x", "-1", "1.0", "\xb2", "9" * 5000])
def test_add_no_length(page: Page, length: str) -> None:
    """A length that is no number is refused, and the body is not read."""
    started: list[Any] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/credentials", "HTTP_AUTHORIZATION": f"Bearer {page.token}"}
    answer = page.api({**environ, "CONTENT_LENGTH": length}, lambda *start: started.append(start))
    assert (started[0][0], b"Content-Length" in b"".join(answer)) == ("400 Bad Request", True)


@pytest.mark.parametrize(("method", "target"), [("GET", "/"), ("POST", "/connectors"), ("PUT", "/credentials")])
def test_no_such_endpoint(page: Page, method: str, target: str) -> None:
    """Whatever else is asked with a good token is not there, and is kept with the user who asked."""
    response = page.send(method, target)
    assert (response.status, message(response)) == (404, "there is no such endpoint")
    assert page.api.requests == [BrowserRequest(method, target, 404, "user-1")]


def test_repr(page: Page) -> None:
    """What was asked is shown, and no token."""
    page.send("GET", "/connectors")
    assert repr(page.api) == (
        "BrowserAPI(requests=[BrowserRequest(method='GET', path='/connectors', status=200, user_id='user-1')])"
    )


def test_served(page: Page) -> None:
    """Over HTTP it answers likewise, many requests at once included: none is lost."""
    headers = [("Authorization", f"Bearer {page.token}"), ("Content-Type", "application/json")]
    add = Request("POST", "/credentials", headers, json.dumps(INPUTS).encode())
    with serve(page.api) as base_url:
        added = HTTPTransport(base_url).send([add] * 8)
        (listed,) = HTTPTransport(base_url).send([Request("GET", "/credentials", headers)])
        (refused,) = HTTPTransport(base_url).send([Request("POST", "/credentials", headers)])
    assert {one["id"] for one in json.loads(listed.body)} == {response.json()["id"] for response in added}
    assert len(json.loads(listed.body)) == 8
    assert refused.status == 400
