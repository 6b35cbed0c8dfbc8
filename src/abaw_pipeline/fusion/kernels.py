"""MCWF's loops over frames, compiled by numba; `counting` and `ascent` call them.

No fast math and no fused multiply-add: sums are taken system by system in double precision, as `MCWF.fuse` takes
them, so that a decision made here is the decision made there. Loops are split into small functions over slices,
the form in which the compiler turns them into vector instructions (measured: 3 times faster than one nest of loops).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from abaw_pipeline.types import DoubleArray, IntArray

NameArray = npt.NDArray[np.int16]
"""Classes by number, in little room."""

BLOCK = 256
"""Frames at a time: their posteriors stay in the first caches while all candidates pass over them."""

GROUP = 4
"""Systems added in one go; a number of systems is filled up to a multiple with zeros, which change no sum."""

NEVER = 2.0
"""A step that no direction reaches."""

compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def _add_group(
    total: DoubleArray, p: DoubleArray, group: int, w0: float, w1: float, w2: float, w3: float
) -> None:  # pragma: no cover (compiled)
    for i in range(total.size):
        j = group * GROUP * BLOCK + i
        total[i] = (((total[i] + w0 * p[j]) + w1 * p[j + BLOCK]) + w2 * p[j + 2 * BLOCK]) + w3 * p[j + 3 * BLOCK]


@compiled
def _decide_first_group(
    best: DoubleArray, decided: IntArray, label: int, p: DoubleArray, w0: float, w1: float, w2: float, w3: float
) -> None:  # pragma: no cover (compiled)
    for i in range(best.size):
        score = ((w0 * p[i] + w1 * p[i + BLOCK]) + w2 * p[i + 2 * BLOCK]) + w3 * p[i + 3 * BLOCK]
        highest = best[i]
        decided[i] = label if score > highest else decided[i]
        best[i] = score if score > highest else highest


@compiled
def _decide(
    best: DoubleArray, decided: IntArray | NameArray, label: int, score: DoubleArray
) -> None:  # pragma: no cover (compiled)
    for i in range(best.size):
        highest = best[i]
        decided[i] = label if score[i] > highest else decided[i]
        best[i] = score[i] if score[i] > highest else highest


@compiled
def _how_many(decided: IntArray, label: int) -> int:  # pragma: no cover (compiled)
    found = 0
    for i in range(decided.size):
        found += decided[i] == label
    return found


@compiled
def _weigh(total: DoubleArray, p: DoubleArray, w: DoubleArray) -> None:  # pragma: no cover (compiled)
    total[:] = 0.0
    for group in range(w.size // GROUP):
        first = group * GROUP
        _add_group(total, p, group, w[first], w[first + 1], w[first + 2], w[first + 3])


@compiled
def weigh_class(
    blocks: DoubleArray, weights: DoubleArray, label: int, scores: DoubleArray, line: int
) -> None:  # pragma: no cover (compiled)
    """Scores of a class by weights [K, L] of the systems, written as a line of [n_blocks, lines, BLOCK]."""
    for block in range(len(blocks)):
        _weigh(scores[block, line], blocks[block, label], weights[label])


@compiled
def count_decisions(
    blocks: DoubleArray, sizes: IntArray, truth: IntArray, candidates: DoubleArray, counts: IntArray
) -> None:  # pragma: no cover (compiled)
    """Confusion counts of every candidate; of equal scores the first class wins.

    Args:
        blocks: [n_blocks, K, L * BLOCK], frames of one true class each; L is a multiple of GROUP.
        sizes: [n_blocks], how many of a block's places are frames.
        truth: [n_blocks].
        candidates: [M, K, L].
        counts: [M, K, K], added to.
    """
    n_candidates, n_classes, n_systems = candidates.shape
    scores, highest, chosen = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK, np.int64)
    for block in range(len(blocks)):
        n = sizes[block]
        score, best, decided = scores[:n], highest[:n], chosen[:n]
        for candidate in range(n_candidates):
            best[:] = -1.0
            for label in range(n_classes):
                p, w = blocks[block, label], candidates[candidate, label]
                if n_systems == GROUP:
                    _decide_first_group(best, decided, label, p, w[0], w[1], w[2], w[3])
                else:
                    _weigh(score, p, w)
                    _decide(best, decided, label, score)
            rest = n
            for label in range(n_classes - 1):
                found = _how_many(decided, label)
                counts[candidate, truth[block], label] += found
                rest -= found
            counts[candidate, truth[block], n_classes - 1] += rest


@compiled
def count_scores(
    scores: DoubleArray, sizes: IntArray, truth: IntArray, counts: IntArray
) -> None:  # pragma: no cover (compiled)
    """Confusion counts [K, K], added to, of decisions by scores [n_blocks, K, BLOCK]; the first of equals wins."""
    highest, chosen = np.empty(BLOCK), np.empty(BLOCK, np.int64)
    for block in range(len(sizes)):
        best, decided = highest[: sizes[block]], chosen[: sizes[block]]
        best[:] = -1.0
        for label in range(scores.shape[1]):
            _decide(best, decided, label, scores[block, label])
        for i in range(sizes[block]):
            counts[truth[block], decided[i]] += 1


@compiled
def find_rivals(
    scores: DoubleArray, label: int, lines: DoubleArray, names: NameArray
) -> None:  # pragma: no cover (compiled)
    """The highest of the other classes' scores [n_blocks, K, BLOCK] as the first of `lines`, and whose it is."""
    for block in range(len(scores)):
        lines[block, 0] = -1.0
        for other in range(scores.shape[1]):
            if other != label:
                _decide(lines[block, 0], names[block, 0], other, scores[block, other])


@compiled
def find_crossings(
    start: DoubleArray,
    stop: DoubleArray,
    names: NameArray,
    sizes: IntArray,
    truth: IntArray,
    counts: IntArray,
    at: DoubleArray,
    changes: NameArray,
) -> int:  # pragma: no cover (compiled)
    """Where decisions change while scores move in straight lines from `start` (t = 0) to `stop` (t = 1).

    A frame's decision is the upper envelope of its lines: from the line that is highest at t = 0, go to the
    steeper line that is met first, and so on.

    Args:
        start: [n_blocks, lines, BLOCK], scores at t = 0.
        stop: [n_blocks, lines, BLOCK], scores at t = 1.
        names: [n_blocks, lines, BLOCK], the class that each line stands for.
        sizes: [n_blocks], how many of a block's places are frames.
        truth: [n_blocks].
        counts: [K, K], added to: confusions at t = 0.
        at: written: t of each change; room for lines - 1 changes of each frame.
        changes: [3, room], written: the class that was left, the one that was entered, and the true one.

    Returns:
        The number of changes.
    """
    lines = start.shape[1]
    found = 0
    for block in range(len(sizes)):
        for i in range(sizes[block]):
            here = 0
            for line in range(1, lines):
                if start[block, line, i] > start[block, here, i]:
                    here = line
            counts[truth[block], names[block, here, i]] += 1
            while True:
                nearest, steepest, following = NEVER, 0.0, -1
                slope = stop[block, here, i] - start[block, here, i]
                for line in range(lines):
                    gain = (stop[block, line, i] - start[block, line, i]) - slope
                    ahead = start[block, here, i] - start[block, line, i]
                    if gain > ahead and gain > 0.0:
                        t = ahead / gain
                        if t < nearest or (t == nearest and gain > steepest):
                            nearest, steepest, following = t, gain, line
                if following < 0:
                    break
                at[found], changes[0, found] = nearest, names[block, here, i]
                changes[1, found], changes[2, found] = names[block, following, i], truth[block]
                found += 1
                here = following
    return found


@compiled
def _value(
    hits: IntArray, true: IntArray, decided: IntArray, shares: DoubleArray
) -> float:  # pragma: no cover (compiled)
    f1, weighted, recall, right, total, n_f1, n_recall = 0.0, 0.0, 0.0, 0, 0, 0, 0
    for label in range(len(hits)):
        right += hits[label]
        total += true[label]
        if true[label] + decided[label] > 0:
            own = 2 * hits[label] / (true[label] + decided[label])
            f1 += own
            weighted += own * true[label]
            n_f1 += 1
        if true[label] > 0:
            recall += hits[label] / true[label]
            n_recall += 1
    of_all = (shares[0] * right + shares[3] * weighted) / total
    value: float = of_all + shares[1] * recall / n_recall + shares[2] * f1 / n_f1
    return value


@compiled
def best_step(
    counts: IntArray,
    at: DoubleArray,
    changes: NameArray,
    shares: DoubleArray,
    narrowest: float,
) -> tuple[float, float]:  # pragma: no cover (compiled)
    """The best place on the way from t = 0 to t = 1, and the measure there.

    Between two neighbouring changes no decision changes, so the middle of the best such stretch is as good as any
    point can be. Of equally good stretches the widest is taken; those narrower than `narrowest` are passed over,
    as rounding could undo them.

    Args:
        counts: [K, K] confusions at t = 0; changed.
        at: [E], ascending.
        changes: [E, 3], rows are columns that `find_crossings` wrote.
        shares: of accuracy, UAR, macro F1 and weighted F1 in the measure.
        narrowest: width in t.
    """
    true, decided = counts.sum(axis=1), counts.sum(axis=0)
    hits = np.empty(len(counts), np.int64)
    for label in range(len(counts)):
        hits[label] = counts[label, label]
    best, place, width, begin = -1.0, 0.0, 0.0, 0.0
    for change in range(len(at) + 1):
        end = at[change] if change < len(at) else 1.0
        if end - begin > narrowest:
            value = _value(hits, true, decided, shares)
            if value > best or (value == best and end - begin > width):
                best, place, width = value, 0.5 * (begin + end), end - begin
        if change < len(at):
            left, entered, truth = changes[change, 0], changes[change, 1], changes[change, 2]
            decided[left] -= 1
            decided[entered] += 1
            hits[left] -= truth == left
            hits[entered] += truth == entered
            begin = end
    return place, best
