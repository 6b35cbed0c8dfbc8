"""Reads what systems are given, each item once, and refuses what they cannot work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import Examples, FeatureSequence, FloatArray, IntArray, Waveform


def training_labels(examples: Examples) -> IntArray:
    """The labels, checked: int64 [n_clips].

    Raises:
        DataError: no clips, no labels, a label outside the classes, or one class only.
    """
    if not len(examples):
        raise DataError("there are no clips to train on", where="training examples")
    if examples.labels is None:
        raise DataError("the clips have no labels", where="training examples")
    labels = np.asarray(examples.labels, dtype=np.int64)
    if len(labels) != len(examples) or labels.min() < 0 or labels.max() >= len(examples.classes):
        raise DataError(
            f"labels are not one index into {len(examples.classes)} classes a clip", where="training examples"
        )
    present = np.unique(labels)
    if len(present) < 2:
        raise DataError(
            f"all {len(labels)} clips are labelled {examples.classes[present[0]]}",
            where="training examples",
            hint="A system needs clips of two classes at least.",
        )
    return labels


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
    """One clip's feature sequence.

    Args:
        examples: clips.
        name: an input that the clips have.
        index: which clip.
        width: columns that it must have; None accepts any.

    Raises:
        DataError: it is no feature sequence, has no rows, is not finite, or has another width.
    """
    item = examples.inputs[name][index]
    where = f"clip {examples.clip_ids[index]}, input {name}"
    if not isinstance(item, FeatureSequence) or item.values.ndim != 2:
        raise DataError(f"expected feature vectors over time, got {type(item).__name__}", where=where)
    if not item.values.size:
        raise DataError("there are no feature vectors", where=where)
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


def clip_vectors(
    examples: Examples, names: Sequence[str], widths: Mapping[str, int] | None = None
) -> tuple[FloatArray, dict[str, int]]:
    """One vector a clip: each input's mean over time, side by side.

    Args:
        examples: clips.
        names: which inputs, in the order of the columns.
        widths: columns that each input must have; None takes those of the first clip.

    Returns:
        float32 [n_clips, D], and the columns of each input.

    Raises:
        DataError: as `read_features` and `check_inputs`.
    """
    check_inputs(examples, names)
    seen: dict[str, int] = dict(widths or {})
    rows = []
    for index in range(len(examples)):
        parts = []
        for name in names:
            values = read_features(examples, name, index, seen.get(name)).values
            seen[name] = values.shape[1]
            parts.append(values[0] if len(values) == 1 else values.mean(axis=0, dtype=np.float64))
        rows.append(np.concatenate(parts).astype(np.float32))
    return np.stack(rows) if rows else np.zeros((0, sum(seen.values())), np.float32), seen
