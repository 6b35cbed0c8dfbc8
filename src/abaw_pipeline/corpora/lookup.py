"""Tables in which a corpus keeps what it knows of each clip or person, a row each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.corpora.base import some
from abaw_pipeline.corpora.cells import number
from abaw_pipeline.corpora.tables import Row, read_table
from abaw_pipeline.errors import CorpusError


@dataclass(frozen=True)
class Lookup:
    """Rows of a table by what they are about.

    Attributes:
        path: the table.
        rows: key -> the rows that bear it.
        strangers: numbers of rows that are about nothing that the corpus has.
        decimal_comma: whether numbers may be written as 1,5.
    """

    path: Path
    rows: Mapping[str, list[Row]]
    strangers: list[str]
    decimal_comma: bool

    def row(self, key: str) -> Row:
        """The one row about something.

        Raises:
            CorpusError: there is none, or more than one, or it cannot be read.
        """
        rows = self.rows.get(key, [])
        if len(rows) != 1:
            numbers = some([str(row.number) for row in rows])
            what = f"rows {numbers} are all about {key}" if rows else f"no row is about {key}"
            raise CorpusError(f"{what}.", where=self.path.name, hint="Take the table as the authors hand it out.")
        if rows[0].problem:
            raise CorpusError(rows[0].problem, where=self.where(rows[0]), hint="Quote fields that hold the separator.")
        return rows[0]

    def where(self, row: Row) -> str:
        """How errors name a row."""
        return f"{self.path.name}, row {row.number}"

    def numbers(self, texts: Collection[str]) -> list[float]:
        """Numbers that cells hold; NaN where they hold none."""
        return [number(text.strip(), decimal_comma=self.decimal_comma) for text in texts]

    def notes(self) -> list[str]:
        """A remark if rows are about something else."""
        count = len(self.strangers)
        return [f"{self.path.name}: {count} rows are about nothing known: {some(self.strangers)}"] if count else []


def lookup(path: Path, columns: Collection[str], key: Callable[[Row], str]) -> Lookup:
    """Read a table whose rows are looked up.

    Args:
        path: CSV of any common flavor, or Parquet.
        columns: lower-case names that it must have; the first tells the separator.
        key: what a row is about; empty text where that is nothing known.

    Raises:
        CorpusError: no such table, or not such columns.
    """
    table = read_table(path, required=next(iter(columns)))
    absent = [column for column in columns if column not in table.columns]
    if absent:
        found = some([repr(column) for column in table.columns])
        raise CorpusError(
            f"no column {some(absent)}; the columns are {found}.",
            where=str(path),
            hint="Take the table as the authors hand it out.",
        )
    rows: dict[str, list[Row]] = {}
    for row in table.rows:
        rows.setdefault(key(row), []).append(row)
    strangers = [f"row {row.number}" for row in rows.pop("", [])]
    return Lookup(path, rows, strangers, table.decimal_comma)
