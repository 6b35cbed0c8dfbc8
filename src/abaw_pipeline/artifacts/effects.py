"""What modules do while they are imported, beyond defining their own names: fill registries, patch other modules."""

from __future__ import annotations

import ast
from functools import cache
from typing import TypeAlias

from abaw_pipeline.artifacts.changes import changes_outside
from abaw_pipeline.artifacts.names import Chain, chain_of
from abaw_pipeline.artifacts.symbols import ModuleSymbols, load_symbols

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def effects_of(module: str) -> list[ast.stmt]:
    """Top-level statements of a module that change, or may change, what is defined there or elsewhere."""
    symbols = load_symbols(module)
    if symbols is None:
        return []
    loud = {id(each) for each in symbols.effects}
    loud |= {id(statement) for statement, calls in symbols.calls if any(_may_change(module, each) for each in calls)}
    loud |= {id(statement) for statement, above in symbols.derived if any(_registers(module, each) for each in above)}
    return [step.statement for step in symbols.steps if loud & {id(each) for each in ast.walk(step.statement)}]


@cache
def runs(module: str) -> frozenset[str]:
    """All modules that run when one is imported: itself, packages above it, and what these import."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current and current not in found:
            found.add(current)
            symbols = load_symbols(current)
            waiting.append(current.rpartition(".")[0])
            waiting.extend(symbols.modules if symbols else ())
    return frozenset(found)


@cache
def _may_change(module: str, callee: Chain) -> bool:
    """Whether a call changes what lies outside of it: by its own statements, or by those of what it calls."""
    walk = _Call()
    walk.run(module, callee)
    return walk.changes


def _registers(module: str, above: Chain) -> bool:
    """Whether a class with this base, or metaclass, may be entered somewhere as it is derived."""
    return _is_hooked(module, above) and _may_change(module, above)


@cache
def _is_hooked(module: str, name: Chain) -> bool:
    """Whether a class, or one above it, is told of classes that are derived from it, or makes classes."""
    waiting, seen = [(module, name)], set()
    while waiting:
        current = waiting.pop()
        symbols = load_symbols(current[0])
        if current in seen or symbols is None or not current[1]:
            continue
        seen.add(current)
        first, *rest = current[1]
        for target, attribute in [*symbols.imports.get(first, []), *symbols.imports.get("*", [])]:
            waiting.append((target, current[1] if attribute == "*" else (*filter(None, [attribute]), *rest)))
        if first not in symbols.imports and first not in symbols.definitions:
            waiting.append((f"{current[0]}.{first}", tuple(rest)))
        for statement in symbols.definitions.get(first, []):
            if not isinstance(statement, ast.ClassDef) or _defines_hook(statement):
                return True  # or another name of a class, or one that is made by a call
            waiting.extend((current[0], chain_of(each)) for each in _above(statement))
    return False


def _defines_hook(statement: ast.ClassDef) -> bool:
    makes_classes = any(chain_of(each)[-1:] == ("type",) or "Meta" in ast.unparse(each) for each in _above(statement))
    return makes_classes or any(getattr(inner, "name", "") in _HOOKS for inner in statement.body)


def _above(statement: ast.ClassDef) -> list[ast.expr]:
    return [*statement.bases, *(keyword.value for keyword in statement.keywords)]


_HOOKS = {"__init_subclass__", "__pydantic_init_subclass__"}


class _Call:
    """A walk over what a call runs. Of a class, those methods that no code on the way asks for are left out.

    Attributes:
        changes: whether anything on the way changes what it did not make.
    """

    def __init__(self) -> None:
        self.changes = False
        self._asked: set[tuple[str, Chain]] = set()
        self._pending: list[tuple[str, Chain, bool]] = []
        self._idle: list[tuple[ModuleSymbols, Function]] = []
        self._called: set[str] = set()

    def run(self, module: str, callee: Chain) -> None:
        """Walk."""
        self._called.update(callee[1:])
        self._ask(module, callee, called=True)
        while self._pending:
            self._visit(*self._pending.pop())

    def _ask(self, module: str, path: Chain, *, called: bool = False) -> None:
        if (module, path) not in self._asked:
            self._asked.add((module, path))
            self._pending.append((module, path, called))

    def _visit(self, module: str, path: Chain, called: bool) -> None:
        symbols = load_symbols(module)
        if symbols is None or not path:
            return
        statements = symbols.definitions.get(path[0], [])
        for target, attribute in [*symbols.imports.get(path[0], []), *symbols.imports.get("*", [])]:
            if attribute == "*":
                self._ask(target, path, called=called)
            elif (target, attribute) != (module, path[0]):
                self._ask(target, (attribute, *path[1:]) if attribute else path[1:], called=called)
        if not statements and path[0] not in symbols.imports:
            self._ask(f"{module}.{path[0]}", path[1:], called=called)
        for statement in statements:
            self._take(symbols, statement, called=called)

    def _take(self, symbols: ModuleSymbols, statement: ast.stmt, *, called: bool) -> None:
        if isinstance(statement, ast.ClassDef):
            self._take_class(symbols, statement)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            self._run(symbols, statement, in_class=False)
        elif called:
            self.changes = True  # a method of some object, or another name of who knows what
        else:
            self._references(symbols, statement)

    def _take_class(self, symbols: ModuleSymbols, statement: ast.ClassDef) -> None:
        methods = [each for each in statement.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        rest = [each for each in statement.body if each not in methods]
        shell = ast.ClassDef(statement.name, statement.bases, statement.keywords, rest or [ast.Pass()], [])
        shell.decorator_list = statement.decorator_list
        self._references(symbols, ast.fix_missing_locations(shell))
        self._idle.extend((symbols, each) for each in methods)
        self._wake()

    def _wake(self) -> None:
        """Run methods that Python calls by itself, and those whose name some code on the way has asked for."""
        woken = [each for each in self._idle if each[1].decorator_list or self._is_called(each[1].name)]
        self._idle = [each for each in self._idle if each not in woken]
        for symbols, method in woken:
            self._run(symbols, method, in_class=method.name not in self._called or method.name == "__init__")

    def _is_called(self, name: str) -> bool:
        return name in self._called or (name.startswith("__") and name.endswith("__")) or "getattr" in self._called

    def _run(self, symbols: ModuleSymbols, function: Function, *, in_class: bool) -> None:
        self.changes |= changes_outside(function, in_class=in_class)
        self._references(symbols, function)

    def _references(self, symbols: ModuleSymbols, statement: ast.stmt) -> None:
        _, facts = symbols.bare(statement)
        local = symbols.imported(facts)
        known = symbols.definitions.keys() | symbols.imports.keys()
        for head, *rest in facts.chains:
            if head in known or "*" in known:
                self._ask(symbols.name, (head, *rest))
            for module, attribute in local.get(head, []):
                self._ask(module, (attribute, *rest) if attribute else tuple(rest))
        self._called |= facts.attributes | ({"getattr"} if ("getattr",) in facts.chains else set())
        self._wake()
