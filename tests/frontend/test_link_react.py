"""Rollout's own front end, in a browser, lives on the tokens of the example app."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rollout_auth import ClientCredentials
from rollout_auth.testing import BrowserAPI, RolloutSimulator, serve

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
PAGE = EXAMPLES / "link_react"
CONNECTORS = {"Follow Up Boss": False, "HubSpot": False, "Pipedrive": False, "Salesforce": False}
LISTED = [("GET", "/connectors", 200, "user-1"), ("GET", "/credentials", 200, "user-1")]
REFUSED = [("GET", "/connectors", 401, None), ("GET", "/credentials", 401, None)]
BY_PATH_AND_STATUS = itemgetter(1, 2)
REFUSED_IN_CONSOLE = "Failed to load resource: the server responded with a status of 401"


def what_is_missing() -> str | None:
    for program in ("node", "npm", "chromium"):
        if shutil.which(program) is None:
            return f"{program} is missing: install it"
    for folder in (PAGE, HERE):
        manifest = json.loads((folder / "package.json").read_text("utf-8"))
        for name, version in {**manifest.get("dependencies", {}), **manifest["devDependencies"]}.items():
            installed = folder / "node_modules" / name / "package.json"
            if not installed.is_file() or json.loads(installed.read_text("utf-8"))["version"] != version:
                return f"{name} {version} is missing: run `npm install --prefix {folder.relative_to(ROOT)}`"
    return None


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    missing = what_is_missing()
    if missing:
        give_up = pytest.fail if os.environ.get("ROLLOUT_AUTH_REQUIRE_NODE") == "1" else pytest.skip
        give_up(missing)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's script and style, built as the example says, but not into its folder: two runs may overlap."""
    folder = tmp_path_factory.mktemp("bundle")
    subprocess.run(["npm", "run", "--silent", "build", "--", f"--outdir={folder}"], cwd=PAGE, check=True)
    return folder


@pytest.fixture(scope="module")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """Takes a step in a browser, and tells what the page did since it was opened."""
    command = ["node", HERE / "drive.mjs", shutil.which("chromium"), tmp_path_factory.mktemp("browser")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:

        def step(call: str, **request: object) -> dict[str, Any]:
            process.stdin.write(json.dumps({"call": call, **request}) + "\n")
            process.stdin.flush()
            reply = json.loads(process.stdout.readline() or '{"error": "it ended: see the captured stderr"}')
            assert "error" not in reply, reply["error"]
            return reply.get("result", {})

        yield step


class Site:
    """The example app and Rollout's API, each on an origin of its own."""

    def __init__(self, flask_app: ModuleType, api: BrowserAPI, browse: Callable[..., dict[str, Any]]) -> None:
        self.flask_app, self.api, self.browse = flask_app, api, browse
        self.urls: dict[str, str] = {}

    def open(self) -> dict[str, Any]:
        return self.browse("open", **self.urls)

    @property
    def calls(self) -> list[tuple[str, str, int, str | None]]:
        """What reached the API, by path and status: which of two calls at once came first does not matter."""
        return sorted(self.api.requests, key=BY_PATH_AND_STATUS)


@pytest.fixture
def start(
    monkeypatch: pytest.MonkeyPatch,
    bundle: Path,
    browse: Callable[..., dict[str, Any]],
    rollout_simulator: Callable[..., RolloutSimulator],
) -> Iterator[Callable[..., Site]]:
    """Starts the example app, and a Rollout with the options of ``RolloutSimulator``."""

    def load(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, path.stem, module)  # for this test: each has an app of its own
        spec.loader.exec_module(module)
        return module

    with ExitStack() as stack:

        def start(**options: object) -> Site:
            monkeypatch.setenv("ROLLOUT_API_KEY_SECRET", "a-secret-of-the-apps-own-" + "0123456789abcdef" * 4)
            flask_app = load(EXAMPLES / "flask_app.py")
            site = Site(flask_app, BrowserAPI(rollout_simulator(flask_app.app, **options)), browse)
            site.urls["api"] = stack.enter_context(serve(site.api))
            monkeypatch.setenv("ROLLOUT_API_BASE_URL", site.urls["api"])
            monkeypatch.setattr(load(PAGE / "page.py"), "BUNDLE", bundle)
            site.urls["site"] = stack.enter_context(serve(flask_app.app))
            return site

        yield start


def test_connectors(start: Callable[..., Site]) -> None:
    """The page lists the connectors with one token, of the user who is signed in, and asks nobody else."""
    site = start()
    page = site.open()
    assert page["connectors"] == CONNECTORS
    assert site.calls == LISTED
    assert len({call["authorization"] for call in page["calls"]}) == 1
    assert (page["errors"], page["foreign"]) == ([], [])


def test_refused_token(start: Callable[..., Site]) -> None:
    """When Rollout refuses a token, the page fetches another, which serves, and the user sees nothing of it."""
    site = start()
    site.api.refuse_next_token()
    page = site.open()
    assert page["connectors"] == CONNECTORS
    assert site.calls == sorted(LISTED + REFUSED, key=BY_PATH_AND_STATUS)
    tokens = {call["status"]: call["authorization"] for call in page["calls"]}
    assert tokens[401] != tokens[200]
    assert [error[: len(REFUSED_IN_CONSOLE)] for error in page["errors"]] == [REFUSED_IN_CONSOLE] * 2
    assert page["foreign"] == []


def test_another_secret(start: Callable[..., Site]) -> None:
    """A token that another secret signed gets nothing from Rollout, and the page says so."""
    site = start(credentials=ClientCredentials("test-client", "another-secret-of-full-length-" + "0123456789" * 4))
    page = site.open()
    assert "An unexpected error occurred" in page["text"]
    assert page["connectors"] == {}
    assert {call[2:] for call in site.calls} == {(401, None)}  # whichever they are, and however often it tries


def test_connect(start: Callable[..., Site], browse: Callable[..., dict[str, Any]]) -> None:
    """A user connects an account by its form."""
    site = start()
    site.open()
    page = browse("connect", name="Follow Up Boss", field="API key", value="key-1")
    assert page["connectors"] == {**CONNECTORS, "Follow Up Boss": True}
    assert site.api.requests[2:] == [
        ("POST", "/credentials", 200, "user-1"),
        ("GET", "/credentials", 200, "user-1"),
    ]
    assert (page["errors"], page["foreign"]) == ([], [])
    if path := os.environ.get("ROLLOUT_AUTH_SCREENSHOT"):
        browse("screenshot", path=str(Path(path).absolute()))


def test_token_endpoint_fails(start: Callable[..., Site], browse: Callable[..., dict[str, Any]]) -> None:
    """Without a token, the page says so and calls nobody; once there is one, a further try shows the connectors."""
    site = start()
    sessions = dict(site.flask_app.SESSIONS)
    site.flask_app.SESSIONS.clear()
    page = site.open()
    assert "unavailable" in page["text"]
    assert site.calls == []
    site.flask_app.SESSIONS.update(sessions)
    assert browse("tryAgain")["connectors"] == CONNECTORS
    assert site.calls == LISTED
