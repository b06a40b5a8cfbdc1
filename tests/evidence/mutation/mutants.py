"""Mutants of a module: its source with one small fault each, which some test should notice.

What is changed: comparisons, ``and``, ``or``, ``not``, arithmetic, constants, conditions (always true, always false),
arguments (None, left out), calls (replaced by what they are given), names such as ``min`` (``max``), what is assigned,
returned or yielded (None), statements and decorators (left out), defaults (None) and the errors that are caught.

What is not: annotations and their like (aliases of types, ``cast``, ``TypeVar``, ``TYPE_CHECKING``), docstrings, and
text for people: the message of a ``raise``, and text with a space between two lower-case words. Names, keys, headers
and patterns are text as well, and are changed.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

PAIRS = (
    *(
        ("<", "<="),
        (">", ">="),
        ("==", "!="),
        ("is", "is not"),
        ("in", "not in"),
        ("and", "or"),
        ("+", "-"),
        ("*", "/"),
    ),
    *(("<<", ">>"), ("&", "|"), ("min", "max"), ("any", "all"), ("startswith", "endswith"), ("lstrip", "rstrip")),
    *(("partition", "rpartition"), ("lower", "upper"), ("find", "rfind")),
)
OPPOSITES = {**dict(PAIRS), **{two: one for one, two in PAIRS}, "//": "/", "%": "/", "**": "*", "^": "&"}
OPERATOR = re.compile(r"not\s+in\b|is\s+not\b|[<>=!]=|<<|>>|\*\*|//|[-+*/%&|^<>]|\b(?:in|is|and|or)\b")
PROSE = re.compile(r"[a-z,:] [a-z]")
ALIAS = re.compile(r"[A-Z][a-z]")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Edit = tuple[int, int, str]
"""From, to, and what stands there instead."""
Lines = range | None
"""The lines of which one runs whenever a node does; None is the import of the module."""


class Mutant(NamedTuple):
    """One fault: the function it is in, a name for it there, the whole source, and what reaches it."""

    scope: str
    change: str
    source: bytes
    lines: Lines


def mutants(source: bytes) -> Iterator[Mutant]:
    """Each mutant of a module that is Python, and differs from the module and from the others."""
    tree = ast.parse(source)
    seen = {source}
    names = Counter[tuple[str, str]]()
    for scope, lines, (start, end, text) in _Finder(source).walk(tree, "", None):
        mutated = source[:start] + text.encode() + source[end:]
        if mutated not in seen and _is_python(mutated):
            seen.add(mutated)
            first, last = source.rfind(b"\n", 0, start) + 1, source.find(b"\n", end)
            sides = source[first:last], source[first:start] + text.encode() + source[end:last]
            change = " → ".join(" ".join(side.decode().split()) for side in sides)
            names[scope, change] += 1
            times = names[scope, change]
            yield Mutant(scope, change if times == 1 else f"{change} ({times})", mutated, lines)


def _is_python(source: bytes) -> bool:
    try:
        compile(source, "", "exec")
    except SyntaxError:
        return False
    return True


class _Finder:
    """Finds the edits of a module: ``on_call`` yields those of a call, and so on."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._starts = [0, 0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def walk(self, node: ast.AST, scope: str, lines: Lines) -> Iterator[tuple[str, Lines, Edit]]:
        """The edits of a node and of all below it, with where they are."""
        if _is_left_out(node):
            return
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            scope = f"{scope}.{node.name}".strip(".")
        for edit in getattr(self, f"on_{type(node).__name__.lower()}", lambda _: ())(node):
            yield scope, lines, edit
        for child in _children(node):
            runs = lines
            if isinstance(child, ast.stmt) and (lines or (isinstance(node, FUNCTIONS) and child in node.body)):
                body = getattr(child, "body", None)
                runs = range(child.lineno, max(child.lineno + 1, body[0].lineno if body else child.end_lineno + 1))
            yield from self.walk(child, scope, runs)

    def _span(self, node: Any) -> tuple[int, int]:
        return self._starts[node.lineno] + node.col_offset, self._starts[node.end_lineno] + node.end_col_offset

    def _put(self, node: ast.AST, text: str) -> Edit:
        return (*self._span(node), text)

    def _text(self, *nodes: ast.AST) -> str:
        return ", ".join(self._source[slice(*self._span(node))].decode() for node in nodes)

    def _operator(self, left: ast.AST, right: ast.AST) -> Iterator[Edit]:
        start, end = self._span(left)[1], self._span(right)[0]
        found = OPERATOR.search(self._source[start:end].decode())
        if found:
            yield start + found.start(), start + found.end(), OPPOSITES[" ".join(found[0].split())]

    def _conditions(self, *tests: ast.AST) -> Iterator[Edit]:
        return (self._put(test, text) for test in tests for text in ("True", "False"))

    def _nothing(self, node: Any) -> Iterator[Edit]:
        if node.value and not isinstance(node.value, ast.Constant):
            yield self._put(node.value, "None")

    def _left_out(self, node: ast.AST) -> Iterator[Edit]:
        yield self._put(node, "pass")

    def _one_less(self, node: ast.expr) -> Iterator[Edit]:
        if isinstance(node, ast.Tuple):
            for one in node.elts:
                rest = [other for other in node.elts if other is not one]
                yield self._put(node, f"({self._text(*rest)},)")

    on_assign = on_annassign = on_namedexpr = on_return = on_yield = _nothing
    on_raise = on_delete = _left_out

    def on_compare(self, node: ast.Compare) -> Iterator[Edit]:
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            yield from self._operator(left, right)

    def on_binop(self, node: ast.BinOp) -> Iterator[Edit]:
        return self._operator(node.left, node.right)

    def on_boolop(self, node: ast.BoolOp) -> Iterator[Edit]:
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from self._operator(left, right)
        for value in node.values:
            yield self._put(value, str(isinstance(node.op, ast.And)))

    def on_unaryop(self, node: ast.UnaryOp) -> Iterator[Edit]:
        yield self._put(node, f"({self._text(node.operand)})")

    def on_augassign(self, node: ast.AugAssign) -> Iterator[Edit]:
        yield from self._left_out(node)
        yield from self._operator(node.target, node.value)

    def on_constant(self, node: ast.Constant) -> Iterator[Edit]:
        if isinstance(node.value, bool):
            yield self._put(node, str(not node.value))
        elif isinstance(node.value, (int, float)):
            yield self._put(node, str(node.value + 1))
        elif isinstance(node.value, (str, bytes)) and not PROSE.search(str(node.value)):
            yield self._put(node, re.sub("^([a-zA-Z]*[\"']+?)", r"\1XX", self._text(node)))

    def on_joinedstr(self, node: ast.JoinedStr) -> Iterator[Edit]:
        texts = [part for part in node.values if isinstance(part, ast.Constant)]
        if not any(PROSE.search(part.value) for part in texts):
            for part in texts:
                yield self._span(part)[0], self._span(part)[0], "XX"

    def on_expr(self, node: ast.Expr) -> Iterator[Edit]:
        if not isinstance(node.value, (ast.Constant, ast.Yield)):
            yield from self._left_out(node)

    def on_if(self, node: ast.If | ast.IfExp) -> Iterator[Edit]:
        return self._conditions(node.test)

    on_ifexp = on_if

    def on_while(self, node: ast.While) -> Iterator[Edit]:
        yield self._put(node.test, "False")

    def on_comprehension(self, node: ast.comprehension) -> Iterator[Edit]:
        return self._conditions(*node.ifs)

    def on_continue(self, node: ast.Continue) -> Iterator[Edit]:
        yield self._put(node, "break")

    def on_break(self, node: ast.Break) -> Iterator[Edit]:
        yield self._put(node, "continue")

    def on_lambda(self, node: ast.Lambda) -> Iterator[Edit]:
        yield self._put(node.body, "None")

    def on_slice(self, node: ast.Slice) -> Iterator[Edit]:
        return (self._put(bound, "") for bound in (node.lower, node.upper) if bound)

    def on_excepthandler(self, node: ast.ExceptHandler) -> Iterator[Edit]:
        if node.type:
            yield self._put(node.type, "()")
            yield from self._one_less(node.type)

    def on_call(self, node: ast.Call) -> Iterator[Edit]:
        function, arguments = self._text(node.func), [*node.args, *node.keywords]
        if function == "isinstance":
            yield from self._one_less(node.args[1])
            return
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in OPPOSITES:
            end = self._span(node.func)[1]
            yield end - len(name), end, OPPOSITES[name]
        if not arguments and isinstance(node.func, ast.Attribute):
            yield self._put(node, self._text(node.func.value))
        for argument in arguments:
            if isinstance(argument, ast.keyword):
                rest = [other for other in arguments if other is not argument]
                yield self._put(node, f"{function}({self._text(*rest)})")
            elif not isinstance(argument, (ast.GeneratorExp, ast.Starred, ast.Constant)):
                yield self._put(argument, "None")
                if len(arguments) == 1:
                    yield self._put(node, f"({self._text(argument)})")

    def on_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Edit]:
        yield from self.on_classdef(node)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default and not isinstance(default, ast.Constant):
                yield self._put(default, "None")

    on_asyncfunctiondef = on_functiondef

    def on_classdef(self, node: Any) -> Iterator[Edit]:
        for decorator in node.decorator_list:
            start, end = self._span(decorator)
            yield self._source.rfind(b"@", 0, start), end, ""


def _called(node: ast.AST) -> str:
    return getattr(getattr(node, "func", None), "id", "")


def _is_left_out(node: ast.AST) -> bool:
    return (
        (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Assign) and bool(ALIAS.match(ast.unparse(node.targets[0]))))
        or (isinstance(node, ast.Assign) and _called(node.value) in {"TypeVar", "ParamSpec"})
    )


def _children(node: Any) -> Iterator[ast.AST]:
    """What is below a node, but for annotations and text for people."""
    if isinstance(node, ast.Raise):
        return iter(getattr(node.exc, "keywords", ()))
    if _called(node) == "cast":
        return iter(node.args[1:])
    if isinstance(node, ast.JoinedStr):
        return (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    below = (value for field, value in ast.iter_fields(node) if field not in {"annotation", "returns", "type_params"})
    lists = (value if isinstance(value, list) else [value] for value in below)
    return (child for children in lists for child in children if isinstance(child, ast.AST))
