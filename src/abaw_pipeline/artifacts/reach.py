"""Which code a function runs: a hash of its syntax and of all first-party code that it can reach.

The search is static and errs on the side of too much: a name that might refer to a helper counts as one.
Docstrings, comments, formatting and annotations of functions do not count. What a static search cannot see is
dispatch by a computed name; strings of the form "package.module:name" are followed, other such tricks are not.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from abaw_pipeline.artifacts.symbols import ModuleSymbols, imported_names, load_symbols

NUMERICAL = {
    "av": "av",
    "cv2": "opencv-python-headless",
    "librosa": "librosa",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "opensmile": "opensmile",
    "scipy": "scipy",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "soundfile": "soundfile",
    "torch": "torch",
    "torchvision": "torchvision",
    "transformers": "transformers",
    "xgboost": "xgboost",
}
"""Import name -> distribution of the libraries whose version may change a result."""

_REFERENCE = re.compile(r"^[A-Za-z_]\w*(\.\w+)+:[A-Za-z_]\w*$")


@dataclass(frozen=True)
class Reach:
    """What a function or class runs.

    Attributes:
        code: hex digest over the normalized syntax of all reached first-party definitions.
        libraries: reached numerical libraries, as "distribution version", sorted.
    """

    code: str
    libraries: tuple[str, ...]


class UnreachableCodeError(TypeError):
    """A recipe's function has no source that another process, or tomorrow's run, could find again."""


def reach(item: Any) -> Reach:
    """What a top-level function or class runs.

    Raises:
        UnreachableCodeError: a lambda, a nested or notebook-made function, a bound method, a builtin.
    """
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    label = name or type(item).__name__
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name:
        raise UnreachableCodeError(f"{label}: a recipe needs a named function at the top level of a module")
    symbols = load_symbols(module)
    root = name.partition(".")[0]
    if symbols is None or root not in symbols.definitions:
        raise UnreachableCodeError(f"{module}.{label}: no source of its own; move it to a module")
    return _reach(module, root)


@functools.cache
def _reach(module: str, name: str) -> Reach:
    search = _Search()
    search.visit(module, name)
    digest = hashlib.sha256()
    for label, text in sorted(search.code.items()):
        digest.update(f"{label}\n{text}\n".encode())
    return Reach(digest.hexdigest(), tuple(sorted(filter(None, map(_version, search.libraries)))))


@functools.cache
def _version(root: str) -> str | None:
    distribution = NUMERICAL[root]
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return None


class _Search:
    """A walk over definitions, each taken once."""

    def __init__(self) -> None:
        self.code: dict[str, str] = {}
        self.libraries: set[str] = set()

    def visit(self, module: str, name: str | None) -> None:
        """Take in a definition (or, without a name, all of a module) and what it refers to."""
        symbols = load_symbols(module)
        if symbols is None:
            root = module.partition(".")[0]
            if root in NUMERICAL:
                self.libraries.add(root)
            return
        if name is None or name == "*":
            for each in [*symbols.definitions, *symbols.imports]:
                self.visit(module, each)
            self._effects(symbols)
        elif name in symbols.definitions:
            self._definition(symbols, name)
        elif name in symbols.imports:
            self._follow(*symbols.imports[name])
        else:
            # a submodule, if there is one of that name: `from package import module`
            submodule = f"{module}.{name}"
            if load_symbols(submodule) is not None:
                self.visit(submodule, None)

    def _follow(self, module: str, attribute: str | None) -> None:
        self.visit(module, attribute)

    def _definition(self, symbols: ModuleSymbols, name: str) -> None:
        label = f"{symbols.name}:{name}"
        if label in self.code:
            return
        self.code[label] = "\n".join(_normal(statement) for statement in symbols.definitions[name])
        self._effects(symbols)
        for statement in symbols.definitions[name]:
            self._references(symbols, statement)

    def _effects(self, symbols: ModuleSymbols) -> None:
        label = f"{symbols.name}:"
        if symbols.effects and label not in self.code:
            self.code[label] = "\n".join(_normal(statement) for statement in symbols.effects)
            for statement in symbols.effects:
                self._references(symbols, statement)

    def _references(self, symbols: ModuleSymbols, statement: ast.stmt) -> None:
        tree = _bare(statement)
        local = _local_imports(tree, symbols.name)
        bound = {**symbols.imports, **local}
        for chain in _chains(tree):
            head = chain[0]
            if head in symbols.definitions and head not in local:
                self.visit(symbols.name, head)
            elif head in bound:
                self._chain(*bound[head], list(chain[1:]))
        for module, name in _string_references(tree):
            self.visit(module, name)

    def _chain(self, module: str, attribute: str | None, rest: list[str]) -> None:
        """Follow `head.a.b`, where head is bound to a module or to something in one, as far as modules go."""
        if attribute is not None and load_symbols(f"{module}.{attribute}") is not None:
            owner = load_symbols(module)
            if owner is None or attribute not in owner.definitions | owner.imports:
                module, attribute = f"{module}.{attribute}", None
        while attribute is None and rest and load_symbols(f"{module}.{rest[0]}") is not None:
            module = f"{module}.{rest.pop(0)}"
        if attribute is None and rest:
            attribute = rest[0]
        self.visit(module, attribute)


def _normal(statement: ast.stmt) -> str:
    """Source text without docstrings, comments, formatting and annotations of functions."""
    return ast.unparse(_bare(statement))


def _bare(statement: ast.stmt) -> ast.stmt:
    copy = ast.parse(ast.unparse(statement)).body[0]
    for node in ast.walk(copy):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
            arguments = node.args
            for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                argument.annotation = None
            for extra in (arguments.vararg, arguments.kwarg):
                if extra is not None:
                    extra.annotation = None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            _drop_docstring(node)
    return copy


def _drop_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    node.body = [
        inner
        for inner in node.body
        if not (isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant))
    ] or [ast.Pass()]


def _local_imports(tree: ast.AST, module: str) -> dict[str, tuple[str, str | None]]:
    loaded = sys.modules.get(module)
    package = getattr(loaded, "__package__", None) or module.rpartition(".")[0]
    return {
        name: target
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name, target in imported_names(node, package)
    }


def _chains(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """Every dotted name in the tree, the longest form of each: ("np", "linalg", "norm")."""
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


def _string_references(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _REFERENCE.match(node.value):
            module, _, name = node.value.partition(":")
            yield module, name
