"""The table of all faces as arrays, read part by part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.rows import DIMENSIONS
from abaw_pipeline.types import DoubleArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

CORNERS = ("x1", "y1", "x2", "y2")

SEEN = ("frame", "time", "sampled", "cut", "track", *CORNERS, "score", "origin")
"""Columns of face_crops that `read_seen` reads."""

KNOWN = (*SEEN, "identity")
"""Those that telling people apart takes, besides."""


@dataclass(frozen=True)
class Seen:
    """Frames of a stretch of video, and the faces in them.

    Attributes:
        frames: int64 [n_frames], indexes among the file's decoded frames, ascending.
        times: float64 [n_frames], seconds from the segment's start.
        shots: int64 [n_frames], which shot each frame belongs to, from 0; a frame that nobody looked at counts
            with the one before.
        sampled: bool [n_frames], whether faces were looked for in it.
        at: int64 [n_faces], position in `frames` of each face, ascending.
        tracks: int64 [n_faces].
        boxes: float64 [n_faces, 4], pixels; NaN where they are not known.
        scores: float64 [n_faces], NaN where interpolated.
        detected: bool [n_faces]; else interpolated.
    """

    frames: IntArray
    times: DoubleArray
    shots: IntArray
    sampled: npt.NDArray[np.bool_]
    at: IntArray
    tracks: IntArray
    boxes: DoubleArray
    scores: DoubleArray
    detected: npt.NDArray[np.bool_]


def read_seen(faces: Iterable[pa.Table]) -> Seen:
    """The arrays of a piece of face_crops, without identities and images.

    Args:
        faces: its parts, with the columns `SEEN` at least.

    Raises:
        DataError: its rows are not in the order of frames, or it has no row.
    """
    parts = [_Rows.of(part) for part in faces]
    index = np.concatenate([part.frame for part in parts]) if parts else np.zeros(0, np.int64)
    if not len(index) or (np.diff(index) < 0).any():
        raise DataError("the table of faces is empty or not in the order of frames")
    frames, first, place = np.unique(index, return_index=True, return_inverse=True)
    rows = _Rows(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(_Rows)))
    return Seen(
        frames=frames,
        times=rows.time[first],
        shots=np.cumsum(rows.cut[first]),
        sampled=rows.sampled[first],
        at=place.reshape(-1)[rows.shown],
        tracks=rows.track,
        boxes=rows.boxes,
        scores=rows.score,
        detected=rows.detected,
    )


@dataclass(frozen=True)
class _Rows:
    """Rows of a part: frame to shown of each, the others of those that show a face."""

    frame: IntArray
    time: DoubleArray
    sampled: npt.NDArray[np.bool_]
    cut: npt.NDArray[np.bool_]
    shown: npt.NDArray[np.bool_]
    track: IntArray
    boxes: DoubleArray
    score: DoubleArray
    detected: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, part: pa.Table) -> _Rows:
        import pyarrow.compute as pc

        here = pc.is_valid(part.column("track"))
        rows = part.select([name for name in SEEN if name not in {"time", "sampled", "cut"}]).filter(here)
        return cls(
            frame=_numbers(part, "frame", np.int64),
            time=_numbers(part, "time", np.float64),
            sampled=_flags(part.column("sampled")),
            cut=_flags(part.column("cut")),
            shown=_flags(here),
            track=_numbers(rows, "track", np.int64),
            boxes=np.stack([_numbers(rows, name, np.float64) for name in CORNERS], axis=1),
            score=_numbers(rows, "score", np.float64),
            detected=_flags(pc.equal(rows.column("origin"), "detected")),
        )


def read_identities(part: pa.Table) -> tuple[IntArray, FloatArray]:
    """Tracks int64 [n] and identity vectors float32 [n, D] of all detected faces of a part."""
    import pyarrow.compute as pc

    rows = part.select(["track", "identity"]).filter(pc.is_valid(part.column("identity"))).combine_chunks()
    vectors = rows.column("identity").combine_chunks()
    flat = np.asarray(vectors.flatten().to_numpy(zero_copy_only=False), np.float32)
    return _numbers(rows, "track", np.int64), flat.reshape(len(vectors), vectors.type.list_size)


def sum_identities(faces: Iterable[pa.Table]) -> tuple[IntArray, DoubleArray]:
    """Tracks with an identity, int64 [n] in order of appearance, and the sum of each one's vectors, float64 [n, D].

    Vectors are added one after the other, so that the sums do not hang on where parts begin.

    Args:
        faces: parts of a piece of face_crops, with the columns track and identity at least.
    """
    place: dict[int, int] = {}
    sums = np.zeros((0, DIMENSIONS))
    for part in faces:
        tracks, vectors = read_identities(part)
        for track in tracks.tolist():
            place.setdefault(track, len(place))
        sums = np.concatenate([sums, np.zeros((len(place) - len(sums), DIMENSIONS))])
        np.add.at(sums, [place[track] for track in tracks.tolist()], vectors)
    return np.array(list(place), np.int64), sums


def _numbers(table: pa.Table, name: str, kind: type[Any]) -> npt.NDArray[Any]:
    return np.asarray(table.column(name).to_numpy(), dtype=kind)


def _flags(values: Any) -> npt.NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)
