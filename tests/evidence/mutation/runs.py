"""Runs of the tests in processes of their own: one that records what each test reaches, and one for each mutant.

The parent has imported pytest and the other packages, but not ours, so that each process starts at once.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from select import select
from types import SimpleNamespace
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[3]
WORK = ROOT / "build" / "mutation"
SLOW_FOLDERS = ("docs", "environments", "frameworks", "frontend", "interop", "revocation")
SLOW_FILES = ("test_api_keys_concurrency.py",)
OPTIONS = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
OPTIONS += ["-o", "norecursedirs=.*"]  # the attacks and the targets of the fuzzer notice mutants too
OPTIONS += [f"--ignore=tests/{name}" for name in (*SLOW_FOLDERS, *SLOW_FILES)]
FEW, MANY = 5, 200
"""Examples of hypothesis."""

_MEMORY = 4 * 2**30
_NO_TESTS = 5  # pytest's status


class Record(NamedTuple):
    """A run without a fault."""

    seconds: dict[str, float]
    """Of each test."""
    reach: dict[str, dict[str, list[str]]]
    """The tests that reach a line, by file and line."""
    modules: list[str]
    """What was imported from other packages."""


class Recorder:
    """A pytest plugin: how long each test takes, and what it reaches."""

    def __init__(self, coverage: Any) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        for module in [module for name, module in sys.modules.items() if name.startswith("rollout_auth")]:
            for value in vars(module).values():
                getattr(value, "cache_clear", int)()  # what an earlier test has left there, this one would not reach
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logfinish(self) -> None:
        self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration


class Chosen:
    """A pytest plugin: these tests and no other, the fastest first, and the process ends with the first that fails."""

    def __init__(self, tests: Iterable[str], seconds: dict[str, float]) -> None:
        self.tests = {test: seconds[test] for test in tests}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self.tests), key=lambda one: self.tests[one.nodeid])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            os._exit(1)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        os._exit(exitstatus)


def copy_tree(name: str) -> Path:
    """A copy of what is, or may be, committed."""
    tree = WORK / name
    shutil.rmtree(tree, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for path in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if (ROOT / path).is_file():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, tree / path)
    return tree


def record() -> Record:
    """Run all tests on a tree without a fault, and import what they imported from other packages."""
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # ours would import our package
    file, log = WORK / "record.json", WORK / "record.log"
    if _forked(partial(_record, copy_tree("tree"), file), log, 1800) != 0:
        sys.exit(f"the tests fail without a fault: see {log}")
    recorded = Record(*json.loads(file.read_text()))
    for module in recorded.modules:
        importlib.import_module(module)
    gc.freeze()
    return recorded


def verdict(tree: Path, tests: list[str], recorded: Record, examples: int) -> str:
    """``killed``, ``timed out`` or ``survived``: what becomes of the mutant in a tree."""
    chosen = Chosen(tests, recorded.seconds)
    files = sorted({test.partition("::")[0] for test in tests})
    log = tree.with_suffix(".log")
    limit = 10 + examples * sum(chosen.tests.values())
    status = _forked(partial(_run_tests, tree, chosen, *files, examples=examples), log, limit)
    if status == _NO_TESTS:
        raise RuntimeError(f"pytest does not find the tests of {files}: see {log}")
    return "timed out" if status is None else "killed" if status else "survived"


def _record(tree: Path, file: Path) -> int:
    import coverage  # noqa: PLC0415  in the child alone

    measured = coverage.Coverage(data_file=None, config_file=False, source_pkgs=["rollout_auth"])
    measured.start()
    recorder = Recorder(measured)
    status = _run_tests(tree, recorder, "tests", examples=FEW)
    measured.stop()
    data, reach = measured.get_data(), {}
    for path in data.measured_files():
        lines = data.contexts_by_lineno(path).items()
        reach[str(Path(path).relative_to(tree))] = {line: [test for test in tests if test] for line, tests in lines}
    imported = [name for name, module in sys.modules.items() if "site-packages" in str(getattr(module, "__file__", ""))]
    file.write_text(json.dumps(Record(recorder.seconds, reach, sorted(imported))))
    return status


def _run_tests(tree: Path, plugin: object, *arguments: str, examples: int) -> int:
    import hypothesis.entry_points  # noqa: PLC0415  in the child alone
    import pytest  # noqa: PLC0415  likewise
    from _pytest.assertion.rewrite import AssertionRewritingHook  # noqa: PLC0415  likewise

    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree / "src")
    os.environ.pop("HYPOTHESIS_NO_PLUGINS")
    sys.path[:0] = [str(tree), str(tree / "src")]
    AssertionRewritingHook._warn_already_imported = lambda *_: (
        None
    )  # of pytest's plugins, which the parent has imported
    options: Any = {"derandomize": True, "deadline": None, "database": None, "max_examples": examples}
    hypothesis.settings.register_profile("mutation", **options)
    late = SimpleNamespace(pytest_configure=hypothesis.entry_points.run)
    return pytest.main([*OPTIONS, "--hypothesis-profile=mutation", *arguments], plugins=[plugin, late])


def _forked(function: Callable[[], int], log: Path, seconds: float) -> int | None:
    """The status with which a function ends in a process of its own, or None if it takes longer."""
    child = os.fork()
    if child == 0:
        status = 1
        gc.disable()
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            status = function()
        except Exception:  # noqa: BLE001  whatever a mutant raises is its end
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    watched = os.pidfd_open(child)
    ended = select([watched], [], [], seconds)[0]
    os.close(watched)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if ended else None
