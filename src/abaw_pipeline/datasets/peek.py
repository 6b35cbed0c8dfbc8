"""A glance into stored files for previews: the first rows, never the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from abaw_pipeline.datasets import panel

ROWS = 5
"""Rows that a preview shows."""
LARGEST = 1 << 20
"""Bytes of a file that is shown whole."""
LETTERS = 1500
"""Letters of a text that are shown."""
_CHUNK = 1 << 16


def first_rows(path: Path, count: int, columns: Sequence[str] | None = None) -> tuple[list[str], list[list[Any]], int]:
    """Names of columns, the first rows and the number of all rows of a Parquet file.

    Columns are read in chunks of 64 KiB until there are enough rows, as a row group may hold a million of them.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, buffer_size=_CHUNK, pre_buffer=False) as file:
        names = list(columns or file.schema_arrow.names)
        batch = next(file.iter_batches(batch_size=max(count, 1), columns=names, use_threads=False), None)
        rows = [] if batch is None else [[row[name] for name in names] for row in batch.slice(0, count).to_pylist()]
        return names, rows, file.metadata.num_rows


def peek(path: Path, rows: int = ROWS) -> list[str]:
    """The beginning of a piece as parts of a panel, by the file's kind; nothing for kinds that say nothing."""
    match path.suffix:
        case ".parquet":
            names, first, total = first_rows(path, rows)
            return [panel.note(f"{len(first)} of its {total:,} rows:"), panel.table(names, first)]
        case ".jpg" if path.stat().st_size <= LARGEST:
            return [panel.picture(path.read_bytes())]
        case ".json" | ".csv" | ".txt":
            return [panel.code(beginning(path))]
        case ".flac":
            return [panel.note(_sound(path))]
        case ".safetensors":
            return [panel.code(_card(path))]
    return []


def beginning(path: Path) -> str:
    """The first letters of a text file."""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(LETTERS)
        return text + ("…" if file.read(1) else "")


def _sound(path: Path) -> str:
    import soundfile

    facts = soundfile.info(path)
    return f"{facts.duration:.2f} s of sound at {facts.samplerate:,} Hz."


def _card(path: Path) -> str:
    """What a trained system says of itself; its arrays are not read."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        card = json.loads((file.metadata() or {}).get("card", "{}"))
    return json.dumps(card, indent=2)[:LETTERS]
