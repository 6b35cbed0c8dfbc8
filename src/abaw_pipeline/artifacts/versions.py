"""What a study keeps on disk, and the versions of it, laid out as Kedro does: <path>/<version>/<name>."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.artifacts.durable import sync_folder
from abaw_pipeline.artifacts.store import PieceStore


@dataclass(frozen=True)
class Stored:
    """A dataset of a study.

    Attributes:
        name: in the catalog.
        path: its file; with versions, the folder that holds them.
        versioned: whether each run adds a version.
        store: where its pieces lie; None for what is no map of pieces.
    """

    name: str
    path: Path
    versioned: bool = True
    store: PieceStore | None = None

    def file(self, version: str) -> Path:
        """What was saved as a version: a file, or a folder of files."""
        return self.path / version / self.path.name

    def versions(self) -> list[str]:
        """Versions that were saved, the newest first, as Kedro orders them."""
        return [name for name in _folders(self.path) if self.file(name).exists()]

    def files(self) -> list[Path]:
        """All that was saved, the newest first."""
        if self.versioned:
            return [self.file(version) for version in self.versions()]
        return [self.path] if self.path.is_file() else []

    def outdated(self, keep: int) -> list[str]:
        """Versions older than the newest `keep`, also those that a killed run began and never saved."""
        newest = self.versions()[:keep]
        return [name for name in _folders(self.path) if name < newest[-1]] if newest else []


def _folders(path: Path) -> list[str]:
    if not path.is_dir():
        return []
    return sorted((each.name for each in path.iterdir() if each.is_dir() and each.name[0] != "."), reverse=True)


def size_of(path: Path) -> int:
    """Bytes of a file or of all files in a folder; links are not followed."""
    return sum(each.lstat().st_size for each in _files(path))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir() and not path.is_symlink():
        for folder, _, names in os.walk(path):
            yield from (Path(folder, name) for name in names)
    elif path.exists():
        yield path


def remove_version(file: Path) -> None:
    """Remove what was saved as a version, and its folder if nothing else lies there.

    A version is there or not: what cannot go at once is renamed before, so that no half of it is ever loaded.

    Args:
        file: what was saved.
    """
    gone = file.with_name(f".{file.name}.removed")
    if gone.is_dir():  # an earlier removal was killed
        shutil.rmtree(gone)
    if file.is_dir() and not file.is_symlink():
        file.replace(gone)
        shutil.rmtree(gone)
    else:
        file.unlink(missing_ok=True)
    file.with_name(f".{file.name}.part").unlink(missing_ok=True)
    if not any(file.parent.iterdir()):
        file.parent.rmdir()
    sync_folder(file.parent.parent)
