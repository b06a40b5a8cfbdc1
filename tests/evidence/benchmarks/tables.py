"""Tables of contenders, and the arithmetic from their samples to ratios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import quantiles
from typing import NamedTuple

FLOOR = "floor"

Sampler = Callable[[], float]


class Table(NamedTuple):
    """What is measured side by side."""

    name: str
    floor: str
    """What the floor does."""
    samplers: dict[str, Sampler]
    """Each takes the seconds of one contender once; ``FLOOR`` is among them."""
    targets: dict[str, dict[str, float]]
    """For each contender of our own, the highest ratios to others, if there are any."""
    rounds: int


class Row(NamedTuple):
    """A contender's time, and its ratios to the floor and to those that some target names."""

    microseconds: float
    """The least of all rounds."""
    ratios: dict[str, float]
    """Of the least times."""
    quartiles: tuple[float, float]
    """The first and the third quartile of the rounds' own ratios to the floor."""
    targets: dict[str, float]
    is_ours: bool


def measured(table: Table) -> dict[str, Row]:
    """Time every contender once in each round, one after the other: what else the machine does hits all alike."""
    samples = [[sampler() for sampler in table.samplers.values()] for _ in range(table.rounds)]
    return compared(dict(zip(table.samplers, zip(*samples, strict=True), strict=True)), table.targets)


def compared(samples: dict[str, Sequence[float]], targets: dict[str, dict[str, float]]) -> dict[str, Row]:
    """The rows of a table, from the seconds of each contender in each round."""
    others = {FLOOR: None} | {name: None for limits in targets.values() for name in limits}
    least = {name: min(seconds) for name, seconds in samples.items()}
    rows = {}
    for name, seconds in samples.items():
        of_rounds = [mine / floor for mine, floor in zip(seconds, samples[FLOOR], strict=True)]
        first, _, third = quantiles(of_rounds, n=4, method="inclusive")
        rows[name] = Row(
            round(least[name] * 1e6, 2),
            {other: round(least[name] / least[other], 3) for other in others},
            (round(first, 3), round(third, 3)),
            targets.get(name, {}),
            name in targets,
        )
    return rows
