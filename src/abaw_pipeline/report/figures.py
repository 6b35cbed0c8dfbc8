"""Which figures a report has, from its tables; the page and single files draw the same ones."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from abaw_pipeline.report import clips, numbers, tables
from abaw_pipeline.report.drawing import Bar, Cell, Dot, Figure, bars, confusion, heatmap, intervals, strip
from abaw_pipeline.report.inputs import MEASURES, ReportInput
from abaw_pipeline.report.over_time import Around, around_changes
from abaw_pipeline.report.pairs import calibration_figure, difference_figure, made_of_figure
from abaw_pipeline.report.results import Results

CHANGES_SHOWN = 5
"""Systems in the figure around changes of emotion."""

COMMON = (
    *("headline", "results", "folds", "pairs", "class_f1", "classes", "calibration"),
    *("changes", "made_of", "timings"),
)
"""Names of the figures that are not about one system, fusion method or clip."""


def figures(data: ReportInput) -> dict[str, str]:
    """All figures of a report as SVG files, by name.

    The names are those of COMMON, `confusion_<system>`, `weights_<method>` and `timeline_<clip>`, in letters that a
    file name may hold anywhere. The same input gives the same text.
    """
    return {name: figure.standalone() for name, figure in plan(Results(data)).items()}


def plan(results: Results) -> dict[str, Figure]:
    """All figures of a report by name; those without any data are left out."""
    data = results.data
    found: dict[str, Figure | None] = {
        "headline": _strip(results),
        "results": results_figure(results, results.table),
        "folds": _folds(results),
        "pairs": difference_figure(results),
        "calibration": calibration_figure(results),
        "made_of": made_of_figure(results),
        "class_f1": _class_f1(results),
        "classes": _classes(results),
        "changes": _changes(results),
        "timings": _timings(data.stages),
    }
    for (kind, about), name in keys(results).items():
        if kind == "timeline":
            found[name] = clips.figure(results, about)
        else:
            found[name] = _confusion(data, about) if kind == "confusion" else _weights(data, about)
    return {name: figure for name, figure in found.items() if figure is not None}


def keys(results: Results) -> dict[tuple[str, str], str]:
    """The names of the figures about one system, fusion method or clip, by kind and what they are about.

    A name holds only lower-case letters, digits and underscores, and no two are the same.
    """
    methods = dict.fromkeys(str(name) for name in results.data.fusion_weights["method"])
    taken: dict[tuple[str, str], str] = {}
    for kind, about in [
        *(("confusion", name) for name in results.ranked),
        *(("weights", name) for name in methods),
        *(("timeline", name) for name in dict.fromkeys(str(clip) for clip in results.data.timelines["clip_id"])),
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
    label = f"Weights of {method} by system and class, mean over all fits"
    return _shaded(mean, label, low=0.0, high=high, percent=False)


def _changes(results: Results) -> Figure | None:
    """Bars around changes of emotion, of the headline and the best few others."""
    cpm = tables.change_table(results.data.change_points, "cpm", results.headline_first).head(CHANGES_SHOWN)
    if not len(cpm):
        return None
    rows = [
        Around(
            name=str(name),
            values=[float(value) for value in values],
            overall=results.pooled(str(name), "cpm") if results.unit == "frame" else math.nan,
            fused=name in results.fused,
            strong=name == results.headline,
        )
        for name, values in zip(cpm.index, cpm.to_numpy(dtype=float), strict=True)
    ]
    label = f"CPM in percent of {len(rows)} systems by seconds from a change of emotion"
    return around_changes(rows, tables.change_bins(results.data.change_points), label)


def _classes(results: Results) -> Figure | None:
    counts = results.data.class_counts
    sums = counts[counts["unit"] == results.unit].groupby("class")["clips"].sum()
    units: Mapping[str, float] = {str(name): float(number) for name, number in sums.items()}
    total = sum(units.values())
    if not total:
        return None
    names: Sequence[str] = [*dict.fromkeys([*results.data.classes, *units])]
    rows = [
        Bar(name, value, f"{numbers.count(value)} ({numbers.percent(value / total)})")
        for name, value in ((name, float(units.get(name, 0))) for name in names)
    ]
    return bars(rows, f"{results.unit.capitalize()}s by class")


def _timings(stages: pd.DataFrame) -> Figure | None:
    columns = zip(stages["artifact"], stages["seconds"], stages["per_second"], strict=True)
    rows = [
        Bar(
            str(name),
            float(seconds),
            numbers.duration(seconds) + (f" ({rate:.2g} s/s)" if numbers.is_number(rate) else ""),
        )
        for name, seconds, rate in columns
    ]
    return bars(rows, "Seconds of work by artifact") if rows else None
