"""Model- and class-based weighted fusion (S0, section 3.3): the best of many random weight matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.evaluation.measures import MEASURES, Measure, grouped_confusions
from abaw_pipeline.fusion.contract import check_fitting, check_posteriors, system_weights
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, IntArray

BLOCK = 2**18
"""Scores held at once (rows times candidates): 2 MB an array, so that a block stays in the cache."""


class MCWF(Part):
    """L x K weights: for each class a Dirichlet draw over the systems, the best of a pool by a measure.

    The pool's first candidate is the uniform one. The measure counts classes as `evaluation.measures` states,
    so a class that the labels lack costs macro F1 only where it is predicted. Equal candidates: the earliest
    wins. Equal scores of a row: the first class wins.
    """

    kind: Literal["mcwf"] = "mcwf"
    pool: int = Field(default=1000, ge=1, description="Candidates, the uniform weights among them.")
    concentration: float = Field(default=1.0, gt=0, description="Of the Dirichlet; 1: all weights equally likely.")
    measure: Measure = Field(default="cpm", description="What the best candidate is best in.")

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """The pool's best weights [L, K].

        Returns:
            values `weights`; info with the measure, the value reached, that of uniform weights, and the
            candidate's number.

        Raises:
            DataError: see `contract.check_fitting`.
        """
        values, truth = check_fitting(posteriors, labels, groups)
        _, n_systems, n_classes = values.shape
        candidates = self._candidates(n_systems, n_classes, seed)
        reached = MEASURES[self.measure](_pool_confusions(values, truth, candidates))
        best = int(np.argmax(reached))
        info = {
            "measure": self.measure,
            "value": float(reached[best]),
            "uniform_value": float(reached[0]),
            "candidate": best,
        }
        return FusionWeights({"weights": candidates[best]}, info)

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K]: weighted sums over systems, normalized per row.

        A row in which all classes get a score of 0 (each class is denied by the systems that count for it)
        comes out uniform.

        Raises:
            DataError: see `contract.check_posteriors` and `contract.system_weights`.
        """
        values = check_posteriors(posteriors)
        scores = _scores(values.transpose(1, 2, 0), system_weights(weights, values)[None])[0].T
        total = scores.sum(axis=1, keepdims=True)
        fused: DoubleArray = np.full(scores.shape, 1 / scores.shape[1])
        np.divide(scores, total, out=fused, where=total > 0)
        return fused

    def _candidates(self, n_systems: int, n_classes: int, seed: int) -> DoubleArray:
        rng = np.random.default_rng(seed)
        drawn = rng.dirichlet(np.full(n_systems, self.concentration), size=(self.pool - 1, n_classes))
        # Draws miss a sum of 1 by a rounding error, which would break ties of a single system.
        drawn /= drawn.sum(axis=2, keepdims=True)
        uniform = np.full((1, n_systems, n_classes), 1 / n_systems)
        return np.concatenate([uniform, drawn.transpose(0, 2, 1)])


def _scores(posteriors: DoubleArray, candidates: DoubleArray) -> DoubleArray:
    """Fused scores [M, K, N] of candidates [M, L, K] on posteriors [L, K, N]."""
    # Summed system by system rather than by a matrix product, whose order of summation depends on the machine
    # and on the sizes: a decision must not depend on how many candidates are tried at once.
    total = candidates[:, 0, :, None] * posteriors[0]
    for system in range(1, len(posteriors)):
        total += candidates[:, system, :, None] * posteriors[system]
    return np.asarray(total, dtype=np.float64)


def _decisions(scores: DoubleArray) -> IntArray:
    """The first of the highest scores along the second axis: [M, K, N] -> [M, N]."""
    best, decided = scores[:, 0].copy(), np.zeros((len(scores), scores.shape[2]), dtype=np.int64)
    for label in range(1, scores.shape[1]):
        better = scores[:, label] > best
        np.copyto(decided, label, where=better)
        np.maximum(best, scores[:, label], out=best)
    return decided


def _pool_confusions(posteriors: DoubleArray, labels: IntArray, candidates: DoubleArray) -> IntArray:
    """Confusion counts [M, K, K] of every candidate, computed in blocks of rows and candidates."""
    n, _, n_classes = posteriors.shape
    systems_first = np.ascontiguousarray(posteriors.transpose(1, 2, 0))
    rows = min(n, max(1, BLOCK // n_classes))
    batch = max(1, BLOCK // (rows * n_classes))
    counts = np.zeros((len(candidates), n_classes, n_classes), dtype=np.int64)
    for begin in range(0, n, rows):
        part, truth = systems_first[..., begin : begin + rows], labels[begin : begin + rows]
        for first in range(0, len(candidates), batch):
            tried = candidates[first : first + batch]
            decided = _decisions(_scores(part, tried))
            number = np.repeat(np.arange(len(tried)), len(truth))
            counts[first : first + batch] += grouped_confusions(
                number, np.tile(truth, len(tried)), decided.ravel(), len(tried), n_classes
            )
    return counts
