"""Boxes that come with a corpus, or from a detector outside this project, instead of being detected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.detection import Detect, Detections, no_faces, pixels_of, tidy
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, File, IntArray, Picture

CORNERS = ("x1", "y1", "x2", "y2")
SUFFIXES = (".csv", ".parquet")


class Provided(Part):
    """Boxes from tables, one a media file (S0, Tables 2 and 3: the boxes that the challenge hands out).

    A table is `<name of the media file without its ending>.csv` (or `.parquet`) with the columns frame (index of the
    decoded frame, from 0), x1, y1, x2, y2 (pixels of the upright picture) and, if there are any, score (0..1; 1
    where the column is missing) and person (whatever tells people apart within a frame; a person has one box a
    frame). Several rows of one frame are several people, a frame without a row has no face. Who is who from one
    frame to the next is left to the tracker.
    """

    kind: Literal["provided"] = "provided"
    path: str = Field(min_length=1, description="folder with one table of boxes a media file")

    def companion(self, media: str) -> str | None:
        """The table that belongs to a media file; None where there is none.

        Raises:
            DataError: the folder is missing, or holds two tables for this file.
        """
        folder = Path(self.path)
        if not folder.is_dir():
            raise DataError("the folder of provided boxes is not there", where=self.path)
        found = [folder / f"{Path(media).stem}{suffix}" for suffix in SUFFIXES]
        found = [table for table in found if table.is_file()]
        if len(found) > 1:
            raise DataError(f"{found[0].name} and {found[1].name} both give boxes", where=self.path, hint="Remove one.")
        return str(found[0]) if found else None

    def open(self, boxes: File | None = None, device: str = "cpu") -> Detect:
        """The boxes of one video, looked up by the pictures' indexes; `device` is not used.

        Raises:
            DataError: no table, columns that are missing, values that cannot be; while it is used, pictures
                without pixels, and boxes that lie wholly outside the picture.
        """
        if boxes is None:
            hint = f"Put {self.path}/<name of the media file>.csv there, with the columns frame, {', '.join(CORNERS)}."
            raise DataError("no table of boxes belongs to this video.", where=self.path, hint=hint)
        return partial(_look_up, read_boxes(boxes.path), boxes.path)


@dataclass(frozen=True)
class Boxes:
    """The boxes of a video, in the order of frames and within one in the table's.

    Attributes:
        frames: int64 [n], indexes of decoded frames.
        values: float64 [n, 5]: x1, y1, x2, y2 (pixels) and score.
    """

    frames: IntArray
    values: DoubleArray

    def of(self, frame: int) -> DoubleArray:
        """Those of a frame, float64 [n, 5]."""
        first, last = np.searchsorted(self.frames, [frame, frame + 1])
        return self.values[first:last]


def _look_up(boxes: Boxes, where: str, pictures: Sequence[Picture]) -> list[Detections]:
    return [_of_picture(boxes, where, picture) for picture in pictures]


def _of_picture(boxes: Boxes, where: str, picture: Picture) -> Detections:
    height, width = pixels_of(picture).shape[:2]
    mine = boxes.of(picture.index)
    if not len(mine):
        return no_faces()
    found = tidy(mine[:, :4], mine[:, 4], None, (height, width))
    if len(found) < len(mine):
        raise DataError(
            f"a box of frame {picture.index} lies outside the picture, which is {width}x{height}",
            where=where,
            hint="Boxes count in pixels of the decoded, upright picture.",
        )
    return found


def read_boxes(path: str) -> Boxes:
    """The boxes of a table.

    Raises:
        DataError: a file that cannot be read, columns that are missing, values that cannot be.
    """
    columns = _columns(path)
    missing = [name for name in ("frame", *CORNERS) if name not in columns]
    if missing:
        raise DataError(f"no column {', '.join(missing)}; there are {', '.join(columns) or 'none'}", where=path)
    frames = _numbers(columns["frame"], "frame", path)
    values = np.ones((len(frames), 5))
    for at, name in enumerate((*CORNERS, "score")):
        if name in columns:
            values[:, at] = _numbers(columns[name], name, path)
    _refuse((frames < 0) | (frames != np.floor(frames)), "frame is not an index from 0", path)
    _refuse((values[:, 2:4] <= values[:, :2]).any(axis=1), "the box is empty: x1 < x2 and y1 < y2 must hold", path)
    _refuse((values[:, 4] < 0) | (values[:, 4] > 1), "score is not within 0..1", path)
    if "person" in columns:
        _refuse(_repeated(frames, columns["person"]), "this person has a box in this frame already", path)
    if (np.diff(frames) < 0).any():
        order = np.argsort(frames, kind="stable")
        frames, values = frames[order], values[order]
    return Boxes(frames.astype(np.int64), values)


def _columns(path: str) -> dict[str, Any]:
    """Columns of a CSV (commas, UTF-8) or Parquet file by lower-case name."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if path.endswith(".parquet"):
            table = parquet.read_table(path)
        else:  # a header without an end of line would not be taken for one; a line too many is no row
            table = csv.read_csv(pa.BufferReader(Path(path).read_bytes() + b"\n"))
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"the table of boxes cannot be read: {error}", where=path) from error
    return {str(name).strip().lower(): table.column(at) for at, name in enumerate(table.column_names)}


def _numbers(column: Any, name: str, path: str) -> DoubleArray:
    """A column as float64, finite."""
    import pyarrow as pa

    empty = pa.types.is_null(column.type)  # a CSV with a header only, or with nothing but gaps, has no type
    if not (empty or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(f"column {name} holds {column.type}, not numbers", where=path)
    values = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    _refuse(~np.isfinite(values), f"{name} is empty or not finite", path)
    return values


def _repeated(frames: DoubleArray, people: Any) -> Any:
    seen: set[tuple[float, Any]] = set()
    twice = np.zeros(len(frames), bool)
    for at, key in enumerate(zip(frames.tolist(), people.to_pylist(), strict=True)):
        twice[at] = key in seen
        seen.add(key)
    return twice


def _refuse(bad: Any, problem: str, path: str) -> None:
    """Name the first bad row as a spreadsheet counts it, and how many there are."""
    rows = np.flatnonzero(bad)
    if len(rows):
        first = int(rows[0]) + (1 if path.endswith(".parquet") else 2)
        more = f" (and {len(rows) - 1} rows more)" if len(rows) > 1 else ""
        raise DataError(f"row {first}: {problem}{more}", where=path)
