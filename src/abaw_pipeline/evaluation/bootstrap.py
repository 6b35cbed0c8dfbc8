"""Percentile intervals from resampled subjects.

Clips of one person are alike, so clips are no independent trials: whole subjects are drawn with replacement.
"""

from __future__ import annotations

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, IntArray


def resample_subjects(confusions: IntArray, *, resamples: int = 1000, seed: int = 0) -> DoubleArray | None:
    """Confusion matrices of resampled sets of subjects.

    As many subjects as there are get drawn with replacement. The draws depend on the number of subjects and
    on the seed alone, so systems scored on the same subjects in the same order are resampled alike.

    Args:
        confusions: int64 [S, K, K], one matrix a subject.
        resamples: R.
        seed: of the draws.

    Returns:
        float64 [R, K, K] of whole numbers; None for a single subject, from which nothing can be resampled.

    Raises:
        DataError: no subjects, or a subject without counts.
    """
    if confusions.ndim != 3 or not len(confusions):
        raise DataError("a bootstrap needs one confusion matrix a subject", where=f"shape {confusions.shape}")
    if resamples < 1:
        raise DataError("a bootstrap needs at least one resample", where=f"resamples = {resamples}")
    if not np.all(confusions.sum(axis=(1, 2)) > 0):
        raise DataError("a subject without clips cannot be resampled", where="confusion matrices by subject")
    n_subjects = len(confusions)
    draws = draw_subjects(n_subjects, resamples=resamples, seed=seed)
    if draws is None:
        return None
    sums = draws @ confusions.reshape(n_subjects, -1).astype(np.float64)
    return np.asarray(sums.reshape(resamples, *confusions.shape[1:]), dtype=np.float64)


def draw_subjects(n_subjects: int, *, resamples: int, seed: int) -> DoubleArray | None:
    """How often each subject is drawn in each resample, float64 [R, S]; None for a single subject."""
    if n_subjects == 1:
        return None
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=resamples)
    return draws.astype(np.float64)


def percentile_interval(values: DoubleArray, confidence: float = 0.95) -> tuple[float, float]:
    """Lower and upper percentile of a measure over resamples.

    Args:
        values: float64 [R], finite.
        confidence: 0..1, share of resamples between the two limits.

    Raises:
        DataError: no values, or one that is not finite.
    """
    if not values.size or not np.all(np.isfinite(values)):
        raise DataError("percentiles need finite values", where="bootstrap")
    tail = 50 * (1 - confidence)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
