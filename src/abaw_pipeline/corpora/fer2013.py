"""FER2013 as its authors publish it: one CSV, a row an image, its 48 x 48 gray pixels written as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from pydantic import Field

from abaw_pipeline.corpora.base import Quarantined, some
from abaw_pipeline.corpora.ferplus import USAGES, FerPlusVotes, Tally
from abaw_pipeline.corpora.stills import StillCorpus, StillEntry, StillListing
from abaw_pipeline.corpora.tables import unreadable
from abaw_pipeline.errors import CorpusError

NUMBERING = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""FER2013's emotions by their number."""

COLUMNS = ("emotion", "pixels", "usage")

LONGEST_LINE = 1 << 20
"""Bytes; a row of 2304 pixels has some 9,000. Anything longer is not read at once."""


class Fer2013(FerPlusVotes, StillCorpus):
    """FER2013 (Goodfellow et al. 2013): 35,887 gray faces of 48 x 48 pixels in seven classes.

    `fer2013.csv` has the columns emotion, pixels, Usage, in any order (the challenge's own file has another).
    The file is read in one pass, a row at a time. People are not named in it. Of the 3,589 images of PublicTest some
    280 are also among the training images. With `votes`, FER+'s votes give the labels: its row n is on the file's
    row n, which holds if both have as many rows and the same Usage in each.
    """

    kind: Literal["fer2013"] = "fer2013"
    path: str = Field(min_length=1, description="the CSV file, or the folder in which fer2013.csv lies")

    def entries(self, name: str) -> StillListing:
        """List the rows; pixels are looked at only when they are read.

        Args:
            name: what the study calls this corpus; image ids are `<name>/<Usage>_<row>`, rows from 0.

        Raises:
            CorpusError: no such file, no such columns, or no usable row.
        """
        path = Path(self.path).absolute()
        path = path / "fer2013.csv" if path.is_dir() else path
        tally = self.tally()
        listing = StillListing()
        rows = _read(path, name, listing)
        if tally:
            rows = _voted(rows, tally, path, name, listing)
            listing.notes.extend(tally.notes())
        if not rows:
            first = f"The first: {listing.failures[0].message}" if listing.failures else "; ".join(listing.notes)
            raise CorpusError("no row can be used.", where=str(path), hint=first or "There are none.")
        listing.images.extend(
            StillEntry(f"{name}/{row.usage}_{row.number}", USAGES[row.usage], row.label, None, str(path), row.span)
            for row in rows
        )
        return listing


@dataclass(frozen=True)
class _Row:
    number: int
    label: str
    usage: str
    span: tuple[int, int]


def _read(path: Path, name: str, listing: StillListing) -> list[_Row]:
    """The file's rows; damaged ones go to the listing's failures.

    Raises:
        CorpusError: no such file, or no such columns.
    """
    rows: list[_Row] = []
    try:
        with path.open("rb") as file:
            lines = _lines(file)
            order = _columns(path, next(lines, (0, b""))[1])
            for number, (offset, line) in enumerate(lines):
                try:
                    rows.append(_row(line, offset, order, number, path))
                except CorpusError as error:
                    listing.failures.append(Quarantined.because(f"{name}/row {number}", error))
    except OSError as error:
        raise unreadable(path, error) from error
    return rows


def _voted(rows: list[_Row], tally: Tally, path: Path, name: str, listing: StillListing) -> list[_Row]:
    """The rows that have a label by votes, with it.

    Raises:
        CorpusError: the votes are not on these rows.
    """
    count = len(rows) + len(listing.failures)
    ballots = tally.in_order({row.number: row.usage for row in rows}, count, str(path))
    kept: list[_Row] = []
    for row in rows:
        try:
            label = tally.label(ballots[row.number], row.label)
        except CorpusError as error:
            listing.failures.append(Quarantined.because(f"{name}/row {row.number}", error))
        else:
            kept.extend([replace(row, label=label)] if label else [])
    return kept


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Offset and content of each line that is not empty; of one that is too long only its beginning."""
    offset = 0
    while line := file.readline(LONGEST_LINE):
        first, offset = offset, offset + len(line)
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(LONGEST_LINE)):
            offset += len(rest)
        if line.strip():
            yield first, line


def _columns(path: Path, header: bytes) -> list[int]:
    """Where in a row emotion, pixels and usage stand."""
    names = [
        cell.decode("latin-1").strip(' "\r\n').casefold() for cell in header.removeprefix(b"\xef\xbb\xbf").split(b",")
    ]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise CorpusError(
            f"no column {some(missing)}; the first line is {header[:60]!r}.",
            where=str(path),
            hint="FER2013's file has the columns emotion, pixels, Usage.",
        )
    return [names.index(column) for column in COLUMNS]


def _row(line: bytes, offset: int, order: list[int], number: int, path: Path) -> _Row:
    where = f"{path.name}, row {number}"
    cells = line.rstrip(b"\r\n").split(b",")
    if len(cells) <= max(order) or len(line) >= LONGEST_LINE:
        raise CorpusError("the row is not made of emotion, pixels and Usage.", where=where, hint="Drop the row.")
    emotion, pixels, usage = (cells[index] for index in order)
    label, part = emotion.strip(b' "'), usage.strip(b' "').decode("latin-1")
    if not label.isdigit() or int(label) >= len(NUMBERING):
        raise CorpusError(
            f"emotion is {label.decode('latin-1')!r}.",
            where=where,
            hint=f"It is a number from 0 to {len(NUMBERING) - 1}.",
        )
    if part not in USAGES:
        raise CorpusError(f"Usage is {part!r}.", where=where, hint=f"It is one of {', '.join(USAGES)}.")
    before = sum(len(cell) + 1 for cell in cells[: order[1]])
    start = before + len(pixels) - len(pixels.lstrip(b' "'))
    return _Row(number, NUMBERING[int(label)], part, (offset + start, len(pixels.strip(b' "'))))
