"""Decisions of several systems on the same units, so that a pair is compared only where both have decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.measures import grouped_confusions
from abaw_pipeline.types import DoubleArray, IntArray

SILENT = -1
"""Stands where a system has not decided."""


@dataclass(frozen=True)
class Paired:
    """U units (clips, or frames of clips) and what L systems have decided of them.

    Attributes:
        systems: L names, in the order in which they come.
        n_classes: K.
        truth: int64 [U], indexes of classes.
        predicted: int64 [L, U], indexes of classes, SILENT where a system has not decided.
        groups: column -> int64 [U], which subject (fold, corpus) a unit belongs to.
    """

    systems: list[str]
    n_classes: int
    truth: IntArray
    predicted: IntArray
    groups: dict[str, IntArray]

    def right(self) -> DoubleArray:
        """1 where a system is right, 0 where it is wrong, NaN where it has not decided, float64 [U, L]."""
        right = (self.predicted == self.truth).astype(np.float64)
        right[self.predicted == SILENT] = np.nan
        return np.ascontiguousarray(right.T)

    def confusions(self, a: str, b: str, by: str) -> tuple[IntArray, IntArray]:
        """Confusions of two systems on what both have decided, int64 [G, K, K] of the groups that have any of it."""
        rows = [self.predicted[self.systems.index(name)] for name in (a, b)]
        both = np.flatnonzero((rows[0] != SILENT) & (rows[1] != SILENT))
        names, group = np.unique(self.groups[by][both], return_inverse=True)
        first, second = (
            grouped_confusions(group.astype(np.int64), self.truth[both], row[both], len(names), self.n_classes)
            for row in rows
        )
        return first, second


def pair_up(predictions: pd.DataFrame, classes: Sequence[str]) -> Paired:
    """Decisions side by side.

    Args:
        predictions: columns system, fold, corpus, clip_id, subject, frame (missing: the clip as a whole), truth,
            predicted.
        classes: names of the K classes.

    Raises:
        DataError: a missing value, a name that is no class, a decision made twice by one system, or a unit of which
            systems know another truth.
    """
    where = "predictions"
    needed = ["system", "fold", "corpus", "clip_id", "subject", "truth", "predicted"]
    if predictions[needed].isna().any(axis=None):
        raise DataError("every row needs a system, a clip, its truth and a prediction", where=where)
    place = pd.Index(classes)
    truth, predicted = (
        place.get_indexer(pd.Index(predictions[name])).astype(np.int64) for name in ("truth", "predicted")
    )
    if min(truth.min(initial=0), predicted.min(initial=0)) < 0:
        raise DataError("a name that is no class", where=where)
    unit, first = _units(predictions)
    system, systems = pd.factorize(predictions["system"])
    side_by_side = np.full((len(systems), len(first)), SILENT, dtype=np.int64)
    side_by_side[system, unit] = predicted
    if (side_by_side != SILENT).sum() < len(predictions):
        raise DataError("a decision is made twice by one system", where=where)
    if (truth != truth[first][unit]).any():
        raise DataError("systems are scored against another truth of one decision", where=where)
    groups = {by: pd.factorize(predictions[by])[0].astype(np.int64)[first] for by in ("subject", "fold", "corpus")}
    return Paired([str(name) for name in systems], len(classes), truth[first], side_by_side, groups)


def _units(predictions: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """The unit of each row, and the first row of each unit."""
    clip = pd.factorize(predictions["clip_id"])[0].astype(np.int64)
    number = predictions["frame"].astype("Int64").fillna(-1).to_numpy(dtype=np.int64) + 1
    code = clip * (number.max(initial=0) + 1) + number
    unit, codes = pd.factorize(code)
    first = np.zeros(len(codes), dtype=np.int64)
    first[unit[::-1]] = np.arange(len(code))[::-1]
    return unit.astype(np.int64), first
