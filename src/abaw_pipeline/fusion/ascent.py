"""Coordinate ascent on fusion weights, one system at a time and exact on each line (beyond S0)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from abaw_pipeline.evaluation.measures import MEASURES, SHARES, Measure
from abaw_pipeline.fusion.counting import Frames, kernels
from abaw_pipeline.threads import allowed_threads
from abaw_pipeline.types import DoubleArray, IntArray

T = TypeVar("T")

NARROWEST = 1e-9
"""Stretches of a line that are shorter are not stepped on: far above rounding, far below what matters."""


class Climbed(NamedTuple):
    """Where an ascent ended.

    Attributes:
        weights: float64 [L, K], columns sum to 1.
        value: the measure there, never below that of the start.
        sweeps: how many were made, the last of them without a gain worth another.
    """

    weights: DoubleArray
    value: float
    sweeps: int


def ascend(
    frames: Frames, weights: DoubleArray, measure: Measure, *, by_class: bool, sweeps: int, tolerance: float
) -> Climbed:
    """Raise a measure step by step from given weights.

    A step gives one system the weight t and shares the rest among the others as they stand:
    w(t) = (1 - t) * others, renormalized, + t * that system, for 0 <= t <= 1. Scores are linear in t, so that each
    frame's decision changes at points that can be computed; between two of them the measure is constant, and the best
    stretch of all is found by one pass over the sorted points. Where a system has all the weight, the others share
    what it gives up evenly. A step is taken only where the measure of the weights themselves, counted anew, is higher.

    Args:
        frames: of N frames, L systems, K classes.
        weights: float64 [L, K] to start from, columns sum to 1.
        measure: what is raised.
        by_class: a weight for each system and class; else one a system, the same for all classes.
        sweeps: over all coordinates, at most.
        tolerance: a sweep that gains no more is the last one.
    """
    n_classes = weights.shape[1]
    together = [[label] for label in range(n_classes)] if by_class else [[*range(n_classes)]]
    with ThreadPoolExecutor(allowed_threads()) as threads:
        moving = Moving(frames, weights, measure, len(together[0]), threads)
        done = 0
        while done < sweeps:
            before = moving.value
            done += 1
            for classes in together:
                moving.prepare(classes)
                for system in range(len(weights)):
                    moving.step(system)
            if moving.value - before <= tolerance:
                break
        return Climbed(moving.weights, moving.value, done)


class Moving:
    """The current weights, and steps along one coordinate.

    Attributes:
        weights: float64 [L, K].
        value: the measure of their decisions.
    """

    def __init__(
        self, frames: Frames, weights: DoubleArray, measure: Measure, moving: int, threads: ThreadPoolExecutor
    ) -> None:
        """Take a stand on weights; `moving` classes will move together, either one or all."""
        self.shares, self.measure, self.threads = np.array(SHARES[measure]), MEASURES[measure], threads
        self.parts = [Lines(part, moving) for part in frames.parts(allowed_threads())]
        self.weights = weights.copy()
        self.value = self._stand([*range(weights.shape[1])])

    def prepare(self, classes: list[int]) -> None:
        """Name the classes whose weights move together in the next steps."""
        self.classes = classes
        self._each(lambda part: part.prepare(classes))

    def step(self, system: int) -> None:
        """Go to the best weights on the line of a system, if they are better."""
        classes = self.classes
        others = without(self.weights, system)
        if others is None:
            return
        t, promised = self._search(others, system)
        if promised <= self.value:
            return
        before, moved = self.weights.copy(), (1 - t) * others[:, classes]
        moved[system] += t
        self.weights[:, classes] = moved / moved.sum(axis=0)
        value = self._stand(classes)
        if value > self.value:
            self.value = value
        else:  # rounding has undone it
            self.weights = before
            self._stand(classes)

    def _search(self, others: DoubleArray, system: int) -> tuple[float, float]:
        """The best t and the measure there."""
        counts, at, changes = zip(*self._each(lambda part: part.crossings(others, system, self.classes)), strict=True)
        all_at, all_changes = np.concatenate(at), np.concatenate(changes, axis=1)
        order = np.argsort(all_at)
        place = kernels().best_step(
            sum(counts), all_at[order], np.ascontiguousarray(all_changes.T[order]), self.shares, NARROWEST
        )
        return float(place[0]), float(place[1])

    def _stand(self, classes: list[int]) -> float:
        """Take the scores of the weights of some classes; the measure of all decisions."""
        return float(self.measure(np.sum(self._each(lambda part: part.stand(self.weights, classes)), axis=0)))

    def _each(self, function: Callable[[Lines], T]) -> list[T]:
        """What a function gives for each part of the frames."""
        if len(self.parts) == 1:
            return [function(self.parts[0])]
        return list(self.threads.map(function, self.parts))


class Lines:
    """Scores of some frames, and the lines on which they move."""

    def __init__(self, frames: Frames, moving: int) -> None:
        """Make room; `moving` classes will move together."""
        n_blocks, n_classes, _ = frames.blocks.shape
        self.frames = frames
        self.scores = np.empty((n_blocks, n_classes, kernels().BLOCK))
        # where one class moves, its highest rival is a first line, which stays level
        self.level = int(moving == 1)
        shape = (n_blocks, self.level + moving, kernels().BLOCK)
        self.start, self.stop, self.names = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int16)
        room = int(frames.sizes.sum()) * (shape[1] - 1)
        self.at, self.changes = np.empty(room), np.empty((3, room), dtype=np.int16)

    def stand(self, weights: DoubleArray, classes: list[int]) -> IntArray:
        """Take the scores of weights of some classes; confusion counts [K, K] of all decisions."""
        by_class = self.frames.by_class(weights)
        for label in classes:
            kernels().weigh_class(self.frames.blocks, by_class, label, self.scores, label)
        counts = self._no_counts()
        kernels().count_scores(self.scores, self.frames.sizes, self.frames.truth, counts)
        return counts

    def prepare(self, classes: list[int]) -> None:
        """Name the lines of the classes that move next, and find their rival."""
        self.names[:, self.level :] = np.array(classes)[:, None]
        if self.level:
            kernels().find_rivals(self.scores, classes[0], self.start, self.names)
            self.stop[:, 0] = self.start[:, 0]

    def crossings(
        self, others: DoubleArray, system: int, classes: list[int]
    ) -> tuple[IntArray, DoubleArray, npt.NDArray[np.int16]]:
        """Confusions where the others have all the weight, and the changes on the way to where the system has it."""
        by_class = self.frames.by_class(others)
        for line, label in enumerate(classes, start=self.level):
            kernels().weigh_class(self.frames.blocks, by_class, label, self.start, line)
            self.stop[:, line] = self.frames.system(label, system)
        counts, facts = self._no_counts(), (self.frames.sizes, self.frames.truth)
        found = kernels().find_crossings(self.start, self.stop, self.names, *facts, counts, self.at, self.changes)
        return counts, self.at[:found], self.changes[:, :found]

    def _no_counts(self) -> IntArray:
        n_classes = self.scores.shape[1]
        return np.zeros((n_classes, n_classes), dtype=np.int64)


def without(weights: DoubleArray, system: int) -> DoubleArray | None:
    """The weights of the others, columns summing to 1; even where the system had it all; None if there is no other."""
    if len(weights) == 1:
        return None
    others = weights.copy()
    others[system] = 0.0
    total = others.sum(axis=0)
    even = np.full(len(weights), 1 / (len(weights) - 1))
    even[system] = 0.0
    return np.where(total > 0, others / np.where(total > 0, total, 1.0), even[:, None])
