"""How good probabilities are: log loss, and how far confidence is from accuracy.

Both are sums over decisions, so that a bootstrap over subjects is a weighted sum of what each subject adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from abaw_pipeline.types import DoubleArray, IntArray

BINS = 15
"""Bins of equal width for the confidence of a decision (Guo et al. 2017)."""

LEAST = 1e-7
"""A probability of the truth below this counts as this, as float32 cannot tell it from 0: a loss of 16.1 at most."""


@dataclass(frozen=True)
class ProbabilitySums:
    """What each of S subjects adds to the measures.

    Attributes:
        loss: float64 [S], sum of -ln of the true class's probability.
        bins: float64 [S, BINS, 3], by confidence: decisions, sum of confidence, right decisions.
    """

    loss: DoubleArray
    bins: DoubleArray

    def log_loss(self, weights: DoubleArray | None = None) -> DoubleArray:
        """Mean loss with each subject's decisions counted so often; weights [R, S] -> [R]; once each: a number."""
        weights = np.ones(len(self.loss)) if weights is None else weights
        return np.asarray((weights @ self.loss) / (weights @ self.bins[..., 0].sum(axis=1)), dtype=np.float64)

    def calibration_error(self, weights: DoubleArray | None = None) -> DoubleArray:
        """Mean gap of confidence and accuracy over bins, weighted by their decisions; weights as for `log_loss`."""
        weights = np.ones(len(self.loss)) if weights is None else weights
        sums = np.tensordot(weights, self.bins, axes=1)
        gaps = np.abs(sums[..., 1] - sums[..., 2]).sum(axis=-1)
        return np.asarray(gaps / sums[..., 0].sum(axis=-1), dtype=np.float64)


PROBABILITY_MEASURES = {"log_loss": ProbabilitySums.log_loss, "ece": ProbabilitySums.calibration_error}
"""Measures of probabilities, by name."""


def probability_sums(
    subject: IntArray, n_subjects: int, confidence: DoubleArray, p_truth: DoubleArray, right: DoubleArray
) -> ProbabilitySums:
    """Sums by subject.

    Args:
        subject: int64 [N], 0..S-1.
        n_subjects: S.
        confidence: float64 [N], the probability of the class decided for.
        p_truth: float64 [N], the probability of the true class.
        right: [N], 1 where the decision is right.
    """
    loss = np.bincount(subject, weights=-np.log(np.maximum(p_truth, LEAST)), minlength=n_subjects)
    cell = subject * BINS + _bin(confidence)
    columns = [
        np.bincount(cell, weights=values, minlength=n_subjects * BINS)
        for values in (np.ones(len(cell)), confidence, right)
    ]
    bins: DoubleArray = np.stack(columns, axis=1).reshape(n_subjects, BINS, 3).astype(np.float64)
    return ProbabilitySums(loss.astype(np.float64), bins)


def calibration_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """The bins behind the calibration error, all folds together: what a reliability diagram shows.

    Args:
        predictions: columns system, truth, predicted, confidence; rows without a confidence are left out.

    Returns:
        CALIBRATION schema: a row a system and bin that holds decisions.
    """
    known = predictions[predictions["confidence"].notna()]
    confidence = known["confidence"].to_numpy(dtype=np.float64)
    right = (known["truth"] == known["predicted"]).to_numpy(dtype=np.float64)
    table = pd.DataFrame(
        {"system": known["system"].to_numpy(), "bin": _bin(confidence), "confidence": confidence, "right": right}
    )
    bins = table.groupby(["system", "bin"], sort=False, observed=True).agg(
        n=("right", "size"), confidence=("confidence", "mean"), accuracy=("right", "mean")
    )
    found = bins.reset_index().sort_values(["system", "bin"], kind="stable", ignore_index=True)
    return found.assign(lo=found["bin"] / BINS, hi=(found["bin"] + 1) / BINS)[
        ["system", "lo", "hi", "n", "confidence", "accuracy"]
    ]


def _bin(confidence: DoubleArray) -> IntArray:
    return np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
