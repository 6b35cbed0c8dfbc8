"""Systems against each other: differences, tests, optimism, and what each is made of."""

from __future__ import annotations

import json
import math
import string
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from abaw_pipeline.report import numbers
from abaw_pipeline.report.drawing import Cell, Figure, heatmap
from abaw_pipeline.report.inputs import MEASURES
from abaw_pipeline.report.results import Results

PAIRED = 7
"""Systems in the figure of differences."""

TESTS = {
    "cochran_q": "Cochran's Q",
    "mcnemar": "McNemar",
    "t_folds": "paired t, folds",
    "t_corpora": "paired t, corpora",
    "difference": "bootstrap",
    "optimism": "optimism",
}
"""How tests are written."""


def difference_figure(results: Results) -> Figure | None:
    """How much better the system of a row is than that of a column, a star where the interval leaves out 0."""
    rows = results.data.comparisons
    rows = rows[rows["test"] == "difference"]
    known = {*rows["system_a"], *rows["system_b"]}
    names = [name for name in results.headline_first if name in known][:PAIRED]
    if len(names) < 2:
        return None
    found: dict[tuple[str, str], tuple[float, bool]] = {}
    for row in rows.to_dict("records"):
        value, sure = float(row["difference"]), row["lo"] > 0 or row["hi"] < 0
        found[row["system_a"], row["system_b"]] = value, bool(sure)
        found[row["system_b"], row["system_a"]] = -value, bool(sure)
    most = max((abs(value) for value, _ in found.values()), default=0.0) or 1.0

    def cell(a: str, b: str) -> Cell:
        if (a, b) not in found:
            return Cell("", math.nan, "")
        value, sure = found[a, b]
        text = f"{100 * value:+.{int(abs(value) < 0.1)}f}{'*' if sure else ''}".replace("-", "−")
        return Cell(text, abs(value) / most, f"{a} minus {b}: {points_text(value)} points", miss=value < 0)

    label = f"Differences in {MEASURES[results.data.measure]}, row minus column, in points"
    rows_drawn = [(f"{place} {a}", [cell(a, b) for b in names]) for place, a in enumerate(names, start=1)]
    return heatmap(rows_drawn, [str(place) for place in range(1, len(names) + 1)], label)


def comparison_text(results: Results) -> pd.DataFrame:
    """All comparisons as text, the smallest p first; optimism is told elsewhere."""
    rows = results.data.comparisons
    rows = rows[rows["test"] != "optimism"].sort_values("p", na_position="last", kind="stable")
    return pd.DataFrame(
        {
            "System a": [str(name) if isinstance(name, str) else "all systems" for name in rows["system_a"]],
            "System b": [str(name) if isinstance(name, str) else "" for name in rows["system_b"]],
            "Test": [TESTS.get(str(name), str(name)) for name in rows["test"]],
            "Measure": [MEASURES.get(str(name), str(name)) for name in rows["measure"]],
            "Difference": [points_text(value) for value in rows["difference"]],
            "Interval": [numbers.interval(lo, hi) for lo, hi in zip(rows["lo"], rows["hi"], strict=True)],
            "p": [p_text(value) for value in rows["p"]],
            "Bonferroni": [p_text(value) for value in rows["p_bonferroni"]],
            "Effect": [f"{value:.2f}" if numbers.is_number(value) else numbers.MISSING for value in rows["effect"]],
            "n": [f"{numbers.count(n)} {unit}" for n, unit in zip(rows["n"], rows["unit"], strict=True)],
        }
    )


def optimism_texts(results: Results) -> list[str]:
    """How much choosing on the scored clips adds, a sentence for each fusion that was fitted so."""
    rows = results.data.comparisons
    told = []
    for row in rows[rows["test"] == "optimism"].to_dict("records"):
        bounds = numbers.interval(row["lo"], row["hi"])
        text = f"{points_text(row['difference'])} points of {MEASURES.get(row['measure'], row['measure'])}"
        told.append(
            f"{row['system_a']} chose its weights on the clips that are scored: {text} {bounds}".rstrip()
            + f" beside {row['system_b']}, which did not."
        )
    return told


def fits_text(results: Results) -> pd.DataFrame:
    """On how much each fusion was fitted, and what it reached there, a row a method and fold, or part of it."""
    rows = results.data.fusion_fits.to_dict("records")
    infos = [json.loads(row["info"]) for row in rows]
    seen = [row if _learns(info) else {} for row, info in zip(rows, infos, strict=True)]
    return pd.DataFrame(
        {
            "Fusion": [str(row["method"]) for row in rows],
            "Fold": [_fold_text(row) for row in rows],
            "Fitted on": [numbers.count(row.get("rows", math.nan)) for row in seen],
            "Subjects": [numbers.count(row.get("subjects", math.nan)) for row in seen],
            "Learned": [_learned(info) if _learns(info) else "nothing" for info in infos],
        }
    )


def _fold_text(row: Mapping[Any, Any]) -> str:
    """A fold, and which part of it is fused as learned of the others."""
    part = row.get("part")
    return str(row["fold"]) + (f", part {part:.0f}" if numbers.is_number(part) else "")


def _learns(info: dict[str, Any]) -> bool:
    return bool(info.get("learns", True))


def _learned(info: dict[str, Any]) -> str:
    """What a fit reached or chose, in words."""
    told = []
    if "value" in info:
        named = MEASURES.get(info["measure"], info["measure"])
        told.append(f"{named} {numbers.points(info['value'])}, even weights {numbers.points(info['uniform_value'])}")
        if info["sweeps"]:
            told.append(f"before {info['sweeps']} sweeps, the pool's best, {numbers.points(info['pool_value'])}")
    told += [f"{name} {info[name]:g}" for name in ("C", "chosen") if name in info]
    if info.get("tried"):
        told.append(f"{MEASURES[info['measure']]} {numbers.points(max(info['tried'].values()))} on subjects left out")
    if "by_system" in info:
        reached = ", ".join(numbers.points(value) for value in info["by_system"])
        told.append(f"{MEASURES[info['measure']]} of each system: {reached}")
    return "; ".join(told) or "weights"


def calibration_figure(results: Results) -> Figure | None:
    """By bin of confidence: accuracy minus confidence, orange where a system is surer than it should be."""
    rows = results.data.calibration
    names = [name for name in results.headline_first if name in set(rows["system"])]
    if not names:
        return None
    bins = sorted({(float(lo), float(hi)) for lo, hi in zip(rows["lo"], rows["hi"], strict=True)})
    by_place = {(row["system"], float(row["lo"])): row for row in rows.to_dict("records")}
    gaps = [abs(row["accuracy"] - row["confidence"]) for row in by_place.values()]
    most = max(gaps, default=0.0) or 1.0

    def cell(name: str, lo: float) -> Cell:
        row = by_place.get((name, lo))
        if row is None:
            return Cell(numbers.MISSING, math.nan, f"{name}: no decision")
        gap = float(row["accuracy"] - row["confidence"])
        told = (
            f"{name}, confidence {numbers.percent(row['confidence'])}: {numbers.percent(row['accuracy'])} right "
            f"of {numbers.count(row['n'])}"
        )
        return Cell(f"{round(100 * gap) + 0:+d}".replace("-", "−"), abs(gap) / most, told, miss=gap < 0)

    columns = [f"{100 * lo:.0f}–{100 * hi:.0f}" for lo, hi in bins]
    short = [f"{100 * hi:.0f}" for _, hi in bins]
    label = "Accuracy minus confidence, in points, by confidence in percent"
    return heatmap([(name, [cell(name, lo) for lo, _ in bins]) for name in names], columns, label, short)


def made_of_parts(results: Results) -> dict[str, str]:
    """Short names, for the figure's columns, of feature sets (letters) and of fused systems (their rows' numbers)."""
    made = _made_of(results)
    features = dict.fromkeys(part for name in made if name not in results.fused for part in made[name])
    fused = {part for name in results.fused for part in made.get(name, [])}
    letters = {part: string.ascii_letters[place % 52] for place, part in enumerate(features)}
    return letters | {name: str(place) for place, name in enumerate(made, start=1) if name in fused}


def made_of_figure(results: Results) -> Figure | None:
    """Which feature sets a system reads, and which systems a fusion fuses."""
    made, parts = _made_of(results), made_of_parts(results)
    if not parts:
        return None

    def cell(name: str, part: str) -> Cell:
        if part not in made[name] or (part in made) != (name in results.fused):
            return Cell("", math.nan, "")
        return Cell("●", 0.8, f"{name} {'fuses' if name in results.fused else 'reads'} {part}")

    rows = [(f"{place} {name}", [cell(name, part) for part in parts]) for place, name in enumerate(made, start=1)]
    return heatmap(rows, list(parts.values()), "What is made of what")


def _made_of(results: Results) -> dict[str, list[str]]:
    """Inputs of each system and members of each fusion, systems first."""
    inputs = {str(row["system"]): str(row["inputs"]) for row in results.data.systems.to_dict("records")}
    order = sorted(inputs, key=lambda name: name in results.fused)
    return {name: inputs[name].split(", ") for name in order if inputs[name]}


def points_text(value: object) -> str:
    """A difference of fractions in points, signed, such as "+3.1"."""
    return f"{100 * float(value):+.1f}".replace("-", "−") if numbers.is_number(value) else numbers.MISSING  # type: ignore[arg-type]


def p_text(value: object) -> str:
    """A p-value: three decimals, or "<0.001"."""
    if not numbers.is_number(value):
        return numbers.MISSING
    number = float(np.asarray(value, dtype=np.float64))
    return "<0.001" if number < 0.001 else f"{number:.3f}"
