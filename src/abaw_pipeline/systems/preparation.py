"""Scaling and selection of clip vectors, fitted on training clips alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from abaw_pipeline.types import DoubleArray, FloatArray, IntArray


def prepare(vectors: FloatArray, labels: IntArray, n_features: int | None) -> Any:
    """A fitted scikit-learn pipeline: z-scores, tails drawn in, then the features whose class means differ most.

    Some functionals have single values of hundreds of deviations, which would rule a linear model and its
    temperature; so z-scores pass an inverse hyperbolic sine, and are scaled once more.
    Constant columns become 0 and are never preferred to one that varies.

    Args:
        vectors: float32 [n, D], finite.
        labels: int64 [n].
        n_features: how many to keep by the F test; None keeps all.
    """
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    steps: list[tuple[str, Any]] = [
        ("scale", StandardScaler()),
        ("tame", FunctionTransformer(np.arcsinh)),
        ("rescale", StandardScaler()),
    ]
    if n_features is not None:
        steps.append(("select", SelectKBest(f_classif, k=min(n_features, vectors.shape[1]))))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # the F test divides by zero on constant columns, and ranks them last
        warnings.simplefilter("ignore")
        return Pipeline(steps).fit(vectors.astype(np.float64), labels)


def spread(scores: DoubleArray, present: IntArray, n_classes: int) -> DoubleArray:
    """Scores of the classes a model has seen, as columns of all classes; -inf for the others.

    Args:
        scores: float64 [n, len(present)], or [n] for two classes (high for the second).
        present: int64, which classes the columns stand for.
        n_classes: K.
    """
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1) / 2
    everywhere = np.full((len(scores), n_classes), -np.inf)
    everywhere[:, present] = scores
    return everywhere
