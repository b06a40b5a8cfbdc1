from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import django.db
import pytest
import sqlalchemy.exc
from redis.exceptions import RedisError
from revocation.stores import (
    MILLISECOND,
    SECRET,
    AsyncStore,
    DjangoStore,
    Keys,
    Store,
    imported,
    server_program,
)

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    InvalidApiKeyError,
    InvalidRefreshTokenError,
    RefreshRequest,
    TemporarilyUnavailableError,
    error_response,
)

MOMENT = datetime.now(timezone.utc).replace(microsecond=900_000) - timedelta(minutes=1)
DJANGO = ("django-sqlite", "django-postgres")
SYNC = (*DJANGO, "sqlalchemy-sqlite", "sqlalchemy-postgres")
ASYNC = ("async-sqlite", "async-postgres")
BY_DATE = [*product((*SYNC, *ASYNC), ["date"])]
BY_VERSION = [*product(SYNC, ["version"])]
REDIS = [("redis", "date")]


def each(cases: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """Runs a test on each of these stores, under its rule."""
    params = [pytest.param(*case, id="-by-".join(case)) for case in cases]
    return pytest.mark.parametrize(("store", "rule"), params, indirect=["store"], scope="module")


everywhere = each([*BY_DATE, *BY_VERSION, *REDIS])
in_databases = each([*BY_DATE, *BY_VERSION])
with_dates = each([*BY_DATE, *REDIS])
in_django = each(product(DJANGO, ["date", "version"]))
in_async = each(product(ASYNC, ["date"]))
with_endpoint = each([*product(ASYNC, ["date"]), *REDIS])


def assert_good(keys: Keys, auth_data: AuthData) -> None:
    renewed = keys.refresh(auth_data)
    first, second = keys.authenticate(auth_data), keys.authenticate(renewed)
    assert (first.grant_id, first.user_id, first.granted_at) == (second.grant_id, second.user_id, second.granted_at)


def assert_revoked(keys: Keys, auth_data: AuthData) -> None:
    with pytest.raises(InvalidApiKeyError, match="revoked"):
        keys.authenticate(auth_data)
    with pytest.raises(InvalidRefreshTokenError, match="revoked"):
        keys.refresh(auth_data)


def assert_unavailable(issuer: ApiKeyIssuer, auth_data: AuthData, cause: type[Exception]) -> None:
    for call, token in ((issuer.authenticate, auth_data.api_key), (issuer.refresh, auth_data.refresh_token)):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            call(token)
        assert isinstance(caught.value.__cause__, cause)
        assert error_response(caught.value).status == 503


def until_next_millisecond() -> None:
    end = datetime.now(timezone.utc) + MILLISECOND
    while datetime.now(timezone.utc) < end:
        pass


@everywhere
def test_not_revoked(keys: Keys) -> None:
    """A key of a user who revoked none is good, and so are its successors."""
    auth_data = keys.issue(keys.store.add_user())
    assert_good(keys, auth_data)
    assert_good(keys, keys.refresh(auth_data))


@everywhere
def test_revoked(keys: Keys) -> None:
    """A revocation ends the key, its refresh token, and every successor of both."""
    user_id = keys.store.add_user()
    generations = [keys.issue(user_id)]
    for _ in range(3):
        generations.append(keys.refresh(generations[-1]))
    keys.revoke(user_id)
    for auth_data in generations:
        assert_revoked(keys, auth_data)


@everywhere
def test_several_grants(keys: Keys) -> None:
    """A revocation ends all grants that the user has."""
    user_id = keys.store.add_user()
    grants = [keys.issue(user_id, MOMENT), keys.issue(user_id)]
    keys.revoke(user_id)
    for auth_data in grants:
        assert_revoked(keys, auth_data)


@everywhere
def test_new_grant(keys: Keys) -> None:
    """A key that is issued after a revocation is good until the next one, and the old key stays revoked."""
    user_id = keys.store.add_user()
    old = keys.issue(user_id)
    keys.revoke(user_id)
    until_next_millisecond()
    new = keys.issue(user_id)
    assert_good(keys, new)
    assert_revoked(keys, old)
    keys.revoke(user_id)
    assert_revoked(keys, new)
    assert_revoked(keys, old)


@everywhere
def test_other_user(keys: Keys) -> None:
    """A revocation leaves other users' keys as they are."""
    user_id, other = keys.store.add_user(), keys.store.add_user()
    auth_data = keys.issue(other)
    keys.revoke(user_id)
    assert_good(keys, auth_data)


@everywhere
def test_deleted_user(keys: Keys) -> None:
    """The keys of a deleted user are revoked."""
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id)
    keys.store.delete_user(user_id)
    assert_revoked(keys, auth_data)


@in_databases
def test_heir(keys: Keys) -> None:
    """The next user does not take over the id of a deleted one, and with it the keys."""
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id)
    keys.store.delete_user(user_id)
    assert_good(keys, keys.issue(keys.store.add_user()))
    assert_revoked(keys, auth_data)


@in_databases
def test_unknown_user(keys: Keys) -> None:
    """The key of a user whom the database does not know is revoked."""
    assert_revoked(keys, keys.issuer.issue("999999", grant_id="999999:1"))
    assert_revoked(keys, keys.issuer.issue("999999", grant_id="999999:None"))


@pytest.mark.parametrize("issued", [0, 999])
@pytest.mark.parametrize("revoked", [0, 499, 500, 999])
@with_dates
def test_same_millisecond(keys: Keys, issued: int, revoked: int) -> None:
    """A key of the very millisecond of the revocation is revoked, whichever microsecond came first."""
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id, MOMENT + timedelta(microseconds=issued))
    keys.store.set_date(user_id, MOMENT + timedelta(microseconds=revoked))
    assert_revoked(keys, auth_data)


@pytest.mark.parametrize("revoked", [0, 499, 500, 999])
@with_dates
def test_next_millisecond(keys: Keys, revoked: int) -> None:
    """A key of the millisecond after the revocation is good."""
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id, MOMENT + MILLISECOND)
    keys.store.set_date(user_id, MOMENT + timedelta(microseconds=revoked))
    assert_good(keys, auth_data)


@each(BY_VERSION)
def test_version_raised(keys: Keys) -> None:
    """Each revocation raises the version by one, in the database and for every key from then on."""
    user_id = keys.store.add_user()
    issued = [keys.issue(user_id)]
    for _ in range(2):
        keys.revoke(user_id)
        issued.append(keys.issue(user_id))
    assert keys.authenticate(issued[2]).grant_id == f"{user_id}:3"
    for auth_data in issued[:2]:
        assert_revoked(keys, auth_data)
    assert_good(keys, issued[2])


@each(BY_VERSION)
def test_other_grant_id(keys: Keys) -> None:
    """A key that was issued without the user's grant id, or with another user's, is revoked."""
    user_id, other = keys.store.add_user(), keys.store.add_user()
    other_id = keys.authenticate(keys.issue(other)).grant_id
    assert_revoked(keys, keys.issuer.issue(user_id))
    assert_revoked(keys, keys.issuer.issue(user_id, grant_id=other_id))


@in_django
def test_inactive_user(keys: Keys) -> None:
    """The keys of a user who is not active are revoked, until the user is active again."""
    assert isinstance(keys.store, DjangoStore)
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id)
    keys.store.users.filter(pk=user_id).update(is_active=False)
    assert_revoked(keys, auth_data)
    keys.store.users.filter(pk=user_id).update(is_active=True)
    assert_good(keys, auth_data)


@in_django
def test_stale_user(keys: Keys) -> None:
    """A user who was loaded before the revocation and is saved after it does not undo it."""
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id)
    stale = keys.store.user(user_id)
    keys.revoke(user_id)
    stale.save()
    assert_revoked(keys, auth_data)


@with_endpoint
def test_endpoint(keys: Keys) -> None:
    """The endpoint renews a key, and answers for a revoked one ``invalid_grant``, without the new key."""
    user_id = keys.store.add_user()
    auth_data = keys.issue(user_id)
    parts = keys.store.answer(auth_data.refresh_token)
    answer = json.loads(parts.body)
    assert (parts.status, sorted(answer)) == (200, ["apiKey", "expiresIn", "refreshToken"])
    keys.revoke(user_id)
    for refresh_token in (auth_data.refresh_token, answer["refreshToken"]):
        parts = keys.store.answer(refresh_token)
        assert (parts.status, json.loads(parts.body)["error"]) == (400, "invalid_grant")
        assert b"apiKey" not in parts.body


@with_endpoint
def test_endpoint_and_other_text(keys: Keys) -> None:
    """A refresh token is no key, a key is no refresh token, and a text that is neither is refused as well."""
    auth_data = keys.issue(keys.store.add_user())
    for text in (auth_data.api_key, "neither"):
        assert keys.store.answer(text).status == 400
    with pytest.raises(InvalidApiKeyError, match="not an API key"):
        keys.store.authenticate(keys.issuer, auth_data.refresh_token)


@each(REDIS)
def test_redis_is_down(keys: Keys, tmp_path: Path) -> None:
    """Without Redis every key is refused, and the answer is 503: come back later."""
    away = Store(imported("revocation_redis", REDIS_URL=f"unix://{tmp_path}/socket"))
    auth_data = keys.issue("user-1")
    assert_unavailable(away.example.issuer, auth_data, RedisError)
    parts = away.answer(auth_data.refresh_token)
    assert (parts.status, json.loads(parts.body)["error"]) == (503, "temporarily_unavailable")


@pytest.mark.parametrize("rule", ["date", "version"])
def test_database_is_down(rule: str, tmp_path: Path) -> None:
    """Without its tables, which stands for a database that is down, every key is refused, with a 503."""
    away = imported("revocation_sqlalchemy", DATABASE_URL=f"sqlite:///{tmp_path}/without-tables")
    issuer = ApiKeyIssuer(SECRET, is_revoked=getattr(away, f"revoked_by_{rule}"))
    assert_unavailable(issuer, issuer.issue("1"), sqlalchemy.exc.OperationalError)
    away.engine.dispose()


@each(product(["django-sqlite"], ["date", "version"]))
def test_django_database_is_down(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in Django."""
    auth_data = keys.issue(keys.store.add_user())

    def away(*_: object) -> None:
        raise django.db.OperationalError

    monkeypatch.setattr(django.db.connection, "cursor", away)
    assert_unavailable(keys.issuer, auth_data, django.db.OperationalError)


def test_async_database_is_down(tmp_path: Path) -> None:
    """The same in an async application, whose endpoint answers with 503."""
    away = AsyncStore(imported("revocation_async", DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/without-tables"))
    auth_data = away.example.issuer.issue("1")
    with pytest.raises(TemporarilyUnavailableError):
        away.authenticate(away.example.issuer, auth_data.api_key)
    parts = away.answer(auth_data.refresh_token)
    assert (parts.status, json.loads(parts.body)["error"]) == (503, "temporarily_unavailable")
    away.close()


@in_async
def test_async_concurrency(keys: Keys) -> None:
    """Refreshes of a good and of a revoked key at the same time do not get in each other's way."""
    assert isinstance(keys.store, AsyncStore)
    good, bad = keys.store.add_user(), keys.store.add_user()
    tokens = [keys.issue(user_id).refresh_token for user_id in (good, bad) * 5]
    keys.revoke(bad)

    async def renew_all() -> list[AuthData | BaseException]:
        renewals = [keys.example.renew(RefreshRequest(token)) for token in tokens]
        return await asyncio.gather(*renewals, return_exceptions=True)

    kinds = [type(outcome) for outcome in keys.store.run(renew_all())]
    assert kinds == [AuthData, InvalidRefreshTokenError] * 5


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_missing_server(required: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server its tests are skipped, or fail where servers are required, and name the package to install."""
    monkeypatch.setenv("ROLLOUT_AUTH_REQUIRE_SERVERS", required)
    with pytest.raises(outcome, match="no-such-server is missing: run `apt-get install its-package`"):
        server_program("no-such-server", "its-package")
