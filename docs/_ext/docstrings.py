"""How the docstrings of ``src`` become entries of the reference: what autodoc and napoleon would read otherwise."""

from __future__ import annotations

import re
from datetime import timedelta

from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

import rollout_auth
import rollout_auth.testing
from rollout_auth import RequestRefusedError, RolloutAuthError
from rollout_auth.testing import CREDENTIALS, Dashboard

_VARIABLES = tuple(f"rollout_auth.{name}" for name in ("connect_token", "refresh", "webhooks", "testing.credentials"))
_PLAIN = ("attribute", "data", "property")
_DEFAULTS = {
    repr(timedelta(hours=1)): "timedelta(hours=1)",
    "datetime.timedelta(": "timedelta(",
    repr(Dashboard()): "Dashboard()",
    repr(CREDENTIALS): "CREDENTIALS",
}
_NO_EXPRESSION = re.compile(r"= (?:<\w+.*?>(?=, \w+: |\))|AuthData\(.*?\))")
_PAGES = {name: package.__name__ for package in (rollout_auth.testing, rollout_auth) for name in package.__all__}


def variable(_app: Sphinx, what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """A variable has the text that stands below it in its module, and not that of its class."""
    if what == "data":
        texts = [ModuleAnalyzer.for_module(module).find_attr_docs() for module in _VARIABLES]
        lines[:] = next(text[key] for text in texts for key in [("", name.rpartition(".")[2])] if key in text)


def keep(app: Sphinx, what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Before napoleon: remember what an attribute says, of which napoleon takes words before a colon for a type."""
    if what in _PLAIN:
        app.env.temp_data[f"docstring of {name}"] = lines.copy()


def restore(app: Sphinx, _what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """After napoleon: let the attribute say it."""
    lines[:] = app.env.temp_data.pop(f"docstring of {name}", lines)


def links(_app: Sphinx, _what: str, own: str, _value: object, _options: object, lines: list[str]) -> None:
    """The name of something else that the reference has is a link to it."""

    def link(match: re.Match[str]) -> str:
        module = _PAGES.get(match[1].partition(".")[0])
        return f":py:obj:`~{module}.{match[1]}`" if module and own != f"{module}.{match[1]}" else match[0]

    lines[:] = [re.sub(r"``([A-Za-z_]+(?:\.[a-z_]+)?)``", link, line) for line in lines]


def error(_app: Sphinx, what: str, _name: str, value: object, _options: object, lines: list[str]) -> None:
    """An error starts with its code, its status and what the answer says; its cause and its fix stand out."""
    if what == "exception":
        lines[:] = [re.sub(r"^(Cause|Fix): ", r"**\1:** ", line) for line in lines]
    if isinstance(value, type) and issubclass(value, RolloutAuthError):
        answer = f" **Answer:** ``{value.error}``." if issubclass(value, RequestRefusedError) else ""
        lines[:0] = [f"**Code:** ``{value.code}``. **Status:** {value.status}.{answer}", ""]


def signature(
    _app: Sphinx, _what: str, _name: str, _value: object, _options: object, arguments: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """A default that is no expression to read is left out, and one that has a name is named."""
    if arguments is None:
        return None, returned
    for value, name in _DEFAULTS.items():
        arguments = arguments.replace(value, name)
    return _NO_EXPRESSION.sub("= ...", arguments), returned


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    before, napoleon, after = 100, 500, 900
    app.connect("autodoc-process-docstring", variable, before)
    app.connect("autodoc-process-docstring", keep, before + 1)
    app.connect("autodoc-process-docstring", error, napoleon)
    app.connect("autodoc-process-docstring", restore, after)
    app.connect("autodoc-process-docstring", links, after + 1)
    app.connect("autodoc-process-signature", signature)
    return {"parallel_read_safe": True}
