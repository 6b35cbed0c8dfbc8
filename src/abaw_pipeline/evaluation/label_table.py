"""Annotations of whole clips and of frames as one table of labels over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.resampling import to_rate
from abaw_pipeline.schemas import LABELS

if TYPE_CHECKING:
    import pyarrow as pa


def resample_annotations(
    clips: pd.DataFrame, annotations: pd.DataFrame, frames: Mapping[Any, pa.Table], rate: float | None
) -> pd.DataFrame:
    """Labels over time (LABELS schema).

    Args:
        clips: columns clip_id, duration (seconds).
        annotations: ANNOTATIONS schema, in order of time within a clip.
        frames: clip id -> columns frame, time; when each frame is shown.
        rate: labels a second (S0.3: 5 Hz), by the frames' own times; None keeps a label for each frame.

    Returns:
        A row for each labelled step or frame; one row from 0 to the duration for a clip labelled as a whole.

    Raises:
        DataError: the rate is so low that a class is lost.
    """
    duration = clips.set_index("clip_id")["duration"]
    whole = annotations[annotations["frame"].isna()]
    rows = whole[["clip_id", "label"]].assign(start=0.0, end=whole["clip_id"].map(duration).to_numpy())
    timed = annotations[annotations["frame"].notna()]
    names = sorted(timed["label"].unique())
    tables = [rows] if len(rows) else []
    for clip_id, part in timed.groupby("clip_id", sort=False):
        times = part["time"].to_numpy(dtype=np.float64)
        values = part["label"].map({name: number for number, name in enumerate(names)}).to_numpy(dtype=np.int64)
        if rate is None:
            start, end = times, _ends(part["frame"].to_numpy(dtype=np.int64), frames[str(clip_id)], duration[clip_id])
        else:
            steps = to_rate(times, values, rate)
            known = steps.values >= 0
            start, end, values = steps.start[known], steps.end[known], steps.values[known]
        label = np.asarray(names, dtype=object)[values]
        tables.append(pd.DataFrame({"clip_id": clip_id, "start": start, "end": end, "label": label}))
    result = LABELS.validate(pd.concat(tables, ignore_index=True)) if tables else LABELS.empty()
    lost = sorted(set(annotations["label"].unique()) - set(result["label"].unique()))
    if lost:
        raise DataError(
            f"no step of {rate:g} Hz keeps {', '.join(lost)}",
            where="labels_5hz",
            hint="Raise labels.rate, or use null.",
        )
    return result


def _ends(index: np.ndarray, frames: pa.Table, duration: float) -> np.ndarray:
    """When the frame after each is shown; the last one lasts until the clip's end."""
    time = frames.column("time").to_numpy()
    after = np.append(time[1:], max(duration, time[-1] + 1e-3))
    return np.asarray(after[np.searchsorted(frames.column("frame").to_numpy(), index)])
