"""What was true and what was decided over time, as stretches of one emotion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

COLUMNS = ["clip_id", "row", "start", "end", "label"]
TRUTH = "truth"


def shown_clips(predictions: pd.DataFrame, most: int) -> list[str]:
    """Clips that are decided frame by frame, those with most changes of emotion first, `most` of them."""
    timed = predictions[predictions["frame"].notna()]
    if timed.empty:
        return []
    first = timed[timed["system"] == timed["system"].iloc[0]].sort_values(["clip_id", "frame"])
    changes = first.groupby("clip_id")["truth"].apply(lambda labels: int((labels != labels.shift()).sum()))
    return [str(clip_id) for clip_id in changes.sort_values(ascending=False, kind="stable").index[:most]]


def timelines(predictions: pd.DataFrame, clip_ids: Sequence[str]) -> pd.DataFrame:
    """Stretches of one emotion: truth, and each system's decisions, on the annotated frames of some clips.

    A frame lasts until the next one; at a gap, and at the end, for as long as frames last in the middle.

    Args:
        predictions: PREDICTIONS schema.
        clip_ids: which clips, in the order wanted.

    Returns:
        Columns clip_id, row (`truth` or a system's name), start, end (seconds from the clip's start), label.
    """
    rows: list[tuple[str, str, float, float, str]] = []
    by_clip = dict(iter(predictions[predictions["frame"].notna()].groupby("clip_id")))
    for clip_id in clip_ids:
        of_clip = by_clip[clip_id]
        for number, (system, decided) in enumerate(of_clip.groupby("system", sort=False)):
            table = decided.sort_values("time")
            time = table["time"].to_numpy(dtype=np.float64)
            if not number:
                rows += [(clip_id, TRUTH, *run) for run in _runs(time, table["truth"].to_numpy(dtype=object))]
            rows += [(clip_id, str(system), *run) for run in _runs(time, table["predicted"].to_numpy(dtype=object))]
    return pd.DataFrame(rows, columns=COLUMNS)


def _runs(time: np.ndarray, label: np.ndarray) -> list[tuple[float, float, str]]:
    usual = float(np.median(np.diff(time))) if len(time) > 1 else 0.2
    end = np.append(time[1:], np.inf)
    end = np.where(end - time > 1.9 * usual, time + usual, end)
    new = np.concatenate([[True], (label[1:] != label[:-1]) | (time[1:] - end[:-1] > 1e-9)])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(time)) - 1
    return [(float(time[i]), float(end[j]), str(label[i])) for i, j in zip(first, last, strict=True)]
