"""A versioned folder of small text files, which may be empty."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io.core import AbstractVersionedDataset, DatasetError, Version, VersionNotFoundError
from kedro_datasets._typing import HTMLPreview

from abaw_pipeline.datasets.panel import code, note, panel, table
from abaw_pipeline.datasets.peek import beginning


class TextFolder(AbstractVersionedDataset[dict[str, str], dict[str, str]]):
    """Texts by name, each a file of its own: what a challenge asks to be handed in.

    Kedro's PartitionedDataset has no versions of its own and cannot load an empty folder, as a study without
    frame-level decisions has one.

    Args:
        filepath: the folder; with versions, a folder of that name for each.
        suffix: ends each file's name.
        version: Kedro's load and save versions.
        metadata: anything, for plugins such as kedro-viz.
    """

    def __init__(
        self,
        *,
        filepath: str,
        suffix: str = ".txt",
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self._suffix = suffix
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """All texts, by file name without its suffix."""
        folder = Path(self._get_load_path())
        return {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob(f"*{self._suffix}"))}

    def save(self, data: dict[str, str]) -> None:
        """Write each text to a file.

        Raises:
            DatasetError: a name that would lie in another folder.
        """
        folder = Path(self._get_save_path())
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in data.items():
            if Path(name).name != name:
                raise DatasetError(f"{name!r} is not the name of a file")
            (folder / f"{name}{self._suffix}").write_text(text, encoding="utf-8", newline="")

    def preview(self, shown: int = 20) -> HTMLPreview:
        """The description, the names of the first files and how one begins, for kedro-viz."""
        if not self._exists():
            return panel(self.metadata, note("Not made yet."))
        files = sorted(Path(self._get_load_path()).glob(f"*{self._suffix}"))
        listed = table(["file", "bytes"], [(file.name, file.stat().st_size) for file in files[:shown]])
        parts = [listed, note(f"{files[0].name}:"), code(beginning(files[0]))] if files else []
        return panel(self.metadata, note(f"{len(files[:shown])} of {len(files):,} files:"), *parts)

    def _exists(self) -> bool:
        try:
            return Path(self._get_load_path()).is_dir()
        except VersionNotFoundError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "suffix": self._suffix, "version": self._version}
