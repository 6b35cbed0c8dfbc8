"""Label files of the ABAW challenges: a line of class names, then one whole number a frame."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abaw_pipeline.corpora.labels import FrameLabels, emotion
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.types import File, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

NOT_ANNOTATED = -1

NUMBER = re.compile(r"-1|[0-9]{1,3}")
"""int() alone would also take 1_0, +1 and digits of other scripts."""


def parse_labels(text: str, names: Mapping[str, str], where: str) -> tuple[list[str], IntArray]:
    """The classes of a label file, and the number of each frame's class.

    Args:
        text: the file's content; a byte order mark and any kind of line end are taken.
        names: the user's own names of classes, see `labels.emotion`.
        where: the file, for errors.

    Returns:
        emotions in the order of the file's numbers, and int64 [n_frames] of indexes into them, -1: not annotated.

    Raises:
        CorpusError: no line of class names, an unknown, empty or repeated class, no frames, or a line that is no
            class's number.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or not any(letter.isalpha() for letter in lines[0]):
        raise CorpusError("the first line names no classes.", where=where, hint="It reads Neutral,Anger,...")
    classes = _classes(lines[0], names, where)
    if len(lines) == 1:
        raise CorpusError("there are no frames.", where=where, hint="One number a frame follows the first line.")
    return classes, _numbers(lines[1:], len(classes), where)


def read_labels(
    labels: File,
    media: File,
    frames: pa.Table | None,
    names: Mapping[str, str],
    tolerance: int,
) -> pa.Table:
    """Labels of a clip's frames, matched by frame index.

    Args:
        labels: a label file, one number for each frame of the whole video, also where the clip is a part of it.
        media: that video.
        frames: the clip's frames, columns frame (index in the video), time (seconds from the clip's start); None:
            the media have no pictures.
        names: the user's own names of classes.
        tolerance: by how many frames the file may be longer or shorter than the video. What is beyond the video
            is dropped, frames beyond the file are not annotated.

    Returns:
        Columns frame, time, label; only annotated frames.

    Raises:
        CorpusError: not a label file, one for another number of frames, or no frames to be labelled.
        MediaError: the video cannot be read.
    """
    import pyarrow as pa

    from abaw_pipeline.media.pictures import frame_times

    if frames is None:
        raise CorpusError(
            "a label a frame, but the clip has no pictures.",
            where=labels.path,
            hint="Sound has one label a clip: use the column label.",
        )
    classes, values = parse_labels(plain_text(Path(labels.path)), names, labels.path)
    n_frames = len(frame_times(media.path))
    if abs(len(values) - n_frames) > tolerance:
        raise CorpusError(
            f"{len(values)} labels for a video of {n_frames} frames.",
            where=labels.path,
            hint=f"Check that it belongs to this video, or raise the corpus's label_tolerance, which is {tolerance}.",
        )
    index, time = frames.column("frame").to_numpy(), frames.column("time").to_numpy()
    label = np.full(len(index), NOT_ANNOTATED)
    covered = index < len(values)
    label[covered] = values[index[covered]]
    known = label != NOT_ANNOTATED
    chosen = [classes[number] for number in label[known].tolist()]
    return pa.table({"frame": index[known], "time": time[known], "label": pa.array(chosen, pa.string())})


def reading(corpus: object) -> dict[str, Any]:
    """What a corpus sets about label files: arguments names, tolerance of `read_labels`.

    A corpus of a user's own that sets nothing gets what is usual.
    """
    given = corpus if isinstance(corpus, FrameLabels) else FrameLabels()
    return {"names": dict(given.labels), "tolerance": given.label_tolerance}


def plain_text(path: Path) -> str:
    """A text file in UTF-8, or UTF-16 with its mark; what is neither is kept as question marks for a later error.

    Raises:
        CorpusError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise CorpusError(
            f"the file cannot be read ({reason}).", where=str(path), hint="Check that it is there."
        ) from error
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")


def _classes(line: str, names: Mapping[str, str], where: str) -> list[str]:
    where = f"{where}, line 1"
    header = [name.strip() for name in line.split(",")]
    while not header[-1]:
        header.pop()
    # An empty name is not passed over: all numbers behind it would mean the class before theirs.
    if "" in header:
        raise CorpusError(f"class {header.index('')} has no name: {line.strip()}", where=where, hint="Name it.")
    if len(header) == 1 and re.search(r"[;\t |]", header[0]):
        raise CorpusError(f"not separated by commas: {header[0]}", where=where, hint="It reads Neutral,Anger,...")
    classes = [emotion(name, names, where) for name in header]
    if len(set(classes)) < len(classes):
        raise CorpusError(f"two names mean one class: {line.strip()}", where=where)
    return classes


def _numbers(lines: list[str], n_classes: int, where: str) -> IntArray:
    known = {str(number) for number in range(NOT_ANNOTATED, n_classes)}
    cells = [line.strip() for line in lines]
    wrong = next((at for at, cell in enumerate(cells) if cell not in known and not _is_class(cell, n_classes)), None)
    if wrong is not None:
        raise CorpusError(
            f"{cells[wrong]!r} is no class.",
            where=f"{where}, line {wrong + 2}",
            hint=f"Numbers are 0 to {n_classes - 1}, or {NOT_ANNOTATED} for a frame that is not annotated.",
        )
    return np.array([int(cell) for cell in cells], dtype=np.int64)


def _is_class(cell: str, n_classes: int) -> bool:
    """Whether a number that is written in an unusual way, such as 03, is a class's."""
    return NUMBER.fullmatch(cell) is not None and int(cell) < n_classes
