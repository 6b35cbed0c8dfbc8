"""A folder of pieces, each a file named by its fingerprint, whole or not there at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abaw_pipeline.artifacts.durable import make_durable, sync_folder
from abaw_pipeline.artifacts.formats import Format, get_format


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

    def relative(self, fingerprint: str) -> str:
        """A piece's path below the folder."""
        return f"{fingerprint[:2]}/{fingerprint}{self._format.suffix}"

    def path(self, relative: str) -> Path:
        """The full path of a piece."""
        return Path(self.folder) / relative

    def present(self) -> dict[str, int]:
        """Relative path -> size of all pieces that are there, in one pass over the folder."""
        found: dict[str, int] = {}
        if not Path(self.folder).is_dir():
            return found
        with os.scandir(self.folder) as groups:
            for group in groups:
                if not group.is_dir() or group.name.startswith("."):
                    continue
                with os.scandir(group.path) as files:
                    found.update({f"{group.name}/{file.name}": file.stat().st_size for file in files})
        return found

    def write(self, fingerprint: str, value: Any) -> Written:
        """Store a piece: written aside, made durable, then renamed, so that no reader ever sees a part of it.

        That its name is durable, too, is for `settle` to see to.
        """
        relative = self.relative(fingerprint)
        target = self.path(relative)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = self._aside(target.suffix)
        try:
            self._format.write(value, aside)
            size, checksum = make_durable(aside)
            aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        return Written(relative, self._format.rows(value), size, checksum)

    def settle(self, paths: Iterable[str]) -> None:
        """Return once the names of pieces are on disk, so that a manifest may name them."""
        folder = Path(self.folder)
        groups = {self.path(path).parent for path in paths}
        for each in [*groups, folder, folder.parent] if groups else []:
            sync_folder(each)

    def adopt(self, relative: str) -> Written:
        """Facts of a piece that another run has stored; reads it, so a file that cannot be read raises."""
        path = self.path(relative)
        rows = self._format.rows(self._format.read(str(path)))
        content = path.read_bytes()
        return Written(relative, rows, len(content), hashlib.sha256(content).hexdigest())

    def sweep(self) -> int:
        """Remove what writers that no longer run on this machine have left aside; how many files."""
        removed = 0
        for path in (Path(self.folder) / ".aside").glob(f"{socket.gethostname()}-*"):
            process = path.name.removeprefix(f"{socket.gethostname()}-").partition("-")[0]
            if process.isdigit() and not _runs(int(process)):
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _aside(self, suffix: str) -> Path:
        folder = Path(self.folder) / ".aside"
        folder.mkdir(exist_ok=True)
        return folder / f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}{suffix}"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
