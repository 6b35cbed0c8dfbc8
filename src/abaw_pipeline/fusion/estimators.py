"""Stacking by estimators: SVM, k nearest neighbours, XGBoost on the systems' posteriors (S2, Table A3)."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.estimator_bytes import dump_estimator, load_estimator
from abaw_pipeline.evaluation.measures import Measure
from abaw_pipeline.fusion.choosing import choose, flat_inputs, subject_parts
from abaw_pipeline.fusion.contract import FusionPart, check_fitting, check_posteriors
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray, IntArray

log = logging.getLogger(__name__)


class EstimatorStacking(FusionPart):
    """An estimator on the concatenated posteriors of all systems.

    Its setting is chosen by cross-fitting over subjects within the fitting set, never on the clips that are scored,
    as S2 seems to have done. A class that no fitting row has is never decided for.
    """

    kind: str
    grid: tuple[float, ...] = Field(min_length=1, description="Settings to choose from; of equals the smallest.")
    folds: int = Field(default=3, ge=2, description="Parts of the cross-fitting; at most one a subject.")
    measure: Measure = Field(default="accuracy", description="What the chosen setting is best in.")
    max_rows: int = Field(
        default=20_000, ge=100, description="Rows to fit on at most, drawn evenly from all subjects and classes."
    )

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """The estimator, as bytes.

        Returns:
            model; info with the chosen setting, the measure of each one in cross-fitting, and the rows fitted on.

        Raises:
            DataError: see `contract.check_fitting`; a single class; a choice of settings with one subject.
        """
        values, truth = check_fitting(posteriors, labels, groups)
        rows = _drawn(truth, groups, self.max_rows, seed)
        if len(rows) < len(truth):
            log.warning("%s is fitted on %d of %d rows (max_rows)", self.kind, len(rows), len(truth))
        inputs, truth, who = flat_inputs(values[rows]), truth[rows], [groups[row] for row in rows]
        if len(np.unique(truth)) < 2:
            raise DataError("all clips to fit on are of one class", where=self.kind, hint="Use log_mean here.")

        def decide(setting: Any, fitting: Any, held_out: Any) -> IntArray:
            if len(np.unique(truth[fitting])) < 2:
                return np.full(int(held_out.sum()), truth[fitting][0])
            model = self._estimator(setting, int(fitting.sum()), seed).fit(inputs[fitting], _codes(truth[fitting]))
            return np.asarray(np.unique(truth[fitting])[model.predict(inputs[held_out])], dtype=np.int64)

        common = {"n_classes": values.shape[2], "folds": self.folds, "measure": self.measure, "seed": seed}
        chosen, tried = choose(sorted(set(self.grid)), decide, truth, who, **common)
        model = self._calibrated(self._estimator(chosen, len(inputs), seed), inputs, truth, who, seed)
        info = {"chosen": chosen, "measure": self.measure, "tried": tried}
        facts = {"rows": len(inputs), "rows_given": len(labels), "classes": np.unique(truth).tolist()}
        return FusionWeights({}, info | facts, self._stored(model))

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors float64 [N, K] of posteriors [N, L, K].

        Raises:
            DataError: see `contract.check_posteriors`; or what was learned is of other systems, classes or fusions.
        """
        values = check_posteriors(posteriors)
        n, n_systems, n_classes = values.shape
        if weights.model is None:
            raise DataError("these weights are of another kind of fusion", where=f"values {sorted(weights.values)}")
        model, present = self._read(weights.model), np.asarray(weights.info["classes"], dtype=np.int64)
        if model.n_features_in_ != n_systems * n_classes or present.max() >= n_classes:
            raise DataError(
                f"the model takes {model.n_features_in_} probabilities, posteriors have {n_systems} x {n_classes}",
                where="fusion",
            )
        fused = np.zeros((n, n_classes))
        if n:
            fused[:, present] = model.predict_proba(flat_inputs(values))
        total: DoubleArray = fused.sum(axis=1, keepdims=True)
        even: DoubleArray = np.full(fused.shape, 1 / n_classes)
        np.divide(fused, total, out=even, where=total > 0)
        return even

    def _stored(self, model: Any) -> bytes:
        return dump_estimator(model)

    def _read(self, content: bytes) -> Any:
        return load_estimator(content)

    @abstractmethod
    def _estimator(self, setting: Any, n: int, seed: int) -> Any:
        """An estimator of a setting, to be fitted to n rows."""

    def _calibrated(
        self, estimator: Any, inputs: DoubleArray, labels: IntArray, groups: Sequence[str], seed: int
    ) -> Any:
        """The fitted estimator, with probabilities."""
        return estimator.fit(inputs, _codes(labels))


class SVMStacking(EstimatorStacking):
    """A support vector machine on the systems' posteriors.

    Its probabilities are those of a sigmoid a class (Platt), fitted on decisions that are cross-fitted over subjects,
    then normalized; scikit-learn's own way draws its parts by row, whoever is in them. With a single subject no
    sigmoid can be fitted so, which is an error.
    """

    kind: Literal["svm_stacking"] = "svm_stacking"
    kernel: Literal["linear", "rbf"] = "linear"
    grid: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = Field(
        default=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0), min_length=1, description="C to choose from (S2, Table A3)."
    )
    max_rows: int = Field(
        default=3000, ge=100, description="Rows to fit on at most: time grows faster than their square."
    )

    def _estimator(self, setting: Any, n: int, seed: int) -> Any:
        from sklearn.svm import SVC

        return SVC(C=setting, kernel=self.kernel)

    def _calibrated(
        self, estimator: Any, inputs: DoubleArray, labels: IntArray, groups: Sequence[str], seed: int
    ) -> Any:
        from sklearn.calibration import CalibratedClassifierCV

        parts = list(subject_parts(labels, groups, self.folds, seed=seed))
        whole = [each for each in parts if set(labels[~each]) == set(labels)]
        if not whole:
            raise DataError(
                "every part of the subjects lacks a class, so probabilities cannot be fitted",
                where="svm_stacking",
                hint="Use logistic_stacking or log_mean here.",
            )
        splits = [(np.flatnonzero(~each), np.flatnonzero(each)) for each in whole]
        return CalibratedClassifierCV(estimator, method="sigmoid", cv=splits, ensemble=len(whole) < len(parts)).fit(
            inputs, _codes(labels)
        )


class KNNStacking(EstimatorStacking):
    """The k nearest fitting rows, by Euclidean distance of posteriors; probabilities are their shares.

    Where there are fewer rows than neighbours, all of them are asked.
    """

    kind: Literal["knn_stacking"] = "knn_stacking"
    grid: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(10, 20, 30, 40, 50), min_length=1, description="Neighbours to choose from."
    )

    def _estimator(self, setting: Any, n: int, seed: int) -> Any:
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(n_neighbors=min(setting, n), algorithm="brute")


class XGBoostStacking(EstimatorStacking):
    """Gradient boosted trees on the systems' posteriors."""

    kind: Literal["xgboost_stacking"] = "xgboost_stacking"
    grid: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(2, 4), min_length=1, description="Depths of trees to choose from."
    )
    trees: int = Field(default=100, ge=1, description="Rounds of boosting.")
    learning_rate: float = Field(default=0.1, gt=0, le=1)

    def _estimator(self, setting: Any, n: int, seed: int) -> Any:
        from xgboost import XGBClassifier

        from abaw_pipeline.threads import allowed_threads

        return XGBClassifier(
            max_depth=setting,
            n_estimators=self.trees,
            learning_rate=self.learning_rate,
            random_state=seed,
            n_jobs=allowed_threads(),
            tree_method="hist",
        )

    def _stored(self, model: Any) -> bytes:
        return bytes(model.get_booster().save_raw("ubj"))

    def _read(self, content: bytes) -> Any:
        from xgboost import XGBClassifier

        model = XGBClassifier()
        model.load_model(bytearray(content))
        return model


def _codes(labels: IntArray) -> IntArray:
    """The classes that there are, numbered from 0."""
    return np.searchsorted(np.unique(labels), labels).astype(np.int64)


def _drawn(labels: IntArray, groups: Sequence[str], most: int, seed: int) -> IntArray:
    """Rows to fit on: all, or `most`, as even a share of each subject's rows of each class as can be."""
    n = len(labels)
    if n <= most:
        return np.arange(n)
    shuffled = np.random.default_rng(seed).permutation(n)
    cell = np.unique(
        np.array([f"{group}\n{label}" for group, label in zip(groups, labels, strict=True)]), return_inverse=True
    )[1]
    ordered = shuffled[np.argsort(cell[shuffled], kind="stable")]
    return np.sort(ordered[np.linspace(0, n - 1, most).round().astype(np.int64)])
