"""What a stored estimator may be built from."""

from __future__ import annotations

TRUSTED_TYPES: tuple[str, ...] = (
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
)
"""Names, as skops gives them, that are trusted beside scikit-learn's own estimators: the F test of selection, and the
sigmoids that give a support vector machine probabilities."""
