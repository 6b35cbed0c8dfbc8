"""Two runs of a study beside each other: what changed in parameters, and in results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from abaw_pipeline.report import numbers
from abaw_pipeline.report.inputs import MEASURES, checked
from abaw_pipeline.report.pairs import points_text
from abaw_pipeline.report.tables import POOLED, of_setting, settings
from abaw_pipeline.report.text_tables import Table, text_table


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another.

    Attributes:
        parameters: a line each, such as "systems.sound.svm.C: 0.1, now 1".
        results: system, measure, before, now, change (fractions; missing where a run lacks the system), and before_lo,
            before_hi, now_lo, now_hi (missing: no interval).
    """

    parameters: tuple[str, ...]
    results: pd.DataFrame


def compare_runs(
    before: tuple[Mapping[str, Any], pd.DataFrame], now: tuple[Mapping[str, Any], pd.DataFrame]
) -> Comparison:
    """Compare the parameters and metrics (METRICS schema, main setting, pooled over folds) of two runs."""
    values = [_pooled(metrics) for _, metrics in (before, now)]
    keys = list(dict.fromkeys([*values[1], *values[0]]))
    rows = []
    for key in keys:
        old, new = (each.get(key, {}) for each in values)
        row = {"system": key[0], "measure": key[1], "before": old.get("value"), "now": new.get("value")}
        row |= {f"before_{side}": old.get(side) for side in ("lo", "hi")}
        row |= {f"now_{side}": new.get(side) for side in ("lo", "hi")}
        rows.append(row)
    names = ["system", "measure", "before", "now", "before_lo", "before_hi", "now_lo", "now_hi"]
    table = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[2:], "float64"))
    changed = tuple(changes(before[0], now[0]))
    return Comparison(changed, table.assign(change=table["now"] - table["before"]))


def changes(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """What differs between two trees, a line a leaf; a branch that only one of them has is one line."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted({*before, *now}, key=str):
            yield from changes(before.get(key), now.get(key), f"{where}.{key}" if where else str(key))
    elif before != now:
        yield f"{where}: {json.dumps(before, default=str)}, now {json.dumps(now, default=str)}"


def results_of(comparison: Comparison, measure: str) -> Table:
    """The systems' results in one measure, the best of now first."""
    rows = comparison.results[comparison.results["measure"] == measure]
    rows = rows.sort_values(["now", "before"], ascending=False, na_position="last", kind="stable")
    frame = pd.DataFrame(
        {
            "System": rows["system"].astype(str),
            "Before": [_told(row, "before") for row in rows.to_dict("records")],
            "Now": [_told(row, "now") for row in rows.to_dict("records")],
            "Change": [points_text(value) for value in rows["change"]],
        }
    )
    return text_table(frame, f"{MEASURES[measure]} in percent")


def markdown(comparison: Comparison, before: str, now: str) -> str:
    """The whole comparison as Markdown."""
    from abaw_pipeline.report.exports import as_markdown

    lines = [f"# {before} and {now}", "", "## Parameters", ""]
    lines += [f"- `{line}`" for line in comparison.parameters] or ["None changed."]
    known = set(comparison.results["measure"])
    tables = [as_markdown(results_of(comparison, name)) for name in MEASURES if name in known]
    return "\n".join([*lines, "", "## Results", "", *tables])


def _told(row: Mapping[Any, Any], side: str) -> str:
    text = f"{numbers.points(row[side])} {numbers.interval(row[f'{side}_lo'], row[f'{side}_hi'])}"
    return text.strip()


def _pooled(metrics: pd.DataFrame) -> dict[tuple[str, str], Mapping[Any, Any]]:
    """Value and interval by system and measure, of the main setting, over all folds."""
    metrics = checked(metrics, "metrics")
    rows = of_setting(metrics, settings(metrics)[0]) if len(metrics) else metrics
    rows = rows[(rows["fold"] == POOLED) & rows["class"].isin(["", POOLED]) & rows["measure"].isin([*MEASURES])]
    rows = rows[~rows["interval"].isin(["wald", "wilson"])]
    return {(str(row["system"]), str(row["measure"])): row for row in rows.to_dict("records")}
