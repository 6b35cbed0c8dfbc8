"""The report as one HTML page: no script, nothing loaded from anywhere."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from abaw_pipeline.report import numbers, palette, tables
from abaw_pipeline.report.drawing import Figure, templates
from abaw_pipeline.report.figures import COMMON, Results, keys, plan, results_figure
from abaw_pipeline.report.inputs import MEASURES, ReportInput, plain

FAILURES_SHOWN = 200
_UNITS = {"clip": "clips", "frame": "frames", "window": "windows"}


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes:
        caption: what it shows.
        columns: their headings.
        rows: their cells.
        wrap: columns of running text; all others are numbers or names, kept on one line.
        left: columns aligned to the left.
        strong: the first cell of the row to be set off.
    """

    caption: str
    columns: list[str]
    rows: list[list[str]]
    wrap: Collection[str] = ()
    left: Collection[str] = ()
    strong: str = ""


def render_report(data: ReportInput) -> str:
    """A whole report as one HTML document, the same text for the same input.

    Raises:
        DataError: the confusion counts name a class that is not among the report's classes.
    """
    results = Results(data)
    drawn = plan(results)
    names = keys(results)
    context = {
        "data": data,
        "steps": palette.STEPS,
        "light": palette.variables(palette.LIGHT),
        "dark": palette.variables(palette.DARK),
        "figures": dict.fromkeys(COMMON) | drawn,
        "headline": _headline(results),
        "facts": _facts(results),
        "notices": _notices(results),
        "chance": {name: numbers.percent(value) for name, value in results.chance.items()},
        "best_chance": f"chance, {numbers.percent(results.best_chance)}",
        "measure": MEASURES[data.measure],
        "tables": _tables(results),
        "others": [_other(results, setting) for setting in results.settings[1:]],
        "confusions": [(name, names["confusion", name]) for name in _headline_first(results)],
        "weights": [(about, name) for (kind, about), name in names.items() if kind == "weights"],
        "parameters": _yaml(data.parameters),
        "failed": int((data.failures["blocked_by"] == "").sum()),
        "blocked": int((data.failures["blocked_by"] != "").sum()),
        "shown": FAILURES_SHOWN,
        "confidence": f"{100 * data.confidence:g}%",
    }
    return templates().get_template("page.html").render(context) + "\n"


def _headline(results: Results) -> dict[str, Any]:
    """The texts of the first screen; empty where no system has a pooled result."""
    measure, table = results.data.measure, results.table
    found = table[table["system"] == results.headline]
    if not len(found) or not numbers.is_number(found[measure].iloc[0]):
        return {}
    row: dict[str, Any] = {str(name): value for name, value in found.iloc[0].items()}
    kind = results.data.systems.set_index("system")["kind"].to_dict().get(results.headline, "")
    others = [item for item in MEASURES if item != measure and numbers.is_number(row[item])]
    bounds = numbers.interval(row["wald_lo"], row["wald_hi"])
    wald = [f"accuracy's Wald interval {bounds}"] if bounds else []
    return {
        "system": results.headline,
        "kind": plain(kind),
        "value": numbers.points(row[measure]),
        "interval": numbers.interval(row[f"{measure}_lo"], row[f"{measure}_hi"]),
        "how": str(row["interval"]),
        "n": numbers.count(row["n"]),
        "units": _units(results.settings[0].level),
        "others": [*wald, *(f"{MEASURES[item]} {numbers.percent(row[item])}" for item in others)],
    }


def _units(level: str) -> str:
    return _UNITS.get(level, f"{level} items" if level else "items")


def _facts(results: Results) -> list[tuple[str, str, str]]:
    """Name, value and remark of what was measured on."""
    data, counts = results.data, results.data.counts

    def total(column: str) -> float:
        return float(pd.to_numeric(counts[column]).sum(min_count=1)) if column in counts else float("nan")

    k = len(data.classes)
    failed = int((data.failures["blocked_by"] == "").sum())
    setting = results.settings[0] if results.settings else None
    scored = f"scored: {setting.split}, by {setting.level}" if setting else ""
    facts = [
        ("Corpus", ", ".join(str(name) for name in counts["corpus"]), ""),
        ("Clips", numbers.count(total("clips")), ""),
        ("Subjects", numbers.count(total("subjects")), ""),
        ("Hours", f"{total('hours'):.1f}" if numbers.is_number(total("hours")) else numbers.MISSING, ""),
        ("Folds run", f"{data.folds_run} of {data.folds_total}", ""),
        ("Failed pieces", numbers.count(failed), ""),
        ("Classes", str(k), ", ".join(data.classes)),
        ("Protocol", data.protocol, scored),
    ]
    return [fact for fact in facts if fact[1] not in ("", numbers.MISSING)]


def _notices(results: Results) -> list[tuple[str, str]]:
    """What a reader must know before believing the first number."""
    data = results.data
    scored = int(results.table[data.measure].notna().sum())
    found = []
    if data.optimistic:
        found.append(
            (
                "Optimistic protocol",
                "something was chosen on the very data that is scored; expect less on new data.",
            )
        )
    if data.transductive:
        text = "unlabeled data of the people scored was used; do not compare with results that do without."
        found.append(("Transductive protocol", text))
    if data.folds_run < data.folds_total:
        found.append(("Partial run", f"{data.folds_text} were run; pooled results cover these alone."))
    if not data.headline and scored > 1:
        text = f"the system shown first is the best of {scored} by these very scores, which flatters it."
        found.append(("Picked after the fact", text))
    return [*found, *(("Note", note) for note in data.notes)]


def _headline_first(results: Results) -> list[str]:
    return sorted(results.ranked, key=lambda name: name != results.headline)


def _tables(results: Results) -> dict[str, Table]:
    data = results.data
    text = tables.results_text(results.table, folds=False)
    folds = tables.results_text(results.table)
    folds = folds[["System", *(name for name in folds.columns if name.startswith(("Fold ", "Mean")))]]
    f1 = tables.class_table(data.metrics, "f1", results.ranked, data.classes).map(numbers.points)
    listed = data.failures.head(FAILURES_SHOWN)
    return {
        "results": _table(text, "Results by system, pooled over folds, in percent", strong=results.headline),
        "folds": _table(folds, f"{MEASURES[data.measure]} by fold, in percent", strong=results.headline),
        "composition": _table(data.folds, "Who trains and who validates", wrap={"Subjects"}, left={"Role", "Subjects"}),
        "classwise": _table(
            tables.class_text(data.metrics, results.headline, data.classes),
            f"{results.headline} by class, in percent",
        ),
        "f1": _table(f1.reset_index(names="System"), "F1 by system and class, in percent", strong=results.headline),
        "counts": _table(data.counts, "Corpora", wrap={"Classes"}, left={"Classes"}),
        "class_counts": _table(data.class_counts, "Clips by corpus and class", left={"Class"}),
        "systems": _table(
            data.systems.assign(seconds=[numbers.duration(value) for value in data.systems["seconds"]]).rename(
                columns={"seconds": "fit time"}
            ),
            "What each system is made of",
            wrap={"Settings", "Inputs"},
            left={"Kind", "Inputs", "Settings"},
            strong=results.headline,
        ),
        "environment": Table("What it ran with", ["Name", "Value"], _pairs(data.environment), {"Value"}, {"Value"}),
        "causes": _table(
            tables.failure_summary(data.failures),
            "Failures by kind",
            wrap={"First message"},
            left={"Stage", "Error", "First message"},
        ),
        "failures": _table(
            listed,
            f"Failed and blocked pieces ({len(listed):,} of {len(data.failures):,})",
            wrap={"Message", "Blocked by"},
            left={"Key", "Stage", "Error", "Message", "Blocked by"},
        ),
        "stages": _table(
            data.stages.assign(
                seconds=[numbers.duration(value) for value in data.stages["seconds"]],
                bytes=[numbers.size(value) for value in data.stages["bytes"]],
            ),
            "Pieces by artifact; seconds of work are summed over all workers",
        ),
    }


def _other(results: Results, setting: tables.Setting) -> dict[str, Any]:
    """The results of a further setting: another corpus, protocol, split or level."""
    data = results.data
    table = tables.results_table(data.metrics, measure=data.measure, setting=setting)
    title = ", ".join(part for part in setting if part)
    figure: Figure | None = results_figure(results, table, chance=False)
    text = _table(tables.results_text(table), f"Results in percent: {title}", strong=results.headline)
    return {"title": title, "table": text, "figure": figure}


def _pairs(items: Mapping[str, str]) -> list[list[str]]:
    return [[str(name), str(value)] for name, value in items.items()]


def _table(
    frame: pd.DataFrame, caption: str, *, wrap: Collection[str] = (), left: Collection[str] = (), strong: str = ""
) -> Table:
    """A data frame as a table: counts with separators, missing values as dashes."""
    columns = [_heading(str(name)) for name in frame.columns]
    rows = [[_cell(value) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]
    return Table(caption, columns, rows, wrap, left, strong)


def _heading(name: str) -> str:
    text = name.replace("_", " ")
    return text if text == "n" else text[:1].upper() + text[1:]


def _cell(value: object) -> str:
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return ", ".join(str(item) for item in value)
    if numbers.is_number(value):
        number = float(value)  # type: ignore[arg-type]
        return numbers.count(number) if number.is_integer() else f"{number:,.2f}"
    return numbers.MISSING if pd.isna(value) or isinstance(value, float) else str(value)  # type: ignore[call-overload]


def _yaml(tree: Mapping[str, Any]) -> str:
    """Parameters as YAML, in the order given; what YAML has no form for is shown as text."""
    import yaml

    plain_tree = json.loads(json.dumps(tree, default=str))
    return yaml.safe_dump(plain_tree, sort_keys=False, allow_unicode=True, width=96)
