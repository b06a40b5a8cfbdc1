"""Mutation testing: each small fault that is put into ``src/`` must be noticed by a test, or be explained.

``bash .ci/run mutate`` runs it; see ``docs/mutation.md``.

A runner of our own, because mutmut 3.8 calls each function through another that keeps its arguments in a frame, where
the tests of secrecy find them, and leaves out every function that is decorated (here: sealed); and because cosmic-ray
8.7 changes no statement, argument, text or return value, and starts pytest anew for each mutant, which takes longer
than the tests.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import tomllib
from mutants import Lines, mutants
from runs import FEW, MANY, ROOT, WORK, Record, copy_tree, record, verdict

PACKAGE = "src/rollout_auth"
TOLD = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text())
LISTED = {(place, change) for place, changes in TOLD.items() for change in changes}
LAST = WORK / "unexplained.txt"
LONG = 3.0
"""Seconds of tests in the first pass."""

_TIMES = itertools.count(10**9)
_RECORDED: list[Record] = []


class Job(NamedTuple):
    """A mutant of one file."""

    path: str
    scope: str
    change: str
    source: bytes
    lines: Lines

    @property
    def name(self) -> tuple[str, str]:
        """The module and the function below the package, and what is changed."""
        names = Path(self.path).relative_to(PACKAGE).with_suffix("").parts
        return ".".join([*names, self.scope]).strip("."), self.change


def find_jobs(wanted: list[str]) -> list[Job]:
    """The mutants of the modules whose path has one of the texts in it; of the core, then of testing, then of cli."""
    paths = sorted(str(path.relative_to(ROOT)) for path in (ROOT / PACKAGE).rglob("*.py"))
    paths.sort(key=lambda path: ["rollout_auth", "testing", "cli"].index(Path(path).parent.name))
    chosen = [path for path in paths if any(text in path for text in wanted)]
    return [Job(path, *mutant) for path in chosen for mutant in mutants((ROOT / path).read_bytes())]


def reaching(job: Job) -> list[str]:
    """The tests that may notice a mutant: all, if it runs at the import, or else those that run its lines."""
    of_file = _RECORDED[0].reach.get(job.path, {})
    tests = {test for line in job.lines or () for test in of_file.get(str(line), ())}
    return list(tests or _RECORDED[0].seconds)


def first_pass(job: Job) -> str:
    """Few examples; at first the tests in files that are named like the module, then the fastest others."""
    seconds = _RECORDED[0].seconds
    tests = sorted(reaching(job), key=seconds.__getitem__)
    own = [test for test in tests if Path(job.path).stem.strip("_") in test.partition("::")[0]]
    rest = [test for test in tests if test not in set(own)]
    total = itertools.accumulate(seconds[test] for test in rest)
    short = [test for test, until in zip(rest, total, strict=True) if until < LONG]
    return tried(job, own, FEW) or tried(job, short, FEW) or "survived"


def second_pass(job: Job) -> str:
    """As many examples as ever, and all tests that may notice."""
    return tried(job, reaching(job), MANY) or "survived"


def tried(job: Job, tests: list[str], examples: int) -> str | None:
    """What becomes of a mutant, unless it survives."""
    if not tests:
        return None
    tree = WORK / f"tree-{os.getpid()}"
    file = tree / job.path
    original, times = file.read_bytes(), (file.stat().st_mtime_ns,) * 2
    file.write_bytes(job.source)
    os.utime(file, (next(_TIMES),) * 2)  # by its time and size, bytecode is found again
    try:
        result = verdict(tree, tests, _RECORDED[0], examples)
    finally:
        file.write_bytes(original)
        os.utime(file, ns=times)
    return None if result == "survived" else result


def start_worker(recorded: Record) -> None:
    """Give a worker a tree of its own, and what it needs to know."""
    _RECORDED.append(recorded)
    copy_tree(f"tree-{os.getpid()}")


def tested(judge: Callable[[Job], str], recorded: Record, jobs: list[Job], processes: int) -> list[str]:
    """What becomes of each mutant; what survives and is not listed is shown at once."""
    say(f"{len(jobs)} mutants, {judge.__name__.replace('_', ' ')}")
    results: list[str] = []
    with multiprocessing.get_context("fork").Pool(processes, start_worker, [recorded]) as pool:
        for job, result in zip(jobs, pool.imap(judge, jobs), strict=True):
            results.append(result)
            if len(results) % 500 == 0:
                say(f"  {len(results)} done")
            if result == "survived" and job.name not in LISTED:
                say(f"  {len(results)}. {': '.join(job.name)}")
    return results


def say(text: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Print the score of each package, and what is not explained; the status says whether there is any of it."""
    parser = argparse.ArgumentParser(description="Mutation testing: see docs/mutation.md.")
    parser.add_argument("modules", nargs="*", help="parts of the paths of modules, such as cli/")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--again", action="store_true", help="only what was unexplained the last time")
    parser.add_argument("--quick", action="store_true", help="without the second pass")
    options = parser.parse_args()
    jobs = find_jobs(options.modules or [""])
    whole = not (options.modules or options.again)
    if options.again:
        jobs = [job for job in jobs if ": ".join(job.name) in LAST.read_text().splitlines()]
    recorded = record()
    results = dict(zip(jobs, tested(first_pass, recorded, jobs, options.jobs), strict=True))
    left = [job for job in jobs if results[job] == "survived" and job.name not in LISTED]
    if left and not options.quick:
        results.update(zip(left, tested(second_pass, recorded, left, options.jobs), strict=True))
    return report(results, whole=whole)


def report(results: dict[Job, str], *, whole: bool) -> int:
    """Print what became of the mutants; 1 if one is unexplained, or one that is listed is killed or gone.

    One that is listed may time out: it may be so because it changes the speed alone.
    """
    scores: dict[str, Counter[str]] = defaultdict(Counter)
    for job, result in results.items():
        equivalent = result != "killed" and job.name in LISTED
        scores[Path(job.path).parent.name]["equivalent" if equivalent else result] += 1
    for package, counts in scores.items():
        found = counts.total() - counts["equivalent"]
        parts = ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))
        say(f"{package}: {counts.total()} mutants, {parts}; score {1 - counts['survived'] / found:.2%}")
    names = {job.name: result for job, result in results.items()}
    missing = "gone" if whole else "survived"
    stale = [name for name in sorted(LISTED) if names.get(name, missing) in {"killed", "gone"}]
    for name in stale:
        say(f"listed as equivalent, but {names.get(name, 'gone')}: {': '.join(name)}")
    unexplained = [": ".join(name) for name, result in names.items() if result == "survived" and name not in LISTED]
    LAST.write_text("".join(f"{name}\n" for name in unexplained))
    say("\n".join([f"{len(unexplained)} unexplained", *unexplained]))
    return bool(unexplained or stale)


if __name__ == "__main__":
    sys.exit(main())
