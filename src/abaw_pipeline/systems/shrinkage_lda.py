"""Linear discriminant analysis with a shrunken covariance, on the most telling features of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.calibration import cross_scores, fit_temperature, log_loss, softmax
from abaw_pipeline.systems.preparation import prepare, spread
from abaw_pipeline.systems.system import check_card, make_card
from abaw_pipeline.systems.vectors import VectorSystem
from abaw_pipeline.systems.windows import by_clip, strangers
from abaw_pipeline.types import DoubleArray, Examples, Fitted, FloatArray, IntArray, Posteriors


class ShrinkageLDA(VectorSystem):
    """LDA on F-selected, z-scored features; how far its covariance shrinks is chosen inside the training clips.

    Scaling, selection, shrinkage and temperature are all redone inside each subject-wise part, so the choice has
    not seen the subjects that it is judged on.
    """

    kind: Literal["shrinkage_lda"] = "shrinkage_lda"
    n_features: int = Field(default=1500, ge=1, description="features kept by the F test")
    shrinkages: tuple[float, ...] = Field(
        default=(0.1, 0.2, 0.35, 0.5, 0.75, 0.9), min_length=1, description="candidates, within 0..1"
    )
    calibration_parts: int = Field(default=4, ge=2, description="subject-wise parts for the choice")

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Choose the shrinkage of least cross-fitted log loss, then fit; see `System.fit`. Nothing is random."""
        found, labels = self.training_vectors(examples)
        groups = strangers(examples, found.windows)
        losses, temperatures = self._judge(found.values, labels, groups, len(examples.classes))
        best = int(np.argmin(losses))
        card = make_card(
            self,
            examples,
            seed=seed,
            widths=found.widths,
            n_windows=len(labels),
            shrinkage=self.shrinkages[best],
            temperature=temperatures[best],
            inner_log_loss=[loss if np.isfinite(loss) else None for loss in losses],
        )
        return Fitted(card, estimator=self._model(found.values, labels, self.shrinkages[best]))

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a window; see `System.predict`."""
        check_card(self, fitted.card, examples.classes)
        found, scores = self.vectors(examples, fitted.card["widths"]), np.zeros((0, len(examples.classes)))
        if len(found.values):
            scores = fitted.estimator.decision_function(found.values.astype(np.float64))
            scores = spread(scores, fitted.estimator["classify"].classes_, len(examples.classes))
        return by_clip(softmax(scores, fitted.card["temperature"]), found.windows, len(examples))

    def _judge(
        self, vectors: FloatArray, labels: IntArray, subjects: Sequence[str] | IntArray, n_classes: int
    ) -> tuple[list[float], list[float]]:
        n_candidates = len(self.shrinkages)

        def scorer(fit_on: IntArray, score_on: IntArray) -> DoubleArray:
            prepared = prepare(vectors[fit_on], labels[fit_on], self.n_features)
            fit_x, score_x = (prepared.transform(vectors[i].astype(np.float64)) for i in (fit_on, score_on))
            scores = discriminant_path(fit_x, labels[fit_on], score_x, self.shrinkages)
            columns = [spread(s, np.unique(labels[fit_on]), n_classes) for s in scores]
            return np.concatenate(columns, axis=1)

        wide = cross_scores(scorer, labels, subjects, n_candidates * n_classes, self.calibration_parts)
        held_out = np.split(wide, n_candidates, axis=1)
        temperatures = [fit_temperature(scores, labels) for scores in held_out]
        losses = [log_loss(s, labels, t) for s, t in zip(held_out, temperatures, strict=True)]
        return losses, temperatures

    def _model(self, vectors: FloatArray, labels: IntArray, shrinkage: float) -> Any:
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.pipeline import Pipeline

        prepared = prepare(vectors, labels, self.n_features)
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
        model.fit(prepared.transform(vectors.astype(np.float64)), labels)
        return Pipeline([*prepared.steps, ("classify", model)])


def discriminant_path(
    fit_x: DoubleArray, labels: IntArray, score_x: DoubleArray, shrinkages: Sequence[float]
) -> list[DoubleArray]:
    """Scores of an LDA at each shrinkage, from one decomposition of the covariance.

    Shrinking towards a multiple of the identity moves eigenvalues and leaves eigenvectors, and directions
    without training variance all share one eigenvalue; so a path over shrinkages costs hardly more than one fit.

    Args:
        fit_x: float64 [n, D].
        labels: int64 [n], classes of at least two kinds.
        score_x: float64 [m, D].
        shrinkages: each within 0..1; 0 needs a covariance of full rank.

    Returns:
        per shrinkage float64 [m, number of classes in labels], in ascending order of class.
    """
    from scipy.linalg import svd

    present, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    means = np.stack([fit_x[which == k].mean(axis=0) for k in range(len(present))])
    _, singular, directions = svd(fit_x - means[which], full_matrices=False, lapack_driver="gesdd")
    eigenvalues = singular**2 / len(fit_x)
    center = fit_x.mean(axis=0)
    offsets, points = means - center, score_x - center
    inside_offsets, inside_points = offsets @ directions.T, points @ directions.T
    outside = points @ offsets.T - inside_points @ inside_offsets.T
    outside_norms = (offsets**2).sum(axis=1) - (inside_offsets**2).sum(axis=1)
    target = eigenvalues.sum() / fit_x.shape[1]
    # one clip a class has no spread within classes: all that is left to measure by is the spread between them
    least = 1e-9 * float((points**2).mean() + (offsets**2).mean()) or 1.0
    path = []
    for shrinkage in shrinkages:
        floor = max(shrinkage * target, least)
        inverse = 1 / np.maximum((1 - shrinkage) * eigenvalues + floor, floor)
        products = inside_points @ (inside_offsets * inverse).T + outside / floor
        norms = (inside_offsets**2 * inverse).sum(axis=1) + outside_norms / floor
        path.append(products - norms / 2 + np.log(counts / len(fit_x)))
    return path
