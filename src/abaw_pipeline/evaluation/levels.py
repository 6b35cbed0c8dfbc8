"""Decisions at other levels than frames: steps of the labels' grid (5 Hz), and each system's own windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.frames import frame_posteriors
from abaw_pipeline.evaluation.predictions import decide
from abaw_pipeline.evaluation.resampling import window_labels
from abaw_pipeline.types import TimedLabels

STEP, WINDOW = "5 Hz", "window"


def step_units(labels: pd.DataFrame, clip_ids: set[str]) -> pd.DataFrame:
    """Labelled steps of some clips, each in its middle: clip_id, frame (number of the step), time (s), label.

    Args:
        labels: LABELS schema, of clips that are labelled over time.
        clip_ids: which clips.
    """
    chosen = labels[labels["clip_id"].isin(clip_ids)]
    number = chosen.groupby("clip_id", sort=False).cumcount().astype("Int64")
    time = ((chosen["start"] + chosen["end"]) / 2).astype("Float64")
    return chosen[["clip_id"]].assign(frame=number, time=time, label=chosen["label"]).reset_index(drop=True)


def decide_steps(
    system: str,
    fold: str,
    posteriors: pd.DataFrame,
    units: pd.DataFrame,
    clips: pd.DataFrame,
    classes: Sequence[str],
) -> pd.DataFrame:
    """Decisions (LEVEL_PREDICTIONS schema) on the steps of the labels' grid.

    Args:
        system: its name.
        fold: the fold's name.
        posteriors: columns clip_id, start, end, p_<class>; of a fusion, whose posteriors are those of frames, start
            and end are the frame's time, so that a step takes the frame nearest to it.
        units: as `step_units` gives them.
        clips: CLIPS schema.
        classes: the K classes.
    """
    values = frame_posteriors(posteriors, units, classes)
    return decide(system, fold, values, units, clips, classes).assign(level=STEP)


def decide_windows(
    system: str,
    fold: str,
    posteriors: pd.DataFrame,
    labels: pd.DataFrame,
    clips: pd.DataFrame,
    classes: Sequence[str],
    min_annotated: float = 0.5,
) -> pd.DataFrame:
    """Decisions (LEVEL_PREDICTIONS schema) on a system's own windows, labelled with the mode of the labels within (S0).

    Args:
        system: its name.
        fold: the fold's name.
        posteriors: columns clip_id, start, end, p_<class>, a row a window.
        labels: LABELS schema, of clips that are labelled over time.
        clips: CLIPS schema.
        classes: the K classes.
        min_annotated: share of a window that must be labelled for it to count.
    """
    columns = [f"p_{name}" for name in classes]
    tables = list(_windows(posteriors, labels, classes, min_annotated))
    if not tables:
        return decide(system, fold, np.zeros((0, len(classes))), _no_units(), clips, classes).assign(level=WINDOW)
    units = pd.concat(tables, ignore_index=True).astype({"frame": "Int64", "time": "Float64"})
    values = units[columns].to_numpy(dtype=np.float64)
    return decide(system, fold, values, units, clips, classes).assign(level=WINDOW)


def _windows(
    posteriors: pd.DataFrame, labels: pd.DataFrame, classes: Sequence[str], min_annotated: float
) -> Iterator[pd.DataFrame]:
    place = pd.Index(classes)
    by_clip = dict(iter(labels.groupby("clip_id", sort=False)))
    for clip_id, rows in posteriors.groupby("clip_id", sort=False):
        own = by_clip.get(clip_id)
        if own is None:
            continue
        start, end = (own[side].to_numpy(dtype=np.float64) for side in ("start", "end"))
        timed = TimedLabels(start, end, place.get_indexer(pd.Index(own["label"])).astype(np.int64))
        begins, ends = (rows[side].to_numpy(dtype=np.float64) for side in ("start", "end"))
        found = window_labels(timed, begins, ends, len(classes), min_annotated=min_annotated)
        kept = found >= 0
        table = rows[kept].assign(frame=np.arange(len(rows))[kept], time=begins[kept])
        yield table.assign(label=np.asarray(classes, dtype=object)[found[kept]])


def _no_units() -> pd.DataFrame:
    kinds = {"clip_id": "string", "frame": "Int64", "time": "Float64", "label": "string"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
