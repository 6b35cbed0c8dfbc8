"""What a run tells at its end, in the terminal: its results, or what its corpora are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from abaw_pipeline.corpora.inspection import TOTAL
from abaw_pipeline.report.corpora import RUNNING, corpora_table
from abaw_pipeline.report.inputs import MEASURES
from abaw_pipeline.report.tables import results_table, results_text
from abaw_pipeline.report.text_tables import text_table

SHOWN = 5
"""How many failures are told in the terminal."""
NARROW = 100
"""Columns of terminal below which results by fold, and SPARED ones, are left to the report."""
SPARED = ("Wald", "Weighted F1")
BELOW = ("Unit", *RUNNING)
"""Columns of the table of corpora that stand below it, a line a corpus: they may be long."""


def print_results(
    metrics: pd.DataFrame, failures: pd.DataFrame, report: Any, project: Path, measure: str = "accuracy"
) -> None:
    """Print one row a system, the best by a measure first, how much failed, and the path of the report."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    text = results_text(results_table(metrics, measure=measure), folds=console.width >= NARROW)
    if console.width < NARROW:
        text = text.drop(columns=[name for name in SPARED if name in text.columns and name != MEASURES[measure]])
    first = metrics.iloc[0]
    what = f"Study {first['study']}, {first['corpus']} by {first['level']}"
    table = Table(title=f"{what}: percent, with intervals by subject", title_justify="left")
    for column in text.columns:
        table.add_column(column, justify="left" if column == "System" else "right", overflow="fold")
    for row in text.itertuples(index=False):
        table.add_row(*map(str, row))
    console.print(table)
    roots = failures[failures["blocked_by"].isna()]
    for row in roots.head(SHOWN).itertuples():
        console.print(f"Failed: {row.artifact}, {row.key}: {row.message}", style="yellow", markup=False, soft_wrap=True)
    if len(roots) > SHOWN:
        console.print(f"... and {len(roots) - SHOWN} more: see Failures in the report", style="yellow")
    path = Path(report)
    shown = path.relative_to(project) if path.is_relative_to(project) else path
    console.print(f"Report: {shown}", soft_wrap=True)


def print_inspection(inspection: pd.DataFrame, notes: pd.DataFrame) -> None:
    """Print one row a corpus; below it each one's classes, why something was refused or failed, and its notes.

    Args:
        inspection: INSPECTION schema.
        notes: CORPUS_NOTES schema.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    text = text_table(corpora_table(inspection), "Corpora")
    short = [place for place, name in enumerate(text.columns) if name not in BELOW]
    table = Table(title=text.caption, title_justify="left")
    for place in short:
        heading = text.columns[place].replace(" ", "\n")
        table.add_column(heading, justify="right" if place else "left", overflow="fold")
    for cells in text.rows:
        table.add_row(*(escape(cells[place]) for place in short))
    console.print(table)
    told = inspection[inspection["corpus"] != TOTAL] if len(inspection) > 1 else inspection
    for row in told.to_dict("records"):
        name, lost = row["corpus"], row["refused"] + row["failed"]
        classes = f"{row['unit']} by class: {row['classes']}" if isinstance(row["unit"], str) else "no labels"
        console.print(f"{name}: {classes}", markup=False, highlight=False, soft_wrap=True)
        if isinstance(dropped := row.get("dropped_frames"), str):
            console.print(f"{name}: frames left out by drop_classes: {dropped}", markup=False, highlight=False)
        for note in notes.loc[notes["corpus"] == name, "note"]:
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)
        if lost:
            console.print(f"{name}: refused or failed: {row['reasons']}", style="yellow", markup=False, soft_wrap=True)
