"""Which code a function runs: a hash of its syntax and of all first-party code that it can reach.

The search is static and errs on the side of too much: a name that might refer to a helper counts as one, and so
does all that the modules on the way do while they are imported. Docstrings, comments, formatting and mere
annotations do not count. What a static search cannot see is dispatch by a computed name, and registries that
fill as classes are derived; strings of the form "package.module:name" are followed, other such tricks are not.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from abaw_pipeline.artifacts.normal import bare, normal
from abaw_pipeline.artifacts.sources import is_first_party
from abaw_pipeline.artifacts.symbols import ModuleSymbols, imported_modules, imported_names, load_symbols

NUMERICAL = {
    "PIL": "pillow",
    "av": "av",
    "cv2": "opencv-python-headless",
    "dlib": "dlib-bin",
    "facenet_pytorch": "facenet-pytorch",
    "librosa": "librosa",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "opensmile": "opensmile",
    "retinaface": "retinaface-pytorch",
    "scipy": "scipy",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "soundfile": "soundfile",
    "soxr": "soxr",
    "torch": "torch",
    "torchvision": "torchvision",
    "transformers": "transformers",
    "xgboost": "xgboost",
}
"""Import name -> distribution of the libraries whose version may change a result."""

SHORT = 16
"""Digits of a code's hash that fingerprints keep."""

_DEFINITIONS: dict[str, Mapping[str, str]] = {}
_REFERENCE = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
_WHOLE_MODULE = {"globals", "eval", "exec"}

Path = tuple[str, ...]
"""What is asked of a module: `("helper",)`, `("submodule", "Class", "method")`; nothing: all of it."""


@dataclass(frozen=True)
class Reach:
    """What a function or class runs.

    Attributes:
        code: hex digest over its name and the normalized syntax of all reached first-party definitions.
        libraries: reached numerical libraries, as "distribution version", sorted.
        definitions: "module:name" of each reached definition ("module:" for what a module does while it is imported)
            -> a short hash of it.
    """

    code: str
    libraries: tuple[str, ...]
    definitions: Mapping[str, str]


class UnreachableCodeError(TypeError):
    """A recipe's function has no source that another process, or tomorrow's run, could find again."""


def reach(item: Any) -> Reach:
    """What a top-level function or class runs.

    Raises:
        UnreachableCodeError: a lambda, a nested or notebook-made function, a bound method, a builtin, or what
            only borrows the name of another function.
    """
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    label = name or type(item).__name__
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name or inspect.ismethod(item):
        raise UnreachableCodeError(f"{label}: a recipe needs a named function at the top level of a module")
    symbols = None if module == "__main__" else load_symbols(module)
    root = name.partition(".")[0]
    if symbols is None or root not in symbols.definitions:
        raise UnreachableCodeError(f"{module}.{label}: no source of its own; move it to a module")
    if _named(module, name) is not item:
        raise UnreachableCodeError(
            f"{module}.{label}: the module has something else under this name; was it wrapped or redefined?"
        )
    found = _reach(module, root)
    code = hashlib.sha256(f"{module}:{name}\n{found.code}".encode()).hexdigest()
    _DEFINITIONS[code[:SHORT]] = found.definitions
    return Reach(code, found.libraries, found.definitions)


def definitions_behind(code: str) -> Mapping[str, str]:
    """Definitions behind the first `SHORT` digits of a code that this process has looked at; else nothing."""
    return _DEFINITIONS.get(code, {})


def reach_text(text: str) -> Reach | None:
    """What a text of the form "package.module:name" refers to; None where it is only a text."""
    if not _REFERENCE.match(text) or not is_first_party(re.split("[.:]", text)[0]):
        return None
    module, _, name = text.partition(":")
    return _reach(module, name)


def _named(module: str, name: str) -> Any:
    item: Any = sys.modules.get(module)
    for part in name.split("."):
        item = inspect.getattr_static(item, part, None)
    return item.__func__ if isinstance(item, staticmethod) else item


@functools.cache
def _reach(module: str, name: str) -> Reach:
    search = _Search()
    search.run(module, tuple(name.split(".")))
    digest = hashlib.sha256()
    for label, text in sorted(search.code.items()):
        digest.update(f"{label}\n{text}\n".encode())
    each = {label: hashlib.sha256(text.encode()).hexdigest()[:8] for label, text in search.code.items()}
    return Reach(digest.hexdigest(), tuple(sorted(filter(None, map(_version, search.libraries)))), each)


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
        self._asked: set[tuple[str, Path]] = set()
        self._pending: list[tuple[str, Path]] = []
        self._imported: set[str] = set()

    def run(self, module: str, path: Path) -> None:
        """Take in a definition and, until nothing new comes up, what it refers to."""
        self._ask(module, path)
        while self._pending:
            self._visit(*self._pending.pop())

    def _ask(self, module: str, path: Path) -> None:
        if (module, path) not in self._asked:
            self._asked.add((module, path))
            self._pending.append((module, path))

    def _visit(self, module: str, path: Path) -> None:
        symbols = load_symbols(module)
        if symbols is None:
            self._outside(module, path)
            return
        self._import(module)
        if path in {(), ("*",)}:
            for name in {*symbols.definitions, *symbols.imports} - {"*"}:
                self._ask(module, (name,))
            return
        if not self._find(symbols, path):
            self._ask(f"{module}.{path[0]}", path[1:])  # from package import module
            self._definition(symbols, "__getattr__")

    def _outside(self, module: str, path: Path) -> None:
        """A library, a package without `__init__`, or no module at all."""
        root = module.partition(".")[0]
        if root in NUMERICAL and not is_first_party(root):
            self.libraries.add(root)
        elif path and is_first_party(root):
            self._ask(f"{module}.{path[0]}", path[1:])

    def _find(self, symbols: ModuleSymbols, path: Path) -> bool:
        """Look a name up in a module; a name may be defined, imported, or both, in branches."""
        name, rest = path[0], path[1:]
        found = name in symbols.definitions
        self._definition(symbols, name)
        for module, attribute in symbols.imports.get(name, []):
            if (module, attribute) != (symbols.name, name):  # `from . import module` in a package
                self._ask(module, (attribute, *rest) if attribute else rest)
                found = True
        for module, _ in symbols.imports.get("*", []):
            self._definition(symbols, "*")
            self._ask(module, path)
        return found

    def _definition(self, symbols: ModuleSymbols, name: str) -> None:
        label = f"{symbols.name}:{name}"
        if name in symbols.definitions and label not in self.code:
            self._take(label, symbols.definitions[name], symbols)

    def _import(self, module: str) -> None:
        """Take in what a module, and all that it imports, do while they are imported."""
        waiting = [module]
        while waiting:
            current = waiting.pop()
            if not current or current in self._imported:
                continue
            self._imported.add(current)
            waiting.append(current.rpartition(".")[0])
            symbols = load_symbols(current)
            if symbols is not None:
                waiting.extend(symbols.modules)
                if symbols.effects:
                    self._take(f"{current}:", symbols.effects, symbols)

    def _take(self, label: str, statements: list[ast.stmt], symbols: ModuleSymbols) -> None:
        self.code[label] = "\n".join(map(normal, statements))
        for statement in statements:
            self._references(symbols, bare(statement))

    def _references(self, symbols: ModuleSymbols, tree: ast.stmt) -> None:
        local: dict[str, list[tuple[str, str | None]]] = {}
        for name, target in imported_names(tree, symbols.package):
            local.setdefault(name, []).append(target)
        for module in [*imported_modules(tree, symbols.package), *_imported_by_call(tree)]:
            self._import(module)
        known = symbols.definitions.keys() | symbols.imports.keys()
        for head, *rest in _chains(tree):
            if head in known or "*" in known:
                self._ask(symbols.name, (head, *rest))
            for module, attribute in [*local.get(head, []), *local.get("*", [])]:
                path = (attribute, *rest) if attribute not in {None, "*"} else tuple(rest)
                self._ask(module, (head, *rest) if attribute == "*" else path)
            if head in _WHOLE_MODULE:
                self._ask(symbols.name, ())
        for module in _imported_by_call(tree):
            self._ask(module, ())
        for module, name in _string_references(tree):
            self._ask(module, tuple(name.split(".")))


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


def _imported_by_call(tree: ast.AST) -> Iterator[str]:
    """Modules that are named in full where they are imported: `import_module("package.module")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name, callee = node.args[0].value, ast.unparse(node.func).rpartition(".")[2]
            if isinstance(name, str) and callee in {"import_module", "__import__"}:
                yield name
