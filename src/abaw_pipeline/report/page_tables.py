"""All tables of the page."""

from __future__ import annotations

import pandas as pd

from abaw_pipeline.report import clips, corpora, numbers, tables
from abaw_pipeline.report.inputs import MEASURES, ReportInput
from abaw_pipeline.report.over_time import bin_texts
from abaw_pipeline.report.pairs import comparison_text, fits_text
from abaw_pipeline.report.results import Results
from abaw_pipeline.report.text_tables import Table, text_table

LISTED = 200
"""Most rows of a table that could get as long as a corpus: failures, clips, files."""


def page_tables(results: Results) -> dict[str, Table]:
    """The page's tables by name; those that nothing is known of have no rows."""
    return _results(results) | _ran(results) | _failed(results.data)


def _results(results: Results) -> dict[str, Table]:
    data, strong = results.data, results.headline
    folds = tables.results_text(results.table)
    folds = folds[["System", *(name for name in folds.columns if name.startswith(("Fold ", "Mean")))]]
    f1 = tables.class_table(data.metrics, "f1", results.ranked, data.classes).map(numbers.points)
    by_class = tables.class_text(data.metrics, strong, data.classes)
    found = {
        "results": (
            tables.results_text(results.table, folds=False),
            "Results by system, pooled over folds, in percent",
        ),
        "folds": (folds, f"{MEASURES[data.measure]} by fold, in percent"),
        "classwise": (by_class, f"{strong} by class, in percent"),
        "f1": (f1.reset_index(names="System"), "F1 by system and class, in percent"),
        "fits": (fits_text(results), "What fusions have learned, where they were fitted"),
        "comparisons": (comparison_text(results), "Tests of every pair of systems"),
        "probabilities": (tables.probability_text(data.metrics, results.ranked), "Log loss and calibration error"),
        "mean_confusion": (
            tables.mean_confusion(data.confusion, strong, data.classes).map(numbers.points).reset_index(names="Truth"),
            f"{strong}: percent of each true class, averaged over folds",
        ),
        "changes": (_changes(results), "CPM in percent around changes of emotion, with the number of frames"),
    }
    left = {"System b", "Test", "Measure", "Fold", "Learned"}
    return {name: text_table(frame, caption, strong=strong, left=left) for name, (frame, caption) in found.items()}


def _changes(results: Results) -> pd.DataFrame:
    changes = results.data.change_points
    cpm = tables.change_table(changes, "cpm", results.ranked)
    frames = tables.change_table(changes, "frames", results.ranked)
    text = pd.DataFrame({"System": [*cpm.index]})
    for place, (lo, hi) in enumerate(tables.change_bins(changes)):
        cells = zip(cpm[place], frames[place], strict=True)
        text[bin_texts(lo, hi)[0]] = [f"{numbers.points(v)} ({numbers.count(n)})" for v, n in cells]
    changed = changes.groupby("system")["change_points"].first()
    return text.assign(Changes=[numbers.count(changed[name]) for name in cpm.index])


def _ran(results: Results) -> dict[str, Table]:
    data = results.data
    systems = data.systems.assign(seconds=data.systems["seconds"].map(numbers.duration))
    faces = clips.faces_table(data.face_facts, LISTED)
    cut = f" (the {LISTED} with most missing)" if len(data.face_facts) > LISTED else ""
    return {
        "composition": text_table(
            data.folds,
            "Who trains and who validates",
            wrap={"Held out", "Subjects", "Classes"},
            left={"Held out", "Role", "Subjects", "Classes"},
        ),
        "counts": text_table(
            corpora.corpora_table(data.counts), "Corpora", wrap=corpora.RUNNING, left={*corpora.RUNNING, "Unit"}
        ),
        "corpus_notes": text_table(data.corpus_notes, "Notes of the corpora", wrap={"Note"}, left={"Note"}),
        "class_counts": _class_counts(data),
        "systems": text_table(
            systems.rename(columns={"seconds": "fit time"}),
            "What each system is made of",
            wrap={"Settings", "Inputs"},
            left={"Kind", "Inputs", "Settings"},
            strong=results.headline,
        ),
        "faces": text_table(faces, f"Faces by clip{cut}", strong="all clips"),
        "environment": Table(
            "What it ran with",
            ["Name", "Value"],
            [[str(name), str(value)] for name, value in data.environment.items()],
            {"Value"},
            {"Value"},
        ),
        "stages": _stages(data),
        "submission": _submission(data),
    }


def _class_counts(data: ReportInput) -> Table:
    units = sorted(set(data.class_counts["unit"]))
    caption = f"{' and '.join(f'{unit.capitalize()}s' for unit in units)} by corpus and class"
    names = {"clips": "units" if units != ["clip"] else "clips"}
    shown = data.class_counts if len(units) > 1 else data.class_counts.drop(columns="unit")
    if units == ["frame"]:
        names["clips"] = "frames"
    return text_table(shown.rename(columns=names), caption, left={"Class", "Unit"})


def _stages(data: ReportInput) -> Table:
    stages = data.stages.assign(
        seconds=data.stages["seconds"].map(numbers.duration),
        bytes=data.stages["bytes"].map(numbers.size),
        media_seconds=data.stages["media_seconds"].map(numbers.duration),
        per_second=[
            f"{rate:.3g}" if numbers.is_number(rate) else numbers.MISSING for rate in data.stages["per_second"]
        ],
    )
    known = data.stages[["media_seconds", "per_second"]].notna().any()
    stages = stages.drop(columns=[name for name, has in known.items() if not has])
    caption = "Pieces by artifact; seconds of work are summed over all workers"
    return text_table(stages.rename(columns={"media_seconds": "media", "per_second": "s/s"}), caption)


def _submission(data: ReportInput) -> Table:
    files = data.submission.sort_values("problem", key=lambda column: column == "", kind="stable").head(LISTED)
    files = files.assign(problem=files["problem"].replace("", "none"))
    cut = f" (the first {LISTED})" if len(data.submission) > LISTED else ""
    caption = f"Files of the submission{cut}"
    left = {"Clip id", "Problem"}
    return text_table(files[["file", "clip_id", "frames", "problem"]], caption, wrap={"Problem"}, left=left)


def _failed(data: ReportInput) -> dict[str, Table]:
    listed = data.failures.head(LISTED)
    return {
        "causes": text_table(
            tables.failure_summary(data.failures),
            "Failures by kind",
            wrap={"First message"},
            left={"Stage", "Error", "First message"},
        ),
        "failures": text_table(
            listed,
            f"Failed and blocked pieces ({len(listed):,} of {len(data.failures):,})",
            wrap={"Message", "Blocked by"},
            left={"Key", "Stage", "Error", "Message", "Blocked by"},
        ),
    }
