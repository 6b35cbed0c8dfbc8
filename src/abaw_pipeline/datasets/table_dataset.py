"""A table in Parquet whose preview is cheap."""

from __future__ import annotations

from pathlib import Path

from kedro_datasets._typing import HTMLPreview
from kedro_datasets.pandas import ParquetDataset

from abaw_pipeline.datasets.panel import note, panel, table
from abaw_pipeline.datasets.peek import ROWS, first_rows


class TableDataset(ParquetDataset):  # type: ignore[misc]
    """Kedro's ParquetDataset on the local disk; its own preview reads all rows to show five."""

    def preview(self, nrows: int = ROWS) -> HTMLPreview:
        """The description and the first rows, for kedro-viz."""
        if not self._exists():
            return panel(self.metadata, note("Not made yet."))
        names, rows, total = first_rows(Path(self._get_load_path()), nrows)
        return panel(self.metadata, note(f"{len(rows)} of {total:,} rows:"), table(names, rows))
