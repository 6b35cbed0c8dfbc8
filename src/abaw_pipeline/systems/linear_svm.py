"""Linear support vector machine on one vector a clip."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.calibration import cross_scores, fit_temperature, softmax
from abaw_pipeline.systems.preparation import prepare, spread
from abaw_pipeline.systems.reading import clip_vectors, training_labels
from abaw_pipeline.systems.system import System, check_card, make_card, whole_clips
from abaw_pipeline.types import DoubleArray, Examples, Fitted, FloatArray, IntArray, Posteriors


class LinearSVM(System):
    """Linear SVM, each class against the rest, on z-scored clip vectors, as acoustic functionals are usually read.

    With `kernel: rbf` it is the classifier that S2, section 3.2 puts on frozen sound embeddings (C = 0.001),
    each class against each other one.
    """

    kind: Literal["linear_svm"] = "linear_svm"
    C: float = Field(default=1e-3, gt=0, description="penalty of margin violations")
    kernel: Literal["linear", "rbf"] = "linear"
    calibration_parts: int = Field(default=3, ge=2, description="subject-wise parts for the temperature")

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Fit the machine, and its temperature by cross-fitting; see `System.fit`."""
        labels = training_labels(examples)
        vectors, widths = clip_vectors(examples, self.inputs)
        n_classes = len(examples.classes)

        def scorer(fit_on: IntArray, score_on: IntArray) -> DoubleArray:
            return _scores(self._machine(vectors[fit_on], labels[fit_on], seed), vectors[score_on], n_classes)

        held_out = cross_scores(scorer, labels, examples.subjects, n_classes, self.calibration_parts)
        temperature = fit_temperature(held_out, labels)
        card = make_card(self, examples, seed=seed, widths=widths, temperature=temperature)
        return Fitted(card, estimator=self._machine(vectors, labels, seed))

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a clip; see `System.predict`."""
        check_card(self, fitted.card, examples.classes)
        vectors, _ = clip_vectors(examples, self.inputs, fitted.card["widths"])
        if not len(vectors):
            return []
        scores = _scores(fitted.estimator, vectors, len(examples.classes))
        return whole_clips(softmax(scores, fitted.card["temperature"]), examples.durations)

    def _machine(self, vectors: FloatArray, labels: IntArray, seed: int) -> Any:
        from sklearn.pipeline import Pipeline
        from sklearn.svm import SVC, LinearSVC

        prepared = prepare(vectors, labels, None)
        # liblinear visits clips in random order; libsvm leaves nothing to chance
        machine = LinearSVC(C=self.C, random_state=seed, max_iter=5000) if self.kernel == "linear" else SVC(C=self.C)
        machine.fit(prepared.transform(vectors.astype(np.float64)), labels)
        return Pipeline([*prepared.steps, ("classify", machine)])


def _scores(machine: Any, vectors: FloatArray, n_classes: int) -> DoubleArray:
    scores = machine.decision_function(vectors.astype(np.float64))
    return spread(scores, machine["classify"].classes_, n_classes)
