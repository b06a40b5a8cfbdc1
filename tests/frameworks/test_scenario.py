"""Every example goes through the whole scenario, with every fault: on its server, and in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rollout_auth import ClientCredentials, cli
from rollout_auth.testing import Dashboard, DashboardRequest, RolloutSimulator

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
DASHBOARD = Dashboard(token=DashboardRequest("GET", "/rollout/token", headers={"X-Demo-Session": "demo-session"}))
APPS = ["django", "flask", "wsgi", "fastapi", "starlette", "asgi"]
PASSED = ["passed"] * 16


def test_on_its_server(client: Any, credentials: ClientCredentials, verified: tuple[str, str]) -> None:
    """An app that keeps its own time, in another process, passes every step."""
    simulator = RolloutSimulator(
        f"http://127.0.0.1:{client.port}",
        credentials=credentials,
        verification_token=verified[1],
        dashboard=DASHBOARD,
    )
    report = simulator.run()
    assert [step.outcome for step in report.steps] == PASSED, f"{report}\n{simulator.transcript}"


def test_by_the_command(
    client: Any,
    credentials: ClientCredentials,
    verified: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command finds nothing to fix."""
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", credentials.client_id)
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", credentials.client_secret)
    monkeypatch.setenv("ROLLOUT_PREVIOUS_CLIENT_SECRET", credentials.previous_client_secrets[0])
    monkeypatch.setenv("ROLLOUT_VERIFICATION_TOKEN", verified[1])
    monkeypatch.setenv("SESSION", "demo-session")
    url = f"http://127.0.0.1:{client.port}"
    assert cli.main(["simulate", url, "--token-header", "X-Demo-Session=SESSION"]) == 0
    assert "16 steps: 16 passed" in capsys.readouterr().out


@pytest.mark.parametrize("app", APPS)
def test_in_process(app: str, settings: dict[str, str], names: dict[str, str]) -> None:
    """An app that is called in this process, and whose library has the simulator's clock, passes every step.

    When the store that it asks about a grant is away, a call and a refresh are answered with 503.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).parent / "in_process.py", names[app]],
        env={**os.environ, **settings, "PYTHONPATH": str(EXAMPLES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results, away = json.loads(done.stdout)
    assert results == dict.fromkeys(results, PASSED)
    assert len(results) == (4 if app == "django" else 2)
    assert away == [[503, {"error": "temporarily_unavailable"}, "30"]] * 2
