"""How much each class counts in a loss."""

from __future__ import annotations

import numpy as np

from abaw_pipeline.training.options import Weighting
from abaw_pipeline.types import FloatArray, IntArray


def class_weights(labels: IntArray, n_classes: int, scheme: Weighting, *, r: float = 0.47) -> FloatArray:
    """A loss weight for each class; 0 for a class without examples, unless the scheme is "none".

    With M examples of which n_i are of class i, among K classes that occur:
    "inverse" is 1/n_i, scaled so that the weights of classes average 1; "balanced" is M / (K n_i), whose average
    over examples is 1; "logarithmic" is ln(r M / n_i), 1 at least (S0, section 4.3.2, found for r = 0.47).

    Args:
        labels: int64 [M], indexes below n_classes.
        n_classes: how many weights to give.
        scheme: which of the formulas.
        r: regularization of "logarithmic", above 0.

    Returns:
        float32 [n_classes].
    """
    counts = np.bincount(labels, minlength=n_classes).astype(np.float64)
    if scheme == "none":
        return np.ones(n_classes, dtype=np.float32)
    occurs = counts > 0
    weights = np.zeros(n_classes)
    if scheme == "logarithmic":
        weights[occurs] = np.maximum(np.log(r * len(labels) / counts[occurs]), 1.0)
    elif scheme == "balanced":
        weights[occurs] = len(labels) / (occurs.sum() * counts[occurs])
    else:
        weights[occurs] = 1 / counts[occurs]
        weights /= weights[occurs].mean()
    return weights.astype(np.float32)
