"""Which code a function runs: a hash of its syntax and of all first-party code that it can reach.

The search is static and errs on the side of too much: a name that might refer to a helper counts as one, and so
does all that the modules on the way do while they are imported. Docstrings, comments, formatting and mere
annotations do not count, unless the code that is reached reads them.

Counted, too, though no name leads there: what modules do to each other while they are imported, in which order, and
classes that enter themselves somewhere as they are derived; whole modules where code computes names (`import_module`,
`globals`, `getattr` of a module) and every module that a text then names; texts of the form "package.module:name";
data files and environment variables that texts in the code name; compiled modules.

Not seen, since nothing in the code that is reached says it (each has a test in `edits/unseen.txt` or `test_limits`):

- a registry filled, or a function replaced, by a module that nothing on the way imports; entry points of packages
- code inside a text that is executed, and modules whose names are put together of less than "package." and a name
- files and variables whose names are computed; what comes over a network, from a clock, or by chance without a seed
- where a `File` lies, and what a part keeps in private attributes: both are left out by declaration
- the code of the built-in formats, which have a generation instead
- module state that an earlier piece has left in the same process, and objects that it was given in `execution`
- a library that changes without a new version, and libraries of the system that another library is linked to
- code that asks for a name before it is bound, and catches the NameError
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abaw_pipeline.artifacts import effects, libraries, sources
from abaw_pipeline.artifacts.names import REFERENCE
from abaw_pipeline.artifacts.search import Search
from abaw_pipeline.artifacts.sources import find_source, is_first_party
from abaw_pipeline.artifacts.symbols import load_symbols
from abaw_pipeline.artifacts.witness import EditedSourceError, forget_read, is_current

SHORT = 16
"""Digits of a code's hash that fingerprints keep."""

_DEFINITIONS: dict[str, Mapping[str, str]] = {}


@dataclass(frozen=True)
class Reach:
    """What a function or class runs.

    Attributes:
        code: hex digest over its name and the normalized syntax of all reached first-party definitions.
        libraries: what else decides: "python 3.11", reached libraries as "distribution version", environment variables
            and data files that the code names, each with a hash of its content; sorted.
        definitions: "module:name" of each reached definition ("module:" for what a module does while it is imported)
            -> a short hash of it.
    """

    code: str
    libraries: tuple[str, ...]
    definitions: Mapping[str, str]


@dataclass(frozen=True)
class _Found:
    """What a search has found, as long as no source changes."""

    code: str
    libraries: tuple[str, ...]
    definitions: Mapping[str, str]
    variables: frozenset[str]
    files: frozenset[tuple[str, Path]]
    sources: tuple[tuple[str, Path], ...]

    def reach(self) -> Reach:
        """The reach, with surroundings as they are now."""
        around = [*libraries.variables(self.variables), *libraries.files(self.files)]
        return Reach(self.code, tuple(sorted([*self.libraries, *around])), self.definitions)


class UnreachableCodeError(TypeError):
    """A recipe's function has no source that another process, or tomorrow's run, could find again."""


def reach(item: Any) -> Reach:
    """What a top-level function or class runs.

    Raises:
        UnreachableCodeError: a lambda, a nested or notebook-made function, a bound method, a builtin, or what
            only borrows the name of another function.
        EditedSourceError: a source was edited after this process had imported it.
    """
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    label = name or type(item).__name__
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name or inspect.ismethod(item):
        raise UnreachableCodeError(f"{label}: a recipe needs a named function at the top level of a module")
    known = None if module == "__main__" else load_symbols(module)
    root = name.partition(".")[0]
    if known is None or root not in known.definitions:
        raise UnreachableCodeError(f"{module}.{label}: no source of its own; move it to a module")
    if _named(module, name) is not item:
        raise UnreachableCodeError(
            f"{module}.{label}: the module has something else under this name; was it wrapped or redefined?"
        )
    found = _checked(module, root)
    code = hashlib.sha256(f"{module}:{name}\n{found.code}".encode()).hexdigest()
    _DEFINITIONS[code[:SHORT]] = found.definitions
    return Reach(code, found.libraries, found.definitions)


def definitions_behind(code: str) -> Mapping[str, str]:
    """Definitions behind the first `SHORT` digits of a code that this process has looked at; else nothing."""
    return _DEFINITIONS.get(code, {})


def reach_text(text: str) -> Reach | None:
    """What a text of the form "package.module:name" refers to; None where it is only a text."""
    if not REFERENCE.match(text) or not is_first_party(re.split("[.:]", text)[0]):
        return None
    module, _, name = text.partition(":")
    return _checked(module, name)


def forget() -> None:
    """Drop what has been read of any source."""
    for cached in (
        *(sources.find_source, sources.find_binary, sources.submodules, sources.is_first_party, sources._spec),
        *(load_symbols, effects.effects_of, effects.runs, effects._may_change, effects._is_hooked, _reach),
    ):
        cached.cache_clear()
    forget_read()


def _named(module: str, name: str) -> Any:
    item: Any = sys.modules.get(module)
    for part in name.split("."):
        item = inspect.getattr_static(item, part, None)
    return item.__func__ if isinstance(item, staticmethod) else item


def _checked(module: str, name: str) -> Reach:
    """What a search finds, read anew where modules have been imported anew since it was read."""
    found = _reach(module, name)
    if not all(is_current(*each) for each in found.sources):
        forget()
        found = _reach(module, name)
        for each, source in found.sources:
            if not is_current(each, source):
                raise EditedSourceError(
                    f"{source} was edited after this process had imported it, so that what runs is not what is "
                    "written there; run the program again (in a notebook: restart the kernel)"
                )
    return found.reach()


@functools.cache
def _reach(module: str, name: str) -> _Found:
    walk = Search()
    walk.run(module, tuple(name.split(".")))
    code = walk.code()
    facts = [
        *sorted(code.items()),
        *((each, "") for each in sorted(walk.bindings)),
        *((each, "") for each in walk.order()),
    ]
    if walk.seen & {"docs", "source"}:
        facts.extend((each, known.text) for each in sorted(walk.modules) if (known := load_symbols(each)))
    digest = hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()
    versions = [libraries.python_version(), *filter(None, map(libraries.version_of, walk.roots))]
    if "platform" in walk.seen:
        versions.append(libraries.platform_text())
    return _Found(
        digest,
        tuple(sorted(versions)),
        {
            label: hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            for label, text in sorted(code.items())
        },
        frozenset(walk.texts if "variables" in walk.seen else ()),
        frozenset(walk.files),
        tuple((each, source) for each in sorted(walk.modules) if (source := find_source(each))),
    )
