"""The code of the documentation runs: every block of Python and of the shell, from the top of its page to the end."""

from __future__ import annotations

import doctest
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from docs.pages import DOCS, README, ROOT, by_page
from docs.shell import Shell
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

import rollout_auth
from rollout_auth import ClientCredentials

EXAMPLES = DOCS / "examples"
DIRECTIVES = {"toctree", "include", "literalinclude", "uml", "errors", "eval-rst", "note", "tip", "warning", "important"}
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
            if file[1] == "append":
                example.parsed = f"{path.read_text('utf-8')}\n\n{example.parsed}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example.parsed, "utf-8")
            return
        before = dict(example.namespace)
        self._execute(example)
        for name, value in example.namespace.items():
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
    monkeypatch.setenv("API_KEY_SECRET", "a-secret-of-the-apps-own-" + "0123456789abcdef" * 4)
    for folder in (EXAMPLES, tmp_path):
        monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)
    opened = []

    def run(page: Path) -> None:
        opened.append(blocks := Blocks(page, tmp_path, request.getfixturevalue))
        for example in Sybil(parsers=[blocks]).parse(page).examples():
            example.evaluate()

    yield run
    for blocks in opened:
        if blocks.shell:
            blocks.shell.close()
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").parent in (EXAMPLES, tmp_path):
            del sys.modules[name]


@by_page
def test_page(page: Path, run_page: Callable[[Path], None]) -> None:
    """The code of a page runs from its top to its end, without a warning, and the tests in it pass."""
    run_page(page)
