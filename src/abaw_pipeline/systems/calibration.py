"""Turns scores into probabilities with one temperature, fitted on training clips alone.

A model's scores on the clips that it was trained on are too sure of themselves. So the training clips are split
by subject, each part is scored by a model fitted on the other parts, and the temperature that gives those
scores the least log loss is kept for the model that is fitted on all of them. A single temperature cannot change
which class wins, so the system's decisions stay those of the published classifier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from abaw_pipeline.types import DoubleArray, IntArray

Scorer = Callable[[IntArray, IntArray], DoubleArray]
"""Given indexes of clips to fit on and of clips to score: scores [n_scored, K], -inf for a class never seen."""


def subject_parts(subjects: Sequence[str] | IntArray, n_parts: int) -> IntArray:
    """Deal clips into parts of similar size so that no subject is in two of them.

    With a single subject, clips are dealt one by one.

    Args:
        subjects: who is heard in each clip.
        n_parts: how many parts at most.

    Returns:
        int64 [n_clips], the part of each clip.
    """
    names, group, counts = np.unique(np.asarray(subjects), return_inverse=True, return_counts=True)
    if len(names) == 1:
        return np.arange(len(group)) % n_parts
    part = np.zeros(len(names), dtype=np.int64)
    load = np.zeros(n_parts)
    for subject in np.argsort(-counts, kind="stable"):
        part[subject] = np.argmin(load)
        load[part[subject]] += counts[subject]
    return np.asarray(part[group], dtype=np.int64)


def cross_scores(
    scorer: Scorer, labels: IntArray, subjects: Sequence[str] | IntArray, n_classes: int, n_parts: int
) -> DoubleArray:
    """Scores of each training clip by a model that has not seen its subject.

    Returns:
        float64 [n_clips, K]; NaN rows where the other parts hold one class only.
    """
    parts = subject_parts(subjects, n_parts)
    scores = np.full((len(labels), n_classes), np.nan)
    for part in np.unique(parts):
        fit_on, score_on = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        if len(np.unique(labels[fit_on])) > 1:
            scores[score_on] = scorer(fit_on, score_on)
    return scores


def softmax(scores: DoubleArray, temperature: float = 1.0) -> DoubleArray:
    """Probabilities exp(score / temperature), normalized: float64 [n, K], rows sum to 1."""
    shifted = (scores - scores.max(axis=1, keepdims=True)) / temperature
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def log_loss(scores: DoubleArray, labels: IntArray, temperature: float) -> float:
    """Mean negative log probability of the true class, over clips whose true class has a score."""
    usable = np.isfinite(scores[np.arange(len(labels)), labels])
    if not usable.any():
        return float("inf")
    probabilities = softmax(scores[usable], temperature)[np.arange(usable.sum()), labels[usable]]
    return float(-np.log(np.maximum(probabilities, 1e-300)).mean())


def fit_temperature(scores: DoubleArray, labels: IntArray) -> float:
    """The temperature of least log loss; 1 where no clip has a score for its true class.

    Args:
        scores: float64 [n, K] of clips that the scoring model was not fitted on; -inf or NaN is no score.
        labels: int64 [n], the true classes.
    """
    from scipy.optimize import minimize_scalar

    if not np.isfinite(scores[np.arange(len(labels)), labels]).any():
        return 1.0
    best = minimize_scalar(
        lambda log_t: log_loss(scores, labels, float(np.exp(log_t))), bounds=(-7.0, 7.0), method="bounded"
    )
    return float(np.exp(best.x))
