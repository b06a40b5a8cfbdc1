"""It works, and gives the same, wherever Python runs: each environment in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import freezegun
import pytest
import time_machine
from environments.everything import everything

from rollout_auth import TokenExpiredError, generate_connect_token, verify_connect_token
from rollout_auth.testing import CREDENTIALS, Clock

HERE = Path(__file__).parent
THEN = datetime(2031, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
ENVIRONMENTS: dict[str, tuple[list[str], dict[str, str]]] = {
    "optimised": (["-O"], {}),
    "without docstrings": (["-OO"], {}),
    "isolated": (["-I"], {}),
    "development mode": (["-X", "dev"], {}),
    "hash seed 0": ([], {"PYTHONHASHSEED": "0"}),
    "hash seed 1": ([], {"PYTHONHASHSEED": "1"}),
    "hash seed 4294967295": ([], {"PYTHONHASHSEED": "4294967295"}),
    "Kathmandu": ([], {"TZ": "Asia/Kathmandu"}),
    "St John's": ([], {"TZ": "America/St_Johns"}),
    "a zone ahead": ([], {"TZ": "XXX-14"}),
    "the C locale": ([], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "a locale of its own": (["-X", "utf8=0"], {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"}),
}

REFUSAL = (
    "missing_header: the request has no X-Rollout-Verification-Token: add it to the request in the Rollout dashboard, "
    "or pass the name of the header that it has as header\n"
)
"""The one refusal of ``everything``, which an app without logging sees too."""


def run(script: str, options: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *options, HERE / script],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment(name: str) -> None:
    """Tokens, answers and messages are the same to the byte; the only output is the log line of the refusal."""
    done = run("everything.py", *ENVIRONMENTS[name])
    assert (done.returncode, done.stderr) == (0, REFUSAL)
    assert json.loads(done.stdout) == json.loads(json.dumps(everything()))


@pytest.mark.parametrize("options", [[], ["-O"]], ids=["plain", "optimised"])
def test_hardened(options: list[str]) -> None:
    """The whole conversation needs no file that can be written, and neither MD5 nor SHA-1."""
    done = run("hardened.py", options, {"PYTHONDONTWRITEBYTECODE": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "16 steps: 16 passed" in done.stdout


def frozen_by_freezegun() -> Any:
    return freezegun.freeze_time(THEN)


def frozen_by_time_machine() -> Any:
    return time_machine.travel(THEN, tick=False)


@pytest.mark.parametrize("freeze", [frozen_by_freezegun, frozen_by_time_machine])
def test_frozen_clock(freeze: Any) -> None:
    """Where the clock is frozen, tokens and the simulator's clock have that instant, and age with it."""
    with freeze():
        token = generate_connect_token("user-1", credentials=CREDENTIALS)
        assert verify_connect_token(token, credentials=CREDENTIALS).issued_at == THEN
        assert Clock().now() == THEN
        with Clock().installed() as clock:
            clock.advance(timedelta(minutes=30))
            later = generate_connect_token("user-1", credentials=CREDENTIALS)
        assert verify_connect_token(later, credentials=CREDENTIALS, now=clock.now()).issued_at == clock.now()
    with pytest.raises(TokenExpiredError):
        verify_connect_token(token, credentials=CREDENTIALS, now=THEN + timedelta(hours=2))
