"""Fusions that learn nothing, so that nothing can be overfitted: mean, product, mean of logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.fusion.contract import FusionPart, check_fitting, check_posteriors, system_weights
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray, IntArray


class _Rule(FusionPart):
    """What these have in common: fixed weights, which are stored so that a reader sees them."""

    learns: ClassVar[bool] = False

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """The same weight for all systems and classes, whatever the labels; the arguments are checked all the same.

        Raises:
            DataError: see `contract.check_fitting`.
        """
        values, _ = check_fitting(posteriors, labels, groups)
        _, n_systems, n_classes = values.shape
        return FusionWeights({"weights": np.full((n_systems, n_classes), self._weight(n_systems))})

    def _weight(self, n_systems: int) -> float:
        return 1 / n_systems


class Mean(_Rule):
    """Arithmetic mean of the systems' posteriors."""

    kind: Literal["mean"] = "mean"

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K] of posteriors [N, L, K].

        Raises:
            DataError: see `contract.check_posteriors` and `contract.system_weights`.
        """
        values = check_posteriors(posteriors)
        scores = (values * system_weights(weights, values)).sum(axis=1)
        return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)


class LogMean(_Rule):
    """Normalized geometric mean of the systems' posteriors.

    A probability below the floor counts as the floor, so that one system's zero is no veto.
    """

    kind: Literal["log_mean"] = "log_mean"
    floor: float = Field(default=1e-6, gt=0, le=0.01, description="Smallest probability a system may give.")

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K] of posteriors [N, L, K].

        Raises:
            DataError: see `contract.check_posteriors` and `contract.system_weights`.
        """
        values = check_posteriors(posteriors)
        logs = np.log(np.maximum(values, self.floor))
        scores = (logs * system_weights(weights, values)).sum(axis=1)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)


class Product(LogMean):
    """Normalized product of the systems' posteriors, as if they were independent.

    It decides as `log_mean` does, but is surer of it the more systems there are.
    """

    kind: Literal["product"] = "product"  # type: ignore[assignment]

    def _weight(self, n_systems: int) -> float:
        return 1.0
