"""Tables of published corpora that are too long to be held: rows of text, one at a time."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from abaw_pipeline.corpora.base import some
from abaw_pipeline.corpora.labels import plain
from abaw_pipeline.corpora.tables import SEPARATORS, Row, as_row, unreadable
from abaw_pipeline.errors import CorpusError

LONGEST_LINE = 1 << 20
"""Characters of a first line; where it is longer, the file is no such table."""


def rows_of(path: Path, columns: Sequence[str], needed: Collection[str]) -> Iterator[Row]:
    """Read a CSV (comma, semicolon or tab; UTF-8 or UTF-16) a row at a time.

    Args:
        path: the file.
        columns: lower-case names of its columns as they are published: what its fields are if it has no header.
        needed: columns that a header must name, in any order, among any others.

    Raises:
        CorpusError: no such file, not readable as CSV, or other columns.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
        encoding = "utf-16" if start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
        with path.open(encoding=encoding, newline="") as text:
            first = next(
                (line for line in iter(lambda: text.readline(LONGEST_LINE), "") if line.strip(" \t\r\n,;")), ""
            )
            separator, named = _flavor(path, first, columns, needed)
            text.seek(0)
            yield from _rows(path, csv.reader(text, delimiter=separator), [] if named else columns)
    except (UnicodeError, csv.Error) as error:
        raise CorpusError(
            f"not readable as CSV ({error}).", where=str(path), hint="Take the table as the authors hand it out."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def _rows(path: Path, lines: Iterator[list[str]], columns: Sequence[str]) -> Iterator[Row]:
    """Rows that are not empty; without columns the first of them names these."""
    for number, record in enumerate(lines, 1):
        if not any(cell.strip() for cell in record):
            continue
        if columns:
            yield as_row(number, columns, record)
            continue
        columns = [plain(name) for name in record]
        twice = sorted({name for name in columns if name and columns.count(name) > 1})
        if twice:
            raise CorpusError(
                f"two columns share one name: {some(twice)}.", where=str(path), hint="Rename one of them."
            )


def _flavor(path: Path, line: str, columns: Sequence[str], needed: Collection[str]) -> tuple[str, bool]:
    """The separator, and whether the first line names the columns.

    Raises:
        CorpusError: that line is neither the header nor a row of such a table.
    """
    fields = {sign: [plain(cell) for cell in next(csv.reader([line], delimiter=sign), [])] for sign in SEPARATORS}
    for separator, cells in fields.items():
        if set(needed) <= set(cells):
            return separator, True
    known = max((set(cells) & set(columns) for cells in fields.values()), key=len)
    for separator, cells in fields.items():
        if len(cells) == len(columns) and not known:
            return separator, False
    raise CorpusError(
        f"no column {some([column for column in needed if column not in known])}; the first line is {line[:60]!r}.",
        where=str(path),
        hint=f"The columns are {', '.join(columns)}.",
    )
