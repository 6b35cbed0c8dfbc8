"""A classifier of each feature row, without any window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.evaluation.resampling import labels_at
from abaw_pipeline.parts import unknown_name
from abaw_pipeline.systems.calibration import softmax
from abaw_pipeline.systems.preparation import spread
from abaw_pipeline.systems.reading import check_inputs, check_labels, read_features
from abaw_pipeline.systems.system import System, check_card, make_card
from abaw_pipeline.systems.windows import two_classes
from abaw_pipeline.training.options import Weighting
from abaw_pipeline.training.weighting import class_weights
from abaw_pipeline.types import DoubleArray, Examples, Fitted, FloatArray, IntArray, Posteriors


class Framewise(System):
    """Multinomial logistic regression on each row of one input, such as the embedding of one face.

    A row is trained with the label at its middle. The last layer of S0's embedding extractors is such a
    classifier; its frame steps (section 4.3.2: of each video every tenth frame of neutral, every fifth of
    happiness and sadness, every second of the others) are `frame_steps`, counted in rows of a class and a clip.
    """

    kind: Literal["framewise"] = "framewise"
    inputs: tuple[str, ...] = Field(min_length=1, max_length=1, description="name of the feature set that is read")
    C: float = Field(default=1.0, gt=0, description="inverse strength of the l2 penalty")
    class_weights: Weighting = Field(default="none", description="how much each class counts in the loss")
    frame_steps: Mapping[str, int] = Field(
        default={}, description="class -> every how manieth of its rows is trained on; others: every row"
    )
    max_iterations: int = Field(default=500, ge=1, description="most steps of the solver")

    @field_validator("frame_steps")
    @classmethod
    def _check_steps(cls, steps: Mapping[str, int]) -> Mapping[str, int]:
        for name, step in steps.items():
            if name not in EMOTIONS:
                raise ValueError(unknown_name(name, list(EMOTIONS), "emotion"))
            if step < 1:
                raise ValueError(f"the step of {name} must be at least 1")
        return steps

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Fit the classifier; see `System.fit`. Nothing is random."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        rows, labels, widths = self._training_rows(examples)
        weights = class_weights(labels, len(examples.classes), self.class_weights)
        by_class = {int(index): float(weights[index]) for index in np.unique(labels)}
        model = LogisticRegression(C=self.C, class_weight=by_class, max_iter=self.max_iterations)
        pipeline = Pipeline([("scale", StandardScaler()), ("classify", model)])
        fitted = _fit_quietly(pipeline, rows, labels)
        facts = {"n_rows": len(labels), "iterations": int(fitted["classify"].n_iter_.max())}
        return Fitted(make_card(self, examples, seed=seed, widths=widths, **facts), estimator=fitted)

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a feature row; see `System.predict`."""
        check_card(self, fitted.card, examples.classes)
        check_inputs(examples, self.inputs)
        name, n_classes = self.inputs[0], len(examples.classes)
        present, posteriors = fitted.estimator["classify"].classes_, []
        for index in range(len(examples)):
            rows = read_features(examples, name, index, fitted.card["widths"][name])
            scores: DoubleArray = np.zeros((0, n_classes))
            if len(rows.values):
                found = fitted.estimator.decision_function(rows.values.astype(np.float64))
                scores = spread(found, present, n_classes)
            posteriors.append(Posteriors(rows.start, rows.end, softmax(scores).astype(np.float32)))
        return posteriors

    def _training_rows(self, examples: Examples) -> tuple[FloatArray, IntArray, dict[str, int]]:
        """Annotated rows of all clips that the steps leave: float32 [n, D], their labels, and the input's width."""
        items = check_labels(examples)
        check_inputs(examples, self.inputs)
        steps = [self.frame_steps.get(name, 1) for name in examples.classes]
        rows, labels, width = [], [], None
        for index, item in enumerate(items):
            sequence = read_features(examples, self.inputs[0], index, width)
            if not len(sequence.values):
                continue
            width = sequence.values.shape[1]
            own = labels_at(item, (sequence.start + sequence.end) / 2)
            kept = np.sort(np.concatenate([np.flatnonzero(own == k)[::step] for k, step in enumerate(steps)]))
            rows.append(sequence.values[kept])
            labels.append(own[kept])
        chosen = np.concatenate(labels) if labels else np.zeros(0, np.int64)
        two_classes(chosen, examples)
        return np.concatenate(rows), chosen, {self.inputs[0]: int(rows[0].shape[1])}


def _fit_quietly(pipeline: Any, rows: FloatArray, labels: IntArray) -> Any:
    """Fit; that the solver was stopped early is told by the card's number of iterations, not by a warning."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return pipeline.fit(rows, labels)
