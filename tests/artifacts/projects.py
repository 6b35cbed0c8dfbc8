"""Random small projects: a package of several modules, in which every value tells all that it was made from.

A `Unit` is something that code can call (a function, a class, a table ...); it calls units of higher number, which
lie in its own module or a later one, so that imports never go in circles. `sources` writes the package's files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


def _read() -> dict[str, dict[str, tuple[str, str]]]:
    """Sort of template -> name -> expression for the value, template."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    for block in text.split("=== ")[1:]:
        title, _, template = block.partition("\n")
        sort, _, rest = title.partition(" ")
        name, _, use = rest.partition(": ")
        found.setdefault(sort, {})[name] = use, template.rstrip("\n")
    return found


_TEMPLATES = _read()
USES = {name: use for sort in ("unit", "plug") for name, (use, _) in _TEMPLATES[sort].items()}
"""Kind of unit -> how its value is had."""

PLUGGED = {*_TEMPLATES["plug"]}
"""Kinds whose code lies in a module of its own, which the unit's module only imports."""

STYLES = (
    *("name", "alias", "module", "dotted", "local", "relative", "star", "text", "computed", "attempt"),
    *("getattr", "exported", "lazy", "branch"),
)
"""How a unit names one of another module."""


WHOLE = {"local", "text", "computed", "getattr", "lazy"}
"""Styles that name a module by a text or as a value, so that all of it counts."""


@dataclass
class Unit:
    """Something that can be called. What is counted in `cosmetic` must not matter to any value."""

    number: int
    kind: str
    home: int
    value: int
    calls: list[tuple[int, str]]
    cosmetic: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"u{self.number}"


@dataclass
class Code:
    """A package's code: units, and recipes' functions that call some of them."""

    units: list[Unit]
    functions: list[Unit]
    thing: Unit
    unrelated: int = 0
    backwards: bool = False
    data: str = "one"

    @property
    def takes_whole_modules(self) -> bool:
        """Whether a function that nobody calls counts all the same."""
        return any(style in WHOLE for unit in [*self.units, *self.functions, self.thing] for _, style in unit.calls)

    def sources(self) -> dict[str, str]:
        """Path below the package -> source."""
        files = {"__init__.py": "", "base.py": _TEMPLATES["file"]["base.py"][1], "data.txt": self.data}
        homes = sorted({unit.home for unit in self.units})
        names = {home: [unit.name for unit in self.units if unit.home == home] for home in homes}
        for home in homes:
            lines = [f"from made.m{home} import {name}" for name in names[home]]
            files[f"exported{home}/__init__.py"] = "\n".join(lines)
        table = {name: f"..m{home}" for home in homes for name in names[home]}
        files["lazy/__init__.py"] = (
            f"import importlib\nHOMES = {table}\ndef __getattr__(name):\n"
            "    return getattr(importlib.import_module(HOMES[name], __name__), name)\n"
        )
        for home in homes:
            files[f"m{home}.py"] = self._module([unit for unit in self.units if unit.home == home])
        for unit in self.units:
            if unit.kind in PLUGGED:
                files[f"plug{unit.number}.py"] = self._plug(unit)
        files["main.py"] = self._main()
        heads, calls = self._calls(self.thing)
        files["formats.py"] = _TEMPLATES["file"]["formats.py"][1].format(
            heads="\n".join([*_heads(), *heads]), value=self.thing.value, calls=calls
        )
        return files

    def _module(self, units: list[Unit]) -> str:
        heads, first, blocks = _heads(), [], []
        for unit in sorted(units, key=lambda unit: -unit.number):
            more, block = self._block(unit)
            heads.extend(more)
            if self.backwards and unit.kind in {"function", "match", "library", "data", "variable"}:
                first.insert(0, block)
            else:
                blocks.append(block)
        return "\n".join([*dict.fromkeys(heads), *first, *blocks, f"def unrelated(): return {self.unrelated}"])

    def _block(self, unit: Unit) -> tuple[list[str], str]:
        if unit.kind in PLUGGED:
            return [], _written("shell", unit, "")
        heads, calls = self._calls(unit)
        if unit.kind == "derived":
            above = next((self.units[n] for n, _ in unit.calls if self.units[n].kind in {"class", "derived"}), None)
            style = next((s for n, s in unit.calls if above is not None and n == above.number), "")
            if above is None or style in {"local", "text", "computed", "lazy", "getattr"}:
                base, rest = "object", "0"
            else:
                base, rest = _refer(above, unit.home, style)[1], "super().value(x)"
            return heads, _written("unit", unit, calls, base=base, rest=rest)
        return heads, _written("unit", unit, calls)

    def _plug(self, unit: Unit) -> str:
        heads, calls = self._calls(unit, home=-1)
        return "\n".join([*_heads(), *dict.fromkeys(heads), _written("plug", unit, calls)])

    def _main(self) -> str:
        heads, blocks = [*_heads(), "import pyarrow as pa", "from made.base import taken"], []
        for unit in self.functions:
            more, calls = self._calls(unit, home=-1)
            heads.extend(more)
            blocks.append(_written("recipe", unit, calls))
        if self.backwards:
            blocks.reverse()
        return "\n".join([*dict.fromkeys(heads), *blocks, f"def unrelated(): return {self.unrelated}"])

    def _calls(self, unit: Unit, home: int | None = None) -> tuple[list[str], str]:
        """Import lines, and expressions of all that a unit calls."""
        heads, found = [], []
        for number, style in unit.calls:
            callee = self.units[number]
            style = "name" if home == -1 and callee.home == unit.home and style == "exported" else style
            head, reference = _refer(callee, unit.home if home is None else home, style)
            heads.extend(head.splitlines() if not head.startswith(("try", "if")) else [head])
            found.append(USES[callee.kind].format(reference))
        return heads, ", ".join(found) or "0"


def _refer(callee: Unit, home: int, style: str) -> tuple[str, str]:
    """An import line, and the expression that stands for a unit where it is called from a module."""
    name, module = callee.name, f"m{callee.home}"
    if callee.home == home:
        return "", name
    heads = {
        "name": f"from made.{module} import {name}",
        "alias": f"from made.{module} import {name} as a_{name}",
        "module": f"from made import {module}",
        "dotted": f"import made.{module}",
        "relative": f"from .{module} import {name} as r_{name}",
        "star": f"from made.{module} import *",
        "text": "import pkgutil",
        "attempt": f"try:\n    from made.{module} import {name}\nexcept ImportError:\n    {name} = None",
        "getattr": f"from made import {module}",
        "exported": f"from made.exported{callee.home} import {name}",
        "lazy": "import made.lazy",
        "branch": f"if len('a') == 1:\n    from made.{module} import {name} as b_{name}\nelse:\n    b_{name} = None",
    }
    references = {
        "alias": f"a_{name}",
        "module": f"{module}.{name}",
        "dotted": f"made.{module}.{name}",
        "local": f"__import__('made.{module}', fromlist=['a']).{name}",
        "relative": f"r_{name}",
        "text": f"pkgutil.resolve_name('made.{module}:{name}')",
        "computed": f"importlib.import_module('.{module}', __package__).{name}",
        "getattr": f"getattr({module}, '{name}')",
        "lazy": f"made.lazy.{name}",
        "branch": f"b_{name}",
    }
    return heads.get(style, ""), references.get(style, name)


def _heads() -> list[str]:
    return _TEMPLATES["file"]["head"][1].splitlines()


def _written(sort: str, unit: Unit, calls: str, **more: str) -> str:
    given = unit.cosmetic
    annotation = (": int", ": float", "")[given.get("annotation", 0) % 3]
    _, template = _TEMPLATES[sort]["plain" if unit.kind == "own" else unit.kind]
    text = template.format(
        n=unit.name,
        i=unit.number,
        h=unit.home,
        v=unit.value,
        calls=calls,
        doc=f"text {given.get('doc', 0)}",
        c=f"comment {given.get('comment', 0)}",
        a=annotation,
        r=annotation.replace(":", " ->"),
        l=f"local{given.get('local', 0)}",
        **more,
    )
    blank = "\n" * (given.get("blank", 0) % 3)
    return f"{blank}# {given.get('comment', 0)}\n{text}\n" if given.get("above") else f"{blank}{text}\n"
