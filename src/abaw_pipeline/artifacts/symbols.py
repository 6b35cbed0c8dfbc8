"""What a module's source says at its top level: which names it defines, which it imports, what it does."""

from __future__ import annotations

import ast
import functools
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

from abaw_pipeline.artifacts.sources import find_source, is_first_party

Target = tuple[str, str | None]
"""What an import binds a name to: a module, or an attribute of one ("*" for all of them)."""


@dataclass
class ModuleSymbols:
    """A parsed first-party module.

    Attributes:
        name: dotted name.
        package: what its relative imports start from.
        definitions: top-level name -> the statements that may define it.
        imports: name -> all that it may be bound to; "*" -> modules whose names are all taken.
        effects: top-level statements that may change what is defined, here or elsewhere.
        modules: what is imported at top level, and therefore run.
    """

    name: str
    package: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, list[Target]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)


@functools.cache
def load_symbols(module: str) -> ModuleSymbols | None:
    """The symbols of a first-party module; None for any other module or one without Python source."""
    source = find_source(module)
    if source is None:
        return None
    with tokenize.open(source) as file:
        tree = ast.parse(file.read())
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    symbols = ModuleSymbols(module, package)
    for statement in tree.body:
        _collect(statement, symbols)
    symbols.effects.extend(_registrations(symbols))
    return symbols


def imported_names(tree: ast.AST, package: str) -> Iterator[tuple[str, Target]]:
    """Pairs of local name and target that import statements anywhere in the tree bind."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                yield (alias.asname, (alias.name, None)) if alias.asname else (root, (root, None))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (_absolute(node, package), alias.name)


def imported_modules(tree: ast.AST, package: str) -> Iterator[str]:
    """Modules that import statements anywhere in the tree run; some may be mere attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, package)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names if alias.name != "*")


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - statement.level + 1])
    return f"{base}.{statement.module}" if statement.module else base


def _collect(statement: ast.stmt, symbols: ModuleSymbols) -> None:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        symbols.definitions.setdefault(statement.name, []).append(statement)
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        _collect_imports(statement, symbols)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        _define(_bound(statement), statement, symbols)
        own = {root for root in _changed(statement) if root in symbols.definitions}
        _define(own, statement, symbols)
        if _changed(statement) - own or own & symbols.imports.keys():
            symbols.effects.append(statement)  # changes what lies in another module
    elif (branches := _never_run(statement)) is not None:
        for inner in branches:
            _collect(inner, symbols)
    elif blocks := list(_blocks(statement)):
        _collect_compound(statement, blocks, symbols)
    elif not isinstance(statement, ast.Pass) and not _is_text(statement):
        symbols.effects.append(statement)


def _collect_imports(tree: ast.stmt, symbols: ModuleSymbols) -> None:
    for name, target in imported_names(tree, symbols.package):
        symbols.imports.setdefault(name, []).append(target)
    symbols.modules.extend(imported_modules(tree, symbols.package))


def _collect_compound(statement: ast.stmt, blocks: list[ast.stmt], symbols: ModuleSymbols) -> None:
    """An `if`, `try`, `with` or loop: the whole of it defines each name in it, since it decides on each."""
    inner = ModuleSymbols(symbols.name, symbols.package)
    for block in blocks:
        _collect(block, inner)
    _define({*inner.definitions, *inner.imports, *_bound(statement)}, statement, symbols)
    for name, targets in inner.imports.items():
        symbols.imports.setdefault(name, []).extend(targets)
    symbols.modules.extend(inner.modules)
    if inner.effects or not isinstance(statement, ast.If | ast.Try | ast.TryStar):
        symbols.effects.append(statement)


def _define(names: set[str], statement: ast.stmt, symbols: ModuleSymbols) -> None:
    for name in sorted(names):
        symbols.definitions.setdefault(name, []).append(statement)


def _bound(statement: ast.AST) -> set[str]:
    """Names that a statement binds itself, not inside functions or classes."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return set()
    if isinstance(statement, ast.Name):
        return {statement.id} if isinstance(statement.ctx, ast.Store) else set()
    return set().union(*(_bound(child) for child in ast.iter_child_nodes(statement)))


def _changed(statement: ast.AST) -> set[str]:
    """Names whose items or attributes an assignment sets."""
    roots = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            walk: ast.expr = node
            while isinstance(walk, ast.Attribute | ast.Subscript):
                walk = walk.value
            if isinstance(walk, ast.Name):
                roots.add(walk.id)
    return roots


def _blocks(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements inside a compound statement that run when it does."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _never_run(statement: ast.stmt) -> list[ast.stmt] | None:
    """What remains of an `if TYPE_CHECKING` or `if __name__ == "__main__"`: its else; None for others."""
    if not isinstance(statement, ast.If):
        return None
    test = ast.unparse(statement.test)
    skipped = {"TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'"}
    return statement.orelse if test in skipped else None


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _registrations(symbols: ModuleSymbols) -> Iterator[ast.stmt]:
    """Definitions under a decorator of the user's own: it may enter them in a registry."""
    statements = {id(each): each for defining in symbols.definitions.values() for each in defining}
    for statement in statements.values():
        if any(_is_own(name, symbols) for decorator in _decorators(statement) for name in _names(decorator)):
            yield statement


def _decorators(statement: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from statement.decorator_list
    else:
        for block in _blocks(statement):
            yield from _decorators(block)


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _is_own(name: str, symbols: ModuleSymbols) -> bool:
    targets = symbols.imports.get(name, [])
    return name in symbols.definitions or any(is_first_party(module.partition(".")[0]) for module, _ in targets)
