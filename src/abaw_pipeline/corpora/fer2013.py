"""FER2013 as its authors publish it: one CSV, a row an image, its 48 x 48 gray pixels written as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pydantic import Field

from abaw_pipeline.corpora.base import Quarantined, Split, some
from abaw_pipeline.corpora.stills import StillCorpus, StillEntry, StillListing
from abaw_pipeline.errors import CorpusError

NUMBERING = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""FER2013's emotions by their number."""

USAGES: Mapping[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

COLUMNS = ("emotion", "pixels", "usage")

LONGEST_LINE = 1 << 20
"""Bytes; a row of 2304 pixels has some 9,000. Anything longer is not read at once."""


class Fer2013(StillCorpus):
    """FER2013 (Goodfellow et al. 2013): 35,887 gray faces of 48 x 48 pixels in seven classes.

    `fer2013.csv` has the columns emotion, pixels, Usage, in any order (the challenge's own file has another).
    The file is read in one pass, a row at a time. People are not named in it. Of the 3,589 images of PublicTest some
    280 are also among the training images.
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
        listing = StillListing()
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
            raise CorpusError(
                f"the file cannot be read ({error.strerror}).", where=str(path), hint="Check the corpus's path."
            ) from error
        if not rows:
            first = listing.failures[0].message if listing.failures else "there are none"
            raise CorpusError("no row can be used.", where=str(path), hint=f"The first: {first}")
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
