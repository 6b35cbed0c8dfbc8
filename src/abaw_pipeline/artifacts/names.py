"""What a piece of syntax names: dotted names, texts, imports, and the annotations that stand in quotes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

Chain = tuple[str, ...]
"""A dotted name, split: ("np", "linalg", "norm")."""

REFERENCE = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
"""A text that names code: "package.module:name"."""


def chains(tree: ast.AST) -> Iterator[Chain]:
    """Every dotted name in the tree, the longest form of each; also those of annotations in quotes."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            parts: list[str] = []
            walk: ast.expr = node
            while isinstance(walk, ast.Attribute):
                inner.add(id(walk))
                parts.append(walk.attr)
                walk = walk.value
            if isinstance(walk, ast.Name):
                inner.add(id(walk))
                yield (walk.id, *reversed(parts))
        elif isinstance(node, ast.Name) and id(node) not in inner:
            yield (node.id,)
        elif isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            yield from _quoted(node.annotation)


def _quoted(annotation: ast.expr) -> Iterator[Chain]:
    for text in texts(annotation):
        try:
            meant = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError):
            continue
        yield from chains(meant)


def chain_of(node: ast.expr) -> Chain:
    """The dotted name that an expression is, or begins with: `a.b` of `a.b[0].c()`; nothing where it begins otherwise.

    Calls and items end it: what they give has no name.
    """
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript | ast.Call):
            parts.clear()
            node = node.value if isinstance(node, ast.Subscript) else node.func
        else:
            return ()
    return (node.id, *reversed(parts))


def attributes(tree: ast.AST) -> set[str]:
    """All names that are asked of anything: `f` and `x` of `get().f.x`."""
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text in the tree, also the fixed parts of those that are put together."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def references(tree: ast.AST) -> Iterator[tuple[str, Chain]]:
    """Module and name that texts of the form "package.module:name" stand for."""
    for text in texts(tree):
        if REFERENCE.match(text):
            module, _, name = text.partition(":")
            yield module, tuple(name.split("."))


def bound(tree: ast.AST) -> set[str]:
    """Names that a statement binds itself, by assignment, pattern or definition, not inside functions or classes."""
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {tree.name}
    if isinstance(tree, ast.Lambda):
        return set()
    found: set[str] = set()
    if isinstance(tree, ast.Name) and isinstance(tree.ctx, ast.Store):
        found.add(tree.id)
    elif isinstance(tree, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and tree.name:
        found.add(tree.name)
    elif isinstance(tree, ast.MatchMapping) and tree.rest:
        found.add(tree.rest)
    return found.union(*(bound(child) for child in ast.iter_child_nodes(tree)))


def declared_global(tree: ast.AST) -> set[str]:
    """Names that functions in the tree bind in their module."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
