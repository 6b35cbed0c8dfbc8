"""Folders of corpora: what lies in them, on which level of them a root is, and the one file of a clip."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from abaw_pipeline.corpora.base import Quarantined, some
from abaw_pipeline.corpora.media_files import MOVING
from abaw_pipeline.errors import CorpusError

Medium = Literal["audio", "video"]

SUFFIXES: Mapping[Medium, Collection[str]] = {"audio": {".wav", ".flac"}, "video": MOVING}
"""Lower-case suffixes of a corpus whose clips are handed out both as sound and as video."""

POINTER = b"version https://git-lfs"
LONGEST_POINTER = 1024


def listed(folder: Path, wanted: Callable[[Path], bool] = lambda _: True) -> list[Path]:
    """What a folder holds, by name.

    Args:
        folder: it exists.
        wanted: which entries are meant; left out: all.

    Raises:
        CorpusError: the folder cannot be listed, or its entries cannot be looked at.
    """
    try:
        return [entry for entry in sorted(folder.iterdir()) if wanted(entry)]
    except OSError as error:
        raise CorpusError(
            f"the folder cannot be listed ({error.strerror}).", where=readable(folder), hint="Check its permissions."
        ) from error


def media_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Files by name; hidden ones are left out.

    Args:
        folder: where they lie, not deeper.
        suffixes: in lower case, with the dot; a file's own may be in any case.

    Raises:
        CorpusError: the folder cannot be listed.
    """
    # Names that start with a dot are leavings of file managers, some of them with a clip's name behind it.
    return listed(
        folder,
        lambda entry: entry.suffix.lower() in suffixes and not entry.name.startswith(".") and entry.is_file(),
    )


def by_stem(folder: Path, suffixes: Collection[str]) -> dict[str, list[Path]]:
    """Files of `media_in` by their names without the suffix, sorted.

    Raises:
        CorpusError: the folder cannot be listed.
    """
    found: dict[str, list[Path]] = {}
    for file in media_in(folder, suffixes):
        found.setdefault(file.stem, []).append(file)
    return found


def inner_folders(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """Folders directly beneath whose whole name matches.

    Raises:
        CorpusError: the folder cannot be listed.
    """
    return listed(folder, lambda entry: name.fullmatch(entry.name) is not None and entry.is_dir())


def inner(folder: Path, *names: str) -> Path | None:
    """A folder some levels beneath, its names in any case; None: there is none.

    Raises:
        CorpusError: a folder on the way cannot be listed.
    """
    found = folder
    for name in names:
        exact = inner_folders(found, re.compile(re.escape(name), re.IGNORECASE))
        if not exact:
            return None
        # Where a file system tells cases apart, the name as it is published comes first.
        found = next((entry for entry in exact if entry.name == name), exact[0])
    return found


def is_folder(root: Path) -> bool:
    """Whether a root is one.

    Raises:
        CorpusError: it may not be looked at.
    """
    try:
        return root.is_dir()
    except OSError as error:
        raise CorpusError(
            f"it cannot be looked at ({error.strerror}).", where=readable(root), hint="Check its permissions."
        ) from error


def wrong_root(root: Path, layout: str, looks_right: Callable[[Path], bool]) -> CorpusError:
    """An error that says what was expected and found, and which folder near by is probably meant.

    Args:
        root: the folder that was given.
        layout: what the corpus's folder holds, in words.
        looks_right: whether a folder is such a corpus; a CorpusError counts as no.
    """
    if not is_folder(root):
        above = [root.parent] if root.exists() else []
        likely = _first([*above, *_below(root.parent, levels=1)], looks_right)
        what = "a file, not a folder." if root.exists() else "no such folder."
        right = f" Set path to {likely}." if likely else ""
        return CorpusError(what, where=readable(root), hint=f"Expected: {layout}.{right}")
    likely = _first([*list(root.parents)[:3], *_below(root, levels=3)], looks_right)
    found = some([readable(entry.name) for entry in listed(root)])
    hint = f"Set path to {likely}." if likely else "Set path to the folder that holds them."
    return CorpusError(f"expected {layout}; found {found}.", where=readable(root), hint=hint)


def _below(folder: Path, levels: int) -> Iterator[Path]:
    """Folders beneath, not deeper than some levels: a wrong root may hold a whole disk."""
    try:
        found = listed(folder, lambda entry: entry.is_dir() and not entry.is_symlink())
    except CorpusError:
        return  # this one only feeds a hint
    yield from found
    for entry in found if levels > 1 else ():
        yield from _below(entry, levels - 1)


def _first(near: Iterable[Path], looks_right: Callable[[Path], bool]) -> str:
    """The first folder that looks right; empty text: none does."""
    return next((readable(folder) for folder in near if _holds(folder, looks_right)), "")


def _holds(folder: Path, looks_right: Callable[[Path], bool]) -> bool:
    try:
        return looks_right(folder)
    except CorpusError:
        return False  # this one only feeds a hint


def readable(text: object) -> str:
    """What tables and terminals can hold: a name on disk may be in no encoding."""
    return str(text).encode(errors="backslashreplace").decode()


def refused(name: str, root: Path, file: Path, error: CorpusError) -> Quarantined:
    """A row for a file whose name is that of no clip.

    Args:
        name: what the study calls the corpus.
        root: the corpus folder.
        file: somewhere below it.
        error: what is wrong with the name.
    """
    row = Quarantined.because(f"{name}/{file.relative_to(root).as_posix()}", error)
    return replace(row, key=readable(row.key), message=readable(row.message))


def one_file(files: list[Path]) -> Path:
    """The file of a clip.

    Raises:
        CorpusError: there are several, or it is what Git leaves of a large file that was not fetched.
    """
    if len(files) > 1:
        raise CorpusError(
            f"several files are one clip: {some([file.name for file in files])}.",
            where=str(files[0].parent),
            hint="Keep one of them.",
        )
    if _is_pointer(files[0]):
        raise CorpusError(
            "a Git LFS pointer, not the medium.", where=str(files[0]), hint="Fetch the media: git lfs pull."
        )
    return files[0]


def _is_pointer(file: Path) -> bool:
    try:
        if file.stat().st_size > LONGEST_POINTER:
            return False
        with file.open("rb") as stream:
            return stream.read(len(POINTER)) == POINTER
    except OSError:
        return False  # files that cannot be read are refused where all of them are


def missing(wanted: Collection[str], there: Collection[str]) -> list[str]:
    """A note if clips that the corpus has are not there."""
    gone = sorted(set(wanted) - set(there))
    return [f"{len(gone)} of the corpus's {len(wanted)} clips are missing: {some(gone)}"] if gone else []
