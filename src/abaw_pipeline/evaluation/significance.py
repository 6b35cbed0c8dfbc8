"""Do systems differ? Paired tests on the same clips, as S2 reports them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError

EXACT_BELOW = 25
"""McNemar's test is exact with fewer clips than this on which just one of two systems is right."""


def significance_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Cochran's Q over all systems, then McNemar's test of each pair (S2, sections 3.1 and 5.3).

    Both take clips as independent, which clips of one subject are not: p-values are optimistic.

    Args:
        predictions: columns system, clip_id, truth, predicted; every system on the same clips.

    Returns:
        Columns test (`cochran_q`, `mcnemar`), system_a, system_b (null for Cochran's Q), statistic (Q; chi
        squared with continuity correction, or, with fewer than 25 clips on which the two differ, the smaller
        count of the exact test), p, p_bonferroni (times the number of pairs, at most 1; null for Q), n
        (clips). Q is left out with two systems, and where all systems are right on the same clips.

    Raises:
        DataError: fewer than two systems, or systems scored on different clips.
    """
    right = _right(predictions)
    systems = list(right.columns)
    pairs = list(combinations(systems, 2))
    rows = _cochran(right) if len(systems) > 2 else []
    for first, second in pairs:
        statistic, p = _mcnemar(right[first].to_numpy(), right[second].to_numpy())
        names = {"test": "mcnemar", "system_a": first, "system_b": second}
        rows.append({**names, "statistic": statistic, "p": p, "p_bonferroni": min(1.0, p * len(pairs))})
    table = pd.DataFrame(rows).assign(n=len(right))
    strings = dict.fromkeys(("system_a", "system_b"), "string")
    return table.astype(strings | {"p_bonferroni": "float64"})


def _right(predictions: pd.DataFrame) -> pd.DataFrame:
    if predictions[["system", "clip_id", "truth", "predicted"]].isna().any(axis=None):
        raise DataError("every row needs a system, a clip, its truth and a prediction", where="predictions")
    if predictions.duplicated(["system", "clip_id"]).any():
        raise DataError("a clip is scored twice by one system", where="predictions")
    hits = predictions.assign(right=predictions["truth"] == predictions["predicted"])
    right = hits.pivot_table(index="clip_id", columns="system", values="right", aggfunc="first", sort=False)
    if right.shape[1] < 2:
        raise DataError("a comparison needs at least two systems", where="predictions")
    if right.isna().any(axis=None):
        system = right.columns[right.isna().any()][0]
        raise DataError(
            f"system {system!r} lacks clips that others have",
            where="predictions",
            hint="Compare on common clips.",
        )
    return right.astype(bool)


def _cochran(right: pd.DataFrame) -> list[dict[str, object]]:
    from statsmodels.stats.contingency_tables import cochrans_q

    if (right.all(axis=1) == right.any(axis=1)).all():
        return []
    result = cochrans_q(right.to_numpy(dtype=np.int64))
    names = {"test": "cochran_q", "system_a": None, "system_b": None}
    return [{**names, "statistic": float(result.statistic), "p": float(result.pvalue), "p_bonferroni": None}]


def _mcnemar(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    from statsmodels.stats.contingency_tables import mcnemar

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    table = [[int((first & second).sum()), only_first], [only_second, int((~first & ~second).sum())]]
    result = mcnemar(table, exact=only_first + only_second < EXACT_BELOW, correction=True)
    return float(result.statistic), float(result.pvalue)
