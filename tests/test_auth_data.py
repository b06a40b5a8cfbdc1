from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import typing
from collections import OrderedDict, UserDict
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any
from unittest.mock import ANY

import pytest
from pydantic import SecretStr

from rollout_auth import AuthData, InvalidAuthDataError
from rollout_auth.auth_data import MAX_EXTRA_DEPTH, FrozenObject

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


@pytest.mark.parametrize("api_key", ["Bearer key-1", "bearer key-1", "BEARER  key-1"])
def test_key_with_its_scheme(api_key: str) -> None:
    """A key with the scheme of a header is refused: Rollout would send the scheme twice."""
    with pytest.raises(InvalidAuthDataError, match="api_key starts with 'Bearer ': pass what follows it"):
        AuthData(api_key)
    assert AuthData("Bearer-1").api_key == "Bearer-1"


def test_secret_of_pydantic() -> None:
    """A SecretStr is not opened for the caller, and the message says how to open it."""
    with pytest.raises(TypeError, match=r"api_key is SecretStr: pass a str, which its get_secret_value\(\) returns"):
        AuthData(SecretStr("key-1"))


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
    """A value of the wrong type is the caller's mistake, and the message holds the fix."""
    with pytest.raises(TypeError, match=message):
        AuthData(*arguments)
    data = dict(zip(("apiKey", "refreshToken", "expiresIn"), arguments, strict=False))
    if len(arguments) < 4 and None not in data.values():
        with pytest.raises(InvalidAuthDataError, match=message):
            AuthData.from_dict(data)


@pytest.mark.parametrize("seconds", [0, -1, 315_360_001, 1_767_225_600, 31_536_000_000])
def test_no_duration(seconds: int) -> None:
    """A key is valid for one second to ten years: an instant, and a year in milliseconds, are refused as such."""
    with pytest.raises(InvalidAuthDataError, match="pass seconds, not milliseconds or an instant"):
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


class _LiarAboutSize(int):
    """Says that it is greater than everything."""

    def __gt__(self, other: object) -> bool:
        return True

    __lt__ = __le__ = __ge__ = __gt__


def test_duration_that_lies() -> None:
    """A number is judged by its value, whatever it says of itself."""
    with pytest.raises(InvalidAuthDataError, match="expires_in must be from 1"):
        AuthData("key", "refresh", _LiarAboutSize(-5))


@pytest.mark.parametrize("seconds", [1, 315_360_000])
def test_limits_of_the_duration(seconds: int) -> None:
    """Both limits are allowed."""
    assert AuthData("key", "refresh", seconds).to_dict()["expiresIn"] == seconds


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
    assert json.dumps(auth_data.to_dict()) == '{"apiKey": "key-1", "refreshToken": "key-1", "expiresIn": 3600}'
    assert [type(value) for value in auth_data.to_dict().values()] == [str, str, int]


def test_extra_of_another() -> None:
    """The frozen fields of one AuthData may be passed to another, and follow the same rules."""
    extra = AuthData("key", extra={"a": [1]}).extra
    assert AuthData("key-2", extra=extra).extra == {"a": [1]}
    with pytest.raises(ValueError, match="may not contain 'apiKey'"):
        type(extra)({"apiKey": "evil"})


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
    ("name", "fix"),
    [("apiKey", "pass a string"), ("refreshToken", "leave it out"), ("expiresIn", "leave it out")],
)
def test_null(name: str, fix: str) -> None:
    """A field that is null, which means something else than an absent one, is refused with the fix."""
    with pytest.raises(InvalidAuthDataError, match=f"^{name} is null: {fix}$"):
        AuthData.from_dict({"apiKey": "key", "refreshToken": "refresh", "expiresIn": 1, name: None})


@pytest.mark.parametrize(
    "data", [{"apiKey": "key", "refreshToken": "r"}, {"apiKey": "key", "x": {1}}, {"apiKey": "key", 1: 2}]
)
def test_foreign_data_is_checked(data: dict[str, object]) -> None:
    """The rules for values are those of the constructor."""
    with pytest.raises(InvalidAuthDataError):
        AuthData.from_dict(data)


# --- further fields ---------------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = json.loads('{"a":' * depth + "1" + "}" * depth)
    return value


def plain(value: dict[str, object]) -> dict[str, object]:
    """What is kept of it."""
    return FrozenObject(value)._value


class _Colour(str, Enum):
    RED = "red"


class _Number(IntEnum):
    ONE = 1


def test_plain_copies() -> None:
    """What is kept is made of JSON's own types, in the same order, and shares nothing with the original."""
    inner = {"x": 1}
    value = {"b": OrderedDict(c=(1, 2.5, None, True)), "a": MappingProxyType(inner), "e": [_Colour.RED, _Number.ONE]}
    result = plain(value)
    assert result == {"b": {"c": [1, 2.5, None, True]}, "a": {"x": 1}, "e": ["red", 1]}
    assert list(result) == ["b", "a", "e"]
    assert [type(item) for item in result["e"]] == [str, int]
    inner["x"] = 2
    assert result["a"] == {"x": 1}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": float("nan")}, r"extra\['a'\] is NaN or infinite"),
        ({"a": [1, {"b": float("-inf")}]}, r"extra\['a'\]\[1\]\['b'\] is NaN or infinite"),
        ({"a": 2**53}, r"extra\['a'\] is an integer beyond 2\*\*53.*pass it as a str"),
        ({"a": -(2**53)}, r"extra\['a'\] is an integer beyond 2\*\*53.*pass it as a str"),
        ({"a": "\ud800"}, r"extra\['a'\] contains a lone surrogate"),
        ({"a": b"x"}, r"extra\['a'\] is bytes.*pass a str, int, float or bool"),
        ({"a": {1, 2}}, r"extra\['a'\] is set"),
        ({"a": object()}, r"extra\['a'\] is object"),
        ({1: "a"}, "extra has a key that is not well-formed text"),
        ({"a": {None: 1}}, r"extra\['a'\] has a key"),
        ({"\ud800": 1}, "extra has a key"),
    ],
)
def test_plain_refuses_what_would_be_lost(value: dict[str, object], message: str) -> None:
    """What JSON or a JavaScript reader would lose is refused, with its place and the fix."""
    with pytest.raises(ValueError, match=f"^{message}"):
        plain(value)


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53 - 1), 0.1, -0.0, 1e308, "", "\0", "\uffff"])
def test_plain_keeps_what_survives(value: object) -> None:
    """Everything that survives a JavaScript reader is kept as it is."""
    assert plain({"a": value}) == {"a": value}


def test_plain_ends() -> None:
    """A value that contains itself is refused like any other that is too deep; sixteen levels are not."""
    loop: dict[str, object] = {}
    loop["a"] = [loop]
    with pytest.raises(ValueError, match="16 levels deep"):
        plain(loop)
    deep = nested(MAX_EXTRA_DEPTH)
    assert plain(deep) == deep
    with pytest.raises(ValueError, match="16 levels deep"):
        plain(nested(MAX_EXTRA_DEPTH + 1))


def test_plain_has_a_budget() -> None:
    """A value that is small in memory and endless in JSON is refused."""
    value: list[object] = [1]
    for _ in range(14):
        value = [value] * 10
    with pytest.raises(ValueError, match="has more than 4096 values"):
        plain({"a": value})
    assert plain({"a": [1] * 4094}) == {"a": [1] * 4094}
    with pytest.raises(ValueError, match="has more than 4096 values"):
        plain({"a": [1] * 4095})


def test_frozen_object_is_immutable() -> None:
    """Nothing of it can be set."""
    frozen = FrozenObject({"a": 1})
    for change in (lambda: setattr(frozen, "_value", {}), lambda: delattr(frozen, "_value")):
        with pytest.raises(dataclasses.FrozenInstanceError, match="FrozenObject is immutable: build another one"):
            change()


def test_frozen_object_is_a_mapping() -> None:
    """It reads like the dict that it was made from, and is equal to it."""
    frozen = FrozenObject({"a": 1, "b": [2]})
    assert dict(frozen) == {"a": 1, "b": [2]}
    assert (len(frozen), list(frozen), "a" in frozen, "c" in frozen) == (2, ["a", "b"], True, False)
    assert frozen == {"b": [2], "a": 1}
    assert frozen != {"a": 1}
    assert frozen != 1


def test_frozen_object_hands_out_copies() -> None:
    """Changing what came out of it changes nothing."""
    frozen = FrozenObject({"a": [1]})
    frozen["a"].append(2)
    assert frozen["a"] == [1]


def test_frozen_object_equality() -> None:
    """Equal means the same JSON, whatever the order: 1, 1.0 and true are three values there."""
    assert FrozenObject({"a": 1, "b": 2}) == FrozenObject({"b": 2, "a": 1})
    assert hash(FrozenObject({"a": 1, "b": 2})) == hash(FrozenObject({"b": 2, "a": 1}))
    assert len({FrozenObject({"a": value}) for value in (1, 1.0, True)}) == 3
    assert len({hash(FrozenObject({"a": value})) for value in range(100)}) > 1


def test_frozen_object_is_not_pythons_number() -> None:
    """Unlike Python's, the numbers 1, 1.0 and true of JSON are unequal."""
    one, real, true = (FrozenObject({"a": value}) for value in (1, 1.0, True))
    assert one != real
    assert one != true
    assert real != true


def test_frozen_object_hands_out_deep_copies() -> None:
    """Changing what lies deep in what came out of it changes nothing."""
    frozen = FrozenObject({"a": {"b": [1]}})
    frozen["a"]["b"].append(2)
    assert frozen["a"] == {"b": [1]}


class _Real(float):
    __slots__ = ()


def test_plain_types_of_keys_and_numbers() -> None:
    """A key or number of a class of its own is kept as JSON's own type."""
    ((key, number),) = plain({_Colour.RED: _Real(0.5)}).items()
    assert (type(key), type(number)) == (str, float)


def test_documented_depth() -> None:
    """Sixteen levels of further fields are documented."""
    assert MAX_EXTRA_DEPTH == 16


def test_frozen_object_copies() -> None:
    """Copies and pickles are equal to it."""
    frozen = FrozenObject({"a": {"b": [1]}})
    for twin in (copy.copy(frozen), copy.deepcopy(frozen), *(pickle.loads(pickle.dumps(frozen, p)) for p in range(6))):
        assert twin == frozen


def test_frozen_object_repr() -> None:
    """Its keys show, and none of its values."""
    assert repr(FrozenObject({"a": "canary", "b": 1})) == "{'a': <hidden>, 'b': <hidden>}"
