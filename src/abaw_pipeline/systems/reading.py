"""Reads what systems are given, each item once, and refuses what they cannot work on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.resampling import TOLERANCE
from abaw_pipeline.types import Examples, FeatureSequence, FloatArray, TimedLabels, Waveform


def check_labels(examples: Examples) -> Sequence[TimedLabels]:
    """The labels of clips to train on, checked: one item a clip.

    Raises:
        DataError: no clips, no labels, a label outside the classes, or rows that are not ascending.
    """
    if not len(examples):
        raise DataError("there are no clips to train on", where="training examples")
    if examples.labels is None:
        raise DataError("the clips have no labels", where="training examples")
    if len(examples.labels) != len(examples):
        raise DataError(f"labels of {len(examples.labels)} clips for {len(examples)}", where="training examples")
    for clip_id, item in zip(examples.clip_ids, examples.labels, strict=True):
        where, values = f"labels of clip {clip_id}", item.values
        if not item.start.shape == item.end.shape == values.shape or (item.end < item.start).any():
            raise DataError("each label needs a start and an end after it", where=where)
        if (item.start[1:] < item.end[:-1] - TOLERANCE).any():
            raise DataError("labels overlap, or are not in the order of time", where=where)
        if len(values) and (values.min() < -1 or values.max() >= len(examples.classes)):
            raise DataError(f"labels must be indexes of {len(examples.classes)} classes, or -1", where=where)
    return examples.labels


def check_inputs(examples: Examples, names: Sequence[str]) -> None:
    """Refuse examples that lack an input.

    Raises:
        DataError: an input is missing, or has another number of items than there are clips.
    """
    for name in names:
        if name not in examples.inputs:
            there = ", ".join(sorted(examples.inputs)) or "none"
            raise DataError(f"no input named {name}; there are: {there}", where="inputs")
        if len(examples.inputs[name]) != len(examples):
            raise DataError(f"{len(examples.inputs[name])} items for {len(examples)} clips", where=f"input {name}")


def read_features(examples: Examples, name: str, index: int, width: int | None) -> FeatureSequence:
    """One clip's feature sequence; without rows where there was nothing to see in the clip, such as no face.

    Args:
        examples: clips.
        name: an input that the clips have.
        index: which clip.
        width: columns that it must have; None accepts any.

    Raises:
        DataError: it is no feature sequence, is not finite, or has another width.
    """
    item = examples.inputs[name][index]
    where = f"clip {examples.clip_ids[index]}, input {name}"
    if not isinstance(item, FeatureSequence) or item.values.ndim != 2:
        raise DataError(f"expected feature vectors over time, got {type(item).__name__}", where=where)
    if not len(item.values):
        return item
    if not item.values.shape[1]:
        raise DataError("feature vectors have no columns", where=where)
    if width is not None and item.values.shape[1] != width:
        raise DataError(f"{item.values.shape[1]} columns where other clips have {width}", where=where)
    if not np.isfinite(item.values).all():
        raise DataError(
            "values are not finite", where=where, hint="A clip too short for its extractor gives such values."
        )
    return item


def read_waveform(examples: Examples, name: str, index: int, rate: int) -> FloatArray:
    """One clip's samples: float32 [n_samples].

    Raises:
        DataError: it is no waveform, has no samples, is not finite, or has another rate.
    """
    item = examples.inputs[name][index]
    where = f"clip {examples.clip_ids[index]}, input {name}"
    if not isinstance(item, Waveform):
        raise DataError(f"expected a waveform, got {type(item).__name__}", where=where)
    if item.rate != rate:
        raise DataError(f"the sound has {item.rate} samples a second, not {rate}", where=where)
    if not len(item.samples):
        raise DataError("the sound is empty", where=where)
    if not np.isfinite(item.samples).all():
        raise DataError("samples are not finite", where=where)
    return np.asarray(item.samples, dtype=np.float32)
