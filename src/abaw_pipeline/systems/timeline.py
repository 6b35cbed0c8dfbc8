"""Brings feature sequences of different extractors onto one time grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from abaw_pipeline.systems.reading import check_inputs, read_features
from abaw_pipeline.types import Examples, FeatureSequence, FloatArray


def on_grid(sequence: FeatureSequence, duration: float, step: float) -> FloatArray:
    """Mean of the feature vectors whose middle lies in each step; an empty step takes its nearest neighbor.

    Args:
        sequence: at least one row; rows that lie outside the clip count for its first or last step.
        duration: of the clip, seconds.
        step: of the grid, seconds.

    Returns:
        float32 [T, D] with T = duration / step rounded up, at least 1.
    """
    n_steps = max(1, math.ceil(duration / step - 1e-6))
    bins = np.floor((sequence.start + sequence.end) / 2 / step).astype(np.int64).clip(0, n_steps - 1)
    order = np.argsort(bins, kind="stable")
    filled, first, counts = np.unique(bins[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(sequence.values[order].astype(np.float64), first, axis=0)
    after = np.searchsorted(filled, np.arange(n_steps)).clip(0, len(filled) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(filled[before] - np.arange(n_steps)) < np.abs(filled[after] - np.arange(n_steps))
    nearest = np.where(closer, before, after)
    return np.asarray((sums / counts[:, None])[nearest], dtype=np.float32)


def clip_sequences(
    examples: Examples, names: Sequence[str], step: float, widths: Mapping[str, int] | None = None
) -> tuple[list[FloatArray], dict[str, int]]:
    """Each clip's inputs side by side on one grid.

    Args:
        examples: clips.
        names: which inputs, in the order of the columns.
        step: of the grid, seconds.
        widths: columns that each input must have; None takes those of the first clip.

    Returns:
        per clip float32 [T_i, D], and the columns of each input.

    Raises:
        DataError: as `read_features` and `check_inputs`.
    """
    check_inputs(examples, names)
    seen: dict[str, int] = dict(widths or {})
    sequences = []
    for index, duration in enumerate(examples.durations):
        parts = []
        for name in names:
            sequence = read_features(examples, name, index, seen.get(name))
            seen[name] = sequence.values.shape[1]
            parts.append(on_grid(sequence, float(duration), step))
        sequences.append(np.concatenate(parts, axis=1))
    return sequences, seen
