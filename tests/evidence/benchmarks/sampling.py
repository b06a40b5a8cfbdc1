"""How one sample is taken: in this process, in a fresh interpreter, or in a process that lives as long as the run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from timeit import Timer

from benchmarks.tables import Sampler

SAMPLE_SECONDS = 0.002


def call_samplers(contenders: dict[str, Callable[[], object]]) -> dict[str, Sampler]:
    return {name: call_sampler(function) for name, function in contenders.items()}


def call_sampler(function: Callable[[], object]) -> Sampler:
    """The mean over a few milliseconds of calls, with the garbage collector off, as ``timeit`` has it."""
    timer = Timer(function)
    calls, seconds = timer.autorange()
    calls = calls_per_sample(seconds / calls)
    calls = calls_per_sample(min(timer.repeat(10, calls)) / calls)
    return lambda: timer.timeit(calls) / calls


def calls_per_sample(seconds: float) -> int:
    return max(1, round(SAMPLE_SECONDS / seconds))


def import_sampler(statement: str, *, setup: str = "pass") -> Sampler:
    """The time around one statement in a fresh interpreter, which finds the modules that this one finds."""
    code = (
        f"import gc, sys, time; sys.path[:] = {sys.path[1:]!r}; gc.disable(); {setup}\n"
        f"start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-I", "-c", code]
    return lambda: float(subprocess.run(command, check=True, capture_output=True).stdout)


class Child(AbstractContextManager["Child"]):
    """A process that times calls on request: a line of JSON in, a line with the seconds out."""

    def __init__(self, command: list[str], request: dict[str, object]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._request = request

    def sampler(self, name: str) -> Sampler:
        """As ``call_sampler``, after the second that a compiler may need to warm up."""
        until = time.perf_counter() + 1
        calls, least = 1, float("inf")
        while time.perf_counter() < until:
            least = min(least, self._seconds(name, calls) / calls)
            calls = min(2 * calls, calls_per_sample(least))
        return lambda: self._seconds(name, calls) / calls

    def _seconds(self, name: str, calls: int) -> float:
        self._process.stdin.write(json.dumps({**self._request, "name": name, "calls": calls}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, and waits
