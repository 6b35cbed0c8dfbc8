"""What a module's source says at its top level: which names it defines, which it imports."""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = __name__.partition(".")[0]


@dataclass
class ModuleSymbols:
    """A parsed first-party module.

    Attributes:
        name: dotted name.
        definitions: top-level name -> the statements that define it.
        imports: name -> (module, attribute), attribute None for a module.
        effects: top-level statements that define nothing but may change what is defined.
    """

    name: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)


@functools.cache
def load_symbols(module: str) -> ModuleSymbols | None:
    """The symbols of a first-party module; None for any other module or one without Python source."""
    origin = _origin(module)
    if origin is None or not is_first_party(module, origin):
        return None
    tree = ast.parse(origin.read_text(encoding="utf-8"))
    symbols = ModuleSymbols(module)
    package = module if origin.name == "__init__.py" else module.rpartition(".")[0]
    for statement in _top_level(tree.body):
        _collect(statement, symbols, package)
    return symbols


def is_first_party(module: str, origin: Path) -> bool:
    """Whether the code is the user's: this project, or anything that was not installed from elsewhere."""
    if module.partition(".")[0] == PROJECT:
        return True
    return not any(origin.is_relative_to(folder) for folder in _installed_folders())


def imported_names(statement: ast.stmt, package: str) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """Pairs of (local name, (module, attribute)) that an import statement binds."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.asname:
                yield alias.asname, (alias.name, None)
            else:
                root = alias.name.partition(".")[0]
                yield root, (root, None)
    elif isinstance(statement, ast.ImportFrom):
        source = _absolute(statement, package)
        for alias in statement.names:
            yield alias.asname or alias.name, (source, alias.name)


@functools.cache
def _installed_folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in names})


@functools.cache
def _origin(module: str) -> Path | None:
    loaded = sys.modules.get(module)
    path = getattr(loaded, "__file__", None)
    if path is None and module != "__main__":
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):  # not a module at all: an attribute, or a half-made parent
            return None
        path = spec.origin if spec else None
    if path is None or not str(path).endswith(".py"):
        return None
    return Path(path).resolve()


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - statement.level + 1])
    return f"{base}.{statement.module}" if statement.module else base


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import, also those under `if` and `try`."""
    for statement in body:
        if isinstance(statement, ast.If):
            if _is_type_checking(statement.test):
                continue
            yield from _top_level([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try):
            handlers = [inner for handler in statement.handlers for inner in handler.body]
            yield from _top_level([*statement.body, *handlers, *statement.orelse, *statement.finalbody])
        else:
            yield statement


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _collect(statement: ast.stmt, symbols: ModuleSymbols, package: str) -> None:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        symbols.definitions.setdefault(statement.name, []).append(statement)
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        symbols.imports.update(imported_names(statement, package))
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        for name in names:
            symbols.definitions.setdefault(name, []).append(statement)
    elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        symbols.effects.append(statement)
