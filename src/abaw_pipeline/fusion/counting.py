"""Confusions of many candidate weights at once, exact and in compiled passes over the frames."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np

from abaw_pipeline.compiling import one_at_a_time
from abaw_pipeline.threads import allowed_threads
from abaw_pipeline.types import DoubleArray, IntArray


@dataclass(frozen=True)
class Frames:
    """Posteriors and truth in the form that the compiled loops read.

    Attributes:
        blocks: float64 [n_blocks, K, L * kernels.BLOCK]; a block holds frames of one true class, system after
            system; L is filled up to a multiple of kernels.GROUP with zeros, and so are blocks that are not full.
        sizes: int64 [n_blocks], how many of a block's places are frames.
        truth: int64 [n_blocks], the true class.
        n_systems: L, without those that fill up.
    """

    blocks: DoubleArray
    sizes: IntArray
    truth: IntArray
    n_systems: int

    @classmethod
    def of(cls, posteriors: DoubleArray, labels: IntArray) -> Frames:
        """Posteriors [N, L, K] and labels [N] brought to this form."""
        _, n_systems, n_classes = posteriors.shape
        block = kernels().BLOCK
        number = np.bincount(labels, minlength=n_classes)
        n_blocks = -(-number // block)
        blocks = np.zeros((int(n_blocks.sum()), n_classes, _filled(n_systems), block))
        first = 0
        for label, count in enumerate(n_blocks):
            own = posteriors[labels == label]
            whole = np.zeros((count * block, n_systems, n_classes))
            whole[: len(own)] = own
            turned = whole.reshape(count, block, n_systems, n_classes).transpose(0, 3, 2, 1)
            blocks[first : first + count, :, :n_systems] = turned
            first += count
        sizes = np.full(len(blocks), block)
        sizes[np.cumsum(n_blocks)[n_blocks > 0] - 1] -= (n_blocks * block - number)[n_blocks > 0]
        truth = np.repeat(np.arange(n_classes), n_blocks)
        return cls(blocks.reshape(len(blocks), n_classes, -1), sizes, truth, n_systems)

    def parts(self, most: int) -> list[Frames]:
        """The frames in parts of about as many blocks each; views, and no more of them than there are blocks."""
        bounds = np.linspace(0, len(self.sizes), min(most, len(self.sizes)) + 1).astype(int)
        return [
            Frames(self.blocks[begin:end], self.sizes[begin:end], self.truth[begin:end], self.n_systems)
            for begin, end in itertools.pairwise(bounds)
        ]

    def by_class(self, weights: DoubleArray) -> DoubleArray:
        """Weights [..., L, K] as [..., K, L], L filled up with zeros."""
        turned = np.swapaxes(weights, -1, -2)
        missing = _filled(self.n_systems) - self.n_systems
        return np.ascontiguousarray(np.pad(turned, [(0, 0)] * (turned.ndim - 1) + [(0, missing)]))

    def system(self, label: int, system: int) -> DoubleArray:
        """What a system gives to a class, [n_blocks, BLOCK]."""
        block = kernels().BLOCK
        return self.blocks[:, label, system * block : (system + 1) * block]


def _filled(n_systems: int) -> int:
    group: int = kernels().GROUP
    return -(-n_systems // group) * group


def count_candidates(frames: Frames, candidates: DoubleArray) -> IntArray:
    """Confusion counts of the decisions that each candidate leads to; of equal scores the first class wins.

    Args:
        frames: of N frames, L systems, K classes.
        candidates: float64 [M, L, K].

    Returns:
        int64 [M, K, K], rows truth, columns decision.
    """
    from joblib import Parallel, delayed

    n, n_classes = len(candidates), candidates.shape[2]
    counts = np.zeros((n, n_classes, n_classes), dtype=np.int64)
    weights = frames.by_class(candidates)
    threads = min(allowed_threads(), n)
    bounds = np.linspace(0, n, threads + 1).astype(int)
    count = delayed(kernels().count_decisions)
    Parallel(n_jobs=threads, backend="threading")(
        count(frames.blocks, frames.sizes, frames.truth, weights[begin:end], counts[begin:end])
        for begin, end in itertools.pairwise(bounds)
    )
    return counts


@cache
def kernels() -> ModuleType:
    """The compiled loops, ready to use: compiled for the first time on a machine, later read from numba's cache."""
    with one_at_a_time("fusion"):
        from abaw_pipeline.fusion import kernels as found

        row, line, name = np.zeros(1, np.int64), np.zeros((1, 1, found.BLOCK)), np.zeros((1, 1, found.BLOCK), np.int16)
        blocks, weights = np.zeros((1, 1, found.GROUP * found.BLOCK)), np.zeros((1, 1, found.GROUP))
        counts, at, changes = np.ones((1, 1, 1), np.int64), np.zeros(1), np.zeros((3, 1), np.int16)
        found.weigh_class(blocks, weights[0], 0, line, 0)
        found.count_decisions(blocks, row, row, weights, counts)
        found.count_scores(line, row, row, counts[0])
        found.find_rivals(line, 0, line, name)
        found.find_crossings(line, line, name, row, row, counts[0], at, changes)
        found.best_step(counts[0], at, np.zeros((1, 3), np.int16), np.zeros(4), 0.0)
    return found
