"""Do systems differ? Paired tests on the same decisions, as S2 reports them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError

EXACT_BELOW = 25
"""McNemar's test is exact with fewer decisions than this on which just one of two systems is right."""


def significance_table(right: pd.DataFrame) -> pd.DataFrame:
    """Cochran's Q over all systems, then McNemar's test of each pair (S2, sections 3.1 and 5.3).

    Both take decisions as independent, which clips, and still less frames, of one subject are not: p-values are
    optimistic.

    Args:
        right: bool, a row a decision and a column a system: whether it is right there.

    Returns:
        Columns test (`cochran_q`, `mcnemar`), system_a, system_b (null for Cochran's Q), difference (of their
        accuracies), statistic (Q; chi squared with continuity correction, or, with fewer than 25 decisions on which
        the two differ, the smaller count of the exact test), p, p_bonferroni (times the number of pairs, at most 1;
        null for Q), effect (Cohen's g: how far the share of system a among these decisions is from a half; null where
        there are none), n (decisions). Q is left out with two systems, and where all are right on the same ones.

    Raises:
        DataError: fewer than two systems, or no decision.
    """
    if right.shape[1] < 2:
        raise DataError("a comparison needs at least two systems", where="predictions")
    if right.empty:
        raise DataError("systems have no decision in common", where="predictions")
    pairs = list(combinations(right.columns, 2))
    rows = _cochran(right) if right.shape[1] > 2 else []
    hits = right.to_numpy(dtype=np.int64)
    both, total = hits.T @ hits, hits.sum(axis=0)
    for first, second in combinations(range(right.shape[1]), 2):
        only = int(total[first] - both[first, second]), int(total[second] - both[first, second])
        statistic, p = _mcnemar(*only)
        names = {"test": "mcnemar", "system_a": right.columns[first], "system_b": right.columns[second]}
        sizes = {"difference": (only[0] - only[1]) / len(right), "effect": _cohens_g(*only)}
        rows.append({**names, **sizes, "statistic": statistic, "p": p, "p_bonferroni": min(1.0, p * len(pairs))})
    table = pd.DataFrame(rows).assign(n=len(right))
    strings = dict.fromkeys(("system_a", "system_b"), "string")
    return table.astype(strings | dict.fromkeys(("p_bonferroni", "difference", "effect"), "float64"))


def common_hits(predictions: pd.DataFrame) -> pd.DataFrame:
    """Whether each system is right, on the decisions that all of them have made.

    Args:
        predictions: columns system, clip_id, truth, predicted; also frame, null where a clip is decided as a whole.

    Returns:
        bool, a row a decision and a column a system, named as they come.

    Raises:
        DataError: a decision that is made twice by one system, or a missing value.
    """
    if predictions[["system", "clip_id", "truth", "predicted"]].isna().any(axis=None):
        raise DataError("every row needs a system, a clip, its truth and a prediction", where="predictions")
    clip = pd.factorize(predictions["clip_id"])[0].astype(np.int64)
    frame = predictions["frame"] if "frame" in predictions.columns else pd.Series(pd.NA, index=predictions.index)
    number = pd.to_numeric(frame).fillna(-1).to_numpy(dtype=np.int64) + 1
    unit = clip * (number.max(initial=0) + 1) + number
    hit = (predictions["truth"] == predictions["predicted"]).to_numpy(dtype=np.bool_)
    columns = {}
    for system, rows in predictions.groupby("system", sort=False).indices.items():
        if len(np.unique(unit[rows])) < len(rows):
            raise DataError("a decision is made twice by one system", where=f"predictions of {system}")
        columns[system] = pd.Series(hit[rows], index=unit[rows])
    return pd.concat(columns, axis=1, join="inner") if columns else pd.DataFrame()


def _cochran(right: pd.DataFrame) -> list[dict[str, object]]:
    from statsmodels.stats.contingency_tables import cochrans_q

    if (right.all(axis=1) == right.any(axis=1)).all():
        return []
    result = cochrans_q(right.to_numpy(dtype=np.int64))
    names = {"test": "cochran_q", "system_a": None, "system_b": None}
    return [{**names, "statistic": float(result.statistic), "p": float(result.pvalue), "p_bonferroni": None}]


def _mcnemar(only_first: int, only_second: int) -> tuple[float, float]:
    from statsmodels.stats.contingency_tables import mcnemar

    exact = only_first + only_second < EXACT_BELOW
    result = mcnemar([[0, only_first], [only_second, 0]], exact=exact, correction=True)
    return float(result.statistic), float(result.pvalue)


def _cohens_g(only_first: int, only_second: int) -> float | None:
    discordant = only_first + only_second
    return only_first / discordant - 0.5 if discordant else None
