"""Peculiarities of code that a search by names alone would miss, and what they call for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Literal

from abaw_pipeline.artifacts.names import Chain, Facts
from abaw_pipeline.artifacts.sources import find_source, is_first_party, submodules

Kind = Literal["namespace", "computed", "derived", "docs", "annotations", "source", "platform", "variables"]
"""What code may do: look at a whole namespace; compute names of modules; list classes derived from others; read
docstrings, annotations or its own source; ask for the platform; read environment variables."""

NAMESPACES = {"__dict__", "__getattribute__", "__getattr__", "__class__", "__reduce__"}
"""Attributes of a module through which everything in it can be had."""

_CALLS: dict[Kind, set[str]] = {
    "namespace": {"globals", "eval", "exec", "vars", "locals", "sys.modules", "inspect.currentframe", "sys._getframe"},
    "computed": {
        *("importlib.import_module", "__import__", "importlib.__import__", "builtins.__import__", "sys.modules"),
        *("pkgutil.resolve_name", "pkgutil.iter_modules", "pkgutil.walk_packages", "pkgutil.find_loader"),
        *("pydoc.locate", "runpy.run_module", "importlib.util.module_from_spec", "eval", "exec"),
    },
    "docs": {"__doc__", "inspect.getdoc", "inspect.cleandoc"},
    "annotations": {
        *("__annotations__", "typing.get_type_hints", "typing_extensions.get_type_hints", "inspect.signature"),
        *("inspect.get_annotations", "inspect.getfullargspec", "pydantic.validate_call", "pydantic.TypeAdapter"),
        *("pydantic.create_model", "torch.jit.script"),
    },
    "source": {"inspect.getsource", "inspect.getsourcelines", "inspect.getsourcefile", "inspect.findsource"},
    "platform": {"sys.platform", "sys.byteorder", "sys.maxsize", "os.name", "os.uname", "platform"},
    "variables": {"os.environ", "os.getenv", "os.environb"},
}
_ATTRIBUTES: dict[str, Kind] = {
    "__globals__": "namespace",
    "f_globals": "namespace",
    "__subclasses__": "derived",
    "__doc__": "docs",
    "__annotations__": "annotations",
    "__signature__": "annotations",
}
_DOTTED = re.compile(r"\.+[A-Za-z_]\w*(\.[A-Za-z_]\w*)*|[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def kinds(names: set[str], attributes: set[str]) -> set[Kind]:
    """Which peculiarities code has that asks for these names, in full, and for these attributes of anything."""
    found = {kind for attribute, kind in _ATTRIBUTES.items() if attribute in attributes}
    for kind, calls in _CALLS.items():
        if any(name == call or name.startswith(f"{call}.") for name in names for call in calls):
            found.add(kind)
    return found


def meant(tree: ast.AST, facts: Facts, package: str, *, imports: bool) -> Iterator[tuple[str, Chain]]:
    """First-party code that texts may stand for where names of modules are computed.

    "package.module" and "package.module.name" stand for that, ".module" for one beside the code, and what a name is
    put behind, as in f"{__package__}.{name}" or "package." + name, for all that this package holds.

    Args:
        tree: a statement.
        facts: what it names.
        package: the package that it lies in.
        imports: whether it is this statement that imports; ".{name}" elsewhere is the end of a file's name.
    """
    for text in facts.texts:
        if _DOTTED.fullmatch(text):
            yield from _named(_absolute(text, package))
    for node in ast.walk(tree) if any(text.endswith(".") for text in facts.texts) else ():
        for text in _prefixes(node):
            if imports or text.strip("."):
                for module in submodules(_absolute(text, package)):
                    yield module, ()


def _prefixes(node: ast.AST) -> Iterator[str]:
    """Texts that end with a dot, and that something is put behind; the own package's name as one dot."""
    parts: list[ast.AST] = []
    if isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values]
    elif isinstance(node, ast.BinOp):
        left = node.left
        parts = [left.left, left.right, node.right] if isinstance(left, ast.BinOp) else [left, node.right]
    if parts and isinstance(parts[0], ast.Name) and parts[0].id in {"__name__", "__package__"}:
        parts = parts[1:]
        if parts and isinstance(parts[0], ast.Constant) and parts[0].value == ".":
            yield "."
            return
    first = getattr(parts[0], "value", None) if len(parts) > 1 else None
    if isinstance(first, str) and first.endswith("."):
        yield first


def _absolute(text: str, package: str) -> str:
    """A module's name as an import would understand it in a package; "." is the package."""
    dots = len(text) - len(text.lstrip("."))
    above = package.split(".")
    return ".".join(filter(None, [*above[: len(above) - dots + 1], text.strip(".")])) if dots else text.rstrip(".")


def _named(text: str) -> Iterator[tuple[str, Chain]]:
    parts = text.split(".")
    for length in range(len(parts), 0, -1) if is_first_party(parts[0]) else ():
        if find_source(".".join(parts[:length])) is not None:
            yield ".".join(parts[:length]), tuple(parts[length:])
            return
