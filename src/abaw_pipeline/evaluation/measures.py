"""Measures of classification, computed from confusion counts.

Every function takes counts [..., K, K] (rows: truth, columns: prediction) and works on all leading axes at
once, so that a bootstrap over subjects is nothing but a weighted sum of the subjects' matrices.

What is undefined stays out of a mean: UAR averages over classes that occur in the truth, macro F1 over classes
that occur in the truth or in the predictions (scikit-learn's default choice of labels). A class that is
predicted although the truth never holds it therefore counts with an F1 of 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, IntArray

Counts = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Measure = Literal["accuracy", "uar", "macro_f1", "weighted_f1", "cpm"]

F1_SHARE = 0.67
ACCURACY_SHARE = 0.33


def confusion_matrix(truth: IntArray, predicted: IntArray, n_classes: int) -> IntArray:
    """Count each pair of true and predicted class.

    Args:
        truth: int64 [N], indexes of classes.
        predicted: int64 [N], indexes of classes.
        n_classes: K.

    Returns:
        int64 [K, K], rows truth, columns prediction.

    Raises:
        DataError: lengths differ, or an index is not in 0..K-1.
    """
    one_group = np.zeros(len(truth), dtype=np.int64)
    matrix: IntArray = grouped_confusions(one_group, truth, predicted, 1, n_classes)[0]
    return matrix


def grouped_confusions(
    group: IntArray, truth: IntArray, predicted: IntArray, n_groups: int, n_classes: int
) -> IntArray:
    """A confusion matrix for each group of rows (a subject, a candidate).

    Args:
        group: int64 [N], indexes of groups.
        truth: int64 [N], indexes of classes.
        predicted: int64 [N], indexes of classes.
        n_groups: G.
        n_classes: K.

    Returns:
        int64 [G, K, K].

    Raises:
        DataError: lengths differ, or an index is out of range.
    """
    if not group.shape == truth.shape == predicted.shape:
        raise DataError("as many predictions as true labels are needed", where=f"{truth.shape}, {predicted.shape}")
    for name, values, limit in (
        ("group", group, n_groups),
        ("truth", truth, n_classes),
        ("predicted", predicted, n_classes),
    ):
        if values.size and not 0 <= values.min() <= values.max() < limit:
            raise DataError(f"indexes must lie in 0..{limit - 1}", where=name)
    cell = (group * n_classes + truth) * n_classes + predicted
    counts: IntArray = np.bincount(cell, minlength=n_groups * n_classes**2).astype(np.int64)
    return counts.reshape(n_groups, n_classes, n_classes)


def accuracy(counts: Counts) -> DoubleArray:
    """Share of right decisions.

    Args:
        counts: [..., K, K].

    Returns:
        float64 [...], 0..1.

    Raises:
        DataError: a matrix counts nothing.
    """
    total = counts.sum(axis=(-2, -1))
    if np.any(total <= 0):
        raise DataError("nothing was counted, so no measure is defined", where="confusion matrix")
    return np.asarray(_diagonal(counts).sum(axis=-1) / total, dtype=np.float64)


def recall(counts: Counts) -> DoubleArray:
    """Recall of each class, float64 [..., K]; NaN for a class that the truth never holds."""
    return _ratio(_diagonal(counts), counts.sum(axis=-1))


def precision(counts: Counts) -> DoubleArray:
    """Precision of each class, float64 [..., K]; NaN for a class that is never predicted."""
    return _ratio(_diagonal(counts), counts.sum(axis=-2))


def f1(counts: Counts) -> DoubleArray:
    """F1 of each class, float64 [..., K]; NaN for a class that is neither true nor predicted anywhere."""
    return _ratio(2 * _diagonal(counts), counts.sum(axis=-1) + counts.sum(axis=-2))


def uar(counts: Counts) -> DoubleArray:
    """Unweighted average recall over the classes that the truth holds (S0, section 4.4; S1).

    Args:
        counts: [..., K, K].

    Returns:
        float64 [...], 0..1.

    Raises:
        DataError: a matrix counts nothing.
    """
    accuracy(counts)
    return _mean_defined(recall(counts))


def macro_f1(counts: Counts) -> DoubleArray:
    """Mean F1 over the classes that are true or predicted anywhere.

    Args:
        counts: [..., K, K].

    Returns:
        float64 [...], 0..1.

    Raises:
        DataError: a matrix counts nothing.
    """
    accuracy(counts)
    return _mean_defined(f1(counts))


def weighted_f1(counts: Counts) -> DoubleArray:
    """Mean F1 over the classes that the truth holds, each weighted by how often it is true.

    Args:
        counts: [..., K, K].

    Returns:
        float64 [...], 0..1.

    Raises:
        DataError: a matrix counts nothing.
    """
    accuracy(counts)
    true = counts.sum(axis=-1)
    return np.asarray((np.nan_to_num(f1(counts)) * true).sum(axis=-1) / true.sum(axis=-1), dtype=np.float64)


def cpm(counts: Counts) -> DoubleArray:
    """Challenge performance measure of ABAW 2020: 0.67 macro F1 + 0.33 accuracy (S0, equation 2).

    Args:
        counts: [..., K, K].

    Returns:
        float64 [...], 0..1.

    Raises:
        DataError: a matrix counts nothing.
    """
    return np.asarray(F1_SHARE * macro_f1(counts) + ACCURACY_SHARE * accuracy(counts), dtype=np.float64)


MEASURES: dict[Measure, Callable[[Counts], DoubleArray]] = {
    "accuracy": accuracy,
    "uar": uar,
    "macro_f1": macro_f1,
    "weighted_f1": weighted_f1,
    "cpm": cpm,
}
"""Measures of a whole confusion matrix, by name."""

SHARES: dict[Measure, tuple[float, float, float, float]] = {
    "accuracy": (1.0, 0.0, 0.0, 0.0),
    "uar": (0.0, 1.0, 0.0, 0.0),
    "macro_f1": (0.0, 0.0, 1.0, 0.0),
    "weighted_f1": (0.0, 0.0, 0.0, 1.0),
    "cpm": (ACCURACY_SHARE, 0.0, F1_SHARE, 0.0),
}
"""Each measure as a weighted sum of accuracy, UAR, macro F1 and weighted F1."""

CLASS_MEASURES: dict[str, Callable[[Counts], DoubleArray]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
}
"""Measures of each class, by name."""


def _diagonal(counts: Counts) -> Any:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _ratio(part: Any, whole: Any) -> DoubleArray:
    undefined = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=undefined, where=np.asarray(whole) > 0)
    return undefined


def _mean_defined(values: DoubleArray) -> DoubleArray:
    defined = ~np.isnan(values)
    total = np.where(defined, values, 0.0).sum(axis=-1)
    return np.asarray(total / defined.sum(axis=-1), dtype=np.float64)
