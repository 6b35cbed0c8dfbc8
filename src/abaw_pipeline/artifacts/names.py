"""What a piece of syntax names: dotted names, texts, imports, and the annotations that stand in quotes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Chain = tuple[str, ...]
"""A dotted name, split: ("np", "linalg", "norm")."""

REFERENCE = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
"""A text that names code: "package.module:name"."""


@dataclass
class Facts:
    """What a piece of syntax names.

    Attributes:
        chains: every dotted name, the longest form of each; also those of annotations in quotes.
        attributes: all that is asked of anything: `f` and `x` of `get().f.x`.
        texts: every text, also the fixed parts of those that are put together.
        imports: import statements.
        declared: names that functions bind in their module.
    """

    chains: set[Chain] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)

    @property
    def references(self) -> Iterator[tuple[str, Chain]]:
        """Module and name that texts of the form "package.module:name" stand for."""
        for text in self.texts:
            if REFERENCE.match(text):
                module, _, name = text.partition(":")
                yield module, tuple(name.split("."))


def facts_of(tree: ast.AST) -> Facts:
    """What a piece of syntax names, in one walk."""
    found = Facts()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Attribute):
            chain, rest = _longest(node)
            found.attributes.update(chain)
            if rest is None:
                found.chains.add(chain)
            else:
                waiting.append(rest)
            continue
        _note(node, found)
        waiting.extend(_children(node))
    return found


def _note(node: ast.AST, found: Facts) -> None:
    if isinstance(node, ast.Name):
        found.chains.add((node.id,))
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            found.texts.add(node.value)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        found.imports.append(node)
    elif isinstance(node, ast.Global):
        found.declared.update(node.names)
    elif isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
        found.chains |= _quoted(node.annotation)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """As of `ast.iter_child_nodes`, which takes twice as long."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (each for each in value if isinstance(each, ast.AST))
        elif isinstance(value, ast.AST):
            yield value


def _longest(node: ast.Attribute) -> tuple[Chain, ast.expr | None]:
    """A dotted name; or the attributes alone, and what they are asked of, where that has no name."""
    parts: list[str] = []
    walk: ast.expr = node
    while isinstance(walk, ast.Attribute):
        parts.append(walk.attr)
        walk = walk.value
    if isinstance(walk, ast.Name):
        return (walk.id, *reversed(parts)), None
    return tuple(parts), walk


def _quoted(annotation: ast.expr) -> set[Chain]:
    found: set[Chain] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                meant = ast.parse(node.value, mode="eval")
            except (SyntaxError, ValueError):
                continue
            found |= facts_of(meant).chains
    return found


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
