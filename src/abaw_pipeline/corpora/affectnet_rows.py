"""What AffectNet's lists tell of an image: its emotion by a code, its path, and the box of its face."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath

from abaw_pipeline.corpora.cells import number, slashes
from abaw_pipeline.corpora.still_pixels import Box
from abaw_pipeline.corpora.tables import Row
from abaw_pipeline.errors import CorpusError

PATH = "subdirectory_filepath"
BOX = ("face_x", "face_y", "face_width", "face_height")
COLUMNS = (PATH, *BOX, "facial_landmarks", "expression", "valence", "arousal")
"""In the published order; the list of validation images is handed out without a header."""

NEEDED = (PATH, "expression")
"""Without boxes."""

CODES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""Emotions by their code."""

NO_EMOTION = ("none", "uncertain", "no face")
"""What the codes behind those of emotions mean."""

MEANINGS = {str(code): word for code, word in enumerate((*CODES, *NO_EMOTION))}

LARGEST = 1 << 20
"""Pixels; no coordinate of a face is beyond."""


@dataclass(frozen=True)
class Face:
    """An image that has an emotion.

    Attributes:
        path: of the image, from the folder of images, with forward slashes.
        label: the emotion.
        box: of the face; None: not asked for.
    """

    path: str
    label: str
    box: Box | None = None


def face(row: Row, where: str, *, boxed: bool) -> Face | str:
    """The image that a row of a list is about; a word of `NO_EMOTION` where it has no emotion.

    Args:
        row: of a list.
        where: the list and the row, for errors.
        boxed: whether the box is asked for.

    Raises:
        CorpusError: the row is damaged, its code unknown, its path none below the folder, or its box none.
    """
    if row.problem:
        raise CorpusError(row.problem, where=where, hint="Take the list as the authors hand it out.")
    label = meaning(row.cells["expression"], where)
    if label in NO_EMOTION:
        return label
    return Face(_path(row.cells[PATH], where), label, _box(row, where) if boxed else None)


def meaning(code: str, where: str) -> str:
    """The emotion that a code stands for, or the word of `NO_EMOTION`.

    Raises:
        CorpusError: there is no such code.
    """
    if code not in MEANINGS:
        raise CorpusError(f"expression is {code!r}.", where=where, hint=f"Codes are 0 to {len(MEANINGS) - 1}.")
    return MEANINGS[code]


def left_out_note(where: str, left_out: Mapping[str, int]) -> list[str]:
    """A note of images that have no emotion, if there are any.

    Args:
        where: the list or folder.
        left_out: word of `NO_EMOTION` -> images.
    """
    counts = ", ".join(f"{word} {left_out[word]}" for word in NO_EMOTION if word in left_out)
    return [f"{where}: {sum(left_out.values())} images without an emotion are left out: {counts}"] if counts else []


def _path(text: str, where: str) -> str:
    path = posixpath.normpath(slashes(text)) if text else ""
    outside = path.startswith("/") or path.partition("/")[0] == ".." or PureWindowsPath(path).drive
    if path in {"", "."} or outside:
        raise CorpusError(
            f"{PATH} is {text!r}.", where=where, hint="It is a path below the folder of images, such as 459/8145.jpg."
        )
    return path


def _box(row: Row, where: str) -> Box:
    x, y, width, height = (number(row.cells[column], decimal_comma=False) for column in BOX)
    corners = (x, y, x + width, y + height)
    if not (all(math.isfinite(each) and abs(each) <= LARGEST for each in corners) and width >= 1 and height >= 1):
        given = ", ".join(f"{column} {row.cells[column]!r}" for column in BOX)
        raise CorpusError(
            f"no box of a face ({given}).", where=where, hint="With crop: false the whole image is taken."
        )
    return round(corners[0]), round(corners[1]), round(corners[2]), round(corners[3])
