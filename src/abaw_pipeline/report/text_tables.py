"""Tables as text: counts with separators, missing values as dashes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abaw_pipeline.report import numbers


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


def text_table(
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
