"""Posteriors of several systems brought to the same moments, and a fusion fitted and applied fold by fold."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.frames import frame_posteriors
from abaw_pipeline.fusion.contract import FusionMethod, NoClipError, learns
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
        silent: bool [N, L], where a system says nothing of the clip and counts as undecided.
    """

    units: pd.DataFrame
    systems: tuple[str, ...]
    values: DoubleArray
    silent: npt.NDArray[np.bool_]

    def of(self, systems: Sequence[str]) -> Aligned:
        """The same of some systems, without the units of which none of these says anything."""
        places = [self.systems.index(name) for name in systems]
        known = np.flatnonzero(~self.silent[:, places].all(axis=1))
        chosen = np.ix_(known, np.array(places, dtype=np.int64))
        return Aligned(
            self.units.iloc[known].reset_index(drop=True), tuple(systems), self.values[chosen], self.silent[chosen]
        )

    def among(self, clip_ids: Collection[str]) -> Aligned:
        """The units of some clips."""
        there = self.units["clip_id"].isin(clip_ids).to_numpy()
        return Aligned(self.units[there].reset_index(drop=True), self.systems, self.values[there], self.silent[there])


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

    Raises:
        DataError: what a system says are no posteriors of these classes (`evaluation.posteriors.check_table`).
    """
    said = [frame_posteriors(table, units, classes, f"posteriors of {name}") for name, table in by_system.items()]
    values = np.stack(said, axis=1) if said else np.zeros((len(units), 0, len(classes)))
    silent = np.isnan(values[..., 0])
    values[silent] = 1 / len(classes)
    known = np.flatnonzero(~silent.all(axis=1))
    return Aligned(units.iloc[known].reset_index(drop=True), tuple(by_system), values[known], silent[known])


def fit_method(
    method: FusionMethod, aligned: Aligned, subjects: Mapping[str, str], classes: Sequence[str], *, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What one method learns of units that have a column `label`.

    Returns:
        Its weights as a table (see `FusionWeights.table`), and a row of FUSION_FITS without method, fold, part
        and people.

    Raises:
        DataError: see the method.
    """
    truth = pd.Index(classes).get_indexer(pd.Index(aligned.units["label"])).astype(np.int64)
    groups = aligned.units["clip_id"].map(subjects).tolist()
    try:
        learned = method.fit(aligned.values, truth, groups, seed=seed)
    except NoClipError as error:
        raise DataError(f"no clip of class {classes[error.label]}", where=error.where, hint=error.hint) from error
    info = {"learns": learns(method), **learned.info}
    fit = {
        "members": json.dumps(aligned.systems),
        "classes": json.dumps(list(classes)),
        "rows": learned.info.get("rows", len(truth)),
        "subjects": len(set(groups)),
        "info": json.dumps(info, sort_keys=True),
        "model": learned.model,
    }
    return learned.table(aligned.systems, classes), fit


def members_of(fit: Mapping[str, Any]) -> list[str]:
    """The systems that a fusion was fitted on, in the order of the fit."""
    names: list[str] = json.loads(fit["members"])
    return names


def fuse(
    method: FusionMethod, weights: pd.DataFrame, fit: Mapping[str, Any], aligned: Aligned, classes: Sequence[str]
) -> pd.DataFrame:
    """Fused posteriors: columns clip_id, frame, time, p_<class> (float32, rows sum to 1).

    Args:
        method: that was fitted.
        weights: as `fit_method` gave them.
        fit: as `fit_method` gave it.
        aligned: of its members, in the order of the fit.
        classes: the K classes, in the order of the fit.

    Raises:
        DataError: it was fitted to other systems or classes.
    """
    for what, fitted, given in (("systems", fit["members"], aligned.systems), ("classes", fit["classes"], classes)):
        if json.loads(fitted) != list(given):
            raise DataError(
                f"it was fitted to the {what} {', '.join(json.loads(fitted))}",
                where=f"fusion of {', '.join(given)}",
                hint="Fit it anew: kedro run --nodes=fit_fusion.",
            )
    learned = FusionWeights.from_table(weights, aligned.systems, classes, json.loads(fit["info"]), fit["model"])
    fused = method.fuse(learned, aligned.values).astype(np.float32)
    columns = {f"p_{name}": fused[:, index] for index, name in enumerate(classes)}
    return aligned.units[UNIT].assign(**columns)
