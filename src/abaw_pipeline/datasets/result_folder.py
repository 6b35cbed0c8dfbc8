"""A folder of finished files under names that people look for."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import HTMLPreview

from abaw_pipeline.datasets.panel import note, panel

LISTED = 20
"""Names that the preview shows."""


class ResultFolder(AbstractDataset[Mapping[str, str | Path], Path]):
    """Texts and copies of files by their path below a folder.

    Pieces lie under fingerprints; this is where users find them by name. Copies, not links: who edits a result does
    not touch the piece. A file that is already there, as large and as old as its source, is left alone. Files of
    earlier runs stay.

    Args:
        filepath: the folder.
        metadata: anything, for plugins such as kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder."""
        return self._folder

    def save(self, data: Mapping[str, str | Path]) -> None:
        """Write each text, copy each file; each is whole or not there.

        Raises:
            DatasetError: a name that would lie outside the folder.
        """
        for name, content in data.items():
            parts = PurePosixPath(name).parts
            if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
                raise DatasetError(f"{name!r} does not lie below {self._folder}")
            _put(content, self._folder.joinpath(*parts))

    def preview(self) -> HTMLPreview:
        """The names of the first folders and files, for kedro-viz; none is read."""
        names = sorted(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else []
        return panel(self.metadata, *map(note, names[:LISTED] or ["Not made yet."]))

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


def _put(content: str | Path, target: Path) -> None:
    if isinstance(content, Path) and _same(content, target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        if isinstance(content, Path):
            shutil.copy2(content, aside)
        else:
            aside.write_text(content, encoding="utf-8", newline="")
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _same(source: Path, target: Path) -> bool:
    if not target.is_file():
        return False
    one, other = source.stat(), target.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
