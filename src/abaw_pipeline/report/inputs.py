"""What a report is made of: tables and facts that the caller has gathered, checked when they are handed in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from abaw_pipeline.errors import DataError

MEASURES: dict[str, str] = {"accuracy": "Accuracy", "uar": "UAR", "macro_f1": "Macro F1", "cpm": "CPM"}
"""Measures over all classes and how they are written, in the order of the tables' columns."""

CLASS_MEASURES: dict[str, str] = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
"""Measures of one class and how they are written."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "counts": ("corpus", "clips"),
    "class_counts": ("corpus", "class", "clips"),
    "folds": ("fold", "role", "subjects", "clips"),
    "metrics": (
        *("study", "corpus", "protocol", "system", "fold", "split", "level", "class"),
        *("measure", "value", "lo", "hi", "interval", "n"),
    ),
    "confusion": ("system", "fold", "truth", "predicted", "count"),
    "fusion_weights": ("method", "fold", "system", "class", "source_class", "weight"),
    "systems": ("system", "kind", "inputs", "settings", "parameters", "seconds"),
    "failures": ("artifact", "key", "stage", "error", "message", "blocked_by"),
    "stages": ("artifact", "pieces", "failed", "seconds", "bytes"),
}
"""The columns each table must have; an empty table may come without any."""


@dataclass(frozen=True)
class ReportInput:
    """Everything that a report shows.

    Attributes:
        study: the study's name.
        title: the page's heading.
        created: when the numbers were made, as ISO 8601 text; shown as given.
        parameters: the whole merged parameters tree.
        environment: what it ran with: package versions, Python, cores, the project's version, the command.
        counts: one row a corpus: corpus, clips, and as far as known subjects, hours, classes, failed.
        classes: the classes' names, in the order of the figures.
        class_counts: corpus, class, clips.
        folds: fold, role (training, validation), subjects (a number or names), clips.
        folds_run: how many folds of the protocol were run.
        folds_total: how many folds the protocol has.
        protocol: the rule that made the folds, in words.
        metrics: the long table of measures as fractions 0..1; fold "all" is the pooled result, folds
            "mean" and "sd" are mean and standard deviation over folds; class is "" or null for measures over
            all classes. The first row's corpus, protocol, split and level are the report's main ones: the
            first screen and most figures are about them.
        confusion: system, fold, truth, predicted, count; without a fold "all" the folds are summed.
        fusion_weights: method, fold, system, class, source_class, weight; source_class is "" where a
            system has one weight a class.
        systems: what each system is made of; kind "fusion" for fused ones. A system without metrics is
            listed as one without a result.
        failures: pieces that failed, and pieces blocked by them (blocked_by names what failed).
        stages: artifact, pieces, failed, seconds of work, bytes stored; further counts are shown if given.
        optimistic: whether something was chosen on the data that is scored.
        transductive: whether unlabelled test data was used in fitting.
        notes: further remarks for the first screen.
        measure: the measure that ranks systems, a key of MEASURES.
        headline: the system of the first screen, fixed beforehand; "" takes the best one, which the page
            then calls a choice made on the scores.
        confidence: the coverage that all intervals were made for, 0..1.
    """

    study: str
    title: str
    created: str
    parameters: Mapping[str, Any]
    environment: Mapping[str, str]
    counts: pd.DataFrame
    classes: tuple[str, ...]
    class_counts: pd.DataFrame
    folds: pd.DataFrame
    folds_run: int
    folds_total: int
    protocol: str
    metrics: pd.DataFrame
    confusion: pd.DataFrame
    fusion_weights: pd.DataFrame
    systems: pd.DataFrame
    failures: pd.DataFrame
    stages: pd.DataFrame
    optimistic: bool = False
    transductive: bool = False
    notes: tuple[str, ...] = ()
    measure: str = "accuracy"
    headline: str = ""
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check tables and names, and bring folds and missing names to one form.

        Raises:
            DataError: a table lacks a column, a measure is unknown, repeated or not a fraction, or there is
                no class.
        """
        if not self.classes:
            raise DataError("a report needs at least one class", where="classes")
        if self.measure not in MEASURES:
            raise DataError(f"unknown measure {self.measure!r}", where="measure", hint=f"Known: {[*MEASURES]}.")
        for field in dataclasses.fields(self):
            if field.name in COLUMNS:
                table = checked(getattr(self, field.name), field.name)
                object.__setattr__(self, field.name, table)

    @property
    def folds_text(self) -> str:
        """How much of the protocol was run, such as "2 of 5 folds"."""
        return f"{self.folds_run} of {self.folds_total} fold{'s' * (self.folds_total != 1)}"


def checked(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """A copy of one of the report's tables with clean names, or an error that says what is wrong with it.

    Args:
        table: the table; may lack its columns when it has no rows.
        name: which one it is, a key of COLUMNS.

    Raises:
        DataError: a column is missing, or the metrics hold repeated rows or values outside 0..1.
    """
    missing = [column for column in COLUMNS[name] if column not in table.columns]
    if missing and len(table):
        raise DataError(f"missing columns {missing}", where=f"table {name} of the report")
    clean = table.reindex(columns=[*table.columns, *missing]).reset_index(drop=True)
    for column in {"fold", "class", "interval", "blocked_by", "source_class", "kind"} & set(clean.columns):
        clean[column] = [plain(value) for value in clean[column]]
    if name == "metrics":
        _check_metrics(clean)
    return clean


def plain(value: object) -> str:
    """A name as text: whole numbers without decimals, missing ones empty."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124 (NaN)
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_metrics(metrics: pd.DataFrame) -> None:
    known = metrics[metrics["measure"].isin([*MEASURES, *CLASS_MEASURES])]
    numbers = pd.to_numeric(known["value"])
    wrong = known[(numbers < 0) | (numbers > 1)]
    if len(wrong):
        row = wrong.iloc[0]
        where = f"metrics, {row['system']}, fold {row['fold']}, {row['measure']}"
        raise DataError(f"the value is {row['value']}", where=where, hint="Measures are fractions 0..1.")
    keys = ["corpus", "protocol", "split", "level", "system", "fold", "class", "measure", "interval"]
    twice = metrics[metrics.duplicated(keys)]
    if len(twice):
        row = twice.iloc[0]
        where = f"metrics, {row['system']}, fold {row['fold']}"
        raise DataError(f"{row['measure']} is given more than once", where=where)
