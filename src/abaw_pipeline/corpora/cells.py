"""What users write into cells of tables: numbers, times, words, paths of any system."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import TypeVar

from abaw_pipeline.corpora.base import Sex
from abaw_pipeline.corpora.labels import plain
from abaw_pipeline.errors import CorpusError

Word = TypeVar("Word", bound=str)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
SEXES: Mapping[str, Sex] = {
    "f": "f",
    "female": "f",
    "w": "f",
    "woman": "f",
    "m": "m",
    "male": "m",
    "man": "m",
}


def number(text: str, *, decimal_comma: bool) -> float:
    """The number that a cell says; NaN if it says none."""
    text = text.replace(",", ".") if decimal_comma else text
    # float() alone would also take 1_000, nan and digits of other scripts.
    return float(text) if NUMBER.fullmatch(text) else math.nan


def seconds(cells: Mapping[str, str], column: str, where: str, *, decimal_comma: bool) -> float | None:
    """The time in a column; None where the cell is empty.

    Raises:
        CorpusError: it is no time, or less than 0.
    """
    text = cells.get(column, "")
    if not text:
        return None
    value = number(text, decimal_comma=decimal_comma)
    if not (math.isfinite(value) and value >= 0):
        raise CorpusError(
            f"{column} is {text!r}.", where=where, hint="Times are seconds from the media's start, 0 or more."
        )
    return value


def word(cells: Mapping[str, str], column: str, known: Mapping[str, Word], where: str) -> Word | None:
    """What the word in a column means; None where the cell is empty.

    Raises:
        CorpusError: the word is not among the known ones.
    """
    text = plain(cells.get(column, ""))
    if text and text not in known:
        raise CorpusError(
            f"{column} is {cells[column]!r}.", where=where, hint=f"It may be {', '.join(known)}, or empty."
        )
    return known[text] if text else None


def slashes(text: str) -> str:
    """A path with forward slashes, however it was written."""
    return PureWindowsPath(text).as_posix() if "\\" in text else text
