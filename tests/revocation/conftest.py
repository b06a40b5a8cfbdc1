"""Throw-away servers, and the stores on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from revocation.stores import Keys, Store, opened, server_program


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], dict[str, str]]]:
    """A Postgres far from UTC, on a socket alone; each call makes a new database and says how to reach it."""
    programs = [server_program(name, "postgresql") for name in ("initdb", "pg_ctl")]
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        run = partial(subprocess.run, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, **user)
        data, options = f"{folder}/data", f"-c listen_addresses= -c fsync=off -c timezone=Asia/Kolkata -k {folder}"
        run([programs[0], "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        run([programs[1], "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"])
        try:

            def new_database() -> dict[str, str]:
                name = f"test_{uuid.uuid4().hex}"
                with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as session:
                    session.execute(f"CREATE DATABASE {name}")
                return {"host": folder, "user": "postgres", "name": name}

            yield new_database
        finally:
            run([programs[1], "-D", data, "-w", "-m", "immediate", "stop"])


def answers(client: Redis) -> bool:
    try:
        return client.ping()
    except RedisConnectionError:
        return False


def wait_until_ready(process: subprocess.Popen[bytes], client: Redis) -> None:
    for _ in range(500):
        if answers(client):
            return
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"redis-server ended with {process.wait(0.02)}")
    pytest.fail("redis-server does not answer")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis on a socket alone, which keeps nothing."""
    program = server_program("redis-server", "redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        options = ["--port", "0", "--unixsocket", f"{folder}/socket", "--save", "", "--appendonly", "no"]
        process = subprocess.Popen([program, *options], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            with Redis(unix_socket_path=f"{folder}/socket") as client:
                wait_until_ready(process, client)
            yield f"unix://{folder}/socket"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(request.param, request.getfixturevalue, tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def keys(store: Store, rule: str) -> Keys:
    return Keys(store, rule)
