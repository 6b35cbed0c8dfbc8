"""Challenge files: a line of class names, then one whole number a frame; written, and read back to be checked.

The form is that of the ABAW challenges' own label files (S0.9). Files are named after clips, so that a video with
two people has one ending in `_left` and one in `_right`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ["file", "clip_id", "frames", "problem"]


def submission_files(
    posteriors: pd.DataFrame, frames: Mapping[str, pa.Table], classes: Sequence[str], training: pd.DataFrame
) -> dict[str, str]:
    """One file a clip, a decision for every frame.

    Args:
        posteriors: columns clip_id, frame, p_<class>, one row a frame, of one system or fusion.
        frames: clip id -> columns frame, time; every frame that must be decided.
        classes: the K classes; their order gives the numbers.
        training: columns label: of training clips. A clip that nothing is known of is given the commonest of
            these, because a challenge counts every frame.

    Returns:
        file name without its suffix -> text.

    Raises:
        DataError: two clips would have one file.
    """
    names = [f"p_{name}" for name in classes]
    commonest = classes.index(training["label"].mode().iloc[0]) if len(training) else 0
    by_clip = {str(clip_id): part for clip_id, part in posteriors.groupby("clip_id", sort=False)}
    files: dict[str, str] = {}
    for clip_id, table in frames.items():
        index = table.column("frame").to_numpy()
        decided = np.full(len(index), commonest)
        if clip_id in by_clip:
            part = by_clip[clip_id]
            where = np.searchsorted(index, part["frame"].to_numpy(dtype=np.int64))
            decided[where] = part[names].to_numpy().argmax(axis=1)
        file = file_name(clip_id)
        if file in files:
            raise DataError(f"two clips are named {file!r}", where="submission", hint="Submit one corpus at a time.")
        files[file] = "\n".join([header(classes), *map(str, decided.tolist())]) + "\n"
    return files


def check_submission(files: Mapping[str, str], frames: Mapping[str, pa.Table], classes: Sequence[str]) -> pd.DataFrame:
    """Read challenge files back and compare them with what is asked.

    Args:
        files: name without suffix -> text.
        frames: clip id -> columns frame, time.
        classes: the K classes in the order of the numbers.

    Returns:
        Columns file, clip_id, frames (how many the file decides), problem (null: none); a row for each file that
        there is or should be.
    """
    wanted = {file_name(clip_id): (clip_id, table.num_rows) for clip_id, table in frames.items()}
    rows = []
    for file in sorted(wanted.keys() | files.keys()):
        clip_id, n_frames = wanted.get(file, (None, 0))
        lines = files[file].splitlines() if file in files else []
        problem = _problem(lines, n_frames, classes) if file in wanted else "no clip has this name"
        rows.append((file, clip_id, max(len(lines) - 1, 0), problem))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"file": "string", "clip_id": "string", "problem": "string"})


def header(classes: Sequence[str]) -> str:
    """The first line: names as the challenges write them."""
    return ",".join(name.capitalize() for name in classes)


def file_name(clip_id: str) -> str:
    """A clip's file, without its suffix: its id without the corpus and folders."""
    return clip_id.rsplit("/", 1)[-1]


def _problem(lines: Sequence[str], n_frames: int, classes: Sequence[str]) -> str | None:
    if not lines:
        return "the file is missing or empty"
    if lines[0] != header(classes):
        return f"the first line is {lines[0]!r}, not {header(classes)!r}"
    if len(lines) - 1 != n_frames:
        return f"{len(lines) - 1} decisions for {n_frames} frames"
    known = {str(number) for number in range(len(classes))}
    for number, line in enumerate(lines[1:], 2):
        if line not in known:
            return f"line {number} is {line!r}, not a class from 0 to {len(classes) - 1}"
    return None
