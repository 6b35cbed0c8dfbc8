"""The report's figures as files, with a preview that shows some."""

from __future__ import annotations

from pathlib import Path

from kedro_datasets._typing import HTMLPreview
from kedro_datasets.partitions import PartitionedDataset

from abaw_pipeline.datasets.panel import note, panel, picture
from abaw_pipeline.datasets.peek import LARGEST

SHOWN = ("results", "class_f1", "classes", "folds")
"""Figures that say most, in this order."""


class FigureFolder(PartitionedDataset):  # type: ignore[misc]
    """Kedro's PartitionedDataset of SVG drawings."""

    def preview(self, shown: tuple[str, ...] = SHOWN) -> HTMLPreview:
        """The figures named, as pictures, and how many there are, for kedro-viz."""
        files = {file.stem: file for file in sorted(Path(self._path).glob("*.svg"))}
        if not files:
            return panel(self.metadata, note("Not made yet."))
        chosen = [files[name] for name in shown if name in files and files[name].stat().st_size <= LARGEST]
        parts = [part for file in chosen for part in (note(file.name), picture(file.read_bytes(), "svg+xml"))]
        return panel(self.metadata, note(f"{len(chosen)} of {len(files)} figures:"), *parts)
