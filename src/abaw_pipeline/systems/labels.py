"""Labels over time in the short form that recipes carry: stretches of one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import IntArray, TimedLabels

ClipLabels: TypeAlias = str | Mapping[str, Sequence[Any]]
"""A clip's labels: one name for the clip as a whole, or lists start, end (seconds), label (None: not annotated)."""


def timed_labels(labels: ClipLabels, classes: Sequence[str], duration: float) -> TimedLabels:
    """A clip's labels as indexes of classes.

    Args:
        labels: one name, or stretches in the order of time; what no stretch covers is not annotated.
        classes: the K classes.
        duration: of the clip, seconds; how long one name holds.

    Raises:
        DataError: a label that is not among the classes.
    """
    if isinstance(labels, str):
        return TimedLabels(np.zeros(1), np.full(1, duration), _numbers([labels], classes))
    start, end = (np.asarray(labels[side], dtype=np.float64) for side in ("start", "end"))
    return TimedLabels(start, end, _numbers(labels["label"], classes))


def _numbers(names: Sequence[str | None], classes: Sequence[str]) -> IntArray:
    position: dict[str | None, int] = {name: index for index, name in enumerate(classes)} | {None: -1}
    unknown = sorted({str(name) for name in names if name not in position})
    if unknown:
        raise DataError(f"not among the classes {', '.join(classes)}: {', '.join(unknown)}", where="labels")
    return np.array([position[name] for name in names], dtype=np.int64)
