"""Model- and class-based weighted fusion (S0, section 3.3): the best of many random weight matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.evaluation.measures import MEASURES, Measure
from abaw_pipeline.fusion.contract import FusionPart, check_fitting, check_posteriors, system_weights
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray, IntArray


class MCWF(FusionPart):
    """L x K weights: for each class a Dirichlet draw over the systems, the best of a pool by a measure.

    The pool's first candidate is the uniform one. The measure counts classes as `evaluation.measures` states,
    so a class that the labels lack costs macro F1 only where it is predicted. Equal candidates: the earliest
    wins. Equal scores of a row: the first class wins. With `sweeps`, coordinate ascent goes on from the pool's
    best (`fusion.ascent`).
    """

    kind: Literal["mcwf"] = "mcwf"
    pool: int = Field(default=1000, ge=1, description="Candidates, the uniform weights among them.")
    concentration: float = Field(default=1.0, gt=0, description="Of the Dirichlet; 1: all weights equally likely.")
    measure: Measure = Field(default="cpm", description="What the best candidate is best in.")
    by_class: bool = Field(default=True, description="A weight for each system and class; else one a system.")
    sweeps: int = Field(default=0, ge=0, description="Of coordinate ascent from the pool's best; 0: as published.")
    tolerance: float = Field(
        default=1e-4, ge=0, description="A sweep that gains no more is the last one: 0.01 in percent, as tables print."
    )

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """The pool's best weights [L, K], or what the ascent made of them.

        Returns:
            values `weights`; info with the measure, the value reached, that of uniform weights, that of the pool's
            best and its number, and the sweeps that were made.

        Raises:
            DataError: see `contract.check_fitting`.
        """
        from abaw_pipeline.fusion.ascent import ascend
        from abaw_pipeline.fusion.counting import Frames, count_candidates

        values, truth = check_fitting(posteriors, labels, groups)
        _, n_systems, n_classes = values.shape
        frames = Frames.of(values, truth)
        candidates = self._candidates(n_systems, n_classes, seed)
        reached = MEASURES[self.measure](count_candidates(frames, candidates))
        best = int(np.argmax(reached))
        info = {
            "measure": self.measure,
            "value": float(reached[best]),
            "uniform_value": float(reached[0]),
            "pool_value": float(reached[best]),
            "candidate": best,
            "sweeps": 0,
        }
        if not self.sweeps:
            return FusionWeights({"weights": candidates[best]}, info)
        climbed = ascend(
            frames,
            candidates[best],
            self.measure,
            by_class=self.by_class,
            sweeps=self.sweeps,
            tolerance=self.tolerance,
        )
        return FusionWeights({"weights": climbed.weights}, info | {"value": climbed.value, "sweeps": climbed.sweeps})

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K]: weighted sums over systems, normalized per row.

        A row in which all classes get a score of 0 (each class is denied by the systems that count for it)
        comes out uniform.

        Raises:
            DataError: see `contract.check_posteriors` and `contract.system_weights`.
        """
        values = check_posteriors(posteriors)
        shares = system_weights(weights, values)
        # summed system by system, as the compiled loops of a fit do: a matrix product's order depends on the machine
        scores = shares[0] * values[:, 0]
        for system in range(1, len(shares)):
            scores += shares[system] * values[:, system]
        total = scores.sum(axis=1, keepdims=True)
        fused: DoubleArray = np.full(scores.shape, 1 / scores.shape[1])
        np.divide(scores, total, out=fused, where=total > 0)
        return fused

    def _candidates(self, n_systems: int, n_classes: int, seed: int) -> DoubleArray:
        rng = np.random.default_rng(seed)
        draws = n_classes if self.by_class else 1
        drawn = rng.dirichlet(np.full(n_systems, self.concentration), size=(self.pool - 1, draws))
        # Draws miss a sum of 1 by a rounding error, which would break ties of a single system.
        drawn /= drawn.sum(axis=2, keepdims=True)
        uniform = np.full((1, n_systems, n_classes), 1 / n_systems)
        each = np.broadcast_to(drawn.transpose(0, 2, 1), (self.pool - 1, n_systems, n_classes))
        return np.concatenate([uniform, each])
