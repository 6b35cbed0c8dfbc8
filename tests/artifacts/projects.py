"""Random small projects: a package of several modules, in which every value tells all that it was made from.

A `Unit` is something that code can call (a function, a class, a table ...); it calls units of higher number, which
lie in its own module or a later one, so that imports never go in circles. `sources` writes the package's files.
"""

# ruff: noqa: E501 - templates of code, a line each

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

BASE = '''
import zlib

FOUND = {}
CALLED = []


class Slots:
    pass


class Hooked:
    kinds = {}

    def __init_subclass__(cls):
        Hooked.kinds[cls.__name__] = cls


def register(name):
    def enter(f):
        FOUND[name] = f
        return f
    return enter


def enter(name, f):
    FOUND[name] = f
    return f


def show(value):
    """A text that differs whenever a value does."""
    import pyarrow as pa
    if isinstance(value, pa.Table):
        return value.to_pydict()
    if hasattr(value, "shown"):
        return value.shown()
    return type(value).__name__, repr(value)


def mix(*parts):
    return zlib.crc32(repr(parts).encode())
'''

OWN_FORMAT = '''
from abaw_pipeline.artifacts.formats import JsonFormat
from made.base import mix
{heads}


class Thing:
    """What a piece is when it is read; recipes ask it for what it is worth."""

    def __init__(self, content):
        self.content = content

    def shown(self, x=1):
        return mix({value}, self.content, {calls})


class Own(JsonFormat):
    def read(self, path):
        return Thing(super().read(path))
'''

USES = {
    "function": "{0}(x)",
    "class": "{0}().value(x)",
    "derived": "{0}().value(x)",
    "constant": "mix({0})",
    "decorator": "{0}(mix)(x)",
    "decorated": "{0}(x)",
    "closure": "{0}(x)",
    "partial": "{0}(x)",
    "table": "{0}['a'](x)",
    "enum": "{0}.A.value",
    "part": "{0}().apply(x)",
    "record": "{0}().apply(x)",
    "operator": "({0}() + x)",
    "iterator": "sum({0}())",
    "context": "{0}().enter(x)",
    "property": "{0}().value",
    "default": "{0}(x)",
    "global": "{0}(x)",
    "branch": "{0}(x)",
    "match": "{0}(x)",
    "generic": "{0}(x)",
    "registered": "{0}(x)",
    "entered": "{0}(x)",
    "hooked": "{0}(x)",
    "patched": "{0}(x)",
    "library": "{0}(x)",
    "data": "{0}(x)",
    "variable": "{0}(x)",
}
"""Kind of unit -> how its value is had."""

PLUGGED = {"generic", "registered", "entered", "hooked", "patched"}
"""Kinds whose code lies in a module of its own, which the unit's module only imports."""

STYLES = (
    *("name", "alias", "module", "dotted", "local", "relative", "star", "text", "computed", "attempt"),
    *("getattr", "exported", "lazy", "branch"),
)
"""How a unit names one of another module."""


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

    def sources(self) -> dict[str, str]:
        """Path below the package -> source."""
        files = {"__init__.py": "", "base.py": BASE, "data.txt": self.data}
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
        files["formats.py"] = OWN_FORMAT.format(heads="\n".join(heads), value=self.thing.value, calls=calls)
        return files

    def _module(self, units: list[Unit]) -> str:
        heads, first, blocks = list(_HEADS), [], []
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
            return [], _plugged(unit)
        heads, calls = self._calls(unit)
        if unit.kind == "derived":
            above = next((self.units[n] for n, _ in unit.calls if self.units[n].kind in {"class", "derived"}), None)
            style = next((s for n, s in unit.calls if above is not None and n == above.number), "")
            if above is None or style in {"local", "text", "computed", "lazy", "getattr"}:
                base, rest = "object", "0"
            else:
                base, rest = _refer(above, unit.home, style)[1], "super().value(x)"
            return heads, _written(_BLOCKS["derived"], unit, calls, base=base, rest=rest)
        return heads, _written(_BLOCKS[unit.kind], unit, calls)

    def _plug(self, unit: Unit) -> str:
        heads, calls = self._calls(unit, home=-1)
        return "\n".join([*_HEADS, *dict.fromkeys(heads), _written(_PLUGS[unit.kind], unit, calls)])

    def _main(self) -> str:
        heads, blocks = [*_HEADS, "from pathlib import Path", "import pyarrow as pa", "from made.base import show"], []
        for unit in self.functions:
            more, calls = self._calls(unit, home=-1)
            heads.extend(more)
            blocks.append(_written(_RECIPES[unit.kind], unit, calls))
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


_HEADS = (
    "from __future__ import annotations",
    "import contextlib, dataclasses, enum, functools, importlib, importlib.metadata, os, pathlib, typing",
    "from abaw_pipeline.parts import Part",
    "from made import base",
    "from made.base import FOUND, Hooked, Slots, enter, mix, register",
)

_BLOCKS = {
    "function": "def {n}(x{a}):\n    '''{doc}'''\n    {l} = {v}  # {c}\n    return mix('{n}', {l}, x, {calls})",
    "class": "class {n}:\n    '''{doc}'''\n    attr = {v}\n    def value(self, x{a}):\n        return mix(self.attr, {calls})",
    "derived": "class {n}({base}):\n    attr = {v}\n    def value(self, x):\n        return mix(self.attr, {rest}, {calls})",
    "constant": "{n}{a} = [{v}, (lambda x: [{calls}])(1)]",
    "decorator": (
        "def {n}(f):\n    @functools.wraps(f)\n    def inner(x{a}):\n        # {c}\n"
        "        return mix({v}, f(x), {calls})\n    return inner"
    ),
    "decorated": (
        "def _deco{n}(f):\n    '''{doc}'''\n    @functools.wraps(f)\n    def inner(x):\n        return mix({v}, f(x))\n    return inner\n"
        "@_deco{n}\ndef {n}(x):\n    return mix(x, {calls})"
    ),
    "closure": (
        "def _make{n}(size):\n    def inner(x{a}):\n        return mix(size, {calls})\n    return inner\n{n} = _make{n}({v})"
    ),
    "partial": "def _part{n}(size, x):\n    '''{doc}'''\n    return mix(size, x, {calls})\n{n} = functools.partial(_part{n}, {v})",
    "table": "{n} = {{'a': lambda x: mix({v}, x, {calls})}}",
    "enum": "class {n}(enum.Enum):\n    '''{doc}'''\n    A = mix({v}, (lambda x: [{calls}])(1))",
    "part": (
        "class {n}(Part):\n    '''{doc}'''\n    scale: int = {v}\n    def apply(self, x{a}):\n"
        "        return mix(self.scale, {v}, x, {calls})"
    ),
    "record": (
        "@dataclasses.dataclass(frozen=True)\nclass {n}:\n    scale: int = {v}\n    def apply(self, x{a}):\n"
        "        return mix(self.scale, {v}, x, {calls})"
    ),
    "operator": "class {n}:\n    def __add__(self, x{a}):\n        # {c}\n        return mix({v}, x, {calls})",
    "iterator": "class {n}:\n    def __iter__(self):\n        x = {v}\n        yield mix(x, {calls})",
    "context": (
        "class {n}:\n    def __enter__(self): return {v}\n    def __exit__(self, *_): return None\n    def enter(self, x):\n"
        "        with self as {l}:\n            return mix({l}, x, {calls})"
    ),
    "property": "class {n}:\n    @property\n    def value(self){r}:\n        x = {v}\n        return mix(x, {calls})",
    "default": "def {n}(x, f=lambda x: mix({v}, {calls})):\n    '''{doc}'''\n    return f(x)",
    "global": (
        "def _set{n}(x):\n    global g_{n}\n    g_{n} = mix({v}, {calls})\n"
        "def {n}(x):\n    _set{n}(x)\n    return g_{n}"
    ),
    "branch": (
        "if {v} % 2:\n    def {n}(x): return mix('odd', {v}, {calls})\nelse:\n    def {n}(x): return mix({v}, {calls})"
    ),
    "match": (
        "def {n}(x):\n    match {v}, x:\n        case [{l}, int()]:\n            return mix({l}, x, {calls})\n"
        "        case {l}:\n            return mix({l}, 'other', {calls})"
    ),
    "library": (
        "def {n}(x):\n    import numpy as np\n    return mix({v}, np.__name__, importlib.metadata.version('numpy'), {calls})"
    ),
    "data": (
        "def {n}(x):\n    '''{doc}'''\n    return mix({v}, pathlib.Path(__file__).with_name('data.txt').read_text(), {calls})"
    ),
    "variable": "def {n}(x):\n    return mix({v}, os.environ.get('MADE_SETTING', ''), {calls})",
}

_PLUGS = {
    "generic": "from made.m{h} import {n}\n@{n}.register\ndef _(x: int):\n    return mix({v}, x, {calls})",
    "registered": "@register('{n}')\ndef {n}(x):\n    '''{doc}'''\n    return mix({v}, x, {calls})",
    "entered": "def {n}(x):\n    # {c}\n    return mix({v}, x, {calls})\nkept = enter('{n}', {n})",
    "hooked": "class K{n}(Hooked):\n    def value(self, x):\n        return mix({v}, x, {calls})",
    "patched": "def {n}(x):\n    return mix({v}, x, {calls})\nbase.Slots.{n} = staticmethod({n})",
}


def _plugged(unit: Unit) -> str:
    name = unit.name
    values = {
        "registered": f"FOUND['{name}'](x)",
        "entered": f"FOUND['{name}'](x)",
        "hooked": f"Hooked.kinds['K{name}']().value(x)",
        "patched": f"Slots.{name}(x)",
        "generic": "mix('nothing', x)",
    }
    dispatch = "@functools.singledispatch\n" if unit.kind == "generic" else ""
    return f"{dispatch}def {name}(x):\n    return {values[unit.kind]}\nimport made.plug{unit.number}"


_GIVEN = "x=x, up=up, many=many, pieces=pieces, part=part, file=file, call=call"
_ARGUMENTS = "x, up=None, many=(), pieces=(), part=None, file=None, call=None"
_BODY = (
    "mix('{n}', {v}, show(given['x']), show(given.get('up')), [show(each) for each in given.get('many', ())], "
    "[show(each) for each in given.get('pieces', ())], "
    "given['part'].apply(3) if given.get('part') else 0, given['call'](4) if given.get('call') else 0, "
    "Path(given['file'].path).read_text() if given.get('file') else '', {calls})"
)
_RECIPES = {
    "plain": f"def {{n}}({_ARGUMENTS}):\n    '''{{doc}}'''\n    given = dict({_GIVEN})\n    x = 2  # {{c}}\n    return {_BODY}",
    "chunked": (
        f"def _{{n}}(given{{a}}):\n    x = 2\n    return {_BODY}\ndef {{n}}(items):\n    return [_{{n}}(each) for each in items]"
    ),
    "parts": (
        f"def {{n}}(**given):\n    x = 2\n    yield pa.table({{{{'v': [1]}}}})\n    yield pa.table({{{{'v': [{_BODY}]}}}})"
    ),
}
_RECIPES["own"] = _RECIPES["plain"]


def _written(template: str, unit: Unit, calls: str, **more: str) -> str:
    given = unit.cosmetic
    annotation = (": int", ": float", "")[given.get("annotation", 0) % 3]
    text = template.format(
        n=unit.name,
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


def reached(code: Code, start: Unit) -> Iterator[Unit]:
    """Units that a unit calls, and those that these call."""
    waiting, seen = [start], set()
    while waiting:
        for number, _ in waiting.pop().calls:
            if number not in seen:
                seen.add(number)
                waiting.append(code.units[number])
                yield code.units[number]


__all__ = ["PLUGGED", "STYLES", "USES", "Code", "Unit", "reached"]
