"""The code of the documentation runs: every block of Python and of the shell, from the top of its page to the end."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest
from docs.pages import DOCS, README, ROOT, by_page
from docs.shell import Shell
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

from rollout_auth import ClientCredentials

EXAMPLES = DOCS / "examples"
DIRECTIVES = [
    "toctree",
    "include",
    "literalinclude",
    "uml",
    "errors",
    "command",
    "eval-rst",
    "note",
    "tip",
    "warning",
    "important",
]
TAKEN_BY_CI = {README: "the step `readme` of .ci/run takes its commands, which install the package"}
OF_THE_READER = {README: "its test is given the reader's own app"}
A_FILE = re.compile(r"<!-- (file|append): ([\w./-]+) -->\s*\Z")


class Blocks:
    """A parser for Sybil that knows every fenced block of a page, and refuses one whose language it does not know.

    ``python`` is executed, and each test that it defines is called with its fixtures; after the comment
    ``<!-- file: app.py -->`` it is written to that file instead, and after ``<!-- append: app.py -->`` to its end.
    ``sh`` is run by one shell for the whole page, and ``json`` is read. ``text`` is neither.
    """

    def __init__(self, page: Path, folder: Path, fixture: Callable[[str], object]) -> None:
        self.page, self.folder, self.fixture = page, folder, fixture
        self.shell: Shell | None = None
        self._execute = PythonEvaluator()

    def __call__(self, document: Document) -> Iterable[Region]:
        for region in FencedCodeBlockLexer("[^\n]*")(document):
            language = region.lexemes["language"].strip()
            region.parsed = region.lexemes["source"]
            region.evaluator = getattr(self, f"evaluate_{language}", None)
            if language.startswith("{"):
                assert language.partition("}")[0][1:] in DIRECTIVES, f"{language} may hide code: add it, or use a fence"
            elif language != "text":
                assert region.evaluator, f"a block of {language or 'no language'}: python, sh, json or text"
                yield region

    def evaluate_python(self, example: Example) -> None:
        file = A_FILE.search(example.document.text, 0, example.start)
        if file:
            path = self.folder / file[2]
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text("utf-8") + "\n\n" if file[1] == "append" else ""
            path.write_text(before + example.parsed, "utf-8")
            invalidate_caches()
            return
        before = dict(example.namespace)
        self._execute(example)
        for name, value in list(example.namespace.items()):
            if name.startswith("test_") and value is not before.get(name) and self.page not in OF_THE_READER:
                names = value.__code__.co_varnames[: value.__code__.co_argcount]
                value(*map(self.fixture, () if hasattr(value, "hypothesis") else names))

    def evaluate_sh(self, example: Example) -> str | None:
        if self.page in TAKEN_BY_CI:
            return None
        self.shell = self.shell or Shell(self.folder, EXAMPLES)
        return self.shell.run(example.parsed)

    def evaluate_json(self, example: Example) -> None:
        json.loads(example.parsed)


@pytest.fixture
def run_page(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    rollout_credentials: ClientCredentials,
) -> Iterator[Callable[[Path], None]]:
    """Runs a page for a reader in an empty folder, who has the credentials of tests and the example apps at hand."""
    for name in ("API_KEY_SECRET", "ROLLOUT_API_KEY_SECRET"):  # of the pages, and of the example apps
        monkeypatch.setenv(name, "a-secret-of-the-apps-own-" + "0123456789abcdef" * 4)
    for folder in (EXAMPLES, tmp_path):
        monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)

    def run(page: Path) -> None:
        blocks = Blocks(page, tmp_path, request.getfixturevalue)
        try:
            for example in Sybil(parsers=[blocks]).parse(page).examples():
                example.evaluate()
        finally:
            if blocks.shell:
                blocks.shell.close()

    yield run
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "/")
        if file.parent == EXAMPLES or file.is_relative_to(tmp_path):
            del sys.modules[name]


@by_page
def test_page(page: Path, run_page: Callable[[Path], None]) -> None:
    """The code of a page runs from its top to its end, without a warning, and the tests in it pass."""
    run_page(page)


@pytest.mark.parametrize("fence", ["```", "```bash", "```console", "~~~py", "```{code-block} python", "- ```yaml"])
def test_no_block_escapes(fence: str, run_page: Callable[[Path], None], tmp_path: Path) -> None:
    """A block that is not executed says that it is text; any other kind of block is refused."""
    page = tmp_path / "page.md"
    closing = re.sub(r"[^`~ ]", " " if fence.startswith("-") else "", fence)[:5].rstrip()
    page.write_text(f"# Page\n\n{fence}\n{' ' * 2 * fence.startswith('-')}code\n{closing}\n", "utf-8")
    with pytest.raises(AssertionError, match=r"a block of|may hide code"):
        run_page(page)


def test_blocks_of_a_page(run_page: Callable[[Path], None], tmp_path: Path) -> None:
    """A file is written and not executed, tests are called with their fixtures, and the shell sees what both leave."""
    page = tmp_path / "page.md"
    file = "<!-- file: inner/app.py -->\n\n```python\nno-python = 1\n```\n"
    more = "<!-- append: inner/app.py -->\n\n```python\nno-more = 1\n```\n"
    python = "```python\nimport pathlib\ndef test_it(rollout_clock):\n    pathlib.Path('now').touch()\n```\n"
    shell = "```sh\ngrep -q no-python inner/app.py\ngrep -q no-more inner/app.py\ntest -f now\n```\n"
    page.write_text(f"{python}\n{file}\n{more}\n{shell}\n```text\nfalse\n```\n", "utf-8")
    run_page(page)
    page.write_text(f"{shell}\n```sh\nfalse\n```\n", "utf-8")
    with pytest.raises(SybilFailure, match="the shell ended with 1"):
        run_page(page)


def test_commands_of_the_readme() -> None:
    """Where the README's commands are not run by these tests, CI takes them: as many as it has, one in each block."""
    commands = re.findall(r"^```sh\n(.+)\n```$", README.read_text("utf-8"), re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert README.read_text("utf-8").count("```sh") == len(commands)
    assert f'[ "$(wc -l < "$work/commands")" -eq {len(commands)} ]' in script
