"""How pieces are written to one file each, and read back. No format uses pickle."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from abaw_pipeline.artifacts.media_formats import AudioFormat, MovieFormat, PictureFormat
from abaw_pipeline.artifacts.reach import reach
from abaw_pipeline.types import FeatureSequence


class Format(Protocol):
    """Writes a piece to a file and reads it back equal."""

    suffix: str
    """File name ending, with the dot."""
    generation: int
    """Raised when the layout of files changes, so that older pieces are made again."""

    def write(self, value: Any, path: Path) -> None:
        """Write the piece; raises TypeError for a value of another kind."""

    def read(self, path: str) -> Any:
        """Read the piece."""

    def rows(self, value: Any) -> int:
        """How many rows (frames, samples, entries) the piece has."""


class TableFormat:
    """A pyarrow Table in Parquet."""

    suffix, generation = ".parquet", 1

    def write(self, value: Any, path: Path) -> None:
        """Write a Table, compressed with zstd."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not isinstance(value, pa.Table):
            raise TypeError(f"a piece in format table must be a pyarrow Table, not {type(value).__name__}")
        pq.write_table(value, path, compression="zstd")

    def read(self, path: str) -> Any:
        """A Table."""
        import pyarrow.parquet as pq

        return pq.read_table(path, memory_map=False, partitioning=None)

    def rows(self, value: Any) -> int:
        """Rows of the table."""
        return int(value.num_rows)


class FeatureFormat:
    """A FeatureSequence in Parquet: start, end (seconds), embedding (fixed-size list of float32)."""

    suffix, generation = ".parquet", 1

    def write(self, value: Any, path: Path) -> None:
        """Write the sequence; raises ValueError where a value is not finite."""
        import pyarrow as pa
        import pyarrow.parquet as pq

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
        table = pa.table({"start": starts, "end": ends, "embedding": vectors})
        # float noise hardly compresses: a byte-split lz4 is as small as zstd and reads faster
        pq.write_table(table, path, compression="lz4", use_dictionary=False, write_statistics=False)

    def read(self, path: str) -> FeatureSequence:
        """The sequence."""
        import pyarrow.parquet as pq

        table = pq.read_table(path, memory_map=False, partitioning=None)
        vectors = table.column("embedding").combine_chunks()
        width = vectors.type.list_size
        # copies: arrays that may be written to, as those of a piece just computed
        values = vectors.flatten().to_numpy().copy().reshape(-1, width)
        start, end = (table.column(name).to_numpy().copy() for name in ("start", "end"))
        return FeatureSequence(start, end, values)

    def rows(self, value: Any) -> int:
        """Feature vectors."""
        return len(value.values)


class TensorFormat:
    """A dict of arrays in safetensors."""

    suffix, generation = ".safetensors", 1

    def write(self, value: Any, path: Path) -> None:
        """Write the arrays."""
        from safetensors.numpy import save_file

        if not isinstance(value, dict) or not all(isinstance(array, np.ndarray) for array in value.values()):
            raise TypeError("a piece in format tensors must be a dict of numpy arrays")
        save_file({name: np.asarray(array, order="C") for name, array in value.items()}, path)

    def read(self, path: str) -> dict[str, Any]:
        """The arrays."""
        from safetensors.numpy import load_file

        return dict(load_file(path))

    def rows(self, value: Any) -> int:
        """Arrays."""
        return len(value)


class JsonFormat:
    """Any value of lists, dicts with text keys, texts, numbers, true, false and null; a tuple becomes a list."""

    suffix, generation = ".json", 1

    def write(self, value: Any, path: Path) -> None:
        """Write the value; NaN is refused, and so are keys that would come back as texts."""
        _check_keys(value)
        path.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")

    def read(self, path: str) -> Any:
        """The value."""
        return json.loads(Path(path).read_text(encoding="utf-8"))

    def rows(self, value: Any) -> int:
        """Entries of a list or mapping, else 1."""
        return len(value) if isinstance(value, list | dict) else 1


class TextFormat:
    """A text in UTF-8, as it is: lines end as given."""

    suffix, generation = ".txt", 1

    def write(self, value: Any, path: Path) -> None:
        """Write the text."""
        if not isinstance(value, str):
            raise TypeError(f"a piece in format text must be a text, not {type(value).__name__}")
        path.write_bytes(value.encode())

    def read(self, path: str) -> str:
        """The text."""
        return Path(path).read_bytes().decode()

    def rows(self, value: Any) -> int:
        """Lines."""
        return len(value.splitlines())


def _check_keys(value: Any) -> None:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a piece in format json has the key {key!r}, which is not a text")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        _check_keys(item)


_BUILT_IN: dict[str, type[Format]] = {
    "table": TableFormat,
    "features": FeatureFormat,
    "audio": AudioFormat,
    "tensors": TensorFormat,
    "json": JsonFormat,
    "picture": PictureFormat,
    "text": TextFormat,
    "movie": MovieFormat,
}


@functools.cache
def get_format(name: str) -> Format:
    """A format by its short name, or by "package.module:Class" for one that lies elsewhere.

    Raises:
        ValueError: there is no such format.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]()
    module, _, attribute = name.partition(":")
    if not attribute:
        raise ValueError(f"no format {name!r}; there are {', '.join(_BUILT_IN)}, or package.module:Class")
    made: Format = getattr(importlib.import_module(module), attribute)()
    return made


def storage_text(name: str) -> str:
    """A format's place in fingerprints: name and generation, and the code of one that lies elsewhere."""
    made = get_format(name)
    code = "" if name in _BUILT_IN else f" {reach(type(made)).code[:16]}"
    return f"{name} {made.generation}{code}"
