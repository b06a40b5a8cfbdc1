"""Speed as ratios: to a floor, which is what anyone would write by hand, and to other libraries.

``bash .ci/run bench`` runs it on an installed wheel, whose bytecode pip compiles, with the pinned peers, and writes the
tables and the plots of docs/speed.md. In that environment, from tests/evidence/::

    python -m benchmarks              # prints the tables; --quick: a tenth of the rounds; --json: for programs
    python -m benchmarks --docs ../../docs

In each round of a table every contender is timed once, one after the other; a contender's time is the least of its
rounds, a ratio is that of two such times, and the quartiles are those of the rounds' own ratios. The targets stand
beside the ratios, and nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks import report
from benchmarks.api_keys import api_key_table
from benchmarks.headers import lookup_table, verification_token_table
from benchmarks.imports import first_token_table, import_table
from benchmarks.jwt_peers import jwt_peers
from benchmarks.material import CLIENT_ID, SECRET, claims, sign_by_hand
from benchmarks.plot import plot
from benchmarks.routes import Worker, route_table
from benchmarks.sampling import Child
from benchmarks.tables import FLOOR, Row, Table, measured
from benchmarks.tokens import sign_table, verify_table
from benchmarks.webhooks import webhook_table

import rollout_auth

HERE = Path(__file__).parent
CALL_ROUNDS, IMPORT_ROUNDS, ROUTE_ROUNDS = 200, 40, 20
PACKAGES = (
    "rollout-auth",
    "PyJWT",
    "cryptography",
    "Authlib",
    "joserfc",
    "python-jose",
    "livekit-api",
    "stripe",
    "slack_sdk",
    "standardwebhooks",
    "Werkzeug",
    "starlette",
    "Django",
    "gunicorn",
)


def tables(node: Child, share: int) -> Iterator[Table]:
    """Each is built right before it is measured: the signatures of some webhooks live for five minutes."""
    peers, calls = jwt_peers(), CALL_ROUNDS // share
    yield sign_table(peers, node, calls)
    yield verify_table(peers, node, calls)
    yield webhook_table(1024, "1 KiB", 1.6, calls)
    yield webhook_table(1024 * 1024, "1 MiB", 1.2, calls)
    yield lookup_table(calls)
    yield verification_token_table(calls)
    yield api_key_table(calls)
    yield import_table(IMPORT_ROUNDS // share)
    yield first_token_table(IMPORT_ROUNDS // share)
    with Worker("with_pyjwt") as floor, Worker("ours") as mine:
        yield route_table({FLOOR: floor, "rollout_auth": mine}, ROUTE_ROUNDS // share)


def versions() -> dict[str, str]:
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, encoding="utf-8").stdout
    pinned = json.loads((HERE / "package.json").read_text("utf-8"))["devDependencies"]
    python = {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    return python | {"Node": node.strip().removeprefix("v"), **pinned}


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if sys.platform == "linux" else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {models[0] if models else platform.machine()}, {platform.system()}"


def notes() -> list[str]:
    folder = Path(rollout_auth.__file__).parent
    if folder.is_relative_to(sysconfig.get_path("purelib")):
        return []
    return [f"This is not an installed wheel: rollout_auth is imported from {folder}."]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure speed as ratios to a floor and to peers.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--docs", type=Path, help="write speed.md and images/ of this folder, instead of printing")
    options = parser.parse_args()

    os.environ.update(ROLLOUT_CLIENT_ID=CLIENT_ID, ROLLOUT_CLIENT_SECRET=SECRET)
    os.environ.pop("ROLLOUT_PREVIOUS_CLIENT_SECRET", None)
    request = {"secret": SECRET, "claims": claims(), "token": sign_by_hand()}
    floors: dict[str, str] = {}
    results: dict[str, dict[str, Row]] = {}
    with Child(["node", str(HERE / "node_peers.mjs")], request) as node:
        for table in tables(node, 10 if options.quick else 1):
            floors[table.name], results[table.name] = table.floor, measured(table)

    if options.json:
        sys.stdout.write(report.as_json(versions(), notes(), results) + "\n")
        return
    summary = [f"{machine()}. {', '.join(' '.join(item) for item in versions().items())}.", *notes()]
    if options.docs is None:
        sys.stdout.write(report.markdown(summary, floors, results) + "\n")
        return
    for name, rows in results.items():
        plot(options.docs / "images" / report.image_name(name), rows)
    report.write_section(options.docs / "speed.md", report.markdown(summary, floors, results, "images"))


if __name__ == "__main__":
    main()
