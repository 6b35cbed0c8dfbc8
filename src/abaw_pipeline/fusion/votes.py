"""Votes: each system stands for the class that it holds most likely (S4, ensembles)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from abaw_pipeline.evaluation.measures import MEASURES, Measure, confusion_matrix
from abaw_pipeline.fusion.contract import FusionPart, check_fitting, check_posteriors, system_weights
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray, IntArray

NEAR = 1e-3
"""Votes nearer to each other than this share count as level; float32, as posteriors are stored, can tell them apart."""


class MajorityVote(FusionPart):
    """One vote a system, for its most likely class (the first of equals); the class with most votes wins.

    A system that holds all classes for equally likely is undecided and casts no vote. Level classes are told apart
    by the mean of the systems' posteriors, then the first one wins. The fused posterior is the share of votes, with
    that mean mixed in by a thousandth; where nobody votes it is uniform.
    """

    learns: ClassVar[bool] = False

    kind: Literal["majority_vote"] = "majority_vote"

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """One vote for each system; the arguments are checked all the same.

        Raises:
            DataError: see `contract.check_fitting`.
        """
        values, _ = check_fitting(posteriors, labels, groups)
        return FusionWeights({"weights": np.full(values.shape[1:], 1 / values.shape[1])})

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K] of posteriors [N, L, K].

        Raises:
            DataError: see `contract.check_posteriors` and `contract.system_weights`.
        """
        values = check_posteriors(posteriors)
        votes = (values.argmax(axis=2)[..., None] == np.arange(values.shape[2])) & ~_undecided(values)[..., None]
        counted = (votes * system_weights(weights, values)).sum(axis=1)
        total = counted.sum(axis=1, keepdims=True)
        shares = np.divide(counted, total, out=np.full(counted.shape, 1 / values.shape[2]), where=total > 0)
        return np.asarray((shares + NEAR * values.mean(axis=1)) / (1 + NEAR), dtype=np.float64)


class WeightedVote(MajorityVote):
    """A majority vote in which a system's vote counts as much as the measure it reaches by itself.

    Weights are measured on those rows of the fitting set on which the system votes, so that one that says nothing of
    some clips is not taken to name the first class there, and raised to `power`. One that never votes weighs
    nothing; where no system gets anything right all weigh the same.
    """

    kind: Literal["weighted_vote"] = "weighted_vote"  # type: ignore[assignment]
    measure: Measure = Field(default="macro_f1", description="What a system's weight is.")
    power: float = Field(default=1.0, ge=0, description="Of that measure; 0: a plain majority.")

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """A weight a system, the same for all classes; they sum to 1.

        Returns:
            values `weights`; info with the measure and each system's value.

        Raises:
            DataError: see `contract.check_fitting`.
        """
        values, truth = check_fitting(posteriors, labels, groups)
        _, n_systems, n_classes = values.shape
        voted, decided = ~_undecided(values), values.argmax(axis=2)
        reached = np.zeros(n_systems)
        for system in np.flatnonzero(voted.any(axis=0)):
            rows = voted[:, system]
            counts = confusion_matrix(truth[rows], decided[rows, system], n_classes)
            reached[system] = float(MEASURES[self.measure](counts))
        strength = reached**self.power if reached.any() else np.ones(n_systems)
        weights = np.repeat((strength / strength.sum())[:, None], n_classes, axis=1)
        return FusionWeights({"weights": weights}, {"measure": self.measure, "by_system": reached.tolist()})


def _undecided(posteriors: DoubleArray) -> npt.NDArray[np.bool_]:
    """Where a system holds all classes for equally likely, bool [N, L]."""
    return np.asarray(posteriors.max(axis=2) == posteriors.min(axis=2))
