"""The table of all faces in a stretch of video: its columns, and how its parts are made while pictures stream by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.types import DoubleArray, FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

DIMENSIONS = 128
"""Length of an identity vector."""

ROWS_AT_ONCE, BYTES_AT_ONCE = 512, 1 << 22
"""Rows of a part, and bytes of their images: a part is full once it has as many of either."""


@dataclass(frozen=True)
class Face:
    """A face in a sampled frame.

    Attributes:
        track: whose face.
        box: float64 [4], pixels; NaN where it is not known.
        image: JPEG bytes.
        score: of the detector; None where it is interpolated.
        similarity: to what the track was known by; None where the track begins, or it is interpolated.
        identity: float32 [128]; None where it is interpolated, or not known.
    """

    track: int
    box: DoubleArray
    image: bytes
    score: float | None = None
    similarity: float | None = None
    identity: FloatArray | None = None


def face_crops_schema() -> pa.Schema:
    """Columns of the table: a row a face in a sampled frame, and one a frame that has none or is not sampled.

    frame counts the file's decoded frames from 0, time is in seconds from the segment's start, x1 to y2 are
    pixels of the source frame; cut: a shot begins with this sampled frame or since the one before. Null from
    track on: no face. Null in score and identity: interpolated; in similarity: so, or a track's first face. Null in
    the box and identity of a face that has a score: a ready-made crop, see `cropped.Cropped`.
    """
    import pyarrow as pa

    real = pa.float32()
    return pa.schema(
        [
            ("frame", pa.int64()),
            ("time", pa.float64()),
            ("sampled", pa.bool_()),
            ("cut", pa.bool_()),
            ("track", pa.int32()),
            *((name, real) for name in ("x1", "y1", "x2", "y2", "score")),
            ("origin", pa.string()),
            ("similarity", real),
            ("identity", pa.list_(real, DIMENSIONS)),
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ]
    )


class FaceRows:
    """Takes frames in order and gives their rows as tables, one part after the other."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, float, bool, bool, Face | None]] = []
        self._bytes = 0

    def add(self, frame: int, time: float, sampled: bool, cut: bool, faces: Sequence[Face]) -> None:
        """Write down a frame and its faces, which may be none."""
        shown: Sequence[Face | None] = faces or [None]
        self._rows.extend((frame, time, sampled, cut, face) for face in shown)
        self._bytes += sum(len(face.image) for face in faces)

    @property
    def full(self) -> bool:
        """Whether there is enough for a part; all faces of a frame are in the same one."""
        return len(self._rows) >= ROWS_AT_ONCE or self._bytes >= BYTES_AT_ONCE

    def take(self) -> pa.Table:
        """What was written down since the last time."""
        import pyarrow as pa

        schema, rows = face_crops_schema(), self._rows
        columns: list[list[object]] = [[row[at] for row in rows] for at in range(4)]
        faces = [row[4] for row in rows]
        columns.append([face and face.track for face in faces])
        columns += [[None if face is None else known(face.box[at]) for face in faces] for at in range(4)]
        columns.append([face and face.score for face in faces])
        columns.append([face and ("interpolated" if face.score is None else "detected") for face in faces])
        columns.append([face and face.similarity for face in faces])
        columns.append([None if face is None else face.identity for face in faces])
        columns.append([face and {"bytes": face.image, "path": None} for face in faces])
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        self._rows, self._bytes = [], 0
        return pa.Table.from_arrays(arrays, schema=schema)


def known(value: float) -> float | None:
    """A number, or None for NaN."""
    return None if np.isnan(value) else float(value)
