"""Refreshes at once, in threads and in processes: there is nothing to share, and so nothing to race for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from threading import Barrier

import pytest

from rollout_auth import ApiKeyGrant, ApiKeyIssuer, AuthData

SECRET = "not-a-real-secret-" + "0123456789abcdef" * 4
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
LATER = NOW + timedelta(days=1)
EXTRA = {"region": "eu", "scopes": ["read", "write"]}
WORKERS = 8
TOTAL = 2_000
EACH = TOTAL // WORKERS


def issued(users: int) -> list[AuthData]:
    issuer = ApiKeyIssuer(SECRET)
    return [issuer.issue(f"user-{number}", extra=EXTRA, grant_id=f"grant-{number}", now=NOW) for number in range(users)]


def refreshed(secret: str, refresh_tokens: list[str]) -> list[AuthData]:
    """What a process does that knows the secret, and nothing else."""
    issuer = ApiKeyIssuer(secret)
    return [issuer.refresh(refresh_token, now=LATER) for refresh_token in refresh_tokens]


def grants(secret: str, api_keys: list[str]) -> list[ApiKeyGrant]:
    issuer = ApiKeyIssuer(secret)
    return [issuer.authenticate(api_key, now=LATER) for api_key in api_keys]


def each_share(pool: Executor, work: Callable[[str, list[str]], list[object]], texts: list[str]) -> list[object]:
    """The work on each of the texts, by all workers at once and in the order of the texts."""
    shares = [texts[start : start + EACH] for start in range(0, len(texts), EACH)]
    done: Iterable[list[object]] = pool.map(work, [SECRET] * len(shares), shares)
    return [result for results in done for result in results]


def assert_all_renewed(answers: list[AuthData], found: list[ApiKeyGrant], users: int) -> None:
    assert len(answers) == len(found) == TOTAL
    assert all((answer.expires_in, answer.extra) == (3600, EXTRA) for answer in answers)
    for number, grant in enumerate(found):
        user = number % users
        assert (grant.user_id, grant.grant_id) == (f"user-{user}", f"grant-{user}")
        assert (grant.granted_at, grant.issued_at) == (NOW, LATER)


@pytest.mark.parametrize("users", [1, TOTAL], ids=["same-token", "different-tokens"])
def test_threads(users: int) -> None:
    """Two thousand refreshes through one issuer, from threads that start together, all succeed and authenticate."""
    issuer = ApiKeyIssuer(SECRET)
    tokens = [auth_data.refresh_token for auth_data in issued(users)] * (TOTAL // users)
    start = Barrier(WORKERS, timeout=60)

    def work(share: list[str]) -> list[tuple[AuthData, ApiKeyGrant]]:
        start.wait()
        answers = [issuer.refresh(refresh_token, now=LATER) for refresh_token in share]
        return [(answer, issuer.authenticate(answer.api_key, now=LATER)) for answer in answers]

    with ThreadPoolExecutor(WORKERS) as pool:
        shares = pool.map(work, [tokens[start : start + EACH] for start in range(0, TOTAL, EACH)])
        pairs = [pair for share in shares for pair in share]
    assert_all_renewed([answer for answer, _ in pairs], [grant for _, grant in pairs], users)


@pytest.mark.parametrize("users", [1, TOTAL], ids=["same-token", "different-tokens"])
def test_processes(users: int) -> None:
    """Two thousand refreshes in fresh processes that know the secret alone all succeed; other ones take the keys."""
    tokens = [auth_data.refresh_token for auth_data in issued(users)] * (TOTAL // users)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        answers = each_share(pool, refreshed, tokens)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        found = each_share(pool, grants, [answer.api_key for answer in answers])
    assert_all_renewed(answers, found, users)


def test_chains_in_threads() -> None:
    """Threads that renew what the others have just renewed keep one grant, whichever answer each of them finds."""
    issuer = ApiKeyIssuer(SECRET)
    held = issued(1)
    start = Barrier(WORKERS, timeout=60)

    def work(worker: int) -> None:
        start.wait()
        for turn in range(100):
            now = LATER + timedelta(seconds=(turn + worker) % 60)
            held.append(issuer.refresh(held[-1].refresh_token, now=now))

    with ThreadPoolExecutor(WORKERS) as pool:
        assert list(pool.map(work, range(WORKERS))) == [None] * WORKERS
    assert len(held) == 1 + WORKERS * 100
    found = [issuer.authenticate(answer.api_key, now=LATER) for answer in held[1:]]
    assert {(grant.user_id, grant.grant_id, grant.granted_at) for grant in found} == {("user-0", "grant-0", NOW)}
    assert all(issuer.refresh(answer.refresh_token, now=LATER).extra == EXTRA for answer in held)
