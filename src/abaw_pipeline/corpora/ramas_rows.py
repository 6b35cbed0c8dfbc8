"""Rows of a RAMAS table: one interval each, with what its rater sees in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.corpora.agreement import Judgement
from abaw_pipeline.corpora.base import CorpusListing, Quarantined, Sex, some
from abaw_pipeline.corpora.cells import SEXES, number, seconds, word
from abaw_pipeline.corpora.labels import emotion, plain
from abaw_pipeline.corpora.lengths import end_within, media_length
from abaw_pipeline.corpora.ramas_media import MediaFolder
from abaw_pipeline.corpora.tables import Row, Table
from abaw_pipeline.errors import CorpusError

NEEDED = ("file", "start", "end")
OPTIONAL = ("subject", "sex", "session")
RATERS = ("rater", "annotator")
"""Columns that name a row's rater, where `rater` says nothing else."""


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are.

    Attributes:
        classes: column -> emotion.
        rater: the column that names raters; None: there is none.
        unused: columns that are neither.
    """

    classes: dict[str, str]
    rater: str | None
    unused: list[str]


@dataclass(frozen=True)
class Marked:
    """A row that could be read.

    Attributes:
        judgement: the interval and its votes by emotion.
        sex: of whom it is about; None: not told.
        session: empty: not told.
    """

    judgement: Judgement
    sex: Sex | None
    session: str


def find_columns(path: Path, table: Table, labels: Mapping[str, str], rater: str | None) -> Columns:
    """Which column is what.

    Args:
        path: of the table, for errors.
        table: as it was read.
        labels: the user's own names of classes.
        rater: the column that names raters; None: one of RATERS, if there is any.

    Raises:
        CorpusError: a column is missing, or none is a class.
    """
    rater = rater and plain(rater)
    missing = [column for column in NEEDED if column not in table.columns]
    if rater and rater not in table.columns:
        missing.append(rater)
    if missing:
        found = some([repr(column) for column in table.columns])
        raise CorpusError(f"no column {some(missing)}; the columns are {found}.", where=str(path), hint="Rename them.")
    rater = rater or next((column for column in RATERS if column in table.columns), None)
    others = [column for column in table.columns if column and column not in {*NEEDED, *OPTIONAL, rater}]
    classes = {column: known for column in others if (known := _emotion(column, labels))}
    if not classes:
        raise CorpusError(
            f"no column is a class; the columns are {some(table.columns)}.",
            where=str(path),
            hint="Name a column for each class, such as Angry, or map them: labels: {<column>: <emotion>}.",
        )
    return Columns(classes, rater, [column for column in others if column not in classes])


def _emotion(column: str, labels: Mapping[str, str]) -> str | None:
    try:
        return emotion(column, labels, "")
    except CorpusError:
        return None  # a column of something else; a note names it


class Rows:
    """Rows of a table as they are read.

    Args:
        name: what the study calls the corpus.
        path: of the table.
        table: as it was read.
        columns: what its columns are.
        media: where recordings lie.
        listing: where rows and recordings are noted that cannot be used.
    """

    def __init__(
        self, name: str, path: Path, table: Table, columns: Columns, media: MediaFolder, listing: CorpusListing
    ) -> None:
        self.name, self.path, self.table, self.columns = name, path, table, columns
        self.media, self.listing = media, listing
        self.files: dict[str, Path | None] = {}
        self.lengths: dict[Path, float | None] = {}
        self.raters: dict[tuple[Path, str], set[str]] = {}

    def by_person(self) -> dict[tuple[Path, str], list[Marked]]:
        """Readable rows by recording and person; the raters of each are noted in `raters`, where they are named."""
        found: dict[tuple[Path, str], list[Marked]] = {}
        for row in self.table.rows:
            try:
                file = self._file(row)
                if file is None:
                    continue
                person = file, row.cells.get("subject", "")
                raters = self.raters.setdefault(person, set())
                if self.columns.rater:
                    raters.add(self._rater(row))
                found.setdefault(person, []).append(self._marked(row, file))
            except CorpusError as error:
                self.listing.failures.append(Quarantined.because(f"{self.name}/row {row.number}", error))
        return found

    def _file(self, row: Row) -> Path | None:
        """The row's recording; None where it is not there, which is told once."""
        where = self._where(row)
        if row.problem:
            raise CorpusError(row.problem, where=where, hint="Quote fields that hold the separator.")
        cell = row.cells["file"]
        if not cell:
            raise CorpusError("no file is named.", where=where, hint="Name the recording, or drop the row.")
        if cell not in self.files:
            try:
                self.files[cell] = self.media.find(cell, where)
            except CorpusError as error:
                self.files[cell] = None
                rows = sum(other.cells.get("file") == cell for other in self.table.rows)
                error = CorpusError(f"{error.what} {rows} rows are about it.", where=where, hint=error.hint)
                self.listing.failures.append(Quarantined.because(f"{self.name}/{cell}", error))
        return self.files[cell]

    def _marked(self, row: Row, file: Path) -> Marked:
        where, cells = self._where(row), row.cells
        if file not in self.lengths:
            self.lengths[file] = media_length(str(file))
        start, end = (
            seconds(cells, column, where, decimal_comma=self.table.decimal_comma) for column in ("start", "end")
        )
        if start is None or end is None:
            raise CorpusError("start or end is empty.", where=where, hint="Fill in both, or drop the row.")
        votes: dict[str, float] = {}
        for column, label in self.columns.classes.items():
            votes[label] = max(votes.get(label, 0.0), self._vote(cells, column, where))
        judgement = Judgement(start, end_within(start, end, self.lengths[file], where), self._rater(row), votes)
        return Marked(judgement, word(cells, "sex", SEXES, where), cells.get("session", ""))

    def _rater(self, row: Row) -> str:
        rater = row.cells[self.columns.rater] if self.columns.rater else f"row {row.number}"
        if not rater:
            raise CorpusError("no rater is named.", where=self._where(row), hint="Name the rater, or drop the row.")
        return rater

    def _vote(self, cells: Mapping[str, str], column: str, where: str) -> float:
        text = cells[column]
        truth = {"": 0.0, "false": 0.0, "true": 1.0}
        vote = truth.get(text.casefold(), number(text, decimal_comma=self.table.decimal_comma))
        if not 0 <= vote <= 1:
            raise CorpusError(f"{column} is {text!r}.", where=where, hint="It may be 1, 0, a number between, or empty.")
        return vote

    def _where(self, row: Row) -> str:
        return f"{self.path.name}, row {row.number}"
