"""Training and prediction as recipes: plain functions of plain arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from abaw_pipeline.systems import AnySystem
from abaw_pipeline.systems.labels import ClipLabels, timed_labels
from abaw_pipeline.types import Examples, Fitted, Posteriors


def fit_system(
    system: AnySystem,
    clip_ids: Sequence[str],
    subjects: Sequence[str],
    durations: Sequence[float],
    classes: Sequence[str],
    inputs: Mapping[str, Sequence[Any]],
    labels: Sequence[ClipLabels],
    seed: int,
    *,
    device: str = "cpu",
) -> Fitted:
    """Train a system on clips.

    Args:
        system: what to train.
        clip_ids: n clips.
        subjects: n names.
        durations: n lengths in seconds.
        classes: the K classes, in the order of the posteriors' columns.
        inputs: name -> n feature sequences or waveforms.
        labels: one item a clip: the name of the class of the clip as a whole, or its stretches as
            `evaluation.training_labels.label_runs` gives them.
        seed: of everything drawn at random.
        device: where a network is trained.

    Raises:
        DataError: nothing to learn from, or a label that is not among the classes.
    """
    timed = [timed_labels(item, classes, length) for item, length in zip(labels, durations, strict=True)]
    examples = Examples(clip_ids, subjects, classes, inputs, np.array(durations, dtype=np.float64), timed)
    return system.fit(examples, seed=seed, device=device)


def predict_system(
    system: AnySystem,
    fitted: Fitted,
    clip_ids: Sequence[str],
    subjects: Sequence[str],
    durations: Sequence[float],
    classes: Sequence[str],
    inputs: Mapping[str, Sequence[Any]],
    *,
    device: str = "cpu",
) -> pa.Table:
    """Posteriors of clips, one row a window: clip_id, start, end (seconds from the clip's start), p_<emotion>.

    Raises:
        DataError: the system was trained for other classes or inputs.
    """
    examples = Examples(clip_ids, subjects, classes, inputs, np.array(durations, dtype=np.float64))
    said = system.predict(fitted, examples, device=device) if len(examples) else []
    return posterior_table(clip_ids, classes, said)


def posterior_table(clip_ids: Sequence[str], classes: Sequence[str], posteriors: Sequence[Posteriors]) -> pa.Table:
    """Posteriors of many clips as one table.

    Raises:
        ValueError: values that are no probabilities.
    """
    width = len(classes)
    values = np.concatenate([np.zeros((0, width), np.float32), *(each.values for each in posteriors)])
    if not np.isfinite(values).all() or (values < 0).any() or (abs(values.sum(axis=1) - 1) > 1e-4).any():
        raise ValueError("posteriors must be finite, not negative, and sum to 1")
    names = [clip_id for clip_id, each in zip(clip_ids, posteriors, strict=True) for _ in each.start]
    times = {
        side: np.concatenate([np.zeros(0), *(getattr(each, side) for each in posteriors)]) for side in ("start", "end")
    }
    columns = {f"p_{name}": pa.array(values[:, index], pa.float32()) for index, name in enumerate(classes)}
    return pa.table({"clip_id": pa.array(names, pa.string()), **times, **columns})
