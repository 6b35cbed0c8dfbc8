"""Do systems differ? Paired tests on the same decisions, as S2 reports them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray

COLUMNS = ["test", "system_a", "system_b", "difference", "statistic", "p", "p_bonferroni", "effect", "n"]
EXACT_BELOW = 25
"""McNemar's test is exact with fewer decisions than this on which just one of two systems is right."""


def significance_table(right: DoubleArray, systems: Sequence[str]) -> pd.DataFrame:
    """Cochran's Q over all systems, then McNemar's test of each pair (S2, sections 3.1 and 5.3).

    Q is about the decisions that all systems have made, a pair about those that both have. All take decisions as
    independent, which clips, and still less frames, of one subject are not: p-values are optimistic.

    Args:
        right: float64 [N, L], a row a decision, a column a system: 1 right, 0 wrong, NaN not decided.
        systems: their L names.

    Returns:
        Columns test (`cochran_q`, `mcnemar`), system_a, system_b (null for Cochran's Q), difference (of their
        accuracies), statistic (Q; chi squared with continuity correction, or, with fewer than 25 decisions on which
        the two differ, the smaller count of the exact test), p, p_bonferroni (times the number of pairs, at most 1;
        null for Q), effect (Cohen's g: how far the share of system a among these decisions is from a half; null where
        there are none), n (decisions). Q is left out with two systems, and where all are right on the same ones; a
        pair where nothing is decided by both.

    Raises:
        DataError: fewer than two systems.
    """
    if len(systems) < 2:
        raise DataError("a comparison needs at least two systems", where="predictions")
    known = (~np.isnan(right)).astype(np.float64)
    hits = np.nan_to_num(right)
    alone, shared = hits.T @ (known - hits), known.T @ known
    pairs = [pair for pair in combinations(range(len(systems)), 2) if shared[pair]]
    rows = _cochran(right[known.all(axis=1)])
    for a, b in pairs:
        only = int(alone[a, b]), int(alone[b, a])
        statistic, p = _mcnemar(*only)
        names = {"test": "mcnemar", "system_a": systems[a], "system_b": systems[b]}
        sizes = {"difference": (only[0] - only[1]) / shared[a, b], "effect": _cohens_g(*only), "n": int(shared[a, b])}
        rows.append({**names, **sizes, "statistic": statistic, "p": p, "p_bonferroni": min(1.0, p * len(pairs))})
    table = pd.DataFrame(rows, columns=COLUMNS)
    numbers = dict.fromkeys(("difference", "statistic", "p", "p_bonferroni", "effect"), "float64")
    return table.astype(dict.fromkeys(("test", "system_a", "system_b"), "string") | numbers | {"n": "int64"})


def _cochran(right: DoubleArray) -> list[dict[str, object]]:
    from statsmodels.stats.contingency_tables import cochrans_q

    if right.shape[1] < 3 or (right.min(axis=1) == right.max(axis=1)).all():
        return []
    result = cochrans_q(right.astype(np.int64))
    found = {"statistic": float(result.statistic), "p": float(result.pvalue), "n": len(right)}
    return [{"test": "cochran_q", "system_a": None, "system_b": None, **found}]


def _mcnemar(only_first: int, only_second: int) -> tuple[float, float]:
    from statsmodels.stats.contingency_tables import mcnemar

    exact = only_first + only_second < EXACT_BELOW
    result = mcnemar([[0, only_first], [only_second, 0]], exact=exact, correction=True)
    return float(result.statistic), float(result.pvalue)


def _cohens_g(only_first: int, only_second: int) -> float | None:
    discordant = only_first + only_second
    return only_first / discordant - 0.5 if discordant else None
