"""Logistic regression on the systems' posteriors (S2, section 3.4 and Table A3)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.measures import Measure
from abaw_pipeline.fusion.choosing import choose, flat_inputs
from abaw_pipeline.fusion.contract import FusionPart, NoClipError, check_fitting, check_posteriors
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray, IntArray

DECADES = (0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6)


class _Model(NamedTuple):
    coef: DoubleArray
    intercept: DoubleArray
    converged: bool


class LogisticStacking(FusionPart):
    """Multinomial logistic regression on the concatenated posteriors of all systems.

    With more than one C in the grid, C is chosen by cross-fitting over subjects within the fitting set: the
    measure of all held-out decisions together; equal values: the smallest C. A class missing from a part's
    training clips is not predicted there. Never on the clips that are scored, as S2 seems to have done.
    """

    kind: Literal["logistic_stacking"] = "logistic_stacking"
    features: Literal["posteriors", "log_posteriors"] = Field(
        default="posteriors", description="What is regressed on; S2 takes posteriors."
    )
    grid: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = Field(
        default=DECADES,
        min_length=1,
        description="Inverse strengths of L2 regularization (C) to choose from.",
    )
    folds: int = Field(default=5, ge=2, description="Parts of the cross-fitting; at most one a subject.")
    measure: Measure = Field(default="accuracy", description="What the chosen C is best in.")
    floor: float = Field(default=1e-6, gt=0, le=0.01, description="Smallest probability in log_posteriors.")
    max_iterations: int = Field(default=1000, ge=1, description="Of the solver, for each fit.")

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """Coefficients [K, L*K] and intercepts [K].

        Returns:
            values `coef`, `intercept`; info with the chosen C, the measure of each C in cross-fitting, and
            whether the fits converged.

        Raises:
            DataError: see `contract.check_fitting`; a class without a clip; a choice of C with one subject.
        """
        values, truth = check_fitting(posteriors, labels, groups)
        n_classes = values.shape[2]
        absent = sorted(set(range(n_classes)) - set(truth.tolist()))
        if absent:
            raise NoClipError(
                f"no clip of class number {absent[0]}",
                where="logistic_stacking",
                hint="Use log_mean or mcwf here.",
                label=absent[0],
            )
        inputs = self._inputs(values)
        converged: dict[float, bool] = {}

        def decide(C: float, fitting: Any, held_out: Any) -> IntArray:
            model = _regress(inputs[fitting], truth[fitting], n_classes, C, self.max_iterations)
            converged[C] = converged.get(C, True) and model.converged
            return np.asarray((inputs[held_out] @ model.coef.T + model.intercept).argmax(axis=1), dtype=np.int64)

        common = {"n_classes": n_classes, "folds": self.folds, "measure": self.measure, "seed": seed}
        best, tried = choose(sorted(set(self.grid)), decide, truth, groups, **common)
        model = _regress(inputs, truth, n_classes, best, self.max_iterations)
        unfinished = [f"{C:g}" for C, finished in converged.items() if not finished]
        info = {"C": best, "converged": model.converged, "measure": self.measure, "tried": tried}
        return FusionWeights({"coef": model.coef, "intercept": model.intercept}, info | {"not_converged": unfinished})

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K] of posteriors [N, L, K].

        Raises:
            DataError: see `contract.check_posteriors`; or weights of other systems, classes or fusions.
        """
        values = check_posteriors(posteriors)
        _, n_systems, n_classes = values.shape
        shape = (n_classes, n_systems * n_classes)
        if "coef" not in weights.values or weights.values["coef"].shape != shape:
            found = {name: array.shape for name, array in weights.values.items()}
            raise DataError(f"these posteriors need coefficients {shape}", where=f"fusion weights {found}")
        return _softmax(self._inputs(values) @ weights.values["coef"].T + weights.values["intercept"])

    def _inputs(self, posteriors: DoubleArray) -> DoubleArray:
        flat = flat_inputs(posteriors)
        return np.log(np.maximum(flat, self.floor)) if self.features == "log_posteriors" else flat


def _regress(inputs: DoubleArray, labels: IntArray, n_classes: int, C: float, max_iterations: int) -> _Model:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    present = np.unique(labels)
    coef, intercept = np.zeros((n_classes, inputs.shape[1])), np.full(n_classes, -np.inf)
    if len(present) == 1:
        intercept[present] = 0.0
        return _Model(coef, intercept, converged=True)
    # Measured on 1440 clips, 6 systems, 8 classes: a few times faster than L-BFGS, and 100 times closer.
    solver = LogisticRegression(C=C, solver="newton-cg", tol=1e-6, max_iter=max_iterations)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        solver.fit(inputs, labels)
    unfinished = [one for one in caught if _tells_of_convergence(one, ConvergenceWarning)]
    for other in (one for one in caught if one not in unfinished):
        warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    binary = len(solver.coef_) == 1
    # Two classes come as one row of log odds: the second class against a first one of zeros.
    coef[present] = np.concatenate([np.zeros_like(solver.coef_), solver.coef_]) if binary else solver.coef_
    intercept[present] = np.append(0.0, solver.intercept_) if binary else solver.intercept_
    return _Model(coef, intercept, converged=not unfinished)


def _tells_of_convergence(caught: warnings.WarningMessage, category: type[Warning]) -> bool:
    # A failed line search ends the solver early too, under a general category.
    return issubclass(caught.category, category) or "Line Search failed" in str(caught.message)


def _softmax(scores: DoubleArray) -> DoubleArray:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)
