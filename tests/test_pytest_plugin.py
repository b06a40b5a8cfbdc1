"""The plugin in a suite of its own: what it gives, and that it costs nothing where it is not used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rollout_auth
from rollout_auth.testing import CREDENTIALS, ENVIRON

Runner = Callable[..., pytest.RunResult]

APP = """
import json
from rollout_auth import *

def app(environ, start_response):
    issuer, verifier = ApiKeyIssuer("k" * 64), RequestVerifier.from_env()
    endpoint = RefreshEndpoint(lambda request: issuer.refresh(request.refresh_token), verifier=verifier)
    path, body = environ["PATH_INFO"], environ["wsgi.input"].read()
    try:
        if path == "/rollout/token":
            parts = connect_token_response(generate_connect_token("user-1", issuer.issue("user-1")))
        elif path == "/rollout/refresh":
            parts = endpoint.handle(body, environ)
        elif path == "/rollout/webhook":
            verify_webhook(body, environ)
            parts = ResponseParts(b"", 204, {})
        else:
            verifier.verify(environ)
            issuer.authenticate(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
            parts = ResponseParts(b"{}", 200, {"Content-Type": "application/json"})
    except RequestRefusedError as error:
        parts = error_response(error)
    start_response(f"{parts.status} -", list(parts.headers.items()))
    return [parts.body]
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs a test in an empty folder, with warnings as errors."""
    monkeypatch.setenv("COVERAGE_PROCESS_START", "")
    pytester.makepyfile(app=APP)

    def run(test: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)

    return run


def test_whole_integration(suite: Runner) -> None:
    """The simulator needs no more than the app; its clock is the library's, so that keys end."""
    result = suite(
        """
        from datetime import timedelta
        from app import app

        def test_integration(rollout_simulator, rollout_clock):
            rollout = rollout_simulator(app)
            rollout.run().check()
            token = rollout.fetch_token()
            rollout.connect(token)
            rollout_clock.advance(timedelta(hours=1))
            rollout.connect()
            rollout.call()
        """
    )
    result.assert_outcomes(passed=1)


def test_failure_is_readable(suite: Runner) -> None:
    """A failure shows the mistake, the fix and the exchanges; no secret, and no line of the simulator's own code."""
    result = suite(
        """
        from app import app

        def broken(environ, start_response):
            def start(status, headers):
                start_response(status, [pair for pair in headers if pair[0] != "Cache-Control"])
            return app(environ, start)

        def test_integration(rollout_simulator):
            rollout_simulator(broken).run().check()
        """,
        "--showlocals",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*IntegrationError: the response from the token endpoint contains a secret, but has no *no-store'*",
            "*token: GET /rollout/token -> 200 *",
        ]
    )
    output = result.stdout.str()
    assert "[cacheable_answer]" in output
    assert CREDENTIALS.client_secret not in output
    assert "eyJ" not in output


def test_failure_shows_no_seal(suite: Runner) -> None:
    """The traceback leads from the test to the rule that was broken, without the functions that hide secrets."""
    result = suite(
        """
        from rollout_auth import AuthData

        def test_call():
            AuthData(42)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*TypeError: api_key is int: pass a str"])
    result.stdout.no_fnmatch_line("*_secrecy.py*")


def test_credentials(suite: Runner) -> None:
    """The credentials are in the environment while the test lasts, and nothing of others is."""
    result = suite(
        """
        import os
        from rollout_auth import AuthData, ClientCredentials, generate_connect_token
        from rollout_auth.testing import assert_connect_token

        def test_credentials(rollout_credentials):
            assert ClientCredentials.from_env() == rollout_credentials
            token = generate_connect_token("user-1", AuthData("key-1"))
            assert_connect_token(token, user_id="user-1", auth_data=AuthData("key-1"))

        def test_without():
            assert "ROLLOUT_CLIENT_ID" not in os.environ
        """
    )
    result.assert_outcomes(passed=2)


def test_previous_secret_is_hidden(suite: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A previous secret of the developer's own environment does not reach the test."""
    monkeypatch.setenv("ROLLOUT_PREVIOUS_CLIENT_SECRET", "p" * 64)
    result = suite(
        """
        from rollout_auth import ClientCredentials

        def test_credentials(rollout_credentials):
            assert ClientCredentials.from_env().previous_client_secrets == ()
        """
    )
    result.assert_outcomes(passed=1)


def test_clock(suite: Runner) -> None:
    """The clock is the library's while the test lasts."""
    result = suite(
        """
        import time
        from datetime import timedelta
        import pytest
        from rollout_auth import TokenExpiredError, generate_connect_token, verify_connect_token

        def test_clock(rollout_credentials, rollout_clock):
            token = generate_connect_token("user-1")
            rollout_clock.advance(timedelta(hours=2))
            with pytest.raises(TokenExpiredError):
                verify_connect_token(token)

        def test_afterwards(rollout_credentials):
            issued = verify_connect_token(generate_connect_token("user-1")).issued_at
            assert abs(issued.timestamp() - time.time()) < 1800
        """
    )
    result.assert_outcomes(passed=2)


def test_options(suite: Runner) -> None:
    """The simulator's arguments can be given by keyword, and replace the fixtures' own."""
    result = suite(
        """
        from app import app
        from rollout_auth.testing import Dashboard

        def test_options(rollout_simulator):
            rollout = rollout_simulator(app, dashboard=Dashboard(webhook_path=None), verification_token="another")
            outcomes = {step.name: step.outcome for step in rollout.run().steps}
            assert outcomes["a webhook"] == "skipped"
            assert outcomes["a call with the key"] == "failed"
        """
    )
    result.assert_outcomes(passed=1)


def test_costs_nothing_unused(tmp_path: Path) -> None:
    """In a suite that does not ask for a fixture, neither the test kit nor PyJWT nor a server is imported."""
    test = tmp_path / "test_nothing.py"
    modules = ["rollout_auth.testing", "jwt", "wsgiref.simple_server", "http.client", "hypothesis"]
    test.write_text(
        f"import sys\ndef test_nothing():\n    assert 'rollout_auth._pytest_plugin' in sys.modules\n"
        f"    assert [name for name in {modules} if name in sys.modules] == []\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    others = ["anyio", "django", "asyncio", "sybil"]
    ended = subprocess.run(
        [*command, *(part for name in others for part in ("-p", f"no:{name}")), str(test)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stdout


STARTS = (
    "import rollout_auth, pytest, sys; sys.exit(pytest.main(['-W', 'error', '-p', 'no:cacheprovider', *sys.argv[1:]]))"
)
"""What an app's own runner does: it imports the app, and the library with it, and only then starts pytest."""


def started(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a test that passes, after the library was imported, with warnings as errors."""
    test = folder / "test_nothing.py"
    test.write_text("def test_nothing(rollout_clock):\n    assert rollout_clock\n", "utf-8")
    return subprocess.run(
        [sys.executable, "-c", STARTS, str(test)],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def installed_as_a_wheel(site: Path) -> Path:
    """Lay the package out as a wheel does, whose RECORD lists every module; an editable installation lists none."""
    package = Path(rollout_auth.__path__[0])
    shutil.copytree(package, site / "rollout_auth", ignore=shutil.ignore_patterns("__pycache__"))
    info = site / "rollout_auth-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rollout-auth\nVersion: 0\n", "utf-8")
    plugin = "[pytest11]\nrollout_auth = rollout_auth._pytest_plugin\n"
    (info / "entry_points.txt").write_text(plugin, "utf-8")
    modules = [f"{path.relative_to(site).as_posix()},," for path in site.rglob("*.py")]
    (info / "RECORD").write_text("\n".join(modules), "utf-8")
    return site / "rollout_auth" / "__init__.py"


def test_starts_after_the_library(tmp_path: Path) -> None:
    """Pytest starts, as the package is installed here, where the library was imported before it."""
    ended = started(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_starts_after_the_library_of_a_wheel(tmp_path: Path) -> None:
    """So it does where the package is installed as a wheel, of which pytest would rewrite every module.

    Without the mark in the package's docstring, pytest warns that it comes too late: PytestAssertRewriteWarning.
    """
    module = installed_as_a_wheel(tmp_path / "site")
    environ = {"PYTHONPATH": str(tmp_path / "site")}
    ended = started(tmp_path, **environ)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    module.write_text(module.read_text("utf-8").replace("PYTEST_DONT_REWRITE", ""), "utf-8")
    ended = started(tmp_path, **environ)
    assert ended.returncode != 0
    assert re.search("PytestAssertRewriteWarning: Module already imported .*rollout_auth", ended.stdout + ended.stderr)


def test_values_are_of_full_length() -> None:
    """The secret of tests needs no warning, and the variables are those that the library reads."""
    assert len(CREDENTIALS.client_secret.encode()) >= 64
    assert set(ENVIRON) == {"ROLLOUT_CLIENT_ID", "ROLLOUT_CLIENT_SECRET", "ROLLOUT_VERIFICATION_TOKEN"}
