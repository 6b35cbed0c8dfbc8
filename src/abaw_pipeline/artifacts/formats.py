"""How pieces are written to one file each, and read back. No format uses pickle."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from abaw_pipeline.artifacts.media_formats import AudioFormat, MovieFormat, PictureFormat
from abaw_pipeline.artifacts.reach import SHORT, Reach, reach
from abaw_pipeline.artifacts.table_formats import FeatureFormat, TableFormat


class Format(Protocol):
    """Writes a piece to a file and reads it back equal."""

    suffix: str
    """File name ending, with the dot."""
    generation: int
    """Raised when the layout of files changes, so that older pieces are made again."""

    def write(self, value: Any, path: Path) -> int:
        """Write the piece, say how many rows (frames, samples, entries) it has; TypeError for another kind of value."""

    def read(self, path: str) -> Any:
        """Read the piece."""

    def count(self, path: str) -> int:
        """How many rows a stored piece has, from as little of the file as that takes."""


@runtime_checkable
class PartFormat(Protocol):
    """What a format has, too, whose pieces are written and read part by part."""

    def write_parts(self, parts: Iterator[Any], path: Path) -> int:
        """Write successive parts, say how many rows they have; ValueError where there is no part."""

    def read_parts(self, path: str, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Successive parts; of a table only the columns that are named, if any are."""


class TensorFormat:
    """A dict of arrays in safetensors."""

    suffix, generation = ".safetensors", 1

    def write(self, value: Any, path: Path) -> int:
        """Write the arrays; how many."""
        from safetensors.numpy import save_file

        if not isinstance(value, dict) or not all(isinstance(array, np.ndarray) for array in value.values()):
            raise TypeError("a piece in format tensors must be a dict of numpy arrays")
        save_file({name: np.asarray(array, order="C") for name, array in value.items()}, path)
        return len(value)

    def read(self, path: str) -> dict[str, Any]:
        """The arrays."""
        from safetensors.numpy import load_file

        return dict(load_file(path))

    def count(self, path: str) -> int:
        """Arrays."""
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            return len(file.keys())


class JsonFormat:
    """Any value of lists, dicts with text keys, texts, numbers, true, false and null; a tuple becomes a list."""

    suffix, generation = ".json", 1

    def write(self, value: Any, path: Path) -> int:
        """Write the value; NaN is refused, and so are keys that would come back as texts. Entries, or 1."""
        _check_keys(value)
        path.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")
        return len(value) if isinstance(value, list | tuple | dict) else 1

    def read(self, path: str) -> Any:
        """The value."""
        return json.loads(Path(path).read_text(encoding="utf-8"))

    def count(self, path: str) -> int:
        """Entries of a list or mapping, else 1."""
        value = self.read(path)
        return len(value) if isinstance(value, list | dict) else 1


class TextFormat:
    """A text in UTF-8, as it is: lines end as given."""

    suffix, generation = ".txt", 1

    def write(self, value: Any, path: Path) -> int:
        """Write the text; its lines."""
        if not isinstance(value, str):
            raise TypeError(f"a piece in format text must be a text, not {type(value).__name__}")
        path.write_bytes(value.encode())
        return len(value.splitlines())

    def read(self, path: str) -> str:
        """The text."""
        return Path(path).read_bytes().decode()

    def count(self, path: str) -> int:
        """Lines."""
        return len(self.read(path).splitlines())


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
    """A format's place in fingerprints: name and generation; the code, and libraries, of one that lies elsewhere.

    The code of the class that a piece has when it is read counts for all formats: whoever reads a piece may call
    its methods without naming them.
    """
    made = get_format(name)
    holds = getattr(made, "holds", None)
    found = [reach(each) for each in [*([] if name in _BUILT_IN else [type(made)]), *([holds] if holds else [])]]
    return " ".join([name, str(made.generation), *(text for each in found for text in _texts(each))])


def _texts(found: Reach) -> list[str]:
    return [found.code[:SHORT], *found.libraries]
