"""What `kedro compare` does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from abaw_pipeline.artifacts.versions import Stored
from abaw_pipeline.stored import Study

if TYPE_CHECKING:
    import pandas as pd

METRICS, PARAMETERS = "metrics", "run_parameters"


def compare(study: Study, versions: tuple[str, ...], measure: str | None, target: Path | None) -> None:
    """Print what changed between two runs, and write it as Markdown if a file is named.

    Args:
        study: whose runs.
        versions: none, the earlier one, or both; beginnings suffice.
        measure: shown in the terminal; None: the study's.
        target: a Markdown file.

    Raises:
        ClickException: there are no two runs, or a version or measure is not known.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from abaw_pipeline.report.compare import compare_runs, markdown, results_of
    from abaw_pipeline.report.inputs import MEASURES

    stored = {each.name: each for each in study.datasets}
    before, now = _chosen(stored[METRICS].versions(), versions, study.name)
    runs = [_read(stored, version) for version in (before, now)]
    comparison = compare_runs(*runs)
    shown = measure or str(runs[1][0].get("evaluation", {}).get("measure", "accuracy"))
    if shown not in MEASURES:
        raise click.ClickException(f"no measure {shown!r}; there are: {', '.join(MEASURES)}")
    console = Console()
    console.print(f"{study.name}: {before} and {now}", highlight=False)
    for line in comparison.parameters or ("no parameter changed",):
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    text = results_of(comparison, shown)
    table = Table(title=text.caption, title_justify="left")
    for place, name in enumerate(text.columns):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    for row in text.rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(markdown(comparison, before, now), encoding="utf-8")
        console.print(f"Written to {target}", soft_wrap=True)


def _chosen(there: list[str], wanted: tuple[str, ...], study: str) -> tuple[str, str]:
    """The earlier and the later version."""
    if len(there) < 2:
        raise click.ClickException(f"{study} has {len(there)} runs with results; two are needed")
    now = _one(there, wanted[1]) if len(wanted) == 2 else there[0]
    if wanted:
        return _one(there, wanted[0]), now
    return there[1], now


def _one(there: list[str], begins: str) -> str:
    found = [version for version in there if version.startswith(begins)]
    if len(found) != 1:
        told = ", ".join(found or there)
        raise click.ClickException(f"{begins!r} is {'several versions' if found else 'no version'}: {told}")
    return found[0]


def _read(stored: dict[str, Stored], version: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """Parameters and metrics of a run; of a run that is older than such notes, no parameters."""
    import pandas as pd

    metrics = pd.read_parquet(stored[METRICS].file(version))
    note = stored[PARAMETERS].file(version)
    return (json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}), metrics
