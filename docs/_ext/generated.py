"""Directives for what the code itself knows: ``errors``, a table of all, and ``command``, the options of one."""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Iterator
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rollout_auth import RequestRefusedError, RolloutAuthError, errors
from rollout_auth.cli import _demo, _doctor, _inspect, _mint, _simulate


def error_classes() -> list[type[RolloutAuthError]]:
    """Every error, in the order of the tree."""
    values = vars(errors).values()
    return [value for value in values if isinstance(value, type) and issubclass(value, RolloutAuthError)]


class Errors(SphinxDirective):
    """Every error with its code, its status and what the answer says, and a link to its cause and fix."""

    def run(self) -> list[nodes.Node]:
        """Make the table of Markdown."""
        rows = [
            f"| {{py:exc}}`~rollout_auth.{one.__name__}` `{one.code}` | {one.status} | {_answer(one)} |"
            for one in error_classes()
        ]
        table = ["| class and code | status | answer |", "|---|---|---|", *rows]
        return self.parse_text_to_nodes("\n".join(table), offset=self.lineno)


def _answer(error: type[RolloutAuthError]) -> str:
    return f"`{error.error}`" if issubclass(error, RequestRefusedError) else ""


class Command(SphinxDirective):
    """The description, usage, arguments and options of a command, as its ``--help`` has them."""

    required_arguments = 1
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Make nodes, in which no character means anything else than itself."""
        parser = commands()[self.arguments[0]]
        actions = [action for action in parser._actions if action.dest != "help"]  # noqa: SLF001  argparse lists them nowhere else
        options = any(action.option_strings for action in actions) and ["[OPTIONS]"]
        values = [f"[{one.metavar}]" if one.nargs else str(one.metavar) for one in actions if not one.option_strings]
        usage = " ".join([parser.prog, *(options or ()), *values])
        listed = nodes.definition_list("", *(_item(action) for action in actions))
        return [
            nodes.literal_block(usage, usage, language="text"),
            *_paragraphs(parser.description),
            listed,
            *_paragraphs(parser.epilog),
        ]


def commands() -> dict[str, ArgumentParser]:
    """The parser of each command, by its name."""
    subparsers = ArgumentParser("rollout-auth").add_subparsers()
    for module in (_demo, _simulate, _mint, _inspect, _doctor):
        module.add_parser(subparsers)
    return dict(subparsers.choices)


def _item(action: Action) -> nodes.Node:
    value = "" if action.nargs == 0 else action.metavar or "|".join(action.choices or ()) or action.dest.upper()
    names = action.option_strings or [""]
    term = nodes.term("", "", nodes.literal("", f"{', '.join(names)} {value}".strip()))
    return nodes.definition_list_item("", term, nodes.definition("", *_paragraphs(_text(action))))


def _text(action: Action) -> str:
    text = (action.help or "") % vars(action)
    is_told = action.default in (None, SUPPRESS, False, "-") or action.default == [] or "default" in text
    return text if is_told else f"{text} (default: {action.default})"


def _paragraphs(text: str | None) -> Iterator[nodes.Node]:
    if text:
        yield nodes.paragraph(text, text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("errors", Errors)
    app.add_directive("command", Command)
    return {"parallel_read_safe": True}
