"""One SVG for each table: ratios on a logarithmic axis, readable on light and on dark pages."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from benchmarks.tables import FLOOR, Row
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

TEXT, OURS, OTHERS, TARGET = "#7a7a7a", "#1f8ad1", "#8c8c8c", "#d1602b"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "rollout-auth",
    "font.family": ["sans-serif"],
    "font.size": 9,
    "text.color": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.labelcolor": TEXT,
}
WITHOUT_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def plot(path: Path, rows: dict[str, Row]) -> None:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 0.9 + 0.26 * len(rows)), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.2)  # for fonts that are wider than the one that is measured here
        _draw(figure, rows)
        figure.savefig(path, transparent=True, metadata=WITHOUT_METADATA)


def _draw(figure: Figure, rows: dict[str, Row]) -> None:
    axes = figure.add_subplot()
    axes.axvline(1, color=TEXT, linewidth=1)
    for place, row in enumerate(rows.values()):
        colour = OURS if row.is_ours else OTHERS
        axes.hlines(place, *row.quartiles, color=colour, linewidth=5, alpha=0.5)
        axes.plot(row.ratios[FLOOR], place, "o", color=colour, markersize=6)
        axes.annotate(
            f"{row.ratios[FLOOR]:.2f}",
            (max(row.ratios[FLOOR], row.quartiles[1]), place),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
        for limit in limits(row, rows):
            axes.plot(limit, place, "|", color=TARGET, markersize=16, markeredgewidth=2)
    axes.set_yticks(range(len(rows)), list(rows))
    for label, row in zip(axes.get_yticklabels(), rows.values(), strict=True):
        if row.is_ours:
            label.set(color=OURS, fontweight="bold")
    axes.set(
        xscale="log",
        xlabel="ratio to the floor, at 1; | is the most that a target allows",
        ylim=(len(rows) - 0.5, -0.5),
    )
    axes.margins(x=0.1)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color=TEXT, alpha=0.25, linewidth=0.5)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, which="both")


def limits(row: Row, rows: dict[str, Row]) -> list[float]:
    """A row's targets as ratios to the floor, whomever they are set against."""
    return [limit * rows[other].ratios[FLOOR] for other, limit in row.targets.items()]
