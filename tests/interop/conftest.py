from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
INSTALL = "npm install --prefix tests/interop"


def what_is_missing() -> str | None:
    if shutil.which("node") is None:
        return "Node.js is missing"
    pins = json.loads((HERE / "package.json").read_text("utf-8"))["devDependencies"]
    for name, version in pins.items():
        manifest = HERE / "node_modules" / name / "package.json"
        if not manifest.is_file() or json.loads(manifest.read_text("utf-8"))["version"] != version:
            return f"{name} {version} is missing"
    return None


@pytest.fixture(scope="session")
def start_node() -> Iterator[Callable[[str], Callable[..., dict[str, Any]]]]:
    """Starts a script of this folder in Node; what comes back sends it a request and returns its reply."""
    missing = what_is_missing()
    if missing:
        give_up = pytest.fail if os.environ.get("ROLLOUT_AUTH_REQUIRE_NODE") == "1" else pytest.skip
        give_up(f"{missing}: run `{INSTALL}`")
    with ExitStack() as stack:

        def start(script: str) -> Callable[..., dict[str, Any]]:
            pipe = subprocess.PIPE
            process = stack.enter_context(
                subprocess.Popen(["node", HERE / script], stdin=pipe, stdout=pipe, encoding="utf-8")
            )

            def ask(call: str, **request: object) -> dict[str, Any]:
                process.stdin.write(json.dumps({"call": call, **request}) + "\n")
                process.stdin.flush()
                reply = process.stdout.readline()
                assert reply, f"{script} ended: its reason is in the captured stderr"
                return json.loads(reply)

            return ask

        yield start
