"""What is decided and scored: a clip as a whole where it has one label, else each of its frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from abaw_pipeline.evaluation.training_labels import Runs

COLUMNS = ["clip_id", "frame", "time"]


def decided_units(clips: pd.DataFrame, frames: Mapping[Any, pa.Table], clip_ids: Iterable[str]) -> pd.DataFrame:
    """Everything that is decided of some clips.

    Args:
        clips: columns clip_id, label (null: not labelled as a whole).
        frames: clip id -> columns frame, time (seconds from the clip's start).
        clip_ids: which clips.

    Returns:
        Columns clip_id, frame, time: a row for each frame; one row without frame and time for a clip with one
        label, or without pictures.
    """
    chosen = set(clip_ids)
    whole = set(clips.loc[clips["label"].notna(), "clip_id"])
    tables = []
    for clip_id in [each for each in clips["clip_id"] if each in chosen]:
        if clip_id in whole or clip_id not in frames:
            tables.append(_rows(clip_id, [None], [None]))
        else:
            table = frames[clip_id]
            tables.append(_rows(clip_id, table.column("frame").to_numpy(), table.column("time").to_numpy()))
    return pd.concat(tables, ignore_index=True) if tables else _rows("", [], [])


def scored_units(annotations: pd.DataFrame, clip_ids: Iterable[str], classes: set[str] | None = None) -> pd.DataFrame:
    """Annotated units of some clips, and of some classes.

    Args:
        annotations: columns clip_id, frame, time, label.
        clip_ids: which clips.
        classes: those that systems have been trained on, and can be asked for; None: all.

    Returns:
        Columns clip_id, frame, time, label; frame and time are null for a clip.
    """
    chosen = annotations[annotations["clip_id"].isin(set(clip_ids))]
    chosen = chosen if classes is None else chosen[chosen["label"].isin(classes)]
    # An empty column of a table in memory has no type of its own.
    return chosen[[*COLUMNS, "label"]].astype({"frame": "Int64", "time": "Float64"}).reset_index(drop=True)


def training_units(labels: Mapping[str, Runs], clip_ids: Iterable[str], rate: float, whole: set[str]) -> pd.DataFrame:
    """Labelled moments of training clips, on which fusion weights are fitted.

    Args:
        labels: clip id -> labels over time.
        clip_ids: which clips.
        rate: moments a second; they lie in the middle of the steps of that grid.
        whole: clips that are one unit each, as they have one label.

    Returns:
        Columns clip_id, frame (number of the step), time (seconds), label; frame and time are null for a clip.
    """
    tables = []
    chosen = set(clip_ids)
    for clip_id in [each for each in labels if each in chosen]:
        run = labels[clip_id]
        if not run["label"]:
            continue  # so sparsely annotated that no step of the labels' grid is
        if clip_id in whole:
            tables.append(_rows(clip_id, [None], [None]).assign(label=run["label"][0]))
            continue
        steps = np.arange(int(np.ceil(max(run["end"]) * rate)))
        time = (steps + 0.5) / rate
        index = np.searchsorted(run["start"], time, side="right") - 1
        known = (index >= 0) & (time < np.asarray(run["end"])[index])
        names = np.asarray(run["label"], dtype=object)[index[known]]
        tables.append(_rows(clip_id, steps[known], time[known]).assign(label=names))
    return pd.concat(tables, ignore_index=True) if tables else _rows("", [], []).assign(label=[])


def _rows(clip_id: str, frame: object, time: object) -> pd.DataFrame:
    table = pd.DataFrame({"frame": pd.array(frame, dtype="Int64"), "time": pd.array(time, dtype="Float64")})  # type: ignore[call-overload]
    table.insert(0, "clip_id", clip_id)
    return table
