"""How tables and feature sequences are written to one Parquet file each, whole or part by part, and read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abaw_pipeline.types import FeatureSequence

if TYPE_CHECKING:
    import pyarrow as pa


class TableFormat:
    """A pyarrow Table in Parquet. Each part becomes a row group, and comes back as one."""

    suffix, generation = ".parquet", 1

    def write(self, value: Any, path: Path) -> int:
        """Write a Table, compressed with zstd; its rows."""
        return self.write_parts(iter([value]), path)

    def write_parts(self, parts: Iterator[Any], path: Path) -> int:
        """Write Tables of one schema after each other; their rows. ValueError where there is none."""
        return write_tables(map(_checked_table, parts), path, compression="zstd")

    def read(self, path: str) -> Any:
        """A Table."""
        import pyarrow.parquet as pq

        return pq.read_table(path, memory_map=False, partitioning=None)

    def read_parts(self, path: str, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Tables, one a row group, at least one."""
        return read_tables(path, columns)

    def count(self, path: str) -> int:
        """Rows of the table."""
        return count_rows(path)


class FeatureFormat:
    """A FeatureSequence in Parquet: start, end (seconds), embedding (fixed-size list of float32)."""

    suffix, generation = ".parquet", 1
    holds = FeatureSequence

    def write(self, value: Any, path: Path) -> int:
        """Write the sequence; its feature vectors. ValueError where a value is not finite."""
        return self.write_parts(iter([value]), path)

    def write_parts(self, parts: Iterator[Any], path: Path) -> int:
        """Write successive sequences of one width; their feature vectors. ValueError where there is none."""
        # float noise hardly compresses: a byte-split lz4 is as small as zstd and reads faster
        options: dict[str, Any] = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
        return write_tables(map(_feature_table, parts), path, **options)

    def read(self, path: str) -> FeatureSequence:
        """The sequence."""
        import pyarrow.parquet as pq

        return _features(pq.read_table(path, memory_map=False, partitioning=None))

    def read_parts(self, path: str, columns: Sequence[str] | None = None) -> Iterator[FeatureSequence]:
        """Sequences, one a row group, at least one; columns cannot be chosen."""
        return map(_features, read_tables(path, None))

    def count(self, path: str) -> int:
        """Feature vectors."""
        return count_rows(path)


def write_tables(tables: Iterator[pa.Table], path: Path, **options: Any) -> int:
    """Write tables of one schema as row groups of one file; how many rows.

    Raises:
        ValueError: there is no table, which would leave the schema unknown; or schemas differ.
    """
    import pyarrow.parquet as pq

    first = next(tables, None)
    if first is None:
        raise ValueError("a piece in parts needs at least one part, also where it has no rows")
    rows = 0
    with pq.ParquetWriter(path, first.schema, **options) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def read_tables(path: str, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    """The row groups of a file as tables; an empty table where there is none."""
    import pyarrow.parquet as pq

    chosen = None if columns is None else list(columns)
    with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=chosen, use_threads=False)
        if not file.num_row_groups:
            yield file.read(columns=chosen)


def count_rows(path: str) -> int:
    """Rows of a Parquet file, from its footer."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _checked_table(value: Any) -> pa.Table:
    import pyarrow as pa

    if not isinstance(value, pa.Table):
        raise TypeError(f"a piece in format table must be a pyarrow Table, not {type(value).__name__}")
    return value


def _feature_table(value: Any) -> pa.Table:
    import pyarrow as pa

    if not isinstance(value, FeatureSequence):
        raise TypeError(f"a piece in format features must be a FeatureSequence, not {type(value).__name__}")
    if value.values.ndim != 2 or not value.values.shape[1]:
        raise ValueError(f"features must be [steps, dimensions], not {list(value.values.shape)}")
    if not np.isfinite(value.values).all():
        raise ValueError("features contain NaN or infinity")
    steps, width = value.values.shape
    flat = pa.array(np.ascontiguousarray(value.values, dtype=np.float32).reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, width)
    starts, ends = pa.array(value.start, pa.float64()), pa.array(value.end, pa.float64())
    if not len(starts) == len(ends) == steps:
        raise ValueError(f"{steps} feature vectors with {len(starts)} starts and {len(ends)} ends")
    return pa.table({"start": starts, "end": ends, "embedding": vectors})


def _features(table: pa.Table) -> FeatureSequence:
    vectors = table.column("embedding").combine_chunks()
    width = vectors.type.list_size
    # copies: arrays that may be written to, as those of a piece just computed
    values = vectors.flatten().to_numpy().copy().reshape(-1, width)
    start, end = (table.column(name).to_numpy().copy() for name in ("start", "end"))
    return FeatureSequence(start, end, values)
