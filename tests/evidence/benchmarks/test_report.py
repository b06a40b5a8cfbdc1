"""The benchmark's arithmetic, and what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.report import BEGIN, END, alternative, image_name, markdown, microseconds, write_section
from benchmarks.tables import FLOOR, Table, compared, measured

SAMPLES = {FLOOR: (2e-6, 1e-6, 4e-6), "ours": (1e-6, 2e-6, 1e-6), "peer": (4e-6, 3e-6, 8e-6)}
ROWS = compared(SAMPLES, {"ours": {FLOOR: 0.7, "peer": 0.2}})


def test_ratios() -> None:
    """A time is the least of its rounds, and a ratio that of two such times."""
    assert [row.microseconds for row in ROWS.values()] == [1.0, 1.0, 3.0]
    assert ROWS["ours"].ratios == {FLOOR: 1.0, "peer": 0.333}
    assert ROWS["peer"].ratios == {FLOOR: 3.0, "peer": 1.0}


def test_quartiles() -> None:
    """The spread is that of the ratios within each round, here 0.5, 2 and 0.25, and 2, 3 and 2."""
    assert ROWS["ours"].quartiles == (0.375, 1.25)
    assert ROWS["peer"].quartiles == (2.0, 2.5)


def test_interleaved() -> None:
    """Each round takes one sample of each contender, in their order."""
    taken = []

    def sampler(name: str) -> float:
        taken.append(name)
        return 1e-6

    measured(Table("Call", "nothing", {FLOOR: lambda: sampler(FLOOR), "ours": lambda: sampler("ours")}, {}, 3))
    assert taken == [FLOOR, "ours"] * 3


def test_markdown() -> None:
    """Our own rows are bold, a target stands beside its ratio, and the plot is there in words too."""
    assert markdown(["Summary."], {"A call": "by hand"}, {"A call": ROWS}, "images").splitlines() == [
        "Summary.",
        "",
        "### A call",
        "",
        "Floor: by hand.",
        "",
        "![Ratios to the floor on a logarithmic axis: ours 1.00; peer 3.00.](images/speed-a-call.svg)",
        "",
        "| | best, µs | ratio to floor | rounds | ratio to peer |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| floor | 1.0 | 1.00 | 1.00 to 1.00 | 0.33 |",
        "| **ours** | 1.0 | 1.00 (target <= 0.70) | 0.38 to 1.25 | 0.33 (target <= 0.20) |",
        "| peer | 3.0 | 3.00 | 2.00 to 2.50 | 1.00 |",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.047, "0.05"), (0.5, "0.50"), (1, "1.0"), (12.345, "12.3"), (999.9, "999.9"), (19053.8, "19,054")],
)
def test_digits(value: float, shown: str) -> None:
    """A short time has more digits after the point than a long one."""
    assert microseconds(ROWS["ours"]._replace(microseconds=value)) == shown


def test_section(tmp_path: Path) -> None:
    """What stands between the markers is replaced, and all else is kept, run after run."""
    page = tmp_path / "speed.md"
    page.write_text(f"above\n\n{BEGIN}\nold\n{END}\n\nbelow\n", "utf-8")
    for text in ("new", "newer"):
        write_section(page, text)
        assert page.read_text("utf-8") == f"above\n\n{BEGIN}\n\n{text}\n\n{END}\n\nbelow\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_markers_missing(tmp_path: Path, text: str) -> None:
    """A page without the markers is left as it is."""
    page = tmp_path / "speed.md"
    page.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"speed\.md lacks its markers"):
        write_section(page, "new")
    assert page.read_text("utf-8") == text


def test_names() -> None:
    """Each table has an image of its own, and its words leave out the floor."""
    assert image_name("Find one of 20 headers") == "speed-find-one-of-20-headers.svg"
    assert FLOOR not in alternative(ROWS).partition(":")[2]
