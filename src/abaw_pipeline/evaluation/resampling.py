"""Labels and posteriors between the times of frames, steps of a fixed rate, and windows.

Everything goes by timestamps, and every boundary of a step is one division of whole numbers: nothing is added up,
so nothing drifts. Times that differ by less than `TOLERANCE` are one time; a frame that close before a boundary
counts as being on it.
"""

from __future__ import annotations

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, IntArray, Posteriors, TimedLabels

TOLERANCE = 1e-6
"""Seconds: far less than a frame, far more than what rounding does to times of some hours."""

NOT_ANNOTATED = -1


def to_rate(times: DoubleArray, labels: IntArray, rate: float) -> TimedLabels:
    """Labels of frames as labels of steps of a fixed rate, such as the 5 Hz of S0, section 3.2.2.

    Step k covers [k / rate, (k + 1) / rate). Its label is the mode of the annotated frames in it; of tied classes
    the one whose last frame comes latest. A step without an annotated frame is not annotated, however long the
    frame before it stays on screen.

    Args:
        times: float64 [n_frames], seconds from the clip's start, not negative; any order.
        labels: int64 [n_frames], indexes of classes; -1: not annotated.
        rate: steps a second.

    Returns:
        one row a step, from 0 to the step of the last frame; none where there are no frames.

    Raises:
        DataError: as many labels as frames are needed; a time is negative or not finite.
    """
    times, labels = np.asarray(times, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    if times.shape != labels.shape:
        raise DataError(f"{len(labels)} labels for {len(times)} frames", where="labels of frames")
    if not np.isfinite(times).all() or (times < -TOLERANCE).any():
        raise DataError("times of frames must be finite and not negative", where="labels of frames")
    step = np.floor((times + TOLERANCE) * rate).astype(np.int64)
    n_steps = int(step.max()) + 1 if len(step) else 0
    order = np.argsort(times, kind="stable")
    order = order[labels[order] >= 0]
    values = _modes(step[order], labels[order], n_steps)
    edges = np.arange(n_steps + 1) / rate
    return TimedLabels(edges[:-1], edges[1:], values)


def _modes(group: IntArray, labels: IntArray, n_groups: int) -> IntArray:
    """The most frequent label of each group, the latest of tied ones; -1 for a group without labels."""
    n_classes = int(labels.max()) + 1 if len(labels) else 1
    cell = group * n_classes + labels
    counts = np.bincount(cell, minlength=n_groups * n_classes).reshape(n_groups, n_classes)
    latest = np.full(n_groups * n_classes, -1, dtype=np.int64)
    np.maximum.at(latest, cell, np.arange(len(cell)))
    most = counts.max(axis=1, keepdims=True)
    latest = np.where(counts == most, latest.reshape(n_groups, n_classes), -2)
    return np.where(most[:, 0] > 0, latest.argmax(axis=1), NOT_ANNOTATED).astype(np.int64)


def labels_at(labels: TimedLabels, times: DoubleArray) -> IntArray:
    """The label at each time: that of the row that covers it, -1 where none does.

    Args:
        labels: rows that do not overlap, ascending.
        times: float64 [n], seconds, any order.

    Returns:
        int64 [n].
    """
    if not len(labels.start):
        return np.full(len(times), NOT_ANNOTATED, dtype=np.int64)
    moved = np.asarray(times, dtype=np.float64) + TOLERANCE
    row = np.searchsorted(labels.start, moved, side="right") - 1
    covered = (row >= 0) & (moved < labels.end[row])
    return np.where(covered, labels.values[row], NOT_ANNOTATED).astype(np.int64)


def window_labels(
    labels: TimedLabels, start: DoubleArray, end: DoubleArray, n_classes: int, min_annotated: float = 0.5
) -> IntArray:
    """One label a window: the mode, which is the class that is on for the longest (S0, section 3.1.2).

    Where windows and steps of one rate share their boundaries, this is the most frequent label among the steps;
    a step that a window cuts counts with the part inside. Of tied classes the one seen last in the window is
    taken. Time that is not annotated does not vote.

    Args:
        labels: rows that do not overlap, ascending, of any lengths.
        start: float64 [n], seconds.
        end: float64 [n], seconds, above start.
        n_classes: K.
        min_annotated: least share of a window that must be annotated; a window with less, or with nothing, is -1.

    Returns:
        int64 [n].
    """
    seconds, latest = np.zeros((len(start), n_classes)), np.full((len(start), n_classes), -np.inf)
    for index in np.unique(labels.values[labels.values >= 0]):
        own = labels.values == index
        begins, ends = labels.start[own], labels.end[own]
        edges = np.stack([begins, ends], axis=1).ravel()
        passed = np.stack([np.zeros(len(begins)), ends - begins], axis=1).ravel().cumsum()
        seconds[:, index] = np.interp(end, edges, passed) - np.interp(start, edges, passed)
        last = np.searchsorted(begins, end - TOLERANCE) - 1
        latest[:, index] = np.where(last >= 0, np.minimum(ends[last], end), -np.inf)
    most = seconds.max(axis=1)
    latest[seconds < most[:, None] - TOLERANCE] = -np.inf
    enough = (most > TOLERANCE) & (seconds.sum(axis=1) >= min_annotated * (end - start) - TOLERANCE)
    return np.where(enough, latest.argmax(axis=1), NOT_ANNOTATED).astype(np.int64)


def at_times(posteriors: Posteriors, times: DoubleArray) -> DoubleArray:
    """Posteriors at given times: the mean of all rows that cover a time (S0, section 4.3.3).

    A row covers [start, end). A time that no row covers takes the row nearest to it in time, the earlier of two
    that are equally near.

    Args:
        posteriors: at least one row; rows may overlap in any way.
        times: float64 [n], seconds, any order.

    Returns:
        float64 [n, K], rows sum to 1.

    Raises:
        DataError: there are no rows.
    """
    if not len(posteriors.start):
        raise DataError("there are no posteriors to take times from", where="posteriors")
    times, values = np.asarray(times, dtype=np.float64), posteriors.values.astype(np.float64)
    edges, row, cell = _cells(posteriors.start, posteriors.end)
    filled, first, counts = np.unique(cell, return_index=True, return_counts=True)
    which = np.searchsorted(edges, times + TOLERANCE, side="right") - 1
    found = np.searchsorted(filled, which)
    covered = np.zeros(len(times), dtype=np.bool_)
    inside = found < len(filled)
    covered[inside] = filled[found[inside]] == which[inside]
    result = np.empty((len(times), values.shape[1]))
    if len(filled):
        means = np.add.reduceat(values[row], first, axis=0) / counts[:, None]
        result[covered] = means[found[covered]]
    result[~covered] = values[_nearest(posteriors.start, posteriors.end, times[~covered])]
    return result


def _cells(start: DoubleArray, end: DoubleArray) -> tuple[DoubleArray, IntArray, IntArray]:
    """The stretches between all boundaries of rows, and which rows cover which of them.

    Summing a stretch's own rows, instead of taking differences of running sums, keeps every mean exact however
    long the clip is.

    Returns:
        edges float64 [C + 1], and int64 [M] each: a row, and a stretch it covers, in ascending order of stretches.
    """
    edges = np.unique(np.concatenate([start, end]))
    first, last = np.searchsorted(edges, start), np.searchsorted(edges, end)
    counts = np.maximum(last - first, 0)
    row = np.repeat(np.arange(len(start)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    cell = first[row] + within
    order = np.argsort(cell, kind="stable")
    return edges, row[order], cell[order]


def _nearest(start: DoubleArray, end: DoubleArray, times: DoubleArray) -> IntArray:
    """The row nearest to each time, of times that lie in no row."""
    by_start, by_end = np.argsort(start, kind="stable"), np.argsort(end, kind="stable")
    after = np.searchsorted(start[by_start], times).clip(0, len(start) - 1)
    before = (np.searchsorted(end[by_end], times + TOLERANCE, side="right") - 1).clip(0, len(end) - 1)
    next_row, last_row = by_start[after], by_end[before]
    to_next = np.where(start[next_row] >= times, start[next_row] - times, np.inf)
    since_last = np.where(end[last_row] <= times + TOLERANCE, times - end[last_row], np.inf)
    return np.asarray(np.where(to_next < since_last, next_row, last_row), dtype=np.int64)
