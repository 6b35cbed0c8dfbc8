"""The part of a statement's source that decides what it does: no docstrings, comments or mere annotations."""

from __future__ import annotations

import ast

_IGNORE_ANNOTATIONS = {
    "abstractmethod",
    "cache",
    "cached_property",
    "classmethod",
    "contextmanager",
    "lru_cache",
    "override",
    "property",
    "setter",
    "staticmethod",
    "wraps",
}
"""Decorators that do not look at the annotations of what they decorate."""


def bare(statement: ast.stmt, *, annotations: bool = False, texts: bool = False) -> ast.stmt:
    """A copy without docstrings and without annotations that nothing reads while the code runs.

    A class's own annotations stay (they make fields), and so do those of functions under a decorator that may
    read them (a validator, a single-dispatch registration).

    Args:
        statement: what to copy.
        annotations: keep all annotations.
        texts: keep docstrings.
    """
    copy = ast.parse(ast.unparse(statement)).body[0]
    stripped = _Strip(annotations, texts).visit(copy)
    assert isinstance(stripped, ast.stmt)
    return stripped


def normal(statement: ast.stmt, *, annotations: bool = False, texts: bool = False) -> str:
    """The bare statement as text in one fixed formatting; arguments as of `bare`."""
    return ast.unparse(bare(statement, annotations=annotations, texts=texts))


class _Strip(ast.NodeTransformer):
    def __init__(self, annotations: bool, texts: bool) -> None:
        self._annotations, self._texts = annotations, texts
        self._in_class = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._inside(node, in_class=True)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if not (self._in_class or self._annotations):
            node.annotation = ast.Constant(None)
        return node

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self._inside(node, in_class=False)
        unread = all(_tail(decorator) in _IGNORE_ANNOTATIONS for decorator in node.decorator_list)
        if unread and not self._annotations:
            node.returns = None
            arguments = node.args
            several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for argument in [*several, arguments.vararg, arguments.kwarg]:
                if argument is not None:
                    argument.annotation = None
        return node

    def _inside(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, *, in_class: bool) -> None:
        before, self._in_class = self._in_class, in_class
        self.generic_visit(node)
        self._in_class = before
        if not self._texts:
            _drop_texts(node)


def _tail(decorator: ast.expr) -> str:
    """The last name of a decorator: "setter" of `@x.setter`, "lru_cache" of `@functools.lru_cache(1)`."""
    if isinstance(decorator, ast.Call):
        return _tail(decorator.func)
    return ast.unparse(decorator).rpartition(".")[2]


def _drop_texts(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    node.body = [
        inner for inner in node.body if not (isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant))
    ] or [ast.Pass()]
