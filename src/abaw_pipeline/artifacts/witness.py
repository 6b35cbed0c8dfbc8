"""Sees to it that the code which a process runs is the code which its fingerprints speak of.

Fingerprints are made from source files, while a process runs what it has imported. If a file is edited in between,
results of the old code would be stored as those of the new, or the other way round. So a finder, which finds nothing
itself, notes in which state each first-party file was when it was imported; the state in which it is read for a
fingerprint must be the same.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from abaw_pipeline.artifacts.sources import PROJECT, is_installed

State = tuple[int, int, int, int]
"""What changes whenever a file does, also where its size and date are set back: inode, size, mtime, ctime."""

_imported: dict[str, State | None] = {}
"""Path of a source -> its state when it was imported; None where it was imported again after an edit."""
_read: dict[str, State] = {}


class EditedSourceError(RuntimeError):
    """A file was edited after this process had imported it: what would be computed is not what is written there."""


def state_of(path: Path) -> State:
    """The present state of a file."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def note_read(path: Path) -> State:
    """Remember, before a source is read for fingerprints, in which state it is."""
    _read[str(path)] = state = state_of(path)
    return state


def is_current(module: str, path: Path) -> bool:
    """Whether a source was read in the state in which its module was imported, or would be imported now."""
    name = str(path)
    if module not in sys.modules:
        return state_of(path) == _read.get(name)
    return name not in _imported or _imported[name] == _read.get(name)


def edited() -> str | None:
    """A source that was imported in another state than it was read for fingerprints; None if all is well.

    An import inside a function may come long after the fingerprint.
    """
    return next((name for name, state in _read.items() if _imported.get(name, state) != state), None)


def forget_read() -> None:
    """Sources are going to be read anew."""
    _read.clear()


class _Witness(MetaPathFinder):
    """Looks where other finders look, and leaves the finding to them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None, always."""
        root = fullname.partition(".")[0]
        if root in _foreign or root in sys.stdlib_module_names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not spec.origin:
            return None
        if root != PROJECT and is_installed(Path(spec.origin)):
            _foreign.add(root)
        else:
            _note_import(spec.origin, again=target is not None)
        return None


_foreign: set[str] = set()
"""Packages that were found to be installed from elsewhere; there are thousands of modules in them."""


def _note_import(origin: str, *, again: bool = False) -> None:
    """Args: the file, and whether a module is loaded anew into itself, which leaves old objects in other modules."""
    path = Path(origin).resolve()
    if not path.is_file():
        return
    name, state = str(path), state_of(path)
    _imported[name] = None if again and _imported.get(name, state) != state else state


def watch() -> None:
    """Begin to note imports; what has been imported already counts as imported now."""
    for module in list(sys.modules.values()):
        origin = getattr(module, "__file__", None)
        ours = module.__name__.partition(".")[0] == PROJECT if isinstance(module, ModuleType) else False
        if isinstance(origin, str) and origin.endswith(".py") and (ours or not is_installed(Path(origin))):
            _note_import(origin)
    sys.meta_path.insert(0, _Witness())
