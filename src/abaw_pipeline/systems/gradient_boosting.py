"""Boosted trees on one vector a window."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.calibration import cross_scores, fit_temperature, softmax
from abaw_pipeline.systems.preparation import prepare, spread
from abaw_pipeline.systems.system import check_card, make_card
from abaw_pipeline.systems.vectors import VectorSystem
from abaw_pipeline.systems.windows import by_clip, strangers
from abaw_pipeline.types import DoubleArray, Examples, Fitted, FloatArray, IntArray, Posteriors


class GradientBoosting(VectorSystem):
    """XGBoost on the features that the F test keeps.

    The trees are kept as XGBoost's own binary JSON in `Fitted.tensors["booster"]` (uint8), the columns they
    read in "selected" (int64): no object needs to be trusted to load them.
    """

    kind: Literal["xgboost"] = "xgboost"
    n_features: int = Field(default=1000, ge=1, description="features kept by the F test")
    n_rounds: int = Field(default=150, ge=1, description="trees for each class")
    max_depth: int = Field(default=4, ge=1)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    subsample: float = Field(default=0.7, gt=0, le=1, description="share of windows for each tree")
    column_share: float = Field(default=0.1, gt=0, le=1, description="share of features for each tree")
    bins: int = Field(default=64, ge=2, description="histogram bins for each feature")
    calibration_parts: int = Field(default=2, ge=2, description="subject-wise parts for the temperature")

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Grow the trees, and fit their temperature by cross-fitting; see `System.fit`."""
        found, labels = self.training_vectors(examples)
        vectors, n_classes = found.values, len(examples.classes)

        def scorer(fit_on: IntArray, score_on: IntArray) -> DoubleArray:
            booster, selected, present = self._grow(vectors[fit_on], labels[fit_on], seed)
            return _scores(booster, vectors[score_on][:, selected], present, n_classes)

        groups = strangers(examples, found.windows)
        held_out = cross_scores(scorer, labels, groups, n_classes, self.calibration_parts)
        booster, selected, present = self._grow(vectors, labels, seed)
        card = make_card(
            self,
            examples,
            seed=seed,
            widths=found.widths,
            n_windows=len(labels),
            temperature=fit_temperature(held_out, labels),
            present=present.tolist(),
        )
        raw = np.frombuffer(booster.save_raw("ubj"), dtype=np.uint8)
        return Fitted(card, tensors={"booster": raw, "selected": selected})

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a window; see `System.predict`."""
        import xgboost

        check_card(self, fitted.card, examples.classes)
        found, scores = self.vectors(examples, fitted.card["widths"]), np.zeros((0, len(examples.classes)))
        if len(found.values):
            booster = xgboost.Booster({"nthread": 1})
            booster.load_model(bytearray(fitted.tensors["booster"].tobytes()))
            chosen = found.values[:, fitted.tensors["selected"]]
            present = np.asarray(fitted.card["present"], dtype=np.int64)
            scores = _scores(booster, chosen, present, len(examples.classes))
        return by_clip(softmax(scores, fitted.card["temperature"]), found.windows, len(examples))

    def _grow(self, vectors: FloatArray, labels: IntArray, seed: int) -> tuple[Any, IntArray, IntArray]:
        import xgboost

        selected = prepare(vectors, labels, self.n_features)["select"].get_support(indices=True)
        present, targets = np.unique(labels, return_inverse=True)
        settings = {
            "objective": "multi:softprob",
            "num_class": len(present),
            "tree_method": "hist",
            "max_depth": self.max_depth,
            "learning_rate": self.learning_rate,
            "subsample": self.subsample,
            "colsample_bytree": self.column_share,
            "max_bin": self.bins,
            "seed": seed,
            "nthread": 1,
        }
        data = xgboost.DMatrix(vectors[:, selected], label=targets, nthread=1)
        return xgboost.train(settings, data, num_boost_round=self.n_rounds), selected, present


def _scores(booster: Any, vectors: FloatArray, present: IntArray, n_classes: int) -> DoubleArray:
    import xgboost

    margins = booster.predict(xgboost.DMatrix(vectors, nthread=1), output_margin=True)
    return spread(margins.astype(np.float64), present, n_classes)
