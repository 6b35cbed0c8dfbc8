"""All comparisons of systems in one table: tests, effect sizes, differences with intervals, optimism."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.bootstrap import draw_subjects, percentile_interval
from abaw_pipeline.evaluation.measures import MEASURES, Measure
from abaw_pipeline.evaluation.paired import Paired, pair_up
from abaw_pipeline.evaluation.significance import significance_table
from abaw_pipeline.schemas import COMPARISONS
from abaw_pipeline.types import OPTIMISTIC, DoubleArray

Draw = Callable[[int], DoubleArray | None]
"""How often each of so many subjects is drawn in each resample."""


def comparison_table(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    *,
    measure: Measure,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Every pair of systems compared, on the decisions that both have made (Cochran's Q: that all have made).

    Where some decisions are about frames and some about clips as a whole, frames are compared.

    Args:
        predictions: columns system, fold, corpus, clip_id, subject, frame, truth, predicted.
        classes: names of the K classes.
        measure: what differences and t tests are about.
        resamples: of the bootstrap over subjects, the same draws for both systems of a pair.
        confidence: of the intervals, 0..1.
        seed: of the bootstrap.

    Returns:
        COMPARISONS schema. `cochran_q` and `mcnemar` are about accuracy (see `significance_table`); `difference` is
        system a minus system b with its interval, which knows that a person's frames are not independent;
        `optimism` is the same of a fusion whose weights were chosen on what is scored, minus the honest one;
        `t_folds` and `t_corpora` are paired t tests of the measure's values in folds or corpora (S1, Table 6), two
        at least, with Cohen's d of the differences. Fewer than two systems: no rows. Pairs that have decided nothing
        in common are left out.

    Raises:
        DataError: see `pair_up`.
    """
    framed = predictions["frame"].notna()
    paired = pair_up(predictions[framed] if framed.any() else predictions, classes)
    names = paired.systems
    if len(names) < 2:
        return COMPARISONS.empty()
    tests = significance_table(paired.right(), names)
    tests = tests.assign(measure="accuracy", unit="frames" if framed.any() else "clips")
    mcnemar = tests[tests["test"] == "mcnemar"]
    pairs = [(str(a), str(b)) for a, b in zip(mcnemar["system_a"], mcnemar["system_b"], strict=True)]
    draw = lru_cache(maxsize=1)(partial(draw_subjects, resamples=resamples, seed=seed))  # most pairs share all subjects
    compare = partial(_difference, paired, draw, measure=measure, confidence=confidence)
    rows = [
        *(compare("difference", a, b) for a, b in pairs),
        *(compare("optimism", a, b) for a, b in _chosen_on_what_is_scored(pairs)),
        *_paired_t(paired, pairs, measure, "fold", "t_folds"),
        *_paired_t(paired, pairs, measure, "corpus", "t_corpora"),
    ]
    table = pd.concat([tests, pd.DataFrame(rows)], ignore_index=True) if rows else tests
    return COMPARISONS.validate(table.reindex(columns=list(COMPARISONS.columns)))


def _chosen_on_what_is_scored(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each optimistic fusion and the honest one of its name."""
    both_ways = [*pairs, *((b, a) for a, b in pairs)]
    return [(a, b) for a, b in both_ways if a == b + OPTIMISTIC]


def _difference(
    paired: Paired, draw: Draw, test: str, a: str, b: str, *, measure: Measure, confidence: float
) -> dict[str, Any]:
    """System a minus system b, with the interval of the same resamples of subjects."""
    counts = paired.confusions(a, b, "subject")
    first, second = (float(MEASURES[measure](each.sum(axis=0))) for each in counts)
    row = {"test": test, "system_a": a, "system_b": b, "measure": measure, "difference": first - second}
    draws = draw(len(counts[0]))
    low, high = None, None
    if draws is not None:
        resampled = [MEASURES[measure](np.tensordot(draws, each.astype(np.float64), axes=1)) for each in counts]
        low, high = percentile_interval(resampled[0] - resampled[1], confidence)
    return {**row, "lo": low, "hi": high, "n": len(counts[0]), "unit": "subjects"}


def _paired_t(
    paired: Paired, pairs: list[tuple[str, str]], measure: Measure, by: str, test: str
) -> Iterator[dict[str, Any]]:
    """Paired t tests over folds or corpora; where all differences are equal there is no statistic."""
    from scipy.stats import ttest_rel

    for a, b in pairs:
        first, second = (MEASURES[measure](counts) for counts in paired.confusions(a, b, by))
        if len(first) < 2:
            continue
        difference = first - second
        spread = float(difference.std(ddof=1))
        row = {"test": test, "system_a": a, "system_b": b, "measure": measure, "n": len(first)}
        row |= {"difference": float(difference.mean()), "unit": "folds" if by == "fold" else "corpora"}
        if not np.isclose(spread, 0.0, atol=1e-12):
            result = ttest_rel(first, second)
            p = float(result.pvalue)
            row |= {"statistic": float(result.statistic), "p": p, "p_bonferroni": min(1.0, p * len(pairs))}
            row["effect"] = float(difference.mean()) / spread
        yield row
