"""All comparisons of systems in one table: tests, effect sizes, differences with intervals, optimism."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.bootstrap import draw_subjects, percentile_interval
from abaw_pipeline.evaluation.measures import MEASURES, Measure, grouped_confusions
from abaw_pipeline.evaluation.significance import common_hits, significance_table
from abaw_pipeline.schemas import COMPARISONS
from abaw_pipeline.types import OPTIMISTIC, DoubleArray, IntArray


def comparison_table(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    *,
    measure: Measure,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Every pair of systems compared, on the decisions that all systems have made.

    Where some decisions are about frames and some about clips as a whole, frames are compared.

    Args:
        predictions: columns system, fold, corpus, clip_id, subject, frame, truth, predicted.
        classes: names of the K classes.
        measure: what differences and t tests are about.
        resamples: of the bootstrap over subjects, the same draws for all systems.
        confidence: of the intervals, 0..1.
        seed: of the bootstrap.

    Returns:
        COMPARISONS schema. `cochran_q` and `mcnemar` are about accuracy (see `significance_table`); `difference` is
        system a minus system b with its interval, which knows that a person's frames are not independent;
        `optimism` is the same of a fusion whose weights were chosen on what is scored, minus the honest one;
        `t_folds` and `t_corpora` are paired t tests of the measure's values in folds or corpora (S1, Table 6), two
        at least, with Cohen's d of the differences. Fewer than two systems: no rows.
    """
    framed = predictions["frame"].notna()
    chosen = predictions[framed] if framed.any() else predictions
    right = common_hits(chosen)
    if right.shape[1] < 2 or right.empty:
        return COMPARISONS.empty()
    unit = "frames" if framed.any() else "clips"
    tests = significance_table(right).assign(measure="accuracy", unit=unit)
    pairs = [(str(a), str(b)) for a, b in combinations(right.columns, 2)]
    rows = [
        *_differences(chosen, classes, pairs, measure, resamples, confidence, seed),
        *_paired_t(chosen, classes, pairs, measure, "fold", "t_folds"),
        *_paired_t(chosen, classes, pairs, measure, "corpus", "t_corpora"),
    ]
    table = pd.concat([tests, pd.DataFrame(rows)], ignore_index=True) if rows else tests
    return COMPARISONS.validate(table.reindex(columns=list(COMPARISONS.columns)))


def _counted(predictions: pd.DataFrame, classes: Sequence[str], by: str) -> tuple[list[str], dict[str, IntArray]]:
    """Names in a column that all systems share, and each system's confusions [names, K, K]."""
    place = pd.Index(classes)
    truth, predicted = (
        place.get_indexer(pd.Index(predictions[name])).astype(np.int64) for name in ("truth", "predicted")
    )
    codes, names = pd.factorize(predictions[by].astype(str), sort=True)
    found = {
        str(system): grouped_confusions(
            codes[rows].astype(np.int64), truth[rows], predicted[rows], len(names), len(classes)
        )
        for system, rows in predictions.groupby("system", sort=False).indices.items()
    }
    known = np.all([counts.sum(axis=(1, 2)) > 0 for counts in found.values()], axis=0)
    return [str(name) for name in names[known]], {system: counts[known] for system, counts in found.items()}


def _differences(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    pairs: list[tuple[str, str]],
    measure: Measure,
    resamples: int,
    confidence: float,
    seed: int,
) -> Iterator[dict[str, Any]]:
    subjects, counts = _counted(predictions, classes, "subject")
    draws = draw_subjects(len(subjects), resamples=resamples, seed=seed) if subjects else None
    if not subjects:
        return
    values = {name: float(MEASURES[measure](each.sum(axis=0))) for name, each in counts.items()}
    drawn = {name: _resampled(each, draws, measure) for name, each in counts.items()} if draws is not None else {}
    named = set(counts)
    honest = [(name, name.removesuffix(OPTIMISTIC)) for name in counts if name.endswith(OPTIMISTIC)]
    seen = [("optimism", pair) for pair in honest if pair[1] in named]
    for test, (a, b) in [*(("difference", pair) for pair in pairs), *seen]:
        low, high = percentile_interval(drawn[a] - drawn[b], confidence) if drawn else (None, None)
        row = {"test": test, "system_a": a, "system_b": b, "measure": measure, "difference": values[a] - values[b]}
        yield {**row, "lo": low, "hi": high, "n": len(subjects), "unit": "subjects"}


def _resampled(counts: IntArray, draws: DoubleArray, measure: Measure) -> DoubleArray:
    sums = draws @ counts.reshape(len(counts), -1).astype(np.float64)
    return MEASURES[measure](sums.reshape(len(draws), *counts.shape[1:]))


def _paired_t(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    pairs: list[tuple[str, str]],
    measure: Measure,
    by: str,
    test: str,
) -> Iterator[dict[str, Any]]:
    """Paired t tests over folds or corpora; where all differences are equal there is no statistic."""
    from scipy.stats import ttest_rel

    names, counts = _counted(predictions, classes, by)
    if len(names) < 2:
        return
    values: Mapping[str, DoubleArray] = {name: MEASURES[measure](each) for name, each in counts.items()}
    for a, b in pairs:
        difference = values[a] - values[b]
        spread = float(difference.std(ddof=1))
        row = {"test": test, "system_a": a, "system_b": b, "measure": measure, "n": len(names)}
        row |= {"difference": float(difference.mean()), "unit": "folds" if by == "fold" else "corpora"}
        if spread > 0:
            result = ttest_rel(values[a], values[b])
            p = float(result.pvalue)
            row |= {"statistic": float(result.statistic), "p": p, "p_bonferroni": min(1.0, p * len(pairs))}
            row["effect"] = float(difference.mean()) / spread
        yield row
