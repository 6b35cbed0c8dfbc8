"""Brings feature sequences of different extractors onto one time grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.resampling import TOLERANCE
from abaw_pipeline.systems.reading import check_inputs, read_features
from abaw_pipeline.systems.windows import Windows, gather, window_starts
from abaw_pipeline.types import DoubleArray, Examples, FeatureSequence, FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


def on_grid(sequence: FeatureSequence, duration: float, step: float) -> FloatArray:
    """Mean of the feature vectors whose middle lies in each step; an empty step takes its nearest neighbor.

    Args:
        sequence: at least one row; rows that lie outside the clip count for its first or last step.
        duration: of the clip, seconds.
        step: of the grid, seconds.

    Returns:
        float32 [T, D] with T = duration / step rounded up, at least 1.
    """
    n_steps = _count(duration, step)
    bins = _bins(sequence, step, n_steps)
    order = np.argsort(bins, kind="stable")
    filled, first, counts = np.unique(bins[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(sequence.values[order].astype(np.float64), first, axis=0)
    after = np.searchsorted(filled, np.arange(n_steps)).clip(0, len(filled) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(filled[before] - np.arange(n_steps)) < np.abs(filled[after] - np.arange(n_steps))
    nearest = np.where(closer, before, after)
    return np.asarray((sums / counts[:, None])[nearest], dtype=np.float32)


def missing_steps(sequence: FeatureSequence, duration: float, step: float, longest: float) -> BoolArray:
    """Steps of `on_grid`'s grid of which the sequence says nothing.

    A step is missing if no row's middle lies in it and its own middle lies in a gap: a stretch of the clip longer
    than `longest` that no row spans.

    Args:
        sequence: any number of rows.
        duration: of the clip, seconds.
        step: of the grid, seconds.
        longest: gap that is still filled from its neighbors, seconds.

    Returns:
        bool [T], T as of `on_grid`.
    """
    n_steps = _count(duration, step)
    if not len(sequence.values):
        return np.ones(n_steps, dtype=np.bool_)
    order = np.argsort(sequence.start, kind="stable")
    left = np.append(0.0, np.maximum.accumulate(sequence.end[order]))
    right = np.append(sequence.start[order], duration)
    wide = right - left > longest + TOLERANCE
    left, right = left[wide], right[wide]
    middle = (np.arange(n_steps) + 0.5) * step
    gap = np.searchsorted(left, middle, side="right") - 1
    missing = np.zeros(n_steps, dtype=np.bool_)
    missing[gap >= 0] = middle[gap >= 0] < right[gap[gap >= 0]]
    missing[_bins(sequence, step, n_steps)] = False
    return missing


@dataclass(frozen=True)
class GridSequences:
    """Inputs of clips side by side on one grid, without the steps at which one of them is missing.

    Attributes:
        values: per clip float32 [P_i, D], its present steps.
        present: per clip bool [T_i], which of the grid's steps they are.
        widths: columns of each input.
    """

    values: list[FloatArray]
    present: list[BoolArray]
    widths: dict[str, int]


def clip_sequences(
    examples: Examples, names: Sequence[str], step: float, longest: float, widths: Mapping[str, int] | None = None
) -> GridSequences:
    """Each clip's inputs on one grid.

    Args:
        examples: clips.
        names: which inputs, in the order of the columns.
        step: of the grid, seconds.
        longest: gap that is still filled from its neighbors, seconds; see `missing_steps`.
        widths: columns that each input must have; None takes those of the first clip that has rows.

    Raises:
        DataError: as `read_features` and `check_inputs`.
    """
    check_inputs(examples, names)
    seen: dict[str, int] = dict(widths or {})
    values, present = [], []
    for index, duration in enumerate(examples.durations):
        sequences = [read_features(examples, name, index, seen.get(name)) for name in names]
        seen |= {name: s.values.shape[1] for name, s in zip(names, sequences, strict=True) if len(s.values)}
        missing = np.any([missing_steps(s, float(duration), step, longest) for s in sequences], axis=0)
        if all(len(s.values) for s in sequences):
            grid = np.concatenate([on_grid(s, float(duration), step) for s in sequences], axis=1)
        else:
            grid = np.zeros((len(missing), sum(s.values.shape[1] for s in sequences)), dtype=np.float32)
        values.append(grid[~missing] if missing.any() else grid)
        present.append(~missing)
    return GridSequences(values, present, seen)


def grid_windows(
    sequences: GridSequences, durations: DoubleArray, step: float, window_s: float | None, shift: float
) -> tuple[Windows, list[FloatArray]]:
    """Windows of whole steps, and the present steps of each as views; a window without any is left out.

    Args:
        sequences: of clips.
        durations: of the clips, seconds.
        step: of the grid, seconds.
        window_s: seconds in a window, rounded to whole steps; None: the whole clip.
        shift: from one window to the next, as a share of a window; one step at least.
    """
    parts, times = [], []
    for values, present, duration in zip(sequences.values, sequences.present, durations, strict=True):
        n_steps = len(present)
        size = n_steps if window_s is None else max(1, round(window_s / step))
        first = np.array(window_starts(n_steps, size, max(1, round(size * shift))))
        last = np.minimum(first + size, n_steps)
        before = np.append(0, np.cumsum(present))
        there = before[last] > before[first]
        first, last = first[there], last[there]
        parts += [values[before[a] : before[b]] for a, b in zip(first, last, strict=True)]
        times.append((first * step, np.where(last == n_steps, duration, last * step)))
    return gather(times), parts


def column_scale(sequences: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation of each column over all steps, deviation 1 for a constant column: float32 [D] each.

    Raises:
        DataError: there are no steps.
    """
    sequences = [sequence for sequence in sequences if len(sequence)]
    n = sum(len(sequence) for sequence in sequences)
    if not n:
        raise DataError("no clip has feature vectors", where="training examples")
    mean = sum(sequence.sum(axis=0, dtype=np.float64) for sequence in sequences) / n
    variance = sum(((sequence - mean) ** 2).sum(axis=0) for sequence in sequences) / n
    scale = np.sqrt(variance)
    scale[scale <= 1e-6 * np.maximum(np.abs(mean), 1e-6)] = 1.0
    return mean.astype(np.float32), scale.astype(np.float32)


def tamed(sequences: GridSequences, mean: FloatArray, scale: FloatArray) -> GridSequences:
    """Z-scores whose tails are drawn in (inverse hyperbolic sine).

    Descriptors of loudness and voice quality reach 70 deviations, which batch norm cannot use.
    """
    values = [
        np.asarray(np.arcsinh((each - mean) / scale), dtype=np.float32) if len(each) else each
        for each in sequences.values
    ]
    return GridSequences(values, sequences.present, sequences.widths)


def _count(duration: float, step: float) -> int:
    return max(1, math.ceil(duration / step - 1e-6))


def _bins(sequence: FeatureSequence, step: float, n_steps: int) -> IntArray:
    """The step that the middle of each row lies in."""
    return np.floor((sequence.start + sequence.end) / 2 / step).astype(np.int64).clip(0, n_steps - 1)
