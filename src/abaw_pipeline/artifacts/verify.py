"""Reads every piece that manifests name and compares it with its checksum."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.artifacts.keys import Key
from abaw_pipeline.artifacts.manifest import DONE, read_manifest
from abaw_pipeline.artifacts.piece_files import set_aside, sha256_of
from abaw_pipeline.artifacts.versions import Stored
from abaw_pipeline.threads import cores

MISSING, DAMAGED, UNREADABLE = "missing", "damaged", "unreadable"


@dataclass(frozen=True)
class Piece:
    """A file, and all keys that stand for it.

    Attributes:
        path: the file.
        sha256: hex digest that it had when it was written.
        bytes: size that it had then.
        keys: name of an artifact, and a key of it.
    """

    path: Path
    sha256: str
    bytes: int
    keys: tuple[tuple[str, Key], ...]


@dataclass(frozen=True)
class Finding:
    """A piece that cannot be used.

    Attributes:
        piece: which.
        problem: "missing", "damaged" or "unreadable".
        note: what was done about it, or what stands in the way.
    """

    piece: Piece
    problem: str
    note: str = ""


def named_pieces(stored: Iterable[Stored], version: str | None = None) -> list[Piece]:
    """Pieces that manifests name, each file once.

    Args:
        stored: datasets; those without pieces, or without that version, are passed over.
        version: None: the latest of each.

    Raises:
        ManifestError: a manifest cannot be read.
    """
    found: dict[Path, Piece] = {}
    manifests: set[Path] = set()
    for each in stored:
        file = _manifest(each, version)
        if each.store is None or file is None or file in manifests:
            continue
        manifests.add(file)
        for entry in read_manifest(file).entries:
            if entry.status == DONE and entry.path is not None:
                path = each.store.path(entry.path)
                before = found[path].keys if path in found else ()
                keys = (*before, (each.name, entry.key))
                found[path] = Piece(path, entry.sha256 or "", entry.bytes or 0, keys)
    return list(found.values())


def _manifest(stored: Stored, version: str | None) -> Path | None:
    if version is None:
        return next(iter(stored.files()), None)
    return stored.file(version) if version in stored.versions() else None


def check_pieces(pieces: Collection[Piece], checked: Callable[[Piece], None]) -> Iterator[Finding]:
    """Pieces that cannot be used, in the order given; several are read at a time.

    Args:
        pieces: files to be read.
        checked: called after each.
    """
    with ThreadPoolExecutor(cores()) as pool:
        for piece, finding in zip(pieces, pool.map(_check, pieces), strict=True):
            checked(piece)
            if finding is not None:
                yield finding


def _check(piece: Piece) -> Finding | None:
    try:
        whole = sha256_of(piece.path) == piece.sha256
    except FileNotFoundError:
        return Finding(piece, MISSING)
    except PermissionError as error:
        return Finding(piece, UNREADABLE, f"{error.strerror}: it stays where it is")
    except OSError:  # the disk has lost it
        whole = False
    if whole:
        return None
    done = set_aside(piece.path)
    return Finding(piece, DAMAGED, done if piece.path.exists() else "moved aside")
