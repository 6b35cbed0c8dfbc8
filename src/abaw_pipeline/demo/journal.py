"""Files that are made here: each one whole or not at all, all of them or made again, and nobody else's touched."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from filelock import FileLock

from abaw_pipeline.errors import CorpusError

JOURNAL = "corpus.json"


@dataclass(frozen=True)
class Piece:
    """A file of the corpus.

    Attributes:
        name: its path relative to the corpus's folder, with slashes.
        write: writes it under the path it is given.
    """

    name: str
    write: Callable[[Path], None]


class _Journal(TypedDict):
    """The file that tells which files are ours; `complete` is set last of all."""

    settings: dict[str, object]
    generator: str
    complete: bool
    files: dict[str, int]


def make_files(folder: Path, settings: dict[str, object], pieces: Sequence[Piece]) -> bool:
    """Make all files, or leave them if all of them are there.

    A journal names each file before it is written and says that the corpus is complete after the last one,
    so a killed call is taken up by the next, and only files that were made here are ever replaced or removed.

    Args:
        folder: made if it is not there.
        settings: what the files depend on besides this package's code; kept in the journal.
        pieces: what to make.

    Returns:
        Whether this call made them.

    Raises:
        CorpusError: the folder holds a file of another origin under a name that is needed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target: _Journal = {
        "settings": settings,
        "generator": _code(),
        "complete": True,
        "files": dict.fromkeys((piece.name for piece in pieces), 0),
    }
    with FileLock(folder / ".corpus.lock"):
        there = _read_journal(folder)
        generate = there is None or not _same(folder, there, target)
        if generate:
            _generate(folder, pieces, target, set(there["files"]) if there else set())
    return generate


def _generate(folder: Path, pieces: Iterable[Piece], target: _Journal, ours: set[str]) -> None:
    _check_free(folder, set(target["files"]) - ours)
    claimed = sorted(ours | set(target["files"]))
    _write_text(folder, JOURNAL, _dump({**target, "complete": False, "files": dict.fromkeys(claimed, 0)}))
    for piece in pieces:
        file = folder / piece.name
        file.parent.mkdir(parents=True, exist_ok=True)
        piece.write(_aside(file))
        _aside(file).replace(file)
    for name in claimed:
        _aside(folder / name).unlink(missing_ok=True)
        if name not in target["files"]:
            (folder / name).unlink(missing_ok=True)
    sizes = {name: (folder / name).stat().st_size for name in target["files"]}
    _write_text(folder, JOURNAL, _dump({**target, "files": sizes}))


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _same(folder: Path, there: _Journal, target: _Journal) -> bool:
    """Whether a complete corpus of these settings and this code lies there, each file in its length."""
    if {**there, "files": sorted(there["files"])} != {**target, "files": sorted(target["files"])}:
        return False
    files = [(folder / name, size) for name, size in there["files"].items()]
    return all(file.is_file() and file.stat().st_size == size for file, size in files)


def _check_free(folder: Path, names: Iterable[str]) -> None:
    taken = sorted(name for name in names if (folder / name).exists())
    if taken:
        raise CorpusError(
            f"{taken[0]} is there already, and was not made here.",
            where=str(folder),
            hint="Move it away, or let the demo corpus have a folder of its own.",
        )


def _read_journal(folder: Path) -> _Journal | None:
    """The journal, or None where there is none yet.

    Raises:
        CorpusError: something else has its name.
    """
    file = folder / JOURNAL
    if not file.exists():
        return None
    try:
        journal: _Journal = json.loads(file.read_text(encoding="utf-8"))
        _check_journal(journal)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorpusError(
            f"not the journal of a demo corpus ({error}).",
            where=str(file),
            hint="Move it away, or let the demo corpus have a folder of its own.",
        ) from error
    return journal


def _check_journal(journal: _Journal) -> None:
    if journal.keys() != _Journal.__annotations__.keys() or not all(_inside(name) for name in journal["files"]):
        raise ValueError("other keys or names than the demo corpus writes")


def _inside(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and path.name not in {"", JOURNAL}


def _write_text(folder: Path, name: str, text: str) -> None:
    """Whole or not at all, and on the disk before anything is done that relies on it."""
    aside = _aside(folder / name)
    with aside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / name)


def _dump(journal: Mapping[str, object]) -> str:
    return json.dumps(journal, indent=1, sort_keys=True) + "\n"


def _code() -> str:
    """Hash of this package's source: other code may make other sounds and pictures."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
