"""The walk over first-party code: from one definition to all that it may run; see `reach`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from abaw_pipeline.artifacts import peculiar
from abaw_pipeline.artifacts.effects import effects_of, runs
from abaw_pipeline.artifacts.libraries import named_file
from abaw_pipeline.artifacts.names import Chain, Facts
from abaw_pipeline.artifacts.normal import normal
from abaw_pipeline.artifacts.sources import find_binary, find_source, is_first_party, submodules
from abaw_pipeline.artifacts.symbols import ModuleSymbols, Target, imported_modules, load_symbols

ENGINE = __name__.rpartition(".")[0]
"""The package of this module. What it does while it is imported, or by computed names, changes no result."""


class Search:
    """A walk over definitions, each taken once.

    Attributes:
        taken: "module:name" ("module:" for what a module does while it is imported) -> its statements.
        bindings: imports that were followed, as "module:name = module:name".
        roots: top-level packages that are not first-party.
        files: data files that texts in the code name, and compiled modules: the text and where it is.
        seen: peculiarities of the code that ask for more to be counted.
    """

    def __init__(self) -> None:
        self.taken: dict[str, list[ast.stmt]] = {}
        self.bindings: set[str] = set()
        self.roots: set[str] = set()
        self.files: set[tuple[str, Path]] = set()
        self.seen: set[peculiar.Kind] = set()
        self._asked: set[tuple[str, Chain]] = set()
        self._pending: list[tuple[str, Chain]] = []
        self._imported: set[str] = set()
        self._names: dict[str, set[str]] = {}
        self._effects: dict[str, list[ast.stmt]] = {}
        self._bare: dict[str, list[ast.stmt]] = {}
        self._trees: list[tuple[ModuleSymbols, ast.stmt, Facts]] = []
        self._computing: set[int] = set()

    def run(self, module: str, path: Chain) -> None:
        """Take in a definition and, until nothing new comes up, what it refers to."""
        self._ask(module, path)
        done: dict[peculiar.Kind, int] = {}
        while self._pending:
            while self._pending:
                self._visit(*self._pending.pop())
            for kind in self.seen & {"computed", "derived"}:
                done[kind] = self._widen(kind, done.get(kind, 0))

    @property
    def modules(self) -> set[str]:
        """All first-party modules that take part, if only by being imported."""
        return {*self._effects, *self._names}

    @property
    def texts(self) -> set[str]:
        """All texts in the code."""
        return {text for _, _, facts in self._trees for text in facts.texts}

    def code(self) -> dict[str, str]:
        """The text of all that was taken, by "module:name", with as much of it as the code itself reads."""
        annotations, docs = "annotations" in self.seen, "docs" in self.seen
        if annotations or docs:
            kept = {"annotations": annotations, "texts": docs}
            return {label: "\n".join(normal(each, **kept) for each in of) for label, of in self.taken.items()}
        return {label: "\n".join(map(ast.unparse, trees)) for label, trees in self._bare.items()}

    def order(self) -> Iterator[str]:
        """What is done at the top level of each module, as far as it takes part, in order where that matters."""
        loud = {module for module in self._effects if self._effects[module]}
        for module in sorted(self.modules):
            symbols = load_symbols(module)
            names = self._names.get(module, set()) | {"*"}
            effects = {id(each) for each in self._effects.get(module, [])}
            for step in symbols.steps if symbols else ():
                noisy = [each for each in step.modules if loud & runs(each)]
                placed = not step.anywhere and step.names & names
                if id(step.statement) in effects or noisy or placed:
                    imports = step.modules if placed else noisy
                    yield f"{module}: {' '.join(sorted(step.names & names))} = {' '.join(imports)}"

    def _ask(self, module: str, path: Chain) -> None:
        if (module, path) not in self._asked:
            self._asked.add((module, path))
            self._pending.append((module, path))

    def _visit(self, module: str, path: Chain) -> None:
        symbols = load_symbols(module)
        if symbols is None:
            self._outside(module, path)
            return
        self._import(module)
        if path in {(), ("*",)}:
            for name in {*symbols.definitions, *symbols.imports} - {"*"}:
                self._ask(module, (name,))
            return
        found = self._find(symbols, path)
        if not found or len(path) > 1:
            self._ask_submodule(module, path, found=found)
        if not found:
            self._definition(symbols, "__getattr__")
            if path[0] in peculiar.NAMESPACES:
                self._ask(module, ())
            elif path[0] == "__path__":
                for each in submodules(module):
                    self._ask(each, ())

    def _ask_submodule(self, module: str, path: Chain, *, found: bool) -> None:
        """A module of a package, which may hide, or be hidden by, a name that the package defines."""
        below = f"{module}.{path[0]}"
        if not found or find_source(below) is not None:
            self._ask(below, path[1:])

    def _outside(self, module: str, path: Chain) -> None:
        """A library, a compiled module, a package without `__init__`, or no module at all."""
        root = module.partition(".")[0]
        if not is_first_party(root):
            self.roots.add(root)
        elif (binary := find_binary(module)) is not None:
            self.files.add((module, binary))
        elif path:
            self._ask(f"{module}.{path[0]}", path[1:])

    def _find(self, symbols: ModuleSymbols, path: Chain) -> bool:
        """Look a name up in a module; a name may be defined, imported, or both, in branches."""
        name, rest = path[0], path[1:]
        found = name in symbols.definitions
        self._names.setdefault(symbols.name, set()).add(name)
        self._definition(symbols, name)
        for module, attribute in symbols.imports.get(name, []):
            if (module, attribute) != (symbols.name, name):  # `from . import module` in a package
                self._follow(symbols, name, (module, attribute), rest)
                found = True
        for module, _ in symbols.imports.get("*", []):
            self._definition(symbols, "*")
            self._follow(symbols, "*", (module, "*"), path)
        return found

    def _follow(self, symbols: ModuleSymbols, name: str, target: Target, rest: Chain) -> None:
        module, attribute = target
        self.bindings.add(f"{symbols.name}:{name} = {module}:{attribute or ''}")
        self._ask(module, (attribute, *rest) if attribute not in {None, "*"} else rest)

    def _definition(self, symbols: ModuleSymbols, name: str) -> None:
        label = f"{symbols.name}:{name}"
        if name in symbols.definitions and label not in self.taken:
            self._take(label, symbols.definitions[name], symbols)

    def _import(self, module: str) -> None:
        """Take in what a module, and all that it imports, do while they are imported."""
        waiting = [module]
        while waiting:
            current = waiting.pop()
            if not current or current in self._imported or current == ENGINE:
                continue
            self._imported.add(current)
            symbols = load_symbols(current)
            waiting.append(current.rpartition(".")[0])
            if symbols is not None:
                waiting.extend(symbols.modules)
                self._effects[current] = effects = effects_of(current)
                if effects:
                    self._take(f"{current}:", effects, symbols)

    def _take(self, label: str, statements: list[ast.stmt], symbols: ModuleSymbols) -> None:
        self.taken[label] = statements
        self._bare[label] = []
        for statement in statements:
            tree, facts = symbols.bare(statement)
            self._bare[label].append(tree)
            self._trees.append((symbols, tree, facts))
            before, self.seen = self.seen, set()
            self._references(symbols, facts)
            if "computed" in self.seen:
                self._computing.add(id(tree))
            self.seen |= before

    def _references(self, symbols: ModuleSymbols, facts: Facts) -> None:
        local = symbols.imported(facts)
        for node in facts.imports:
            for module in imported_modules(node, symbols.package):
                self._import(module)
        known = symbols.definitions.keys() | symbols.imports.keys()
        full: set[str] = set()
        for head, *rest in facts.chains | {(name,) for name in facts.declared & local.keys()}:
            if head in known or "*" in known:
                self._ask(symbols.name, (head, *rest))
            for module, attribute in [*local.get(head, []), *local.get("*", [])]:
                path = (attribute, *rest) if attribute not in {None, "*"} else tuple(rest)
                self._ask(module, (head, *rest) if attribute == "*" else path)
            for module, attribute in [*local.get(head, []), *symbols.imports.get(head, []), (head, None)]:
                full.add(".".join(filter(None, (module, attribute, *rest))))
        for module, chain in facts.references:
            self._ask(module, chain)
        if not f"{symbols.name}.".startswith(f"{ENGINE}."):
            self._look(symbols, facts, full)

    def _look(self, symbols: ModuleSymbols, facts: Facts, full: set[str]) -> None:
        """Note what calls for more than names: names that are computed, texts about the code, files, variables."""
        kinds = peculiar.kinds(full, facts.attributes)
        self.seen |= kinds
        if "namespace" in kinds:
            self._ask(symbols.name, ())
        source = find_source(symbols.name)
        for text in facts.texts:
            if source is not None and (file := named_file(text, source.parent)) is not None:
                self.files.add((text, file))

    def _widen(self, kind: peculiar.Kind, start: int) -> int:
        """Take in what code with computed names may mean; how much of the code has now been looked at."""
        if kind == "derived":
            modules = [each for each in self._effects if (symbols := load_symbols(each)) and symbols.derived]
            for module in modules[start:]:
                self._ask_derived(module)
            return len(modules)
        for symbols, tree, facts in self._trees[start:]:
            for module, path in peculiar.meant(tree, facts, symbols.package, imports=id(tree) in self._computing):
                self._ask(module, path)
        return len(self._trees)

    def _ask_derived(self, module: str) -> None:
        symbols = load_symbols(module)
        for statement, _ in symbols.derived if symbols else ():
            self._ask(module, (statement.name,))
