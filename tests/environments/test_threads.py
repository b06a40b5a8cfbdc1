"""What is built once is shared by many threads without a lock: each gets what it would get alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from threading import Barrier

import pytest

from rollout_auth import (
    ApiKeyIssuer,
    AuthData,
    BadSignatureError,
    BadVerificationTokenError,
    ConnectTokenSigner,
    RefreshEndpoint,
    RequestVerifier,
    generate_connect_token,
    verify_connect_token,
    verify_webhook,
)
from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, sign_webhook

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
THREADS = 16
TIMES = 50
PATIENCE = 60  # seconds until a test fails, where it would hang

signer = ConnectTokenSigner(CREDENTIALS)
verifier = RequestVerifier([VERIFICATION_TOKEN, "another-verification-token"])
issuer = ApiKeyIssuer("k" * 64)
endpoint = RefreshEndpoint(lambda request: AuthData(f"key of {request.refresh_token}", "r", 60), verifier=verifier)


def signs(number: int) -> None:
    user, auth_data = f"user-{number}", AuthData(f"key-{number}")
    token = signer.sign(user, auth_data, now=NOON)
    assert token == generate_connect_token(user, auth_data, credentials=CREDENTIALS, now=NOON)
    verified = verify_connect_token(token, credentials=CREDENTIALS, now=NOON)
    assert (verified.user_id, verified.auth_data) == (user, auth_data)
    with pytest.raises(BadSignatureError):
        verify_connect_token(f"{token[:-4]}AAAA", credentials=CREDENTIALS, now=NOON)


def renews(number: int) -> None:
    body = json.dumps({"refreshToken": f"refresh-{number}"}).encode()
    parts = endpoint.handle(body, {"X-Rollout-Verification-Token": VERIFICATION_TOKEN})
    assert json.loads(parts.body)["apiKey"] == f"key of refresh-{number}"
    assert endpoint.handle(body, {"X-Rollout-Verification-Token": f"wrong-{number}"}).status == 401
    with pytest.raises(BadVerificationTokenError):
        verifier.verify_token(f"wrong-{number}")


def receives(number: int) -> None:
    fields = {
        "eventId": f"event-{number}",
        "eventCreated": NOON.isoformat(),
        "event": "x",
        "resourceIds": [],
        "uri": "u",
    }
    body = json.dumps(fields).encode()
    headers = sign_webhook(body, credentials=CREDENTIALS)
    assert verify_webhook(body, headers, credentials=CREDENTIALS).event_id == f"event-{number}"
    with pytest.raises(BadSignatureError):
        verify_webhook(body + b" ", headers, credentials=CREDENTIALS)


def issues(number: int) -> None:
    issued = issuer.issue(f"user-{number}", now=NOON)
    renewed = issuer.refresh(issued.refresh_token or "", now=NOON)
    assert issuer.authenticate(renewed.api_key, now=NOON).user_id == f"user-{number}"


@pytest.fixture(autouse=True)
def _switches_often() -> Iterator[None]:
    """Let threads take turns a thousand times as often as usual, so that a race has its chance."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.parametrize("work", [signs, renews, receives, issues])
def test_threads(work: Callable[[int], None]) -> None:
    """Threads that start together, each with values of its own, never see those of another."""
    barrier = Barrier(THREADS)

    def share(first: int) -> int:
        barrier.wait(PATIENCE)
        for number in range(first, first + TIMES):
            work(number)
        return TIMES

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(share, range(0, THREADS * TIMES, TIMES))) == THREADS * TIMES
