"""The report's tables as files: Markdown for a paper's draft, CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from abaw_pipeline.report.text_tables import Table

EXPORTED = (
    "results",
    "folds",
    "classwise",
    "f1",
    "comparisons",
    "probabilities",
    "changes",
    "mean_confusion",
    "counts",
    "composition",
)
"""Tables of the page that are written as files."""


def export_tables(tables: Mapping[str, Table]) -> tuple[dict[str, str], dict[str, str]]:
    """Markdown and CSV by name, of the page's tables that have rows."""
    chosen = {name: tables[name] for name in EXPORTED if name in tables and tables[name].rows}
    markdown = {name: as_markdown(table) for name, table in chosen.items()}
    return markdown, {name: as_csv(table) for name, table in chosen.items()}


def as_markdown(table: Table) -> str:
    """A table with its caption; numbers are aligned to the right."""
    left = {table.columns[0], *table.left, *table.wrap} if table.columns else set()
    rule = ["---" if name in left else "---:" for name in table.columns]
    lines = [_row(table.columns), _row(rule), *(_row(row) for row in table.rows)]
    return f"**{_escaped(table.caption)}**\n\n" + "\n".join(lines) + "\n"


def as_csv(table: Table) -> str:
    """A table with its headings, as RFC 4180 has it."""
    text = io.StringIO()
    csv.writer(text).writerows([table.columns, *table.rows])
    return text.getvalue()


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;").replace("\n", " ")
