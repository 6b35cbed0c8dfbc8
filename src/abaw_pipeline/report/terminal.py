"""The results at a run's end, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from abaw_pipeline.report.tables import results_table, results_text

SHOWN = 5
"""How many failures are told in the terminal."""
NARROW = 100
"""Columns of terminal below which results by fold are left to the report."""


def print_results(
    metrics: pd.DataFrame, failures: pd.DataFrame, report: Any, project: Path, measure: str = "accuracy"
) -> None:
    """Print one row a system, the best by a measure first, how much failed, and the path of the report."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    text = results_text(results_table(metrics, measure=measure), folds=console.width >= NARROW)
    first = metrics.iloc[0]
    what = f"Study {first['study']}, {first['corpus']} by {first['level']}"
    table = Table(title=f"{what}: percent, with intervals by subject", title_justify="left")
    for column in text.columns:
        table.add_column(column, justify="left" if column == "System" else "right")
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
