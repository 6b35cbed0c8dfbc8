"""Posteriors of several systems brought to the same moments, and a fusion fitted and applied fold by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.frames import frame_posteriors
from abaw_pipeline.fusion.contract import FusionMethod
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray

UNIT = ["clip_id", "frame", "time"]


@dataclass(frozen=True)
class Aligned:
    """Posteriors of L systems for the same N units, each a moment of a clip or a clip as a whole.

    Attributes:
        units: the N units: clip_id, frame, time, and whatever else the given ones had.
        systems: the L systems.
        values: float64 [N, L, K], rows sum to 1.
    """

    units: pd.DataFrame
    systems: tuple[str, ...]
    values: DoubleArray


def align(by_system: Mapping[str, pd.DataFrame], units: pd.DataFrame, classes: Sequence[str]) -> Aligned:
    """Bring systems of any rate to the same units.

    At a moment, a system says the mean of its posteriors that cover it, else the one nearest in time (S0.9).
    A system that says nothing of a clip at all (its input failed, or no face was found) counts as undecided
    there: 1/K for each class. So a clip is fused from whatever systems know it, and only a clip that none knows
    is left out.

    Args:
        by_system: system -> columns clip_id, start, end, p_<class>.
        units: columns clip_id, frame, time (seconds; null with frame for a clip as a whole).
        classes: the K classes.
    """
    said = [frame_posteriors(table, units, classes) for table in by_system.values()]
    values = np.stack(said, axis=1) if said else np.zeros((len(units), 0, len(classes)))
    silent = np.isnan(values[..., 0])
    values[silent] = 1 / len(classes)
    known = np.flatnonzero(~silent.all(axis=1))
    return Aligned(units.iloc[known].reset_index(drop=True), tuple(by_system), values[known])


def fit_weights(
    method: FusionMethod, aligned: Aligned, subjects: Mapping[str, str], classes: Sequence[str], *, seed: int
) -> pd.DataFrame:
    """Weights of one method as a table (see `FusionWeights.table`), fitted on units that have a column `label`."""
    position = {name: index for index, name in enumerate(classes)}
    truth = np.array([position[label] for label in aligned.units["label"]], dtype=np.int64)
    groups = aligned.units["clip_id"].map(subjects).tolist()
    return method.fit(aligned.values, truth, groups, seed=seed).table(aligned.systems, classes)


def fuse(method: FusionMethod, table: pd.DataFrame, aligned: Aligned, classes: Sequence[str]) -> pd.DataFrame:
    """Fused posteriors: columns clip_id, frame, time, p_<class> (float32, rows sum to 1)."""
    weights = FusionWeights.from_table(table, aligned.systems, classes)
    fused = method.fuse(weights, aligned.values).astype(np.float32)
    columns = {f"p_{name}": fused[:, index] for index, name in enumerate(classes)}
    return aligned.units[UNIT].assign(**columns)
