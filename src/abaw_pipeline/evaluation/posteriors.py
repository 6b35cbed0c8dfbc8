"""Posteriors over time brought to the level at which they are scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError

SUM_TOLERANCE = 1e-4
"""How far a row of posteriors may be from a sum of 1: float32 storage, not a wrong scale."""


def check_table(posteriors: pd.DataFrame, classes: Sequence[str], where: str) -> None:
    """Refuse what is not a table of posteriors: means over windows would hide it.

    Args:
        posteriors: columns clip_id, p_<class> in any order; no rows at all are fine.
        classes: the K classes.
        where: whose they are, for the message.

    Raises:
        DataError: a class has no column; or a row, named by its clip, is not finite, negative, or does not sum to 1.
    """
    missing = [name for name in classes if f"p_{name}" not in posteriors.columns]
    if missing:
        raise DataError(f"posteriors lack the classes {', '.join(missing)}", where=where)
    values = posteriors[[f"p_{name}" for name in classes]].to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):  # infinities of both signs
        total = values.sum(axis=1)
    fine = (np.abs(total - 1) <= SUM_TOLERANCE) & (values >= 0).all(axis=1)
    if fine.all():
        return
    row = int(np.argmin(fine))
    what = f"do not sum to 1, but to {total[row]:.6g}" if (values[row] >= 0).all() else "are negative"
    what = what if np.isfinite(values[row]).all() else "are not finite"
    clip_id = posteriors["clip_id"].iloc[row]
    raise DataError(
        f"probabilities {what}", where=f"{where}, row {row}, clip {clip_id}", hint="Give posteriors, not scores."
    )


def clip_posteriors(posteriors: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """One posterior a clip: the mean over its windows, each weighted by its length in seconds.

    Args:
        posteriors: columns clip_id, start, end, p_<class>.
        classes: the K classes.

    Returns:
        Index clip_id (sorted), one float64 column a class, rows sum to 1.
    """
    names = [f"p_{name}" for name in classes]
    values = posteriors[names].to_numpy(dtype=np.float64)
    length = np.maximum((posteriors["end"] - posteriors["start"]).to_numpy(dtype=np.float64), 1e-6)
    weighted = pd.DataFrame(values * length[:, None], columns=list(classes))
    sums = weighted.groupby(posteriors["clip_id"].to_numpy()).sum()
    return sums.div(sums.sum(axis=1), axis=0)
