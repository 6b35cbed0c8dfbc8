"""What a report is made of: tables and facts that the caller has gathered, checked when they are handed in."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from abaw_pipeline.errors import DataError

MEASURES: dict[str, str] = {
    "accuracy": "Accuracy",
    "uar": "UAR",
    "macro_f1": "Macro F1",
    "weighted_f1": "Weighted F1",
    "cpm": "CPM",
}
"""Measures over all classes and how they are written, in the order of the tables' columns."""

CLASS_MEASURES: dict[str, str] = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
"""Measures of one class and how they are written."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "counts": ("corpus", "clips"),
    "corpus_notes": ("corpus", "note"),
    "class_counts": ("corpus", "class", "clips", "unit"),
    "folds": ("fold", "role", "subjects", "clips"),
    "metrics": (
        *("study", "corpus", "protocol", "system", "fold", "split", "level", "class"),
        *("measure", "value", "lo", "hi", "interval", "n"),
    ),
    "confusion": ("system", "fold", "truth", "predicted", "count"),
    "fusion_weights": ("method", "fold", "system", "class", "source_class", "weight"),
    "fusion_fits": ("method", "fold", "rows", "subjects", "info"),
    "systems": ("system", "kind", "inputs", "settings", "parameters", "seconds"),
    "failures": ("artifact", "key", "stage", "error", "message", "blocked_by"),
    "stages": ("artifact", "pieces", "failed", "seconds", "bytes", "media_seconds", "per_second"),
    "asked": ("corpus", "unit", "units", "clips"),
    "timelines": ("clip_id", "row", "start", "end", "label"),
    "face_facts": ("clip_id", "frames", "detected", "interpolated", "nearest", "missing", "people", "crops"),
    "change_points": ("system", "lo", "hi", "frames", "change_points", "cpm"),
    "comparisons": (
        *("test", "system_a", "system_b", "measure", "difference", "lo", "hi"),
        *("p", "p_bonferroni", "effect", "n", "unit"),
    ),
    "calibration": ("system", "lo", "hi", "n", "confidence", "accuracy"),
    "submission": ("file", "clip_id", "frames", "problem"),
}
"""The columns each table must have; an empty table may come without any."""


MOST_TOLD = 12
"""Folds of which one sentence says what they hold out; more are told by a table alone."""

JPEG = b"\xff\xd8\xff"
"""How the bytes of such a picture start."""

TRUTH = "truth"
"""The row of a timeline that holds the annotation."""


NAMES = frozenset(("fold", "class", "interval", "blocked_by", "source_class", "kind", "unit", "problem"))
"""Columns of names that may be missing or, as those of folds, be numbers."""


@dataclass(frozen=True)
class ReportInput:
    """Everything that a report shows.

    Attributes:
        study: the study's name.
        title: the page's heading.
        created: when the numbers were made, as ISO 8601 text; shown as given.
        parameters: the whole merged parameters tree.
        environment: what it ran with: package versions, Python, cores, the project's version, the command.
        counts: one row a corpus, as `corpora.inspection` gives it, the last of several over all of them; corpus and
            clips, and whatever else is known.
        classes: the classes' names, in the order of the figures.
        class_counts: corpus, class, clips (how many labelled units), unit (what is counted: "clip" or "frame").
        folds: fold, role (training, validation), subjects (a number or names), clips; classes, how many clips or
            annotated frames there are of each, where that is known; held_out, what the fold holds
            out in words, is shown if given.
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
        fusion_fits: FUSION_FITS schema: on how much each fusion was fitted, and what it reached there (JSON).
        systems: what each system is made of; kind "fusion" for fused ones. A system without metrics is
            listed as one without a result.
        failures: pieces that failed, and pieces blocked by them (blocked_by names what failed).
        stages: artifact, pieces, failed, seconds of work, bytes stored, media_seconds that the work was about and
            per_second, seconds of work for each of these (null: on no media in particular); further counts are
            shown if given.
        asked: corpus, unit, units, clips: how many annotated units ("clip" or "frame"), of how many clips, the
            validation sides of the folds hold that were run.
        timelines: clip_id, row (TRUTH or a system), start, end (seconds from the clip's start), label; one row a
            stretch of one label. Clips are shown in the order of their first rows.
        sheets: clip id -> JPEG bytes, a contact sheet of the faces that were found.
        face_facts: clip_id, numbers of frames: all, and by where their box is from (detected, interpolated,
            nearest, missing); people seen and crops stored, null where unknown.
        change_points: system, lo, hi (seconds from a change of emotion), frames, change_points, cpm (null: no
            frames); one row a bin.
        submission: file, clip_id (null: no clip has this name), frames it decides, problem (null: none).
        comparisons: COMPARISONS schema: tests and differences of pairs of systems.
        calibration: CALIBRATION schema: accuracy by bins of confidence.
        corpus_notes: corpus, note: what a corpus lacks, what parameters leave out.
        optimistic: whether something was chosen on the data that is scored.
        transductive: whether unlabelled test data was used in fitting.
        shuffled: whether training labels were shuffled, so that the run is a check of the study itself.
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
    shuffled: bool = False
    notes: tuple[str, ...] = ()
    measure: str = "accuracy"
    headline: str = ""
    confidence: float = 0.95
    asked: pd.DataFrame = field(default_factory=pd.DataFrame)
    timelines: pd.DataFrame = field(default_factory=pd.DataFrame)
    sheets: Mapping[str, bytes] = field(default_factory=dict)
    face_facts: pd.DataFrame = field(default_factory=pd.DataFrame)
    change_points: pd.DataFrame = field(default_factory=pd.DataFrame)
    submission: pd.DataFrame = field(default_factory=pd.DataFrame)
    corpus_notes: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    fusion_fits: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        """Check tables and names, and bring folds and missing names to one form.

        Raises:
            DataError: a table lacks a column, a measure is unknown, repeated or not a fraction, there is no
                class, a stretch of a timeline ends before it starts or has an unknown label, or a sheet is no JPEG.
        """
        if not self.classes:
            raise DataError("a report needs at least one class", where="classes")
        if self.measure not in MEASURES:
            raise DataError(f"unknown measure {self.measure!r}", where="measure", hint=f"Known: {[*MEASURES]}.")
        for each in dataclasses.fields(self):
            if each.name in COLUMNS:
                table = checked(getattr(self, each.name), each.name)
                object.__setattr__(self, each.name, table)
        _check_timelines(self.timelines, self.classes)
        for clip_id, sheet in self.sheets.items():
            if not sheet.startswith(JPEG):
                raise DataError("the contact sheet is not a JPEG picture", where=str(clip_id))

    @property
    def folds_text(self) -> str:
        """How much of the protocol was run, such as "2 of 5 folds"."""
        return f"{self.folds_run} of {self.folds_total} fold{'s' * (self.folds_total != 1)}"

    @property
    def held_out_text(self) -> str:
        """What each fold holds out, such as "corpus cremad (fold 0), corpus savee (fold 1)".

        Empty: nothing to say, or too much.
        """
        if "held_out" not in self.folds.columns:
            return ""
        told = self.folds.drop_duplicates("fold")
        known = [f"{title} (fold {fold})" for fold, title in zip(told["fold"], told["held_out"], strict=True) if title]
        return ", ".join(known) if len(known) <= MOST_TOLD else ""


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
    for column in NAMES & set(clean.columns):
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


def _check_timelines(timelines: pd.DataFrame, classes: tuple[str, ...]) -> None:
    start, end = (pd.to_numeric(timelines[name]).astype(float) for name in ("start", "end"))
    wrong = ~((start >= 0) & (end > start) & (end < math.inf))
    unknown = ~timelines["label"].isin(classes)
    for mask, text in ((wrong, "a stretch does not end after its start"), (unknown, "a label is no class")):
        if mask.any():
            row = timelines[mask].iloc[0]
            where = f"timelines, {row['clip_id']}, {row['row']}"
            raise DataError(f"{text}: {row['start']} to {row['end']} s, {row['label']!r}", where=where)
    ordered = timelines.sort_values(["clip_id", "row", "start"])
    before = ordered.groupby(["clip_id", "row"])["end"].shift()
    overlaps = ordered[ordered["start"] < before - 1e-6]
    if len(overlaps):
        row = overlaps.iloc[0]
        raise DataError(f"stretches overlap at {row['start']} s", where=f"timelines, {row['clip_id']}, {row['row']}")


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
