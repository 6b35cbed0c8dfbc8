"""Label files of the ABAW challenges: a line of class names, then one whole number a frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.corpora.labels import emotion
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.types import File, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

NOT_ANNOTATED = -1


def parse_labels(text: str, names: Mapping[str, str], where: str) -> tuple[list[str], IntArray]:
    """The classes of a label file, and the number of each frame's class.

    Args:
        text: the file's content; a byte order mark and any kind of line end are taken.
        names: the user's own names of classes, see `labels.emotion`.
        where: the file, for errors.

    Returns:
        emotions in the order of the file's numbers, and int64 [n_frames] of indexes into them, -1: not annotated.

    Raises:
        CorpusError: no line of class names, an unknown or repeated class, no frames, or a line that is no class's
            number.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or not any(letter.isalpha() for letter in lines[0]):
        raise CorpusError("the first line names no classes.", where=where, hint="It reads Neutral,Anger,...")
    header = [name for name in lines[0].split(",") if name.strip()]
    classes = [emotion(name, names, f"{where}, line 1") for name in header]
    if len(set(classes)) < len(classes):
        raise CorpusError(f"two names mean one class: {lines[0].strip()}", where=f"{where}, line 1")
    if len(lines) == 1:
        raise CorpusError("there are no frames.", where=where, hint="One number a frame follows the first line.")
    return classes, _numbers(lines[1:], len(classes), where)


def read_labels(
    labels: File, frames: pa.Table, names: Mapping[str, str], tolerance: int, start: float, end: float
) -> pa.Table:
    """Labels of a clip's frames, matched by frame index.

    Args:
        labels: a label file, one number for each frame of the whole video.
        frames: the clip's frames, columns frame (index in the video), time (seconds from the clip's start).
        names: the user's own names of classes.
        tolerance: by how many frames the file may be longer or shorter than the video. What is beyond the video
            is dropped, frames beyond the file are not annotated.
        start: of the clip, seconds; a clip that is a part of a video is not compared in length.
        end: of the clip, seconds.

    Returns:
        Columns frame, time, label; only annotated frames.

    Raises:
        CorpusError: not a label file, or one for another number of frames.
    """
    import pyarrow as pa

    text = Path(labels.path).read_text(encoding="utf-8", errors="replace")
    classes, values = parse_labels(text, names, labels.path)
    index = frames.column("frame").to_numpy()
    if start == 0 and abs(len(values) - len(index)) > tolerance:
        raise CorpusError(
            f"{len(values)} labels for a video of {len(index)} frames (up to {end:.2f} s).",
            where=labels.path,
            hint="Check that it belongs to this video, or raise the corpus's label_tolerance.",
        )
    known = index < len(values)
    index, time = index[known], frames.column("time").to_numpy()[known]
    annotated = values[index] != NOT_ANNOTATED
    label = np.asarray(classes, dtype=object)[values[index][annotated]]
    return pa.table(
        {"frame": index[annotated], "time": time[annotated], "label": pa.array(label.tolist(), pa.string())}
    )


def _numbers(lines: list[str], n_classes: int, where: str) -> IntArray:
    try:
        values = np.array(lines, dtype="U").astype(np.int64)
        wrong = np.flatnonzero((values < NOT_ANNOTATED) | (values >= n_classes))
    except (ValueError, OverflowError):
        wrong = np.array([next(i for i, line in enumerate(lines) if not _is_number(line))])
    if len(wrong):
        number = int(wrong[0])
        raise CorpusError(
            f"{lines[number].strip()!r} is no class.",
            where=f"{where}, line {number + 2}",
            hint=f"Numbers are 0 to {n_classes - 1}, or {NOT_ANNOTATED} for a frame that is not annotated.",
        )
    return np.asarray(values, dtype=np.int64)


def _is_number(line: str) -> bool:
    text = line.strip().removeprefix("-")
    return text.isascii() and text.isdecimal() and len(text) < 10
