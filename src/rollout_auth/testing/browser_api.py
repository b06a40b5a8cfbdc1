"""The part of Rollout's API that its user interface calls, for testing a page: the front end's ``apiBaseUrl``.

Source: npm ``@rollout/link-react`` 0.14.0: the requests that it sends, and how it handles the responses. The page is on
another origin, so each request is preflighted (WHATWG Fetch, "CORS protocol").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import Lock
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qs

from rollout_auth import MalformedRequestError
from rollout_auth._json import loads_object
from rollout_auth._secrecy import masked_repr

from .messages import Response
from .mistakes import IntegrationError
from .simulator import RolloutSimulator

_CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Rollout-User-Agent"),
    ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
]
_CRM = {"crm": {"people": {"list": True, "create": True, "update": True, "delete": True}}}
_API_TOKEN = {
    "default": {"type": "apiToken", "userInputsSchema": [{"key": "apiKey", "type": "secret", "label": "API key"}]}
}
_CONNECTORS: dict[str, object] = {
    name.lower().replace(" ", "-"): {"name": name, "entities": _CRM, "authByPlan": _API_TOKEN}
    for name in ("Follow Up Boss", "HubSpot", "Pipedrive", "Salesforce")
}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" rx="2" fill="#47b"/>'
    '<text x="4.5" y="6.5" font-size="6" font-family="sans-serif" text-anchor="middle" fill="#fff">{}</text></svg>'
)
_LONGEST = 64 * 1024


class BrowserRequest(NamedTuple):
    """What the page requested, and the response that it got."""

    method: str
    """Such as ``"GET"``."""
    path: str
    """Without the query."""
    status: int
    """The HTTP status of the response."""
    user_id: str | None
    """The user whose token it carried; None if the token was refused."""


class BrowserAPI:
    """A WSGI app that serves Rollout's front end, and verifies its tokens as ``RolloutSimulator.connect`` does.

    ``with serve(BrowserAPI(simulator)) as api_base_url:`` gives the address to pass to the page, which sets it as
    ``apiBaseUrl`` of ``RolloutLinkProvider``.
    """

    def __init__(self, simulator: RolloutSimulator) -> None:
        self._simulator = simulator
        self._lock = Lock()
        self._credentials: dict[str, list[dict[str, str]]] = {}
        self._refuses_next = False
        self._refused: set[str] = set()
        self.requests: list[BrowserRequest] = []
        """Every request except preflights and icons, in order."""

    def refuse_next_token(self) -> None:
        """Return 401 for the next token, and for that token from then on."""
        self._refuses_next = True

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
    ) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        with self._lock:
            response = self._answer(environ)
        status = f"{response.status} {HTTPStatus(response.status).phrase}"
        length = [] if response.status == HTTPStatus.NO_CONTENT else [("Content-Length", str(len(response.body)))]
        start_response(status, [*_CORS, *response.headers, *length])
        return [response.body]

    def _answer(self, environ: dict[str, Any]) -> Response:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method == "OPTIONS":
            return Response(204)
        if path.startswith("/connectors/") and path.endswith("/icon"):
            initial = path.split("/")[2][:1].upper()
            icon = _ICON.format(initial if initial.isalpha() else "?")
            return Response(200, {"Content-Type": "image/svg+xml"}, icon.encode())
        try:
            user_id = self._judge(environ.get("HTTP_AUTHORIZATION", ""))
        except IntegrationError as error:
            return self._kept(method, path, _errors(401, error.problem), None)
        response = self._routed(f"{method} {path}", environ, self._credentials.setdefault(user_id, []))
        return self._kept(method, path, response, user_id)

    def _kept(self, method: str, path: str, response: Response, user_id: str | None) -> Response:
        self.requests.append(BrowserRequest(method, path, response.status, user_id))
        return response

    def _judge(self, authorization: str) -> str:
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer":
            raise IntegrationError(
                "token_missing", "the page sent no connect token", "pass it a function that fetches one"
            )
        if self._refuses_next:
            self._refuses_next = False
            self._refused.add(token)
        if token in self._refused:
            raise IntegrationError("token_refused", "the token is refused, as the test asked", "fetch another")
        return self._simulator.connect(token).user_id

    def _routed(self, route: str, environ: dict[str, Any], credentials: list[dict[str, str]]) -> Response:
        if route == "GET /connectors":
            return _json(200, _CONNECTORS)
        if route == "GET /credentials":
            return _json(200, credentials)
        if route == "POST /credentials":
            return self._add(environ, credentials)
        if route == "DELETE /credentials":
            wanted = parse_qs(environ.get("QUERY_STRING", "")).get("credentialId", [])
            credentials[:] = [one for one in credentials if one["id"] not in wanted]
            return Response(204)
        return _errors(404, "there is no such endpoint")

    def _add(self, environ: dict[str, Any], credentials: list[dict[str, str]]) -> Response:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not re.fullmatch("[0-9]{1,18}", length):
            return _errors(400, "the Content-Length is not a number")
        try:
            body = environ["wsgi.input"].read(min(int(length), _LONGEST))
            fields = loads_object(body, "the body", MalformedRequestError)
        except MalformedRequestError as error:
            return _errors(400, str(error))
        app, inputs = fields.get("appKey"), fields.get("userInputs")
        if (
            not isinstance(app, str)
            or app not in _CONNECTORS
            or not isinstance(inputs, dict)
            or not cast("dict[str, object]", inputs).get("apiKey")
        ):
            return _errors(400, "fill in every field")
        created_at = self._simulator.clock.now().isoformat(timespec="milliseconds")
        credential = {
            "id": f"credential-{len(self.requests)}",
            "appKey": app,
            "createdAt": created_at,
            "label": "test",
        }
        credentials.append(credential)
        return _json(200, {"id": credential["id"]})

    def __repr__(self) -> str:
        return masked_repr(self, "requests")


def _json(status: int, value: object) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _errors(status: int, message: str) -> Response:
    return _json(status, {"errors": [{"message": message}]})
