"""Which figures a report has, from its tables; the page and single files draw the same ones."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from abaw_pipeline.report import numbers, tables
from abaw_pipeline.report.drawing import Bar, Cell, Dot, Figure, bars, confusion, heatmap, intervals, strip
from abaw_pipeline.report.inputs import MEASURES, ReportInput

FUSION = "fusion"
COMMON = ("headline", "results", "folds", "class_f1", "classes", "timings")
"""Names of the figures that are not about one system or fusion method."""


@dataclass(frozen=True)
class Results:
    """A report's numbers, taken from its tables once."""

    data: ReportInput

    @cached_property
    def settings(self) -> list[tables.Setting]:
        """All settings, the main one first; empty without metrics."""
        return tables.settings(self.data.metrics)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The main setting's results, with all systems of the study."""
        systems = [str(name) for name in self.data.systems["system"]]
        return tables.results_table(self.data.metrics, measure=self.data.measure, systems=systems)

    @cached_property
    def ranked(self) -> list[str]:
        """All systems, the best first."""
        return [str(name) for name in self.table["system"]]

    @cached_property
    def headline(self) -> str:
        """The system of the first screen: the one named by the caller or else the best; "" if there is none."""
        scored = self.table[self.table[self.data.measure].notna()]
        return self.data.headline or (str(scored["system"].iloc[0]) if len(scored) else "")

    @cached_property
    def fused(self) -> set[str]:
        """Systems that are fusions of others."""
        systems = self.data.systems
        return {str(name) for name in systems[systems["kind"] == FUSION]["system"]}

    def scored_classes(self, system: str) -> pd.Series:
        """How many scored items each class has, by the truth that the system was scored on, else by clips."""
        classes = self.data.classes
        counts = pd.Series(tables.confusion_matrix(self.data.confusion, system, classes).sum(axis=1), index=[*classes])
        if counts.sum() == 0:
            clips = self.data.class_counts.groupby("class")["clips"].sum()
            counts = clips.reindex([*classes]).fillna(0).astype(float)
        return counts

    @cached_property
    def chance(self) -> dict[str, float]:
        """The ranking measure of guessing: always the most frequent class, and evenly among all classes.

        For a constant answer of share p among K classes accuracy is p, UAR 1/K, F1 of that class 2p/(1+p) and
        of all others 0.
        """
        counts, k = self.scored_classes(self.headline), len(self.data.classes)
        share = float(counts.max() / counts.sum()) if counts.sum() else float("nan")
        f1 = 2 * share / (1 + share) / k
        constant = {"accuracy": share, "uar": 1 / k, "macro_f1": f1, "cpm": 0.67 * f1 + 0.33 * share}
        levels = {"always the most frequent class": constant[self.data.measure]}
        if self.data.measure == "accuracy":
            levels[f"guessing evenly (1/{k})"] = 1 / k
        return {name: value for name, value in levels.items() if numbers.is_number(value)}

    @property
    def best_chance(self) -> float:
        """The higher of the chance levels, NaN if none is known."""
        return max(self.chance.values(), default=math.nan)


def figures(data: ReportInput) -> dict[str, str]:
    """All figures of a report as SVG files, by name.

    The names are `headline`, `results`, `folds`, `class_f1`, `classes`, `timings`, `confusion_<system>` and
    `weights_<method>`, in letters that a file name may hold anywhere. The same input gives the same text.
    """
    return {name: figure.standalone() for name, figure in plan(Results(data)).items()}


def plan(results: Results) -> dict[str, Figure]:
    """All figures of a report by name; those without any data are left out."""
    data = results.data
    found: dict[str, Figure | None] = {
        "headline": _strip(results),
        "results": results_figure(results, results.table),
        "folds": _folds(results),
        "class_f1": _class_f1(results),
        "classes": _classes(data),
        "timings": _timings(data.stages),
    }
    for (kind, about), name in keys(results).items():
        found[name] = _confusion(data, about) if kind == "confusion" else _weights(data, about)
    return {name: figure for name, figure in found.items() if figure is not None}


def keys(results: Results) -> dict[tuple[str, str], str]:
    """The names of the figures about one system or fusion method, by kind and what they are about.

    A name holds only lower-case letters, digits and underscores, and no two are the same.
    """
    methods = dict.fromkeys(str(name) for name in results.data.fusion_weights["method"])
    taken: dict[tuple[str, str], str] = {}
    for kind, about in [
        *(("confusion", name) for name in results.ranked),
        *(("weights", name) for name in methods),
    ]:
        stem = f"{kind}_{re.sub('[^a-z0-9]+', '_', about.lower()).strip('_')[:60] or 'unnamed'}"
        name, number = stem, 2
        while name in taken.values():
            name, number = f"{stem}_{number}", number + 1
        taken[kind, about] = name
    return taken


def results_figure(results: Results, table: pd.DataFrame, *, chance: bool = True) -> Figure | None:
    """Dots with intervals for a table of results, the best system first."""
    measure = results.data.measure
    folds = tables.fold_columns(table)
    rows = [
        Dot(
            name=str(row["system"]),
            value=float(row[measure]),
            lo=float(row[f"{measure}_lo"]),
            hi=float(row[f"{measure}_hi"]),
            parts=[float(row[fold]) for fold in folds],
            fused=str(row["system"]) in results.fused,
            strong=str(row["system"]) == results.headline,
        )
        for row in table.to_dict("records")
    ]
    if not rows:
        return None
    label = f"{MEASURES[measure]} of {len(rows)} systems with intervals, the best first"
    return intervals(rows, label, results.best_chance if chance else math.nan)


def _strip(results: Results) -> Figure | None:
    measure, table = results.data.measure, results.table
    row = table[table["system"] == results.headline]
    if not len(row) or not numbers.is_number(row[measure].iloc[0]):
        return None
    value, lo, hi = (float(row[f"{measure}{end}"].iloc[0]) for end in ("", "_lo", "_hi"))
    chance = results.best_chance
    bounds = numbers.interval(lo, hi)
    label = f"{MEASURES[measure]} {numbers.percent(value)} {bounds}; chance {numbers.percent(chance)}"
    return strip(Dot(results.headline, value, lo, hi), label, chance)


def _shaded(
    table: pd.DataFrame, label: str, *, low: float, high: float, percent: bool = True, short: Sequence[str] = ()
) -> Figure | None:
    """A heat map of a table, shaded from low to high, negative values in the second hue."""
    span = max(high - low, 1e-9)

    def cell(row: str, column: str, value: float) -> Cell:
        if not numbers.is_number(value):
            return Cell(numbers.MISSING, math.nan, f"{row}, {column}: none")
        text = numbers.points(value) if percent else f"{value:.2f}"
        strength = (abs(value) if low == 0 else value - low) / span
        return Cell(text, strength, f"{row}, {column}: {text}", miss=value < 0)

    if not len(table) or not len(table.columns):
        return None
    columns = [str(name) for name in table.columns]
    rows = [
        (str(name), [cell(str(name), column, float(v)) for column, v in zip(columns, values, strict=True)])
        for name, values in zip(table.index, table.to_numpy(dtype=float), strict=True)
    ]
    return heatmap(rows, columns, label, short)


def _range(table: pd.DataFrame) -> tuple[float, float]:
    known = [float(value) for value in table.to_numpy(dtype=float).ravel() if numbers.is_number(value)]
    return (min(known), max(known)) if known else (0.0, 1.0)


def _folds(results: Results) -> Figure | None:
    table = results.table.set_index("system")[tables.fold_columns(results.table)].dropna(how="all")
    short = [name.removeprefix("fold ") for name in table.columns]
    low, high = _range(table)
    label = f"{MEASURES[results.data.measure]} in percent by system and fold"
    return _shaded(table, label, low=max(1e-9, low - 0.5 * (high - low)), high=high, short=short)


def _class_f1(results: Results) -> Figure | None:
    table = tables.class_table(results.data.metrics, "f1", results.ranked, results.data.classes)
    return _shaded(table.dropna(how="all"), "F1 in percent by system and class", low=0.0, high=1.0)


def _confusion(data: ReportInput, system: str) -> Figure | None:
    counts = tables.confusion_matrix(data.confusion, system, data.classes)
    if counts.sum() == 0:
        return None
    right = sum(counts[i, i] for i in range(len(counts))) / counts.sum()
    label = f"Confusion matrix of {system}: {numbers.percent(right)} of {numbers.count(counts.sum())} are right"
    return confusion(counts, data.classes, label)


def _weights(data: ReportInput, method: str) -> Figure | None:
    mean = tables.weight_table(data.fusion_weights, method, data.classes)
    high = max(abs(value) for value in _range(mean))
    label = f"Weights of {method} by system and class, mean over folds"
    return _shaded(mean, label, low=0.0, high=high, percent=False)


def _classes(data: ReportInput) -> Figure | None:
    sums = data.class_counts.groupby("class")["clips"].sum()
    clips: Mapping[str, float] = {str(name): float(number) for name, number in sums.items()}
    total = sum(clips.values())
    if not total:
        return None
    names: Sequence[str] = [*dict.fromkeys([*data.classes, *clips])]
    rows = [
        Bar(name, value, f"{numbers.count(value)} ({numbers.percent(value / total)})")
        for name, value in ((name, float(clips.get(name, 0))) for name in names)
    ]
    return bars(rows, "Clips by class")


def _timings(stages: pd.DataFrame) -> Figure | None:
    rows = [
        Bar(str(name), float(seconds), numbers.duration(seconds))
        for name, seconds in zip(stages["artifact"], stages["seconds"], strict=True)
    ]
    return bars(rows, "Seconds of work by artifact") if rows else None
