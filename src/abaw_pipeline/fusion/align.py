"""Posteriors of several systems brought to the same clips, and a fusion fitted and applied fold by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.posteriors import clip_posteriors
from abaw_pipeline.fusion.contract import FusionMethod
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.types import DoubleArray


@dataclass(frozen=True)
class Aligned:
    """Posteriors of L systems for the same N clips.

    Attributes:
        clip_ids: the N clips, sorted.
        systems: the L systems.
        values: float64 [N, L, K], rows sum to 1.
    """

    clip_ids: tuple[str, ...]
    systems: tuple[str, ...]
    values: DoubleArray


def align(by_system: Mapping[str, pd.DataFrame], classes: Sequence[str]) -> Aligned:
    """Bring systems to the union of their clips.

    A system that says nothing of a clip (its input failed) counts as undecided there: 1/K for each class. So a
    clip is fused from whatever systems know it, and only a clip that none knows is left out.

    Args:
        by_system: system -> columns clip_id, start, end, p_<class>.
        classes: the K classes.
    """
    tables = {name: clip_posteriors(table, classes) for name, table in by_system.items()}
    clips = sorted(set().union(*(table.index for table in tables.values())))
    values = np.full((len(clips), len(tables), len(classes)), 1 / len(classes))
    place = {clip_id: row for row, clip_id in enumerate(clips)}
    for column, table in enumerate(tables.values()):
        values[[place[clip_id] for clip_id in table.index], column] = table.to_numpy()
    return Aligned(tuple(clips), tuple(tables), values)


def fit_weights(
    method: FusionMethod,
    aligned: Aligned,
    labels: Mapping[str, str],
    subjects: Mapping[str, str],
    classes: Sequence[str],
    *,
    seed: int,
) -> pd.DataFrame:
    """Weights of one method as a table (see `FusionWeights.table`), fitted on the aligned clips."""
    position = {name: index for index, name in enumerate(classes)}
    truth = np.array([position[labels[clip_id]] for clip_id in aligned.clip_ids], dtype=np.int64)
    groups = [subjects[clip_id] for clip_id in aligned.clip_ids]
    return method.fit(aligned.values, truth, groups, seed=seed).table(aligned.systems, classes)


def fuse(method: FusionMethod, table: pd.DataFrame, aligned: Aligned, classes: Sequence[str]) -> pd.DataFrame:
    """Fused posteriors: columns clip_id, p_<class> (float32, rows sum to 1)."""
    weights = FusionWeights.from_table(table, aligned.systems, classes)
    fused = method.fuse(weights, aligned.values).astype(np.float32)
    columns = {f"p_{name}": fused[:, index] for index, name in enumerate(classes)}
    return pd.DataFrame({"clip_id": list(aligned.clip_ids), **columns})
