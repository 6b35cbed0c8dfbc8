"""Where a module's source lies, and whether it is the user's own; found without importing anything."""

from __future__ import annotations

import functools
import importlib.util
import site
import sys
import sysconfig
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

PROJECT = __name__.partition(".")[0]


@functools.cache
def find_source(module: str) -> Path | None:
    """The Python file of a first-party module; None for any other, and for one without such a file.

    First-party is this project, and all that was not installed from elsewhere.
    """
    if not is_first_party(module.partition(".")[0]):
        return None
    path = getattr(sys.modules.get(module), "__file__", None)
    if path is None:
        spec = _spec(module)
        path = spec.origin if spec else None
    if path is None or not str(path).endswith(".py"):
        return None
    return Path(path).resolve()


@functools.cache
def is_first_party(root: str) -> bool:
    """Whether a top-level package or module is the user's: this project, or not installed from elsewhere."""
    if root == PROJECT:
        return True
    if root in sys.stdlib_module_names or root in sys.builtin_module_names:
        return False
    spec = _spec(root)
    if spec is None:
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
    return any(not is_installed(Path(place)) for place in places if Path(place).exists())


@functools.cache
def _spec(module: str) -> ModuleSpec | None:
    parent, _, _ = module.rpartition(".")
    if parent:
        above = _spec(parent)
        if above is None or above.submodule_search_locations is None:
            return None
        return _spec_below(module, list(above.submodule_search_locations))
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):  # no name of a module at all, or __main__ of a notebook
        return None


def _spec_below(module: str, places: list[str]) -> ModuleSpec | None:
    try:
        return PathFinder.find_spec(module, places)
    except KeyError:  # a folder without __init__.py, whose spec asks for a parent that has been imported
        spec = ModuleSpec(module, None, is_package=True)
        folders = [Path(place, module.rpartition(".")[2]) for place in places]
        spec.submodule_search_locations = [str(folder) for folder in folders if folder.is_dir()]
        return spec


def is_installed(path: Path) -> bool:
    """Whether a file or folder lies where Python and what is installed lie."""
    resolved = path.resolve()
    return any(resolved.is_relative_to(folder) for folder in _installed_folders())


@functools.cache
def _installed_folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [*map(sysconfig.get_path, names), *site.getsitepackages(), site.getusersitepackages()]
    return tuple({Path(folder).resolve() for folder in folders})


@functools.cache
def find_binary(module: str) -> Path | None:
    """The compiled file of a first-party module that is not Python; None for any other."""
    if not is_first_party(module.partition(".")[0]) or find_source(module) is not None:
        return None
    spec = _spec(module)
    return Path(spec.origin) if spec is not None and spec.origin and Path(spec.origin).is_file() else None


@functools.cache
def submodules(package: str) -> tuple[str, ...]:
    """First-party modules directly inside a package."""
    source = find_source(package)
    if source is None or source.name != "__init__.py":
        return ()
    names = {path.stem for path in source.parent.glob("*.py")} | {
        path.parent.name for path in source.parent.glob("*/*.py")
    }
    return tuple(f"{package}.{name}" for name in sorted(names - {"__init__"}))
