"""Tables as users have them: CSV of any common flavor, or Parquet, read as rows of text."""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abaw_pipeline.corpora.base import some
from abaw_pipeline.corpora.labels import plain
from abaw_pipeline.errors import CorpusError

SEPARATORS = (",", ";", "\t")
PARQUET_MAGIC = b"PAR1"
SUFFIXES = {".csv", ".tsv", ".txt", ".parquet"}
"""How tables are usually called: these are named where another path was given."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        number: as a spreadsheet shows it: a CSV's header is row 1; Parquet has no header, its first is 1.
        cells: text by column name; empty text where there is nothing.
        problem: why the row cannot be read; empty where it can.
    """

    number: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        columns: lower-case names in the file's order.
        rows: in the file's order, without empty ones.
        decimal_comma: whether numbers may be written as 1,5 (the separator is a semicolon).
    """

    columns: list[str]
    rows: list[Row]
    decimal_comma: bool = False


def read_table(path: Path, required: str) -> Table:
    """Read a CSV (comma, semicolon or tab; UTF-8 or UTF-16) or a Parquet file.

    Args:
        path: the file; what it is shows in its first bytes, not in its name.
        required: a column that the table must have; it also tells the separator.

    Raises:
        CorpusError: no such file, not a readable table, or two columns of one name.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    table = _parquet(path, data) if data.startswith(PARQUET_MAGIC) else _csv(path, data, required)
    twice = sorted({name for name in table.columns if name and table.columns.count(name) > 1})
    if twice:
        raise CorpusError(f"two columns share one name: {some(twice)}.", where=str(path), hint="Rename one of them.")
    return table


def unreadable(path: Path, error: OSError) -> CorpusError:
    """The error of a table that cannot be read; where it is a folder, or not there, it names tables near by."""
    folder = path if path.is_dir() else path.parent
    try:
        names = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in SUFFIXES)
    except OSError:
        names = []  # this one only feeds a hint
    tables = [name for name in names if name.isprintable()]
    near = f" There: {some(tables)}." if tables else ""
    return CorpusError(
        f"the table cannot be read ({error.strerror}).",
        where=str(path),
        hint=f"Set path to the table, a file.{near}" if path.is_dir() else f"Check the corpus's path.{near}",
    )


def _csv(path: Path, data: bytes, required: str) -> Table:
    text = _text(path, data)
    separator = _separator(text, required)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        # An empty line keeps its number, as it does in a spreadsheet.
        records = [(number, r) for number, r in enumerate(reader, 1) if any(cell.strip() for cell in r)]
    except csv.Error as error:
        raise CorpusError(
            f"not readable as CSV after line {reader.line_num} ({error}).",
            where=str(path),
            hint="Look for a quotation mark that is not closed.",
        ) from error
    if not records:
        raise CorpusError("the table is empty.", where=str(path), hint="Its first row names the columns.")
    columns = [plain(name) for name in records[0][1]]
    rows = [as_row(number, columns, record) for number, record in records[1:]]
    return Table(columns, rows, decimal_comma=separator == ";")


def _text(path: Path, data: bytes) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"neither Parquet nor UTF-8 text (byte {error.start}).",
            where=str(path),
            hint="Save it as CSV UTF-8, with the columns' names in the first row.",
        ) from error


def _separator(text: str, required: str) -> str:
    """The separator under which the header names the required column; else the one that occurs most."""
    header = next((line for line in text.splitlines() if line.strip(" \t\r,;")), "")
    for separator in SEPARATORS:
        if required in [plain(cell.strip().strip('"')) for cell in header.split(separator)]:
            return separator
    return max(SEPARATORS, key=header.count)


def as_row(number: int, columns: Sequence[str], record: Sequence[str]) -> Row:
    """A row from the fields of one line, told as damaged where there are more or fewer than the header names.

    Args:
        number: as a spreadsheet shows it.
        columns: lower-case names.
        record: the line's fields.
    """
    cells = [cell.strip() for cell in record]
    while len(cells) > len(columns) and not cells[-1]:
        cells.pop()
    named = dict(zip(columns, cells, strict=False))
    if len(cells) == len(columns):
        return Row(number, named)
    problem = f"the row has {len(cells)} fields, the header names {len(columns)}."
    return Row(number, dict.fromkeys(columns, "") | named, problem)


def _parquet(path: Path, data: bytes) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        flat = [field.name for field in schema if _is_flat(field.type)]
        values = file.read(columns=flat).to_pydict() if len(set(schema.names)) == len(schema.names) else {}
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise CorpusError(f"not readable as Parquet ({error}).", where=str(path), hint="Write it again.") from error
    columns = [plain(name) for name in schema.names if values == {} or name in values]
    texts = [[_cell(value) for value in column] for column in values.values()]
    rows = [Row(n, dict(zip(columns, cells, strict=True))) for n, cells in enumerate(zip(*texts, strict=True), 1)]
    return Table(columns, rows)


def _is_flat(kind: Any) -> bool:
    """Whether a cell is a short piece of text or a number; sounds and images stay unread."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_flat(kind.value_type)
    binary = types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    return not (binary or types.is_nested(kind))


def _cell(value: object) -> str:
    # NaN is what pandas writes for an empty cell of a column of numbers.
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).strip()
