"""A value that is invalid cannot exist, whichever tool builds it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from rollout_auth import (
    ApiKeyGrant,
    AuthData,
    ConnectToken,
    RefreshRequest,
    WebhookEvent,
    generate_connect_token,
)
from rollout_auth.testing import CREDENTIALS, Request, Response

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
NAIVE = NOW.replace(tzinfo=None)

GOOD: dict[type, dict[str, Any]] = {
    AuthData: {"api_key": "k", "refresh_token": "r", "expires_in": 60, "extra": {"a": [1]}},
    ConnectToken: {
        "client_id": "c",
        "user_id": "u",
        "auth_data": None,
        "issued_at": NOW,
        "expires_at": NOW,
        "dev": False,
        "claims": {},
    },
    RefreshRequest: {"refresh_token": "r", "fields": {"a": 1}},
    WebhookEvent: {
        "event_id": "e",
        "event": "peopleCreated",
        "created_at": NOW,
        "resource_ids": ("1",),
        "uri": None,
        "payload": {"a": 1},
    },
    ApiKeyGrant: {"grant_id": "g", "user_id": "u", "granted_at": NOW, "issued_at": NOW, "expires_at": NOW},
}
BAD: list[tuple[type, dict[str, Any]]] = [
    (AuthData, {"expires_in": None}),
    (AuthData, {"refresh_token": None}),
    (AuthData, {"api_key": " "}),
    (AuthData, {"refresh_token": "r\n"}),
    (AuthData, {"expires_in": 0}),
    (AuthData, {"expires_in": 1_767_225_600}),
    (AuthData, {"extra": {"apiKey": "x"}}),
    (AuthData, {"extra": {"a": 2**60}}),
    (ConnectToken, {"issued_at": NAIVE}),
    (ConnectToken, {"claims": [1]}),
    (RefreshRequest, {"fields": [1]}),
    (WebhookEvent, {"payload": [1]}),
    (ConnectToken, {"expires_at": NAIVE}),
    (WebhookEvent, {"created_at": NAIVE}),
    (ApiKeyGrant, {"granted_at": NAIVE}),
    (ApiKeyGrant, {"issued_at": NAIVE}),
    (ApiKeyGrant, {"expires_at": NAIVE}),
]
WAYS: dict[str, Callable[[type, dict[str, Any]], Any]] = {
    "constructor": lambda cls, fields: cls(**fields),
    "replace": lambda cls, fields: dataclasses.replace(cls(**GOOD[cls]), **fields),
    "pydantic": lambda cls, fields: TypeAdapter(cls).validate_python(fields),
    "pydantic model": lambda cls, fields: _model(cls)(value=fields).value,
    "pydantic, JSON": lambda cls, fields: TypeAdapter(cls).validate_json(msgspec.json.encode(fields)),
    "msgspec": lambda cls, fields: msgspec.convert(fields, cls),
    "msgspec, JSON": lambda cls, fields: msgspec.json.decode(msgspec.json.encode(fields), type=cls),
}


def _model(cls: type) -> type[Any]:
    return type("Model", (BaseModel,), {"__annotations__": {"value": cls}})


@pytest.mark.parametrize("build", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("cls", GOOD)
def test_good_values(cls: type, build: Callable[[type, dict[str, Any]], Any]) -> None:
    """Whatever builds a good value builds the same one."""
    value = build(cls, GOOD[cls])
    assert type(value) is cls
    assert value == cls(**GOOD[cls])
    assert hash(value) == hash(cls(**GOOD[cls]))


@pytest.mark.parametrize("build", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("cls", "changes"), BAD, ids=lambda value: str(value)[-40:])
def test_bad_values(cls: type, changes: dict[str, Any], build: Callable[[type, dict[str, Any]], Any]) -> None:
    """Whatever would build an invalid value fails, with an error of ours or, where it checks first, of its own."""
    with pytest.raises((TypeError, ValueError, msgspec.ValidationError)):
        build(cls, GOOD[cls] | changes)


@pytest.mark.parametrize("cls", GOOD)
def test_copies(cls: type) -> None:
    """Copies and pickles of good values are equal to them, and immutable too."""
    value = cls(**GOOD[cls])
    for twin in (copy.copy(value), copy.deepcopy(value), *(pickle.loads(pickle.dumps(value, p)) for p in range(6))):
        assert (type(twin), twin) == (cls, value)
        with pytest.raises(dataclasses.FrozenInstanceError):
            twin.other = 1


class Mixin:
    __slots__ = ()


@pytest.mark.parametrize("cls", [*GOOD, Request, Response])
def test_final(cls: type) -> None:
    """Deriving is refused, also for a dataclass: it would get a constructor of its own, which checks nothing."""
    for bases in ((cls,), (Mixin, cls)):
        with pytest.raises(TypeError, match=rf"{cls.__name__} is final: hold one in a field of Derived instead"):
            type("Derived", bases, {})


@pytest.mark.parametrize("cls", [*GOOD, Request, Response])
def test_dataclass(cls: type) -> None:
    """Each is an ordinary dataclass with slots, which the tools for dataclasses know."""
    assert dataclasses.is_dataclass(cls)
    assert "__dict__" not in vars(cls)
    assert cls.__match_args__ == tuple(field.name for field in dataclasses.fields(cls))


class Connection(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    auth: AuthData


app = FastAPI()


@app.post("/connections")
def connect(connection: Connection) -> dict[str, str]:
    return {"token": generate_connect_token("user-1", connection.auth, credentials=CREDENTIALS)}


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        ({"api_key": "k"}, 200),
        ({"api_key": "k", "refresh_token": "r", "expires_in": 60, "extra": {"region": "eu"}}, 200),
        ({"api_key": "k", "refresh_token": "r"}, 422),
        ({"api_key": "k", "expires_in": 60}, 422),
        ({"api_key": " k"}, 422),
        ({"api_key": None}, 422),
        ({"api_key": 42}, 422),
        ({"api_key": "k", "extra": None}, 422),
        ({"api_key": "k", "extra": []}, 422),
        ({"api_key": "k", "extra": {"expiresIn": 1}}, 422),
        ("k", 422),
    ],
)
def test_fastapi(auth: object, status: int) -> None:
    """In the body of a FastAPI route, a valid AuthData is signed, and an invalid one is answered 422."""
    headers = {"Content-Type": "application/json"}
    response = TestClient(app).post("/connections", content=json.dumps({"auth": auth}), headers=headers)
    assert response.status_code == status, response.text


def test_pydantic_hides_its_input() -> None:
    """With ``hide_input_in_errors``, a refusal by pydantic shows neither the key nor what stands beside it."""
    with pytest.raises(ValidationError) as caught:
        Connection(auth={"api_key": "canary-1", "refresh_token": "canary-2"})  # type: ignore[arg-type]  # what is tested
    assert "canary" not in str(caught.value)
    assert "pass both or neither" in str(caught.value)


def test_pydantic_accepts_a_value() -> None:
    """An AuthData that was built before is taken as it is."""
    auth_data = AuthData("k", "r", 60, {"a": 1})
    assert Connection(auth=auth_data).auth == auth_data
    assert TypeAdapter(AuthData).validate_python(auth_data) == auth_data
