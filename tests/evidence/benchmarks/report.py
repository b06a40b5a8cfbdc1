"""What a run found, as Markdown, as JSON, and in the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.tables import FLOOR, Row

BEGIN, END = "<!-- bench: written by the benchmark -->", "<!-- bench: end -->"

Results = Mapping[str, dict[str, Row]]


def as_json(versions: Mapping[str, str], notes: list[str], results: Results) -> str:
    tables = {name: {label: row._asdict() for label, row in rows.items()} for name, rows in results.items()}
    return json.dumps({"versions": versions, "notes": notes, "tables": tables}, indent=2)


def markdown(summary: list[str], floors: Mapping[str, str], results: Results, images: str = "") -> str:
    """A summary, then for each table its floor, its plot if there is a folder of them, and its rows."""
    blocks = ["\n".join(summary)]
    for name, rows in results.items():
        blocks += [f"### {name}", f"Floor: {floors[name]}."]
        if images:
            blocks.append(f"![{alternative(rows)}]({images}/{image_name(name)})")
        blocks.append("\n".join(table(rows)))
    return "\n\n".join(blocks)


def table(rows: dict[str, Row]) -> list[str]:
    others = [other for other in rows[FLOOR].ratios if other != FLOOR]
    titles = ["", "best, µs", "ratio to floor", "rounds", *(f"ratio to {other}" for other in others)]
    lines = [f"| {' | '.join(titles)} |".replace("|  |", "| |"), f"| --- |{' ---: |' * (len(titles) - 1)}"]
    for label, row in rows.items():
        cells = [f"**{label}**" if row.is_ours else label, microseconds(row), ratio(row, FLOOR), spread(row)]
        lines.append(f"| {' | '.join([*cells, *(ratio(row, other) for other in others)])} |")
    return lines


def microseconds(row: Row) -> str:
    digits = 2 if row.microseconds < 1 else 1 if row.microseconds < 1000 else 0
    return f"{row.microseconds:,.{digits}f}"


def ratio(row: Row, other: str) -> str:
    limit = f" (target <= {row.targets[other]:.2f})" if other in row.targets else ""
    return f"{row.ratios[other]:.2f}{limit}"


def spread(row: Row) -> str:
    return "{:.2f} to {:.2f}".format(*row.quartiles)


def alternative(rows: dict[str, Row]) -> str:
    """The plot in words."""
    parts = [f"{label} {row.ratios[FLOOR]:.2f}" for label, row in rows.items() if label != FLOOR]
    return f"Ratios to the floor on a logarithmic axis: {'; '.join(parts)}."


def image_name(name: str) -> str:
    return f"speed-{name.lower().replace(' ', '-')}.svg"


def write_section(page: Path, text: str) -> None:
    """Replace what stands between the markers of a page."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page.name} lacks its markers: {BEGIN} and {END}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")
