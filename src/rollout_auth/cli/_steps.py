"""How a scenario is shown: each step as it runs, and a summary at the end."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from ._show import as_json
from ._streams import printable

if TYPE_CHECKING:
    from rollout_auth.testing import Report, RolloutSimulator, StepResult


def run(simulator: RolloutSimulator, *, as_machine: bool, shows_exchanges: bool) -> int:
    """Run the scenario, print it, and return the exit status: 0 if no step failed, otherwise 1."""
    began = perf_counter()
    told: set[str] = set()

    def show(step: StepResult) -> None:
        print(f"{step.outcome:7}  {step.seconds * 1000:4.0f} ms  {step.name}", flush=True)
        if step.outcome == "skipped":
            print(f"{'':18}{printable(step.reason)}")
        elif step.error and step.reason in told:
            print(f"{'':18}as above: {step.error.code}")
        elif step.error:
            told.add(step.reason)
            print(f"{'':18}{printable(step.error.problem)}\n{'':18}fix: {printable(step.error.fix)}")
            print(f"{'':18}code: {step.error.code}")
        if step.error or shows_exchanges:
            for exchange in step.exchanges:
                print(f"{'':18}{printable(str(exchange) if step.error else exchange.summary)}")

    report = simulator.run(None if as_machine else show)
    if as_machine:
        print(as_json(_as_dict(report)))
    else:
        print(f"\n{_summary(report)} in {perf_counter() - began:.2f} s")
    return 0 if report.is_ok else 1


def _summary(report: Report) -> str:
    outcomes = [step.outcome for step in report.steps]
    counts = [
        f"{outcomes.count(outcome)} {outcome}" for outcome in ("passed", "failed", "skipped") if outcome in outcomes
    ]
    exchanges = sum(len(step.exchanges) for step in report.steps)
    return f"{len(outcomes)} steps: {', '.join(counts)}; {exchanges} requests"


def _as_dict(report: Report) -> dict[str, object]:
    steps = [
        {
            "name": step.name,
            "outcome": step.outcome,
            "code": step.error and step.error.code,
            "reason": step.error.problem if step.error else step.reason,
            "fix": step.error and step.error.fix,
            "seconds": round(step.seconds, 6),
            "exchanges": [str(exchange) for exchange in step.exchanges],
        }
        for step in report.steps
    ]
    return {"ok": report.is_ok, "steps": steps}
