"""How well emotions are recognized around the moments at which they change (S0, section 6, Table 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.measures import confusion_matrix, cpm
from abaw_pipeline.evaluation.resampling import TOLERANCE
from abaw_pipeline.types import DoubleArray, IntArray

Near = Literal["each", "nearest"]
"""Whether a frame counts for each change point it is near to, or for the nearest alone (the later of two)."""


def change_point_table(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    *,
    width: float = 2.0,
    bins: int = 2,
    max_gap: float = 0.5,
    near: Near = "each",
) -> pd.DataFrame:
    """CPM of the frames before and after emotion change points, by their distance in time.

    A change point is the time of the first frame of another true class than that of the frame before it. Where
    frames without annotation lie between the two, it counts if they are at most `max_gap` seconds apart; after
    a longer gap nobody knows when the emotion changed. With `near="each"`, as the paper seems to count, a frame
    that is near several change points counts once for each of them.

    Args:
        predictions: columns system, fold, clip_id, frame, time (seconds), truth, predicted; clips that are
            decided as a whole (no frame) are left out.
        classes: the K classes.
        width: of a bin, seconds.
        bins: how many bins on each side of a change point.
        max_gap: seconds.
        near: see `Near`.

    Returns:
        columns system, bin (from -bins to bins - 1), lo, hi (seconds from the change point; lo belongs to the bin,
        hi does not), frames (counted), change_points (of the system's clips), cpm (NaN: there are no frames).

    Raises:
        DataError: a class that is not among the K.
    """
    framed = predictions[predictions["frame"].notna()]
    rows = []
    for system, own in framed.groupby("system", sort=False):
        matrices, n_points = _count(own, list(classes), width, bins, max_gap, near)
        for index, matrix in enumerate(matrices):
            total = int(matrix.sum())
            lo = (index - bins) * width
            value = float(cpm(matrix)) if total else np.nan
            rows.append((system, index - bins, lo, lo + width, total, n_points, value))
    names = ["system", "bin", "lo", "hi", "frames", "change_points", "cpm"]
    return pd.DataFrame(rows, columns=names)


def change_points(times: DoubleArray, truth: IntArray, max_gap: float = 0.5) -> DoubleArray:
    """Times at which the truth changes.

    Args:
        times: float64 [n] of annotated frames, seconds, ascending.
        truth: int64 [n], classes.
        max_gap: most seconds between the two frames of a change.

    Returns:
        float64, the time of the first frame of each new class.
    """
    changed = (truth[1:] != truth[:-1]) & (np.diff(times) <= max_gap + TOLERANCE)
    return np.asarray(times[1:][changed], dtype=np.float64)


def _count(
    predictions: pd.DataFrame, classes: list[str], width: float, bins: int, max_gap: float, near: Near
) -> tuple[IntArray, int]:
    """Confusion matrix of each bin [2 bins, K, K], and how many change points there are, over all clips of a system."""
    matrices = np.zeros((2 * bins, len(classes), len(classes)), dtype=np.int64)
    n_points = 0
    for _, clip in predictions.sort_values("time", kind="stable").groupby(["fold", "clip_id"], sort=False):
        times = clip["time"].to_numpy(dtype=np.float64)
        truth, predicted = (_numbers(clip[column], classes) for column in ("truth", "predicted"))
        points = change_points(times, truth, max_gap)
        n_points += len(points)
        pairs = _each(times, points, width, bins) if near == "each" else _nearest(times, points, width, bins)
        matrices += np.stack([confusion_matrix(truth[rows], predicted[rows], len(classes)) for rows in pairs])
    return matrices, n_points


def _numbers(names: pd.Series, classes: list[str]) -> IntArray:
    numbers = pd.Index(classes).get_indexer(pd.Index(names))
    if (numbers < 0).any():
        unknown = sorted(set(names[numbers < 0]))
        raise DataError(f"not among the classes: {', '.join(map(str, unknown))}", where="predictions")
    return np.asarray(numbers, dtype=np.int64)


def _each(times: DoubleArray, points: DoubleArray, width: float, bins: int) -> Iterator[IntArray]:
    """Indexes of the frames in each bin, once for each change point."""
    for index in range(-bins, bins):
        first = np.searchsorted(times, points + index * width - TOLERANCE)
        last = np.searchsorted(times, points + (index + 1) * width - TOLERANCE)
        yield np.concatenate([np.zeros(0, np.int64), *map(np.arange, first, last)]).astype(np.int64)


def _nearest(times: DoubleArray, points: DoubleArray, width: float, bins: int) -> Iterator[IntArray]:
    """Indexes of the frames in each bin, by the distance to their nearest change point."""
    if not len(points):
        yield from (np.zeros(0, np.int64) for _ in range(2 * bins))
        return
    after = np.searchsorted(points, times).clip(0, len(points) - 1)
    before = np.maximum(after - 1, 0)
    later = np.abs(points[after] - times) <= np.abs(times - points[before]) + TOLERANCE
    offset = times - np.where(later, points[after], points[before])
    which = np.floor((offset + TOLERANCE) / width).astype(np.int64)
    for index in range(-bins, bins):
        yield np.flatnonzero(which == index)
