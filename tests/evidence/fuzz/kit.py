"""Targets for the command and the test kit: what they read from an app, a browser or a pasted token."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import parse_qs, unquote

from rollout_auth import NAMESPACE, AuthData, ConfigurationError, ConnectToken, MalformedTokenError
from rollout_auth._json import loads_object
from rollout_auth._time import epoch_seconds
from rollout_auth.cli import _inspect
from rollout_auth.testing import BrowserAPI, Clock, DashboardRequest, IntegrationError, Response
from rollout_auth.testing._answers import renewed, token_of
from rollout_auth.testing._masks import Mask
from rollout_auth.testing._tokens import judged_token

from .common import CREDENTIALS, NOW, SECRET, as_text, head_and_body, signed

_BEFORE = AuthData("key-1", "refresh-1", 3600, {"region": "eu"})
_KEY = "key-0123456789"
_MASK = Mask()
_MASK.learn("API key", _KEY)
_ENVIRONMENT = {"ROLLOUT_CLIENT_ID": CREDENTIALS.client_id, "ROLLOUT_CLIENT_SECRET": SECRET}
_PLACE = r"\{\{\s*([^{}\s]+)\s*\}\}"


def inspect(data: bytes) -> None:
    """Any bytes on standard input give exit status 0 or 1, and lines of printable ASCII."""
    _inspected(data, as_json=False)


def inspect_claims(data: bytes) -> None:
    """For any signed payload, the printed JSON has its registered claims, and hides the key."""
    report = json.loads(_inspected(signed(data).encode(), as_json=True))
    if report["verdict"]["status"] == "verified":
        claims = json.loads(data)
        assert [report["claims"][name] for name in ("iss", "sub", "iat", "exp")] == [
            claims[name] for name in ("iss", "sub", "iat", "exp")
        ]
        shown = report["claims"].get(NAMESPACE, {}).get("authData", {"apiKey": "<hidden, "})
        assert shown["apiKey"].startswith("<hidden, ")


def app_token(data: bytes) -> None:
    """Any token, and any payload that is signed into one, is accepted, or raises an IntegrationError."""
    token = data.decode("latin-1") if data.count(b".") == 2 else signed(data)
    judged = _outcome(lambda: judged_token(token, CREDENTIALS, NAMESPACE, NOW))
    assert isinstance(judged, (ConnectToken, IntegrationError))


def app_answer(data: bytes) -> None:
    """Any response of an app is read or raises IntegrationError, and is shown on one printable line without the key."""
    first, pairs, body = head_and_body(data)
    response = Response(int(first) if re.fullmatch("[1-5][0-9]{2}", first) else 200, as_text(pairs), body)
    assert isinstance(_outcome(lambda: token_of(response, "token")), (str, IntegrationError))
    key = _outcome(lambda: renewed(response, _BEFORE))
    assert isinstance(key, IntegrationError) or key.to_dict() == json.loads(body)
    shown = _MASK.show(response)
    assert shown.isprintable() or not shown
    assert _KEY not in shown


def template(data: bytes) -> None:
    """Any template is refused, or filled in with any values so that a server reads the same values back."""
    text, _, values = data.decode(errors="replace").partition("\n")
    try:
        context = loads_object(values.encode(), "it", MalformedTokenError)
        request = DashboardRequest("POST", "/{{a}}", query={"q": text}, json=[text, {"k": text}])
        filled = request.fill(context)
    except (MalformedTokenError, ConfigurationError):
        return
    path, _, query = filled.target.partition("?")
    assert re.fullmatch("[!-~]+", filled.target)
    assert unquote(path) == f"/{_as_text(context['a'])}"
    (shown,) = parse_qs(query, keep_blank_values=True)["q"]
    place = re.fullmatch(_PLACE, text)
    first, second = json.loads(filled.body)
    assert first == second["k"]
    assert _as_text(first) == shown
    assert place or first == shown


def browser_api(data: bytes) -> None:
    """Any request from a browser gets headers and a body as PEP 3333 requires, and JSON is valid."""
    first, pairs, body = head_and_body(data)
    method, _, target = first.partition(" ")
    path, _, query = target.partition("?")
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in as_text(pairs)}
    environ: dict[str, Any] = {
        **fields,
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": fields.get("HTTP_CONTENT_LENGTH", str(len(body))),
        "wsgi.input": BytesIO(body),
    }
    started: list[tuple[str, list[tuple[str, str]]]] = []
    answer = b"".join(BrowserAPI(_Judge())(environ, lambda *start: started.append(start)))
    ((status, headers),) = started
    assert re.fullmatch("[1-5][0-9]{2} [ -~]+", status)
    assert all(name.isascii() and value.isprintable() for name, value in headers)
    if dict(headers).get("Content-Type") == "application/json":
        json.loads(answer)


class _Judge:
    """What ``BrowserAPI`` asks of a simulator."""

    clock = Clock(NOW)

    def connect(self, token: str) -> ConnectToken:
        return judged_token(token, CREDENTIALS, NAMESPACE, NOW)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except IntegrationError as error:
        return error


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _inspected(data: bytes, *, as_json: bool) -> str:
    arguments = argparse.Namespace(token="-", namespace=NAMESPACE, json=as_json)
    with _process(data) as output:
        status = _inspect._run(arguments)
    printed = output.getvalue()
    assert status in (0, 1)
    assert re.fullmatch(r"[ -~\n]+", printed)
    return printed


@contextmanager
def _process(data: bytes) -> Iterator[StringIO]:
    """Streams, variables and a time for one run of the command, which has no arguments for them."""
    names = ((sys, "stdin"), (sys, "stdout"), (os, "environ"), (_inspect, "epoch_seconds"))
    kept = [vars(module)[name] for module, name in names]
    output = StringIO()
    for (module, name), value in zip(names, (_Input(data), output, _ENVIRONMENT, _epoch_seconds), strict=True):
        vars(module)[name] = value
    try:
        yield output
    finally:
        for (module, name), value in zip(names, kept, strict=True):
            vars(module)[name] = value


class _Input:
    def __init__(self, data: bytes) -> None:
        self.buffer = BytesIO(data)


def _epoch_seconds(moment: datetime | None) -> int:
    return epoch_seconds(moment or NOW)
