"""Posteriors over time brought to the frames, or the clips, that have a true label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.posteriors import check_table, clip_posteriors
from abaw_pipeline.evaluation.resampling import at_times
from abaw_pipeline.types import DoubleArray, Posteriors


def frame_posteriors(
    posteriors: pd.DataFrame, units: pd.DataFrame, classes: Sequence[str], where: str = "posteriors"
) -> DoubleArray:
    """One posterior a unit that is scored: a frame, or a clip as a whole.

    A frame takes the mean of the windows that cover its time, else the window nearest in time
    (`resampling.at_times`); a whole clip the mean over its windows, weighted by their length
    (`posteriors.clip_posteriors`).

    Args:
        posteriors: of one system, columns clip_id, start, end (seconds from the clip's start), p_<class>.
        units: columns clip_id, frame (missing: the clip as a whole), time (seconds from the clip's start; missing
            where frame is).
        classes: the K classes.
        where: whose posteriors they are, for messages.

    Returns:
        float64 [n_units, K] in the order of units, rows sum to 1; NaN where the system says nothing of the clip.

    Raises:
        DataError: see `posteriors.check_table`; columns may come in any order.
    """
    check_table(posteriors, classes, where)
    result = np.full((len(units), len(classes)), np.nan)
    clip_ids, whole = units["clip_id"].to_numpy(dtype=object), units["frame"].isna().to_numpy(dtype=np.bool_)
    if whole.any():
        result[whole] = clip_posteriors(posteriors, classes).reindex(clip_ids[whole]).to_numpy()
    if whole.all():
        return result
    times = units["time"].to_numpy(dtype=np.float64, na_value=np.nan)
    said = posteriors.groupby("clip_id", sort=False).indices
    values = posteriors[[f"p_{name}" for name in classes]].to_numpy(dtype=np.float32)
    start, end = (posteriors[side].to_numpy(dtype=np.float64) for side in ("start", "end"))
    frames = np.flatnonzero(~whole)
    for clip_id, rows in pd.Series(frames).groupby(clip_ids[frames], sort=False):
        own = said.get(clip_id)
        if own is not None:
            result[rows.to_numpy()] = at_times(Posteriors(start[own], end[own], values[own]), times[rows.to_numpy()])
    return result
