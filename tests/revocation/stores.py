"""The examples, each with the users of its store, behind one face."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy
from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from django.utils.functional import empty

from rollout_auth import ApiKeyGrant, ApiKeyIssuer, AuthData, RefreshRequest, ResponseParts

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
SECRET = "not-a-real-secret-" + "0f1e2d3c4b5a6978" * 4
VERIFICATION_TOKEN = "verification-token-1"
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def server_program(name: str, package: str) -> str:
    """The path of a server's program. Without it the test is skipped, or fails where servers are required."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))
    if found is None:
        give_up = pytest.fail if os.environ.get("ROLLOUT_AUTH_REQUIRE_SERVERS") == "1" else pytest.skip
        give_up(f"{name} is missing: run `apt-get install {package}`")
    return found


# --- examples -------------------------------------------------------------------------------------------------------


def imported(name: str, **environment: str) -> ModuleType:
    """An example, imported anew under a name of its own."""
    spec = spec_from_file_location(f"{name}_{uuid.uuid4().hex}", EXAMPLES / f"{name}.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY_SECRET", SECRET)
        patch.setenv("ROLLOUT_VERIFICATION_TOKEN", VERIFICATION_TOKEN)
        for variable, value in environment.items():
            patch.setenv(variable, value)
        spec.loader.exec_module(module)
    return module


def refresh_request(refresh_token: str) -> tuple[bytes, dict[str, str]]:
    headers = {"X-Rollout-Verification-Token": VERIFICATION_TOKEN, "Content-Type": "application/json"}
    return json.dumps({"refreshToken": refresh_token}).encode(), headers


class Store:
    """The users of an example."""

    def __init__(self, example: ModuleType) -> None:
        self.example = example

    def user(self, user_id: str) -> Any:
        """What the example's functions take for a user."""
        return user_id

    def authenticate(self, issuer: ApiKeyIssuer, api_key: str) -> ApiKeyGrant:
        return issuer.authenticate(api_key)

    def refresh(self, issuer: ApiKeyIssuer, refresh_token: str) -> AuthData:
        return issuer.refresh(refresh_token)

    def answer(self, refresh_token: str) -> ResponseParts:
        return self.example.refresh_endpoint.handle(*refresh_request(refresh_token))

    def revoke_by_date(self, user_id: str) -> None:
        self.example.revoke_by_date(self.user(user_id))


class DjangoStore(Store):
    def add_user(self) -> str:
        return str(self.users.create_user(uuid.uuid4().hex).pk)

    @property
    def users(self) -> Any:
        return self.example.get_user_model().objects

    def user(self, user_id: str) -> Any:
        return self.users.get(pk=user_id)

    def delete_user(self, user_id: str) -> None:
        self.user(user_id).delete()

    def set_date(self, user_id: str, moment: datetime) -> None:
        self.example.ApiKeys.objects.update_or_create(user_id=user_id, defaults={"keys_revoked_at": moment})


class SqlalchemyStore(Store):
    def execute(self, statement: Any) -> Any:
        with self.example.engine.begin() as session:
            result = session.execute(statement)
            return result.scalar() if result.returns_rows else None

    def add_user(self) -> str:
        return str(self.execute(sqlalchemy.insert(self.example.User).values().returning(self.example.User.id)))

    def delete_user(self, user_id: str) -> None:
        self.execute(sqlalchemy.delete(self.example.User).where(self.example.User.id == int(user_id)))

    def set_date(self, user_id: str, moment: datetime) -> None:
        user = self.example.User
        self.execute(sqlalchemy.update(user).where(user.id == int(user_id)).values(keys_revoked_at=moment))


class AsyncStore(SqlalchemyStore):
    def __init__(self, example: ModuleType) -> None:
        super().__init__(example)
        self.loop = asyncio.new_event_loop()
        self.run = self.loop.run_until_complete

    def execute(self, statement: Any) -> Any:
        return self.run(self._execute(statement))

    async def _execute(self, statement: Any) -> Any:
        async with self.example.engine.begin() as session:
            result = await session.execute(statement)
            return result.scalar() if result.returns_rows else None

    async def create_tables(self) -> None:
        async with self.example.engine.begin() as session:
            await session.run_sync(self.example.Base.metadata.create_all)

    def authenticate(self, issuer: ApiKeyIssuer, api_key: str) -> ApiKeyGrant:
        return self.run(self.example.authenticate(api_key))

    def refresh(self, issuer: ApiKeyIssuer, refresh_token: str) -> AuthData:
        return self.run(self.example.renew(RefreshRequest(refresh_token)))

    def answer(self, refresh_token: str) -> ResponseParts:
        return self.run(self.example.refresh_endpoint.handle_async(*refresh_request(refresh_token)))

    def revoke_by_date(self, user_id: str) -> None:
        self.set_date(user_id, datetime.now(timezone.utc))

    def close(self) -> None:
        self.run(self.example.engine.dispose())
        self.loop.close()


class RedisStore(Store):
    def add_user(self) -> str:
        return f"user {uuid.uuid4()}"

    def delete_user(self, user_id: str) -> None:
        self.example.revoke_by_date(user_id)

    def set_date(self, user_id: str, moment: datetime) -> None:
        self.example.redis.set(f"keys-revoked-at:{user_id}", (moment - EPOCH) // MILLISECOND)


def forget_connections() -> None:
    for open_connection in connections.all(initialized_only=True):
        open_connection.close()
        del connections[open_connection.alias]
    connections._settings = None
    vars(connections).pop("settings", None)


@contextmanager
def django_store(folder: Path, database: dict[str, str]) -> Iterator[DjangoStore]:
    """The example as the models of an app, in a project of its own; the settings of other tests are put back."""
    package = folder / "accounts"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "models.py").symlink_to(EXAMPLES / "revocation_django.py")
    before, settings._wrapped = settings._wrapped, empty
    try:
        settings.configure(
            API_KEY_SECRET=SECRET,
            DATABASES={"default": database},
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "accounts"],
        )
        forget_connections()
        apps.populate([])
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            apps.set_installed_apps(settings.INSTALLED_APPS)
        try:
            with connection.schema_editor() as editor:
                for model in apps.get_models():
                    editor.create_model(model)
            yield DjangoStore(sys.modules["accounts.models"])
        finally:
            forget_connections()
            apps.unset_installed_apps()
    finally:
        settings._wrapped = before


@contextmanager
def sqlalchemy_store(url: str) -> Iterator[SqlalchemyStore]:
    example = imported("revocation_sqlalchemy", DATABASE_URL=url)
    example.Base.metadata.create_all(example.engine)
    yield SqlalchemyStore(example)
    example.engine.dispose()


@contextmanager
def async_store(url: str) -> Iterator[AsyncStore]:
    store = AsyncStore(imported("revocation_async", DATABASE_URL=url))
    store.run(store.create_tables())
    yield store
    store.close()


@contextmanager
def redis_store(url: str) -> Iterator[RedisStore]:
    example = imported("revocation_redis", REDIS_URL=url)
    yield RedisStore(example)
    example.redis.close()


@contextmanager
def opened(name: str, ask: Callable[[str], Any], folder: Path) -> Iterator[Store]:
    kind, _, database = name.partition("-")
    if kind == "redis":
        with redis_store(ask("redis_url")) as store:
            yield store
        return
    file = folder / "database"
    where = ask("postgres")() if database == "postgres" else {}
    if kind == "django":
        engine = {"ENGINE": f"django.db.backends.{'postgresql' if where else 'sqlite3'}", "NAME": str(file)}
        with django_store(folder, engine | {key.upper(): value for key, value in where.items()}) as store:
            yield store
        return
    url = f"sqlite{'+aiosqlite' if kind == 'async' else ''}:///{file}"
    if where:
        url = "postgresql+psycopg://{user}@/{name}?host={host}".format(**where)
    with (async_store if kind == "async" else sqlalchemy_store)(url) as store:
        yield store


# --- what a test asks for -------------------------------------------------------------------------------------------


class Keys:
    """Keys of one store, under one of the two rules."""

    def __init__(self, store: Store, rule: str) -> None:
        self.store, self.rule, self.example = store, rule, store.example
        self.issuer: ApiKeyIssuer = self.example.issuer
        if rule == "version":
            self.issuer = ApiKeyIssuer(SECRET, is_revoked=self.example.revoked_by_version)

    def issue(self, user_id: str, now: datetime | None = None) -> AuthData:
        grant_id = self.example.current_grant_id(self.store.user(user_id)) if self.rule == "version" else None
        return self.issuer.issue(user_id, grant_id=grant_id, now=now)

    def authenticate(self, auth_data: AuthData) -> ApiKeyGrant:
        return self.store.authenticate(self.issuer, auth_data.api_key)

    def refresh(self, auth_data: AuthData) -> AuthData:
        return self.store.refresh(self.issuer, auth_data.refresh_token)

    def revoke(self, user_id: str) -> None:
        if self.rule == "date":
            self.store.revoke_by_date(user_id)
        else:
            self.example.revoke_by_version(self.store.user(user_id))
