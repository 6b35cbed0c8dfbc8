"""Plain mean of log posteriors: nothing is learned, nothing can be overfitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.fusion.contract import check_fitting, check_posteriors, system_weights
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, IntArray


class LogMean(Part):
    """Normalized geometric mean of the systems' posteriors.

    A probability below the floor counts as the floor, so that one system's zero is no veto.
    """

    kind: Literal["log_mean"] = "log_mean"
    floor: float = Field(default=1e-6, gt=0, le=0.01, description="Smallest probability a system may give.")

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """Weights 1/L, whatever the labels; the arguments are checked all the same.

        Raises:
            DataError: see `contract.check_fitting`.
        """
        values, _ = check_fitting(posteriors, labels, groups)
        _, n_systems, n_classes = values.shape
        return FusionWeights({"weights": np.full((n_systems, n_classes), 1 / n_systems)})

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
