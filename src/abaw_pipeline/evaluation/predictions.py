"""Decisions: the class with the largest posterior, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.frames import frame_posteriors
from abaw_pipeline.schemas import PREDICTIONS
from abaw_pipeline.types import DoubleArray

UNIT = ["clip_id", "frame", "time"]


def decide(
    system: str, fold: str, values: DoubleArray, units: pd.DataFrame, clips: pd.DataFrame, classes: Sequence[str]
) -> pd.DataFrame:
    """Decisions (PREDICTIONS schema) of one system in one fold; units that it says nothing of are left out.

    Args:
        system: its name.
        fold: the fold's name.
        values: float64 [n_units, K] posteriors, NaN where the system says nothing.
        units: columns clip_id, frame, time, label, one row a posterior.
        clips: columns clip_id, corpus, subject.
        classes: the K classes; of equal posteriors the first class wins.
    """
    known = ~np.isnan(values).any(axis=1)
    chosen = units[known].reset_index(drop=True)
    facts = clips.set_index("clip_id")
    said = values[known]
    decided, truth = said.argmax(axis=1), pd.Index(classes).get_indexer(pd.Index(chosen["label"]))
    rows = np.arange(len(said))
    table = pd.DataFrame(
        {
            "system": system,
            "fold": fold,
            "corpus": chosen["clip_id"].map(facts["corpus"]),
            "clip_id": chosen["clip_id"],
            "subject": chosen["clip_id"].map(facts["subject"]),
            "frame": chosen["frame"],
            "time": chosen["time"],
            "truth": chosen["label"],
            "predicted": np.asarray(classes, dtype=object)[decided],
            "confidence": said[rows, decided],
            "p_truth": np.where(truth >= 0, said[rows, truth], np.nan),
        }
    )
    return PREDICTIONS.validate(table)


def decide_posteriors(
    tables: Iterable[tuple[str, str, pd.DataFrame, pd.DataFrame]], clips: pd.DataFrame, classes: Sequence[str]
) -> list[pd.DataFrame]:
    """Decisions of systems: (system, fold, posteriors with columns clip_id, start, end, p_<class>, scored units)."""
    return [
        decide(system, fold, frame_posteriors(posteriors, units, classes), units, clips, classes)
        for system, fold, posteriors, units in tables
    ]


def decide_fused(
    fused: pd.DataFrame, fold: str, units: pd.DataFrame, clips: pd.DataFrame, classes: Sequence[str]
) -> list[pd.DataFrame]:
    """Decisions of each fusion of a fold on the scored units, from fused posteriors of all units."""
    names = [f"p_{name}" for name in classes]
    tables = []
    of_fold = fused[fused["fold"] == fold].astype({"frame": "Int64"})
    for method, rows in of_fold.groupby("method", sort=False):
        joined = units.merge(rows[["clip_id", "frame", *names]], on=["clip_id", "frame"], how="left")
        tables.append(decide(str(method), fold, joined[names].to_numpy(np.float64), units, clips, classes))
    return tables
