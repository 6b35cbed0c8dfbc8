"""From predictions to the long table of measures and the table of confusions."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.bootstrap import draw_subjects, percentile_interval, resample_subjects
from abaw_pipeline.evaluation.intervals import wald, wilson
from abaw_pipeline.evaluation.measures import CLASS_MEASURES, MEASURES, grouped_confusions
from abaw_pipeline.evaluation.probabilities import PROBABILITY_MEASURES, ProbabilitySums, probability_sums
from abaw_pipeline.types import IntArray

COLUMNS = [
    "study", "corpus", "protocol", "system", "fold", "split", "level",
    "class", "measure", "value", "lo", "hi", "interval", "n",
]  # fmt: skip
NEEDED = ("corpus", "system", "fold", "clip_id", "subject", "truth", "predicted")
POOLED, MEAN, SPREAD = "all", "mean", "sd"
BOOTSTRAP, WALD, WILSON = "bootstrap by subject", "wald", "wilson"

NO_INTERVAL: dict[str, None] = {"lo": None, "hi": None, "interval": None}


@dataclass(frozen=True)
class Scored:
    """Confusions of one system on one corpus in one fold (or all folds pooled).

    Attributes:
        counts: int64 [K, K].
        by_subject: int64 [S, K, K], subjects in order of their names.
        sums: of the probabilities; None where not all of them are known.
    """

    counts: IntArray
    by_subject: IntArray
    sums: ProbabilitySums | None


def metrics_table(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    *,
    study: str,
    protocol: str,
    split: str = "validation",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """All measures of all systems, per fold, over folds, and per class.

    Args:
        predictions: columns corpus, system, fold (outer folds), clip_id, subject, truth, predicted (names of
            classes); also frame where single frames are decided, null where a clip is decided as a whole; level,
            where it is another than these two; confidence and p_truth, without which there is no log loss.
        classes: names of the K classes.
        study: written into the table.
        protocol: written into the table.
        split: written into the table.
        resamples: of the bootstrap.
        confidence: of the intervals, 0..1.
        seed: of the bootstrap; systems scored on the same subjects are resampled alike.

    Returns:
        The long table. fold is an outer fold's name; `all`: decisions of all folds there are, counted
        together; `mean` and `sd`: mean and sample standard deviation of the folds' values, only where there
        are two folds or more. level is the given one, else `frame` or `clip`. class is null for
        measures of all classes. value, lo, hi are fractions of 1. interval says how lo and hi were made:
        `bootstrap by subject`, or `wald` and `wilson` (accuracy only, rows of their own); it is null with them where
        there is none (a single subject, mean and sd, measures of a class).
        A null value is undefined: recall of a class that is never true, precision of one never predicted, F1
        of one that is neither. n is the number of decisions counted; for a class those whose truth it is.

    Raises:
        DataError: columns or values missing, names that are no class, or a clip scored twice.
    """
    _check(predictions, classes)
    rows: list[dict[str, Any]] = []
    leveled = predictions.assign(level=_level(predictions))
    for (corpus, level, system), table in leveled.groupby(["corpus", "level", "system"], sort=False):
        base = {"study": study, "corpus": corpus, "protocol": protocol, "system": system, "level": level}
        scored = dict(_scored(table, classes))
        for fold, part in scored.items():
            fresh = _overall(part, resamples, confidence, seed) + _by_class(part, classes)
            rows += [{**base, "fold": fold, **row} for row in fresh]
        rows += [{**base, **row} for row in _over_folds(scored)]
    result = pd.DataFrame(rows).assign(split=split)
    return result.astype({"class": "string", "interval": "string"} | dict.fromkeys(("value", "lo", "hi"), "float64"))[
        COLUMNS
    ]


def confusion_table(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Confusion counts of every system, per fold and over all folds, with all K x K cells.

    Where some decisions are about frames and some about clips as a whole, frames are counted: a sum would say little.

    Args:
        predictions: as for `metrics_table`.
        classes: names of the K classes.

    Returns:
        Columns system, fold (`all`: all folds together), truth, predicted, count (int64, also where it is 0).

    Raises:
        DataError: as for `metrics_table`.
    """
    _check(predictions, classes)
    framed = _level(predictions).eq("frame")
    predictions = predictions[framed] if framed.any() else predictions
    cells = pd.MultiIndex.from_product([classes, classes], names=["truth", "predicted"]).to_frame(index=False)
    tables = [
        cells.assign(system=system, fold=fold, count=part.counts.ravel())
        for system, table in predictions.groupby("system", sort=False)
        for fold, part in _scored(table, classes)
    ]
    return pd.concat(tables, ignore_index=True)[["system", "fold", "truth", "predicted", "count"]]


def _level(predictions: pd.DataFrame) -> pd.Series:
    """What each decision is about: a frame, a clip as a whole, or what a column says."""
    if "level" in predictions.columns:
        return predictions["level"]
    if "frame" not in predictions.columns:
        return pd.Series("clip", index=predictions.index)
    return predictions["frame"].isna().map({True: "clip", False: "frame"})


def _scored(table: pd.DataFrame, classes: Sequence[str]) -> Iterator[tuple[str, Scored]]:
    for fold, part in table.groupby("fold"):
        yield str(fold), _count(part, classes)
    yield POOLED, _count(table, classes)


def _count(table: pd.DataFrame, classes: Sequence[str]) -> Scored:
    position = {name: index for index, name in enumerate(classes)}
    truth, predicted = (np.asarray(table[name].map(position), dtype=np.int64) for name in ("truth", "predicted"))
    names, subject = np.unique(table["subject"].to_numpy(dtype=str), return_inverse=True)
    counts = grouped_confusions(subject.astype(np.int64), truth, predicted, len(names), len(classes))
    sums = None
    if "p_truth" in table.columns and table["p_truth"].notna().all():
        confidence, p_truth = (table[name].to_numpy(dtype=np.float64) for name in ("confidence", "p_truth"))
        right = (truth == predicted).astype(np.float64)
        sums = probability_sums(subject.astype(np.int64), len(names), confidence, p_truth, right)
    return Scored(counts.sum(axis=0), counts, sums)


def _overall(part: Scored, resamples: int, confidence: float, seed: int) -> list[dict[str, Any]]:
    n = int(part.counts.sum())
    drawn = resample_subjects(part.by_subject, resamples=resamples, seed=seed)
    rows: list[dict[str, Any]] = []
    for name, measure in MEASURES.items():
        value = float(measure(part.counts))
        row: dict[str, Any] = {"class": None, "measure": name, "value": value, "n": n}
        if drawn is None:
            rows.append(row | NO_INTERVAL)
        else:
            low, high = percentile_interval(measure(drawn), confidence)
            rows.append(row | {"lo": low, "hi": high, "interval": BOOTSTRAP})
        if name == "accuracy":
            for kind, method in ((WALD, wald), (WILSON, wilson)):
                low, high = method(value, n, confidence)
                rows.append(row | {"lo": low, "hi": high, "interval": kind})
    return rows + _of_probabilities(part, n, resamples, confidence, seed)


def _of_probabilities(part: Scored, n: int, resamples: int, confidence: float, seed: int) -> list[dict[str, Any]]:
    """Log loss and calibration error, with their intervals."""
    if part.sums is None:
        return []
    n_subjects = len(part.by_subject)
    draws = draw_subjects(n_subjects, resamples=resamples, seed=seed)
    rows: list[dict[str, Any]] = []
    for name, measure in PROBABILITY_MEASURES.items():
        row: dict[str, Any] = {"class": None, "measure": name, "value": float(measure(part.sums)), "n": n}
        if draws is None:
            rows.append(row | NO_INTERVAL)
        else:
            low, high = percentile_interval(measure(part.sums, draws), confidence)
            rows.append(row | {"lo": low, "hi": high, "interval": BOOTSTRAP})
    return rows


def _by_class(part: Scored, classes: Sequence[str]) -> list[dict[str, Any]]:
    support = part.counts.sum(axis=1)
    return [
        {"class": label, "measure": name, "value": value, "n": int(count), **NO_INTERVAL}
        for name, measure in CLASS_MEASURES.items()
        for label, value, count in zip(classes, measure(part.counts).tolist(), support, strict=True)
    ]


def _over_folds(scored: dict[str, Scored]) -> list[dict[str, Any]]:
    parts = [part for fold, part in scored.items() if fold != POOLED]
    if len(parts) < 2:
        return []
    n = int(scored[POOLED].counts.sum())
    counts = np.stack([part.counts for part in parts])
    found: dict[str, Any] = {name: measure(counts) for name, measure in MEASURES.items()}
    sums = [part.sums for part in parts if part.sums is not None]
    if len(sums) == len(parts):
        found |= {name: np.array([measure(each) for each in sums]) for name, measure in PROBABILITY_MEASURES.items()}
    rows: list[dict[str, Any]] = []
    for name, values in found.items():
        for fold, value in ((MEAN, values.mean()), (SPREAD, values.std(ddof=1))):
            row = {"fold": fold, "class": None, "measure": name, "value": float(value)}
            rows.append({**row, **NO_INTERVAL, "n": n})
    return rows


def _check(predictions: pd.DataFrame, classes: Sequence[str]) -> None:
    where = "predictions"
    missing = [name for name in NEEDED if name not in predictions.columns]
    if missing:
        raise DataError(f"column {', '.join(missing)} is missing", where=where)
    if predictions.empty:
        raise DataError(
            "there is nothing to score",
            where=where,
            hint="No system or fusion said anything of a labelled validation clip; the table of failures says why.",
        )
    for name in NEEDED:
        if predictions[name].isna().any():
            raise DataError(f"column {name} has rows without a value", where=where)
    for name in ("truth", "predicted"):
        for strange in sorted(set(predictions[name].unique()) - set(classes)):
            near = difflib.get_close_matches(str(strange), classes, n=1, cutoff=0.0)
            hint = f"The nearest class is {near[0]!r}." if near else ""
            raise DataError(f"{strange!r} is no class", where=f"{where}, column {name}", hint=hint)
    _check_folds(predictions, where)


def _check_folds(predictions: pd.DataFrame, where: str) -> None:
    for fold in predictions["fold"].astype(str).unique():
        if fold in (POOLED, MEAN, SPREAD) or "/" in fold:
            raise DataError(
                f"fold {fold!r} cannot be scored",
                where=where,
                hint="Outer folds are scored; all, mean and sd are made here.",
            )
    key = ["corpus", "system", "clip_id", *(name for name in ("frame", "level") if name in predictions.columns)]
    twice = predictions[predictions.duplicated(key)]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(f"clip {row['clip_id']!r} is scored twice by {row['system']!r}", where=where)
