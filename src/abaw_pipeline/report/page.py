"""The report as one HTML page: nothing is loaded from anywhere, and a script only sorts tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from abaw_pipeline.corpora.inspection import TOTAL
from abaw_pipeline.evaluation.work import inference_rates
from abaw_pipeline.report import clips, numbers, palette, tables
from abaw_pipeline.report.corpora import hours_text
from abaw_pipeline.report.drawing import Figure, templates
from abaw_pipeline.report.figures import CHANGES_SHOWN, COMMON, keys, plan, results_figure
from abaw_pipeline.report.inputs import MEASURES, ReportInput, plain
from abaw_pipeline.report.over_time import codes
from abaw_pipeline.report.page_tables import LISTED, page_tables
from abaw_pipeline.report.pairs import made_of_parts, optimism_texts
from abaw_pipeline.report.results import Results
from abaw_pipeline.report.text_tables import text_table

_UNITS = ("clip", "frame", "window")


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
        "tables": page_tables(results),
        "others": [_other(results, setting) for setting in results.settings[1:]],
        "confusions": [(name, names["confusion", name]) for name in results.headline_first],
        "weights": [(about, name) for (kind, about), name in names.items() if kind == "weights"],
        "parameters": _yaml(data.parameters),
        "failed": int((data.failures["blocked_by"] == "").sum()),
        "blocked": int((data.failures["blocked_by"] != "").sum()),
        "shown": LISTED,
        "clips": clips.shown(results),
        "timelines": {about: name for (kind, about), name in names.items() if kind == "timeline"},
        "systems_shown": clips.SYSTEMS_SHOWN,
        "changes_shown": CHANGES_SHOWN,
        "hues": palette.HUES,
        "legend": [(palette.hues(data.classes)[name], code, name) for name, code in codes(data.classes).items()],
        "units": f"{_unit(results.unit).capitalize()}s",
        "rates": bool(data.stages["per_second"].notna().any()),
        "inference": _inference(data.stages),
        "submission": _submission(data.submission),
        "optimism": optimism_texts(results),
        "parts": made_of_parts(results),
        "corpora": len({setting.corpus for setting in results.settings}),
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
    wald = [f"accuracy's Wald interval {bounds}"] if bounds and results.unit != "frame" else []
    return {
        "system": results.headline,
        "kind": plain(kind),
        "value": numbers.points(row[measure]),
        "interval": numbers.interval(row[f"{measure}_lo"], row[f"{measure}_hi"]),
        "how": str(row["interval"]),
        "scored": _scored(results, float(row["n"])),
        "others": [*wald, *(f"{MEASURES[item]} {numbers.percent(row[item])}" for item in others)],
    }


def _scored(results: Results, n: float) -> str:
    """How many units were scored, of how many if not all, such as "1,200 frames of 12 clips"."""
    unit = _unit(results.unit)
    units, clips_asked = results.asked
    short = f" of {numbers.count(units)}" if units and numbers.is_number(n) and n < units else ""
    text = f"{numbers.count(n)}{short} {unit}{'s' * (n != 1 or bool(short))}"
    if clips_asked and results.unit != "clip":
        text += f" of {numbers.count(clips_asked)} clip{'s' * (clips_asked != 1)}"
    return f"{text} scored"


def _unit(level: str) -> str:
    return level if level in _UNITS else f"{level} item".strip()


def _facts(results: Results) -> list[tuple[str, str, str]]:
    """Name, value and remark of what was measured on."""
    data, counts = results.data, results.data.counts

    whole = counts[counts["corpus"] == TOTAL]

    def total(column: str) -> float:
        known = counts if whole.empty else whole
        return float(pd.to_numeric(known[column]).sum(min_count=1)) if column in counts else float("nan")

    k = len(data.classes)
    failed = int((data.failures["blocked_by"] == "").sum())
    setting = results.settings[0] if results.settings else None
    corpus = f"{setting.corpus}, " if setting and len({one.corpus for one in results.settings}) > 1 else ""
    scored = f"scored: {corpus}{setting.split}, by {setting.level}" if setting else ""
    facts = [
        ("Corpus", ", ".join(str(name) for name in counts["corpus"] if name != TOTAL), ""),
        ("Clips", numbers.count(total("clips")), ""),
        ("Subjects", numbers.count(total("subjects")), ""),
        ("Hours", hours_text(total("hours")) or numbers.MISSING, ""),
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
    if data.shuffled:
        text = "this run is a check; its results say nothing of the systems and must lie at chance."
        found.append(("Training labels were shuffled", text))
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
    known = set(results.table.loc[results.table[data.measure].notna(), "system"])
    silent = [name for name in data.systems["system"] if name not in known]
    if silent:
        text = f"{', '.join(silent)} failed everywhere; fusions do without. Failures say why."
        found.append(("Systems without a result", text))
    if data.folds_run < data.folds_total:
        found.append(("Partial run", f"{data.folds_text} were run; pooled results cover these alone."))
    if not data.headline and scored > 1:
        text = f"the system shown first is the best of {scored} by these very scores, which flatters it."
        found.append(("Picked after the fact", text))
    return [*found, *(("Note", note) for note in data.notes)]


def _inference(stages: pd.DataFrame) -> str:
    """How long inference takes, in a sentence; empty where that is not known."""
    rates = inference_rates(stages)
    if rates is None:
        return ""
    return (
        f"Inference takes {rates[0]:.2g} seconds of work a second of media one stage after another, {rates[1]:.2g} "
        "with sight and sound side by side; training is not counted."
    )


def _submission(files: pd.DataFrame) -> str:
    """What became of the challenge files, in a sentence; empty without any."""
    if files.empty:
        return ""
    wrong = int((files["problem"] != "").sum())
    many = f"{len(files):,} file{'s' * (len(files) != 1)}"
    return f"Submission: {many}, " + (f"{wrong:,} with problems." if wrong else "all valid.")


def _other(results: Results, setting: tables.Setting) -> dict[str, Any]:
    """The results of a further setting: another corpus, protocol, split or level."""
    data = results.data
    table = tables.results_table(data.metrics, measure=data.measure, setting=setting)
    title = ", ".join(part for part in setting if part)
    figure: Figure | None = results_figure(results, table, chance=False)
    text = text_table(tables.results_text(table), f"Results in percent: {title}", strong=results.headline)
    return {"title": title, "table": text, "figure": figure}


def _yaml(tree: Mapping[str, Any]) -> str:
    """Parameters as YAML, in the order given; what YAML has no form for is shown as text."""
    import yaml

    plain_tree = json.loads(json.dumps(tree, default=str))
    return yaml.safe_dump(plain_tree, sort_keys=False, allow_unicode=True, width=96)
