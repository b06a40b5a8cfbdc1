"""The documentation runs: every block of Python is executed, every link leads somewhere, every code is listed."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import rollout_auth

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture
def _configured(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", secret)


@by_page
@pytest.mark.usefixtures("_configured")
def test_code_blocks(page: Path) -> None:
    """The Python of a page runs from its top to its end, without a warning."""
    for example in Sybil(parsers=[PythonCodeBlockParser()]).parse(page).examples():
        example.evaluate()


def test_docstring() -> None:
    """The example of the package's docstring shows what happens."""
    outcome = doctest.testmod(rollout_auth)
    assert (outcome.attempted > 3, outcome.failed) == (True, 0)


@by_page
def test_links(page: Path) -> None:
    """A relative link leads to a file, and its fragment to a heading of that page."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text("utf-8")):
        path, _, fragment = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.MULTILINE) if fragment else []
        assert not fragment or fragment in [heading.lower().replace(" ", "-") for heading in headings], target


@pytest.mark.parametrize("name", rollout_auth.__all__)
def test_reference_is_complete(name: str) -> None:
    """The reference names everything that users import, and each error with its status and code."""
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert f"`{name}" in reference
    value = getattr(rollout_auth, name)
    if isinstance(value, type) and issubclass(value, rollout_auth.RolloutAuthError):
        assert f"| `{name}` | {value.status} | `{value.code}` |" in reference
