"""Folders of corpora: what lies in them, and on which level of them a root is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from abaw_pipeline.corpora.base import some
from abaw_pipeline.errors import CorpusError


def listed(folder: Path) -> list[Path]:
    """What a folder holds, by name.

    Raises:
        CorpusError: the folder cannot be listed.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise CorpusError(
            f"the folder cannot be listed ({error.strerror}).", where=str(folder), hint="Check its permissions."
        ) from error


def inner(folder: Path, *names: str) -> Path | None:
    """A folder some levels beneath, its names in any case; None: there is none.

    Raises:
        CorpusError: a folder on the way cannot be listed.
    """
    found = folder
    for name in names:
        exact = [entry for entry in listed(found) if entry.name.casefold() == name.casefold() and entry.is_dir()]
        if not exact:
            return None
        # Where a file system tells cases apart, the name as it is published comes first.
        found = next((entry for entry in exact if entry.name == name), exact[0])
    return found


def by_stem(folder: Path, suffixes: Collection[str]) -> dict[str, list[Path]]:
    """Files by their names without the suffix, sorted; hidden ones are left out.

    Args:
        folder: where they lie, not deeper.
        suffixes: in lower case, with the dot; a file's own may be in any case.

    Raises:
        CorpusError: the folder cannot be listed.
    """
    found: dict[str, list[Path]] = {}
    for file in listed(folder):
        # Names that start with a dot are leavings of file managers, some of them with a clip's name behind it.
        if not file.name.startswith(".") and file.suffix.lower() in suffixes and file.is_file():
            found.setdefault(file.stem, []).append(file)
    return found


def wrong_root(root: Path, layout: str, looks_right: Callable[[Path], bool]) -> CorpusError:
    """An error that says what was expected and found, and which folder near by is probably meant.

    Args:
        root: the folder that was given.
        layout: what the corpus's folder holds, in words.
        looks_right: whether a folder is such a corpus; a CorpusError counts as no.
    """
    if not root.is_dir():
        return CorpusError("no such folder.", where=str(root), hint=f"Expected: {layout}.")
    near = [*list(root.parents)[:3], *_below(root, levels=3)]
    likely = next((folder for folder in near if _holds(folder, looks_right)), None)
    found = some([entry.name for entry in listed(root)])
    hint = f"Set path to {likely}." if likely else "Set path to the folder that holds them."
    return CorpusError(f"expected {layout}; found {found}.", where=str(root), hint=hint)


def _below(folder: Path, levels: int) -> Iterator[Path]:
    """Folders beneath, not deeper than some levels: a wrong root may hold a whole disk."""
    try:
        found = [entry for entry in listed(folder) if entry.is_dir() and not entry.is_symlink()]
    except CorpusError:
        return  # this one only feeds a hint
    yield from found
    for entry in found if levels > 1 else ():
        yield from _below(entry, levels - 1)


def _holds(folder: Path, looks_right: Callable[[Path], bool]) -> bool:
    try:
        return looks_right(folder)
    except CorpusError:
        return False  # this one only feeds a hint
