"""Packages written for one test, to see what an edit does to the digest of the code that a function reaches."""

from __future__ import annotations

import importlib
import itertools
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from abaw_pipeline.artifacts import reach as reaching

_numbers = itertools.count()
_EDIT = re.compile("‹(.*?)\\|(.*?)›", re.DOTALL)


def forget() -> None:
    """Drop what has been read of any source, as a new process would."""
    reaching.forget()
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("made")]:
        del sys.modules[name]


@contextmanager
def package(folder: Path, files: Mapping[str, str]) -> Iterator[None]:
    """A package `made` of these files, importable inside the block; each call has a folder of its own."""
    root = folder / f"v{next(_numbers)}"
    for path, text in files.items():
        file = root / "made" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
    forget()
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
        forget()


def reach_of(folder: Path, files: Mapping[str, str], target: str = "made.main:run") -> reaching.Reach:
    """What `target` reaches in a package of these files, once imported."""
    module, _, name = target.partition(":")
    with package(folder, {"__init__.py": "", **files}):
        item = importlib.import_module(module)
        for part in name.split("."):
            item = getattr(item, part)
        return reaching.reach(item)


def read_cases(name: str) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Cases of a file under `edits`: name -> the files of a package before and after an edit.

    A case starts with `=== name`; its first file is main.py, others start with `--- path`. `‹1|2›` is an edit.
    """
    text = (Path(__file__).parent / "edits" / f"{name}.txt").read_text(encoding="utf-8")
    cases = {}
    for block in text.split("=== ")[1:]:
        title, _, rest = block.partition("\n")
        files = {}
        for part in f"--- main.py\n{rest}".split("--- ")[1:]:
            path, _, source = part.partition("\n")
            files[path] = source
        before, after = ({p: _EDIT.sub(side, s) for p, s in files.items()} for side in (r"\1", r"\2"))
        assert before != after, f"{title}: nothing is edited"
        cases[title] = (before, after)
    return cases
