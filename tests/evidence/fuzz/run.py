"""Fuzz each target with atheris, and print a table: ``python tests/evidence/fuzz/run.py [--runs N] [TARGET ...]``.

Everything that is written goes to ``build/fuzz/``: the corpus, which grows from run to run, a log for each target, and
``findings/``. The exit status is 1 if there is a finding. What to do with one stands in docs/fuzzing.md.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import NamedTuple, NoReturn

import atheris

EVIDENCE = Path(__file__).parents[1]
sys.path[0] = str(EVIDENCE)

with redirect_stderr(StringIO()), atheris.instrument_imports(include=["rollout_auth"]):  # it names each module
    from fuzz.seeds import seeds
    from fuzz.targets import TARGETS

BUILD = EVIDENCE.parents[1] / "build" / "fuzz"
FINDINGS = BUILD / "findings"
LONGEST = 700
"""Bytes of an input; the limits of size have tests of their own."""


class Row(NamedTuple):
    target: str
    inputs: int
    per_second: int
    """Of the processor's time, which other programs do not change."""
    edges: int
    features: int
    findings: int


@atheris.instrument_func
def planted(data: bytes) -> None:
    """No input begins with "bug", which is not so: it is found by following coverage, and hardly by chance."""
    assert not (data[:1] == b"b" and data[1:2] == b"u" and data[2:3] == b"g")


def fuzzed(name: str, target: Callable[[bytes], None], options: argparse.Namespace) -> Row:
    """What libFuzzer says of a target at its end. It ends its process, so each target has one."""
    log = BUILD / f"{name}.log"
    child = os.fork()
    if child == 0:
        _fuzz(name, target, options, log)
    _, status, usage = os.wait4(child, 0)
    text = log.read_text("utf-8", "replace")
    inputs, edges, features = (_last(word, text) for word in ("number_of_executed_units", "cov", "ft"))
    return Row(name, inputs, round(inputs / (usage.ru_utime + usage.ru_stime)), edges, features, int(status != 0))


def _fuzz(name: str, target: Callable[[bytes], None], options: argparse.Namespace, log: Path) -> NoReturn:
    logging.getLogger("rollout_auth").disabled = True  # or each refusal would be a line of the log
    corpus, given = BUILD / "corpus" / name, BUILD / "seeds" / name
    for folder in (corpus, given):
        folder.mkdir(parents=True, exist_ok=True)
    for index, data in enumerate(seeds(name).values()):
        (given / f"{index:03}").write_bytes(data)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(output, stream)
    flags = [
        f"-runs={options.runs}",
        f"-max_total_time={options.seconds}",
        f"-seed={options.seed}",
        f"-max_len={LONGEST}",
        f"-dict={EVIDENCE / 'fuzz' / 'words.dict'}",
        f"-artifact_prefix={(FINDINGS if name in TARGETS else BUILD) / name}-",
        "-timeout=10",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *flags, str(corpus), str(given)], target)
    atheris.Fuzz()
    os._exit(1)


def _last(word: str, text: str) -> int:
    return int((re.findall(rf"{word}: +(\d+)", text) or ["0"])[-1])


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the entry points of rollout_auth.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all by default: {', '.join(TARGETS)}")
    parser.add_argument("--runs", type=int, default=10_000, help="inputs for each target (10000)")
    parser.add_argument("--seconds", type=int, default=0, help="end each target after so long, too")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer's random numbers (1)")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    FINDINGS.mkdir(parents=True, exist_ok=True)

    if not fuzzed("planted", planted, argparse.Namespace(runs=5_000_000, seconds=0, seed=1)).findings:
        say("the planted bug is not found: see build/fuzz/planted.log")
        return 1
    say("| Target | Inputs | Inputs per CPU second | Edges | Features | Findings |")
    say("| --- | ---: | ---: | ---: | ---: | ---: |")
    failed: list[str] = []
    for name in options.targets or TARGETS:
        target, *numbers = fuzzed(name, TARGETS[name], options)
        say(f"| `{target}` | {' | '.join(f'{number:,}' for number in numbers)} |")
        failed += [name] * numbers[-1]
    for name in failed:
        end = (BUILD / f"{name}.log").read_text("utf-8", "replace").splitlines()[-30:]
        say(f"\n== {name}: the input is in build/fuzz/findings/; build/fuzz/{name}.log ends:\n")
        say("\n".join(end))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
