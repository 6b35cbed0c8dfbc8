"""What a module's source says at its top level: which names it defines, which it imports, what it does."""

from __future__ import annotations

import ast
import builtins
import functools
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from abaw_pipeline.artifacts.changes import changes_elsewhere, is_fresh, own_calls, running
from abaw_pipeline.artifacts.names import Chain, Facts, bound, chain_of, facts_of
from abaw_pipeline.artifacts.normal import bare
from abaw_pipeline.artifacts.sources import find_source, is_first_party
from abaw_pipeline.artifacts.witness import State, note_read

_QUIET = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign),
    *(ast.If, ast.Try, ast.TryStar, ast.Import, ast.ImportFrom, ast.Pass),
)
"""Statements that only define, if what they call and assign to does so."""

Target = tuple[str, str | None]
"""What an import binds a name to: a module, or an attribute of one ("*" for all of them)."""


@dataclass(frozen=True)
class Step:
    """A statement at a module's top level, in its place among the others.

    Attributes:
        statement: the statement itself.
        names: what it binds.
        modules: what it imports, and therefore runs.
        anywhere: whether its place does not matter: it binds one name once, to something that looks at no other.
    """

    statement: ast.stmt
    names: frozenset[str]
    modules: tuple[str, ...]
    anywhere: bool


@dataclass
class ModuleSymbols:
    """A parsed first-party module.

    Attributes:
        name: dotted name.
        package: what its relative imports start from.
        text: the source.
        definitions: top-level name -> the statements that may define it.
        imports: name -> all that it may be bound to; "*" -> modules whose names are all taken.
        modules: what is imported at top level, and therefore run.
        effects: top-level statements that change what is defined, here or elsewhere.
        calls: top-level statements that do so if one of these first-party functions or classes does.
        derived: classes, and those names of first-party code that they are derived from or made by.
        steps: what is done at top level, in order.
    """

    name: str
    package: str
    text: str = ""
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, list[Target]] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    effects: list[ast.stmt] = field(default_factory=list)
    calls: list[tuple[ast.stmt, list[Chain]]] = field(default_factory=list)
    derived: list[tuple[ast.ClassDef, list[Chain]]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    _facts: dict[int, tuple[ast.stmt, ast.stmt, Facts]] = field(default_factory=dict)

    def bare(self, statement: ast.stmt) -> tuple[ast.stmt, Facts]:
        """One of the module's statements as it counts, and what it names."""
        if id(statement) not in self._facts:
            tree = bare(statement)
            self._facts[id(statement)] = statement, tree, facts_of(tree)  # the statement, so that its id stays its own
        return self._facts[id(statement)][1:]

    def imported(self, facts: Facts) -> dict[str, list[Target]]:
        """What the imports inside a piece of syntax bind names to."""
        found: dict[str, list[Target]] = {}
        for node in facts.imports:
            for name, target in imported_names(node, self.package):
                found.setdefault(name, []).append(target)
        return found

    def is_own(self, name: str) -> bool:
        """Whether a name stands for something first-party."""
        return name in self.definitions or any(
            is_first_party(module.partition(".")[0]) for module, _ in self.imports.get(name, [])
        )


@functools.cache
def load_symbols(module: str) -> ModuleSymbols | None:
    """The symbols of a first-party module; None for any other module or one without Python source."""
    source = find_source(module)
    if source is None:
        return None
    return _parse(module, source, note_read(source))


@functools.lru_cache(maxsize=1 << 12)
def _parse(module: str, source: Path, _: State) -> ModuleSymbols:
    """The symbols of a source; its state is given so that it is read again when it is another."""
    with tokenize.open(source) as file:
        text = file.read()
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    symbols = ModuleSymbols(module, package, text)
    statements = list(_run(ast.parse(text).body))
    for statement in statements:
        _bind(statement, symbols)
    fresh = _fresh(symbols)
    for statement in statements:
        _judge(statement, symbols, fresh)
    symbols.steps = list(_steps(statements, symbols))
    return symbols


def imported_names(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Target]]:
    """Pairs of local name and target that an import binds."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, (_absolute(node, package), alias.name)
        else:
            root = alias.name.partition(".")[0]
            yield (alias.asname, (alias.name, None)) if alias.asname else (root, (root, None))


def imported_modules(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    """Modules that an import runs; some may be mere attributes."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        source = _absolute(node, package)
        yield source
        yield from (f"{source}.{alias.name}" for alias in node.names if alias.name != "*")


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - statement.level + 1])
    return f"{base}.{statement.module}" if statement.module else base


def _run(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Without what never runs: the body of an `if TYPE_CHECKING` or `if __name__ == "__main__"`."""
    skipped = {"TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'"}
    for statement in statements:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) in skipped:
            yield from _run(statement.orelse)
        else:
            yield statement


def _bind(statement: ast.stmt, symbols: ModuleSymbols) -> None:
    """Note what a statement defines and imports. One with branches defines each name in it as a whole."""
    names = bound(statement)
    for node in _imports(statement):
        symbols.modules.extend(imported_modules(node, symbols.package))
        for name, target in imported_names(node, symbols.package) if not isinstance(statement, ast.ClassDef) else ():
            symbols.imports.setdefault(name, []).append(target)
            if node is not statement:
                names.add(name)
    if not isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        names |= _changed(statement) & symbols.definitions.keys()
    for name in sorted(names):
        symbols.definitions.setdefault(name, []).append(statement)
    if "global " in symbols.text:
        facts = facts_of(statement)
        for name, targets in symbols.imported(facts).items():
            if name in facts.declared:
                symbols.imports.setdefault(name, []).extend(targets)


def _imports(statement: ast.stmt) -> list[ast.Import | ast.ImportFrom]:
    """The imports that run with a statement."""
    return [node for node in running(statement) if isinstance(node, ast.Import | ast.ImportFrom)]


def _changed(statement: ast.stmt) -> set[str]:
    """Names whose items or attributes an assignment sets."""
    stores = (node for node in running(statement) if isinstance(node, ast.Attribute | ast.Subscript))
    return {chain[0] for node in stores if isinstance(node.ctx, ast.Store) and (chain := chain_of(node))}


def _judge(statement: ast.stmt, symbols: ModuleSymbols, fresh: set[str]) -> None:
    """Note whether a statement changes what lies elsewhere, or may do so."""
    inner = [node for node in running(statement) if isinstance(node, ast.stmt)]
    loud = not all(isinstance(node, _QUIET) or _is_text(node) or _is_alias(node) for node in inner)
    if loud or changes_elsewhere(statement, symbols.is_own, fresh):
        symbols.effects.append(statement)
    elif calls := list(own_calls(statement, symbols.is_own)):
        symbols.calls.append((statement, calls))
    for node in running(statement):
        if isinstance(node, ast.ClassDef):
            above = [*node.bases, *(keyword.value for keyword in node.keywords)]
            names = [chain for each in above if (chain := chain_of(each)) and symbols.is_own(chain[0])]
            if names:
                symbols.derived.append((node, names))


def _fresh(symbols: ModuleSymbols) -> set[str]:
    """Names of a module whose value no other name can stand for: made on the spot, or plain functions and classes."""

    def plain(statement: ast.stmt) -> bool:
        if isinstance(statement, ast.ClassDef):
            return not (statement.bases or statement.keywords or statement.decorator_list)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return not statement.decorator_list
        return isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) and is_fresh(
            statement.value, symbols.is_own
        )

    return {name for name, each in symbols.definitions.items() if name not in symbols.imports and all(map(plain, each))}


def _steps(statements: list[ast.stmt], symbols: ModuleSymbols) -> Iterator[Step]:
    imported = Counter(name for name, targets in symbols.imports.items() for _ in set(targets))
    times = Counter({name: len(each) for name, each in symbols.definitions.items()}) + imported
    for statement in statements:
        names = {name for name, each in symbols.definitions.items() if statement in each}
        modules: list[str] = []
        for node in _imports(statement):
            names |= {name for name, _ in imported_names(node, symbols.package)}
            modules.extend(imported_modules(node, symbols.package))
        once = all(times[name] == 1 and not hasattr(builtins, name) for name in names - {"*"})
        yield Step(
            statement,
            frozenset(names),
            tuple(modules),
            once and "*" not in symbols.imports and _looks_at_nothing(statement),
        )


def _looks_at_nothing(statement: ast.stmt) -> bool:
    """An import, or what looks at no name when it runs: most functions, most constants."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return all(alias.name != "*" for alias in statement.names)
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign):
        return False
    looked = statement.value if isinstance(statement, ast.AnnAssign) else statement
    return looked is None or not any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) for node in running(looked)
    )


def _is_text(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_alias(statement: ast.AST) -> bool:
    """A `type X = ...`, of Python 3.12 and later."""
    return type(statement).__name__ == "TypeAlias"
