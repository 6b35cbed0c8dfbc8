"""A folder of pieces, each a file named by its fingerprint and checksum, whole or not there at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isgenerator
from pathlib import Path
from typing import Any

from abaw_pipeline.artifacts.aside import ASIDE, abandoned, aside_name
from abaw_pipeline.artifacts.durable import make_durable, sync_folder
from abaw_pipeline.artifacts.formats import Format, PartFormat, get_format
from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.artifacts.piece_files import is_whole, parse_name, piece_name, sha256_of
from abaw_pipeline.errors import PipelineError

_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
_LEAST_FREE = 1 << 16
"""Bytes; a disk with less is full."""

Present = dict[str, dict[str, int]]
"""Fingerprint -> relative path -> bytes. Two computations of one piece may give different bytes."""


class StorageError(PipelineError):
    """A place for pieces that cannot be written to: full, read-only, or not ours. It stops the run."""


@dataclass(frozen=True)
class Written:
    """What is known of a stored piece.

    Attributes:
        path: relative to the store.
        rows: rows of the piece.
        bytes: size of the file.
        sha256: hex digest of the file.
    """

    path: str
    rows: int | None
    bytes: int
    sha256: str


@dataclass(frozen=True)
class PieceStore:
    """Pieces of one artifact, shared by all studies.

    Attributes:
        folder: where the pieces lie.
        format: name of their format.
    """

    folder: str
    format: str

    @property
    def _format(self) -> Format:
        return get_format(self.format)

    def path(self, relative: str) -> Path:
        """The full path of a piece."""
        return Path(self.folder) / relative

    def present(self) -> Present:
        """All pieces that are there, in one pass over the folder."""
        found: Present = {}
        for relative, size in self.files():
            parsed = parse_name(relative.rpartition("/")[2])
            if parsed is not None:
                found.setdefault(parsed[0], {})[relative] = size
        return found

    def files(self) -> Iterator[tuple[str, int]]:
        """Relative path and size of every file in the groups of pieces, also of such as are none."""
        if not Path(self.folder).is_dir():
            return
        with os.scandir(self.folder) as groups:
            for group in groups:
                if not group.is_dir() or group.name.startswith("."):
                    continue
                with os.scandir(group.path) as files:
                    for file in files:
                        yield f"{group.name}/{file.name}", file.stat().st_size

    def prepare(self) -> None:
        """Make sure that pieces can be stored, before work is done for nothing.

        Raises:
            StorageError: they cannot.
        """
        probe = self._aside()
        with self._writing():
            probe.write_bytes(b" " * 4096)
            probe.unlink()

    def write(self, fingerprint: str, value: Any) -> Written:
        """Store a piece: written aside, made durable, then renamed, so that no reader ever sees a part of it.

        That its name is durable, too, is for `settle` to see to.

        Args:
            fingerprint: what the piece is made of.
            value: the piece, or a generator of its parts, which are written as they come.

        Raises:
            StorageError: the folder cannot be written to.
            Exception: what the generator raises.
        """
        aside = self._aside()
        try:
            rows = self._fill(aside, value)
            with self._writing():
                size, checksum = make_durable(aside)
                relative = piece_name(fingerprint, checksum, self._format.suffix)
                self.path(relative).parent.mkdir(exist_ok=True)
                aside.replace(self.path(relative))
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        return Written(relative, rows, size, checksum)

    def _fill(self, path: Path, value: Any) -> int:
        made = self._format
        if not (isgenerator(value) and isinstance(made, PartFormat)):
            value = whole(value)
            with self._writing():
                return made.write(value, path)
        raised: list[BaseException] = []

        def parts() -> Iterator[Any]:
            try:
                yield from value
            except BaseException as error:
                raised.append(error)
                raise

        with self._writing(but=raised):
            return made.write_parts(parts(), path)

    @contextmanager
    def _writing(self, but: Sequence[BaseException] = ()) -> Iterator[None]:
        """Tell errors of the disk from those of a piece.

        Args:
            but: errors that came from elsewhere, which may be errors of another disk.
        """
        try:
            yield
        except Exception as error:
            if error in but or not (problem := self._problem(error)):
                raise
            raise StorageError(
                f"pieces cannot be stored: {problem}",
                where=self.folder,
                hint="What was stored is kept; put it right and run again, which goes on from there.",
            ) from error

    def _problem(self, error: Exception) -> str:
        """What is wrong with the disk; empty where the error is the piece's own."""
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            return str(error.strerror or error)
        said = next((text for text in map(os.strerror, _OF_THE_DISK) if text in str(error)), "")
        if said:  # a library that has errors of its own
            return said
        # not every library says why it could not write
        free = shutil.disk_usage(self.folder).free if Path(self.folder).is_dir() else _LEAST_FREE
        return "" if free >= _LEAST_FREE else os.strerror(errno.ENOSPC)

    def settle(self, paths: Iterable[str]) -> None:
        """Return once the names of pieces are on disk, so that a manifest may name them."""
        folder = Path(self.folder)
        groups = {path.partition("/")[0] for path in paths}
        for each in [*(folder / group for group in sorted(groups)), folder, folder.parent] if groups else []:
            sync_folder(each)

    def adopt(self, relative: str) -> Written | None:
        """Facts of a piece that another run has stored; None for a file that does not hold what its name says."""
        path = self.path(relative)
        if not is_whole(path):
            return None
        return Written(relative, self._format.count(str(path)), path.stat().st_size, sha256_of(path))

    def sweep(self) -> int:
        """Remove what writers that no longer run on this machine have left aside; how many files."""
        left = list(abandoned(Path(self.folder)))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _aside(self) -> Path:
        folder = Path(self.folder) / ASIDE
        with self._writing():
            folder.mkdir(parents=True, exist_ok=True)
        return folder / aside_name(self._format.suffix)
