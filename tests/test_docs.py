"""The documentation runs: every block of Python is executed, every link leads somewhere, every code is listed."""

from __future__ import annotations

import doctest
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import rollout_auth
import rollout_auth.testing
from rollout_auth import ClientCredentials
from rollout_auth.testing import Clock, RolloutSimulator

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture
def _configured(monkeypatch: pytest.MonkeyPatch, rollout_credentials: ClientCredentials) -> Iterator[None]:
    """The environment of a reader who has the credentials of tests, and the Flask example at hand."""
    monkeypatch.setenv("API_KEY_SECRET", "a-secret-of-the-apps-own-" + "0123456789abcdef" * 4)
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    yield
    sys.modules.pop("flask_app", None)


@by_page
@pytest.mark.usefixtures("_configured")
def test_code_blocks(page: Path) -> None:
    """The Python of a page runs from its top to its end, without a warning."""
    for example in Sybil(parsers=[PythonCodeBlockParser()]).parse(page).examples():
        example.evaluate()


@pytest.mark.usefixtures("_configured")
def test_ten_lines(rollout_simulator: Callable[..., RolloutSimulator]) -> None:
    """The test that the page on testing begins with has ten lines at most, and passes."""
    first, *_ = Sybil(parsers=[PythonCodeBlockParser()]).parse(ROOT / "docs" / "testing.md").examples()
    first.evaluate()
    first.namespace["test_rollout"](rollout_simulator)
    assert len(first.parsed.strip().splitlines()) <= 10


@pytest.mark.usefixtures("_configured")
def test_awaited_lines(rollout_credentials: ClientCredentials, rollout_clock: Clock) -> None:
    """The test that awaits passes too."""
    for example in Sybil(parsers=[PythonCodeBlockParser()]).parse(ROOT / "docs" / "testing.md").examples():
        example.evaluate()
    example.namespace["test_rollout_async"](rollout_credentials, rollout_clock)


@pytest.mark.parametrize("package", [rollout_auth, rollout_auth.testing], ids=lambda package: package.__name__)
def test_docstring(package: ModuleType) -> None:
    """The example of a package's docstring shows what happens."""
    outcome = doctest.testmod(package)
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


@pytest.mark.parametrize("name", rollout_auth.testing.__all__)
def test_testing_is_complete(name: str) -> None:
    """What the test kit has is named on its page, or in the reference."""
    pages = [(ROOT / "docs" / page).read_text("utf-8") for page in ("testing.md", "reference.md")]
    assert any(re.search(rf"\b{name}\b", page) for page in pages)


@pytest.mark.parametrize("name", rollout_auth.__all__)
def test_reference_is_complete(name: str) -> None:
    """The reference names everything that users import, and each error with its status and code."""
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert f"`{name}" in reference
    value = getattr(rollout_auth, name)
    if isinstance(value, type) and issubclass(value, rollout_auth.RolloutAuthError):
        assert f"| `{name}` | {value.status} | `{value.code}` |" in reference
