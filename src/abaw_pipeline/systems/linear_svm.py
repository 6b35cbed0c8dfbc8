"""Support vector machine on one vector a window."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.calibration import cross_scores, fit_temperature, softmax
from abaw_pipeline.systems.preparation import prepare, spread
from abaw_pipeline.systems.system import check_card, make_card
from abaw_pipeline.systems.vectors import VectorSystem
from abaw_pipeline.systems.windows import by_clip, strangers
from abaw_pipeline.training.options import Weighting
from abaw_pipeline.training.weighting import class_weights
from abaw_pipeline.types import DoubleArray, Examples, Fitted, FloatArray, IntArray, Posteriors


class LinearSVM(VectorSystem):
    """SVM on z-scored vectors: linear, each class against the rest, as acoustic functionals are usually read.

    With `kernel: rbf` it is the classifier that S2, section 3.2 puts on frozen sound embeddings (C = 0.001),
    each class against each other one. With `kernel: poly`, `gamma: 0.1`, `C: 3`, `statistics: mean_std` and
    `window_s: 4` it is the EE + SVM of S0, section 4.3.3, with a z-score before it that the paper does not name.
    """

    kind: Literal["linear_svm"] = "linear_svm"
    C: float = Field(default=1e-3, gt=0, description="penalty of margin violations")
    kernel: Literal["linear", "rbf", "poly"] = "linear"
    gamma: Literal["scale"] | Annotated[float, Field(gt=0)] = Field(
        default="scale", description="of rbf and poly; scale: 1 / (columns x variance)"
    )
    degree: int = Field(default=3, ge=1, description="of poly")
    coef0: float = Field(default=0.0, description="constant that poly adds to the product")
    class_weights: Weighting = Field(default="none", description="how much each class's violations count")
    calibration_parts: int = Field(default=3, ge=2, description="subject-wise parts for the temperature")

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Fit the machine, and its temperature by cross-fitting; see `System.fit`."""
        found, labels = self.training_vectors(examples)
        vectors, n_classes = found.values, len(examples.classes)

        def scorer(fit_on: IntArray, score_on: IntArray) -> DoubleArray:
            return _scores(self._machine(vectors[fit_on], labels[fit_on], seed), vectors[score_on], n_classes)

        groups = strangers(examples, found.windows)
        held_out = cross_scores(scorer, labels, groups, n_classes, self.calibration_parts)
        card = make_card(
            self,
            examples,
            seed=seed,
            widths=found.widths,
            n_windows=len(labels),
            temperature=fit_temperature(held_out, labels),
        )
        return Fitted(card, estimator=self._machine(vectors, labels, seed))

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a window; see `System.predict`."""
        check_card(self, fitted.card, examples.classes)
        found, n_classes = self.vectors(examples, fitted.card["widths"]), len(examples.classes)
        scores = _scores(fitted.estimator, found.values, n_classes) if len(found.values) else np.zeros((0, n_classes))
        return by_clip(softmax(scores, fitted.card["temperature"]), found.windows, len(examples))

    def _machine(self, vectors: FloatArray, labels: IntArray, seed: int) -> Any:
        from sklearn.pipeline import Pipeline
        from sklearn.svm import SVC, LinearSVC

        prepared = prepare(vectors, labels, None)
        weights = self._weights(labels)
        if self.kernel == "linear":  # liblinear visits rows in random order; libsvm leaves nothing to chance
            machine = LinearSVC(C=self.C, class_weight=weights, random_state=seed, max_iter=5000)
        else:
            form = {"kernel": self.kernel, "gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
            machine = SVC(C=self.C, class_weight=weights, cache_size=500, **form)
        machine.fit(prepared.transform(vectors.astype(np.float64)), labels)
        return Pipeline([*prepared.steps, ("classify", machine)])

    def _weights(self, labels: IntArray) -> dict[int, float] | None:
        if self.class_weights == "none":
            return None
        present = np.unique(labels)
        weights = class_weights(labels, int(present[-1]) + 1, self.class_weights)
        return {int(index): float(weights[index]) for index in present}


def _scores(machine: Any, vectors: FloatArray, n_classes: int) -> DoubleArray:
    scores = machine.decision_function(vectors.astype(np.float64))
    return spread(scores, machine["classify"].classes_, n_classes)
