"""What was judged of a person, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from abaw_pipeline.inference.pages import clock, whole_percent
from abaw_pipeline.inference.reading import Rows
from abaw_pipeline.report.over_time import Runs, drawable
from abaw_pipeline.types import DoubleArray

CHAPTERS = 5
"""Stretches that a video is told in, at most."""
SHORT = 0.06
"""A stretch of a smaller share of the time goes untold."""
COARSE = 500
"""Columns of the grid on which very many stretches are told."""


@dataclass(frozen=True)
class Shares:
    """Emotions of one person by one system.

    Attributes:
        classes: names, the most frequent first; only those predicted at all.
        shares: their shares of the time, sum to 1.
        sure: mean posterior of the first class while it is the predicted one; NaN where posteriors are not read.
    """

    classes: tuple[str, ...]
    shares: tuple[float, ...]
    sure: float

    @property
    def sentence(self) -> str:
        """The numbers in a sentence without its end."""
        if not self.classes:
            return "nothing was judged"
        told = [f"{name} {whole_percent(share)}" for name, share in zip(self.classes, self.shares, strict=True)]
        return f"{self.adverb} {self.classes[0]}; share of the time: {', '.join(told)}"

    @property
    def adverb(self) -> str:
        """How often the first class is predicted."""
        share = self.shares[0]
        return (
            "always"
            if share > 0.999
            else "almost always"
            if share >= 0.9
            else "mostly"
            if share >= 0.5
            else "most often"
        )


def shares(rows: Rows, classes: Sequence[str]) -> Shares:
    """Share of the time by emotion, and how sure the most frequent one is."""
    seconds = np.bincount(rows.predicted, rows.seconds, minlength=len(classes))
    total = float(seconds.sum())
    if not total:
        return Shares((), (), np.nan)
    order = [int(at) for at in np.argsort(-seconds, kind="stable") if seconds[at] > 0]
    sure = float("nan")
    if len(rows.values):
        own = rows.predicted == order[0]
        sure = float(np.average(rows.values[own, order[0]], weights=rows.seconds[own]))
    return Shares(tuple(classes[at] for at in order), tuple(float(seconds[at]) / total for at in order), sure)


def means(rows: Rows) -> DoubleArray:
    """Mean posterior of each class over time, float64 [K]; `rows` have values."""
    return np.asarray(np.average(rows.values.astype(np.float64), axis=0, weights=rows.seconds))


def story(runs: Runs, classes: Sequence[str], length: float) -> str:
    """The course of emotions in a sentence, less what is short: "neutral until 0:12, then sadness"."""
    _, end, label = _chapters(runs)
    if len(label) < 2:
        return ""
    told = [f"{classes[one]} until {clock(last, length)}" for one, last in zip(label[:-1], end[:-1], strict=True)]
    last = "the end" if end[-1] > 0.98 * length else clock(end[-1], length)
    return f"{', '.join(told)}, then {classes[label[-1]]} until {last}"


def _chapters(runs: Runs) -> tuple[list[float], list[float], list[int]]:
    """Runs with the shortest given to the longer neighbour, until few are left and none is short."""
    start, end, label = _coarse(runs) if len(runs.label) > 2 * COARSE else _joined(runs.start, runs.end, runs.label)
    while len(label) > 1:
        lengths = [b - a for a, b in zip(start, end, strict=True)]
        at = lengths.index(min(lengths))
        if len(label) <= CHAPTERS and lengths[at] >= SHORT * (end[-1] - start[0]):
            break
        before = lengths[at - 1] if at else -1.0
        after = lengths[at + 1] if at + 1 < len(label) else -1.0
        label[at] = label[at - 1] if before >= after else label[at + 1]
        start, end, label = _joined(start, end, label)
    return start, end, label


def _joined(start: Any, end: Any, label: Any) -> tuple[list[float], list[float], list[int]]:
    """Neighbours with the same label as one, also across a gap."""
    labels = np.asarray(label)
    first = np.flatnonzero(np.append(True, labels[1:] != labels[:-1])) if len(labels) else np.zeros(0, np.int64)
    last = np.append(first[1:], len(labels)) - 1 if len(first) else first
    return np.asarray(start)[first].tolist(), np.asarray(end)[last].tolist(), labels[first].tolist()


def _coarse(runs: Runs) -> tuple[list[float], list[float], list[int]]:
    """The runs on a grid: merging many thousands one by one would take minutes."""
    shown = drawable(runs, float(runs.end[-1]), COARSE)
    return _joined(shown.start, shown.end, shown.label)
