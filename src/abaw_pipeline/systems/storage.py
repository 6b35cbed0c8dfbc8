"""Trained systems as safetensors: a network's arrays, or an estimator as skops bytes, and the card as metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.estimator_bytes import dump_estimator, load_estimator
from abaw_pipeline.types import Fitted

ESTIMATOR = "estimator.skops"
"""Name of the array that holds an estimator's bytes."""


def read_card(path: str) -> dict[str, Any]:
    """A stored system's card alone; nothing else of the file is read, no estimator is built."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        card: dict[str, Any] = json.loads((file.metadata() or {}).get("card", "{}"))
    return card


class FittedFormat:
    """A `Fitted` in one safetensors file; nothing is unpickled, and only named types are built on reading."""

    suffix, generation = ".safetensors", 1

    def write(self, value: Any, path: Path) -> int:
        """Write a trained system; arrays of a network, or 1."""
        from safetensors.numpy import save_file

        if not isinstance(value, Fitted):
            raise TypeError(f"a trained system must be a Fitted, not {type(value).__name__}")
        arrays = {name: np.ascontiguousarray(array) for name, array in value.tensors.items()}
        if value.estimator is not None:
            arrays[ESTIMATOR] = np.frombuffer(dump_estimator(value.estimator), dtype=np.uint8)
        card = json.dumps(dict(value.card), allow_nan=False, sort_keys=True)
        save_file(arrays, path, metadata={"card": card})
        return len(arrays) or 1

    def read(self, path: str) -> Fitted:
        """Read a trained system.

        Raises:
            skops.io.exceptions.UntrustedTypesFoundException: the file asks for a type that is not trusted.
        """
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        card, content = read_card(path), arrays.pop(ESTIMATOR, None)
        if content is None:
            return Fitted(card, arrays)
        return Fitted(card, arrays, load_estimator(content.tobytes()))

    def count(self, path: str) -> int:
        """Arrays of a network, or 1."""
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            return len(file.keys()) or 1
