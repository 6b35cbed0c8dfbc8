"""Settings of a stacking, chosen by cross-fitting over subjects within the fitting set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from abaw_pipeline.errors import DataError, PipelineError
from abaw_pipeline.evaluation.measures import MEASURES, Measure, confusion_matrix
from abaw_pipeline.evaluation.splits import split_subjects
from abaw_pipeline.types import DoubleArray, IntArray

Setting = TypeVar("Setting")


def subject_parts(labels: IntArray, groups: Sequence[str], folds: int, *, seed: int) -> Iterator[IntArray]:
    """Which rows each part holds out, bool [N] each; at most one part a subject.

    Raises:
        DataError: a single subject, or too few rows of each class.
    """
    k = min(folds, len(set(groups)))
    try:
        part = split_subjects(labels, groups, k, seed=seed)
    except PipelineError as error:
        hint = "Give one setting, so that there is nothing to choose, or a fusion that learns nothing: log_mean."
        raise DataError(error.what, where="cross-fitting of a fusion", hint=hint) from error
    return (part == number for number in range(k))


def choose(
    settings: Sequence[Setting],
    decide: Callable[[Setting, Any, Any], IntArray],
    labels: IntArray,
    groups: Sequence[str],
    *,
    n_classes: int,
    folds: int,
    measure: Measure,
    seed: int,
) -> tuple[Setting, dict[str, float]]:
    """The setting whose held-out decisions, all parts together, are best; of equals the first.

    Args:
        settings: to choose from; one alone is taken untried.
        decide: of a setting, rows to fit on (bool [N]) and rows held out: classes of the latter.
        labels: int64 [N].
        groups: the subject of each row.
        n_classes: K.
        folds: parts of the cross-fitting.
        measure: what is compared.
        seed: of the parts.

    Returns:
        The setting, and the measure of each one that was tried, by its text.

    Raises:
        DataError: see `subject_parts`.
    """
    if len(settings) == 1:
        return settings[0], {}
    parts = list(subject_parts(labels, groups, folds, seed=seed))
    tried: dict[str, float] = {}
    best, most = settings[0], -1.0
    for setting in settings:
        decided = np.zeros_like(labels)
        for held_out in parts:
            decided[held_out] = decide(setting, ~held_out, held_out)
        value = float(MEASURES[measure](confusion_matrix(labels, decided, n_classes)))
        tried[f"{setting:g}" if isinstance(setting, float) else str(setting)] = value
        if value > most:
            best, most = setting, value
    return best, tried


def flat_inputs(posteriors: DoubleArray) -> DoubleArray:
    """Posteriors [N, L, K] side by side, [N, L * K]."""
    n, n_systems, n_classes = posteriors.shape
    return posteriors.reshape(n, n_systems * n_classes)
