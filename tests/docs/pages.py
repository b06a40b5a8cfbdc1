"""The pages of the documentation: the README, the changes, and every Markdown file of ``docs``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
PAGES = [README, CHANGELOG, *(page for page in sorted(DOCS.rglob("*.md")) if "node_modules" not in page.parts)]

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """The text of a page without its fenced blocks."""
    return re.sub(r"^ *(`{3,}|~{3,})[^`\n]*\n.*?^ *\1 *$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The fragments by which GitHub and the site know the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def rows(page: Path) -> list[list[str]]:
    """The cells of each row of the page's tables."""
    lines = re.findall(r"^\|(.+)\|$", prose(page), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]
