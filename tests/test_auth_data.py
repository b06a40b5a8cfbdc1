from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import typing
from collections import UserDict
from enum import Enum
from types import MappingProxyType
from typing import Any
from unittest.mock import ANY

import pytest

from rollout_auth import AuthData, InvalidAuthDataError
from rollout_auth.auth_data import wire_json

FULL = {"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 3600, "region": "eu", "scopes": ["read"]}


@pytest.fixture
def full() -> AuthData:
    return AuthData("key-1", "refresh-1", 3600, {"region": "eu", "scopes": ["read"]})


def test_wire_form(full: AuthData) -> None:
    """The names on the wire are Rollout's, what is absent is left out, and extra fields stand beside them."""
    assert AuthData("key-1").to_dict() == {"apiKey": "key-1"}
    assert full.to_dict() == FULL
    assert list(full.to_dict()) == list(FULL)
    assert AuthData.from_dict(FULL) == full


@pytest.mark.parametrize("auth_data", [AuthData('é"'), AuthData("k", "r", 1), AuthData("k", extra={"a": {"b": [1]}})])
def test_wire_json(auth_data: AuthData) -> None:
    """What the signer writes is the compact JSON of the wire form."""
    assert wire_json(auth_data) == json.dumps(auth_data.to_dict(), separators=(",", ":"))


def test_refreshable(full: AuthData) -> None:
    """A key is refreshable if it has a refresh token and a life."""
    assert full.is_refreshable
    assert not AuthData("key-1").is_refreshable


@pytest.mark.parametrize("arguments", [("key", "refresh"), ("key", None, 3600)])
def test_both_or_neither(arguments: tuple[object, ...]) -> None:
    """A refresh token without a life, or a life without a refresh token, is refused."""
    with pytest.raises(InvalidAuthDataError, match="both or neither"):
        AuthData(*arguments)


@pytest.mark.parametrize("value", ["", " ", "key\n", " key", "k\0", "\ud800"])
def test_unusable_text(value: str) -> None:
    """A key or refresh token that would not survive a header or a copy is refused under its own name."""
    with pytest.raises(InvalidAuthDataError, match=r"^api_key "):
        AuthData(value)
    with pytest.raises(InvalidAuthDataError, match=r"^refresh_token "):
        AuthData("key", value, 3600)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), "api_key is NoneType: pass a str"),
        ((b"key",), "api_key is bytes: pass a str"),
        ((42,), "api_key is int: pass a str"),
        (("key", 42, 3600), "refresh_token is int: pass a str"),
        (("key", "refresh", 3600.0), "expires_in is float: pass an int, in seconds"),
        (("key", "refresh", True), "expires_in is bool: pass an int, in seconds"),
        (("key", "refresh", "3600"), "expires_in is str: pass an int, in seconds"),
        (("key", None, None, [("a", 1)]), "extra is list: pass a dict"),
        (("key", None, None, None), "extra is NoneType: pass a dict"),
    ],
)
def test_wrong_types(arguments: tuple[object, ...], message: str) -> None:
    """A value of the wrong type is the caller's mistake, and the message holds the mend."""
    with pytest.raises(TypeError, match=message):
        AuthData(*arguments)
    data = dict(zip(("apiKey", "refreshToken", "expiresIn"), arguments, strict=False))
    if len(arguments) < 4 and None not in data.values():
        with pytest.raises(InvalidAuthDataError, match=message):
            AuthData.from_dict(data)


@pytest.mark.parametrize("seconds", [0, -1, 2**53])
def test_life(seconds: int) -> None:
    """A key's life is a positive number of seconds."""
    with pytest.raises(InvalidAuthDataError, match="in seconds"):
        AuthData("key", "refresh", seconds)


@pytest.mark.parametrize("name", ["apiKey", "refreshToken", "expiresIn"])
def test_extra_shadows_nothing(name: str) -> None:
    """A field of Rollout's own cannot be smuggled in, or overwritten, through extra."""
    with pytest.raises(InvalidAuthDataError, match=f"may not contain '{name}'"):
        AuthData("key", extra={name: "x"})


def test_pythons_names_are_extra() -> None:
    """A foreign field that is named like an argument of ours is a further field, and not lost."""
    data = {"apiKey": "key", "api_key": "x", "refresh_token": "y", "expires_in": 1, "extra": 2}
    assert AuthData.from_dict(data).to_dict() == data


def test_longest_life() -> None:
    """A life may be as long as a number that survives a JavaScript reader."""
    assert AuthData("key", "refresh", 2**53 - 1).to_dict()["expiresIn"] == 2**53 - 1


class _Liar(dict[str, object]):
    """Says one thing and shows another."""

    def items(self) -> Any:
        return {"apiKey": "evil"}.items()

    def __bool__(self) -> bool:
        return False


def test_extra_is_judged_as_it_is_kept() -> None:
    """A mapping that shows other keys than it says, or none, smuggles nothing in and loses nothing."""
    with pytest.raises(InvalidAuthDataError, match="may not contain 'apiKey'"):
        AuthData("key", extra=_Liar(z=1))


class _Text(str, Enum):
    KEY = "key-1"


class _Seconds(int, Enum):
    HOUR = 3600

    def __format__(self, spec: str) -> str:
        return '1,"apiKey":"evil"'


def test_subclasses_are_taken_for_their_value() -> None:
    """An enumeration's member counts as the text or number that it is."""
    auth_data = AuthData(_Text.KEY, _Text.KEY, _Seconds.HOUR)
    assert wire_json(auth_data) == '{"apiKey":"key-1","refreshToken":"key-1","expiresIn":3600}'
    assert [type(value) for value in auth_data.to_dict().values()] == [str, str, int]


def test_extra_of_another() -> None:
    """The frozen fields of one AuthData may be passed to another, and follow the same rules."""
    extra = AuthData("key", extra={"a": [1]}).extra
    assert AuthData("key-2", extra=extra).extra == {"a": [1]}
    with pytest.raises(InvalidAuthDataError, match="may not contain 'apiKey'"):
        AuthData("key", extra=type(extra)({"apiKey": "evil"}))


def test_extra_is_json() -> None:
    """What JSON would lose is refused, with its place."""
    with pytest.raises(InvalidAuthDataError, match=r"extra\['when'\]\[0\] is object"):
        AuthData("key", extra={"when": [object()]})


@pytest.mark.parametrize("extra", [{}, MappingProxyType({"a": 1}), UserDict(a=1)])
def test_extra_is_any_mapping(extra: typing.Mapping[str, object]) -> None:
    """Any mapping will do, and the attribute is equal to the dict."""
    assert AuthData("key", extra=extra).extra == dict(extra)


def test_later_changes_change_nothing() -> None:
    """The object keeps a copy of extra, and hands out copies."""
    scopes = ["read"]
    extra: dict[str, object] = {"scopes": scopes}
    auth_data = AuthData("key", extra=extra)
    scopes.append("write")
    extra["region"] = "eu"
    typing.cast("list[str]", auth_data.extra["scopes"]).append("write")
    typing.cast("list[str]", auth_data.to_dict()["scopes"]).append("write")
    assert auth_data == AuthData("key", extra={"scopes": ["read"]})


def test_frozen(full: AuthData) -> None:
    """No attribute can be set, and none added."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        full.api_key = "x"
    for change in (
        lambda: setattr(full, "other", "x"),
        lambda: delattr(full, "api_key"),
        lambda: delattr(full, "other"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError, match="AuthData is immutable"):
            change()


def test_dataclass(full: AuthData) -> None:
    """It is a dataclass, so that the tools for dataclasses work."""
    assert [field.name for field in dataclasses.fields(full)] == ["api_key", "refresh_token", "expires_in", "extra"]
    changed = dataclasses.replace(full, api_key="key-2")
    assert changed.to_dict() == {**FULL, "apiKey": "key-2"}
    assert typing.get_type_hints(AuthData)["expires_in"] == int | None


def test_derived() -> None:
    """A frozen dataclass can add a field, as it can to any other frozen one."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Regional(AuthData):
        region: str = "eu"

    regional = Regional("key-1", region="us")
    assert (regional.api_key, regional.region, regional.is_refreshable) == ("key-1", "us", False)


def test_equality_and_hash(full: AuthData) -> None:
    """Equal content is equal and has one hash, whatever the order of extra."""
    twin = AuthData("key-1", "refresh-1", 3600, {"scopes": ["read"], "region": "eu"})
    assert twin == full
    assert len({twin, full}) == 1
    assert full != AuthData("key-1", "refresh-1", 3600)
    assert len({hash(AuthData(f"key-{number}")) for number in range(100)}) > 1


def test_beside_other_classes(full: AuthData) -> None:
    """It is unequal to what is not its like, unless the other says that they are equal."""
    assert (full == "key-1") is False
    assert (full == ANY) is True


def test_repr(full: AuthData) -> None:
    """Nothing shows but the life and the names of further fields."""
    assert repr(full) == (
        "AuthData(api_key=<hidden>, refresh_token=<hidden>, expires_in=3600, "
        "extra={'region': <hidden>, 'scopes': <hidden>})"
    )
    assert repr(AuthData("key")) == "AuthData(api_key=<hidden>, refresh_token=None, expires_in=None, extra={})"


def test_copies(full: AuthData) -> None:
    """It survives copying and pickling."""
    for twin in (copy.copy(full), copy.deepcopy(full), *(pickle.loads(pickle.dumps(full, p)) for p in range(6))):
        assert twin == full


@pytest.mark.parametrize("data", [None, "x", 1, ["apiKey"], {}, {"api_key": "key"}, {1: 2}])
def test_foreign_data(data: object) -> None:
    """Whatever is not an object with an apiKey is refused as data, not as a mistake of the caller's."""
    with pytest.raises(InvalidAuthDataError, match="apiKey"):
        AuthData.from_dict(data)


@pytest.mark.parametrize(
    ("name", "mend"),
    [("apiKey", "pass a string"), ("refreshToken", "leave it out"), ("expiresIn", "leave it out")],
)
def test_null(name: str, mend: str) -> None:
    """A field that is null, which means something else than an absent one, is refused with the mend."""
    with pytest.raises(InvalidAuthDataError, match=f"^{name} is null: {mend}$"):
        AuthData.from_dict({"apiKey": "key", "refreshToken": "refresh", "expiresIn": 1, name: None})


@pytest.mark.parametrize(
    "data", [{"apiKey": "key", "refreshToken": "r"}, {"apiKey": "key", "x": {1}}, {"apiKey": "key", 1: 2}]
)
def test_foreign_data_is_checked(data: dict[str, object]) -> None:
    """The rules for values are those of the constructor."""
    with pytest.raises(InvalidAuthDataError):
        AuthData.from_dict(data)
