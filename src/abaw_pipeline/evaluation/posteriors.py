"""Posteriors over time brought to the level at which they are scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


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
