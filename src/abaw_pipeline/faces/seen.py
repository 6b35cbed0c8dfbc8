"""The table of all faces as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

CORNERS = ("x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class Seen:
    """Frames of a stretch of video, and the faces in them.

    Attributes:
        frames: int64 [n_frames], indexes among the file's decoded frames, ascending.
        times: float64 [n_frames], seconds from the segment's start.
        shots: int64 [n_frames], which shot each frame belongs to, from 0; a frame that nobody looked at counts
            with the one before.
        at: int64 [n_faces], position in `frames` of each face, ascending.
        tracks: int64 [n_faces].
        boxes: float64 [n_faces, 4], pixels.
        scores: float64 [n_faces], NaN where interpolated.
        detected: bool [n_faces]; else interpolated.
    """

    frames: IntArray
    times: DoubleArray
    shots: IntArray
    at: IntArray
    tracks: IntArray
    boxes: DoubleArray
    scores: DoubleArray
    detected: npt.NDArray[np.bool_]


def read_seen(faces: pa.Table) -> Seen:
    """The arrays of a piece of face_crops, without identities and images.

    Raises:
        DataError: its rows are not in the order of frames, or it has no row.
    """
    import pyarrow.compute as pc

    index = _numbers(faces, "frame", np.int64)
    if not len(index) or (np.diff(index) < 0).any():
        raise DataError("the table of faces is empty or not in the order of frames")
    frames, first, place = np.unique(index, return_index=True, return_inverse=True)
    cuts = faces.column("cut").to_numpy(zero_copy_only=False).astype(bool)[first]
    here = pc.is_valid(faces.column("track"))
    shown = here.to_numpy(zero_copy_only=False).astype(bool)
    rows = faces.filter(here)
    return Seen(
        frames=frames,
        times=_numbers(faces, "time", np.float64)[first],
        shots=np.cumsum(cuts),
        at=place.reshape(-1)[shown],
        tracks=_numbers(rows, "track", np.int64),
        boxes=np.stack([_numbers(rows, name, np.float64) for name in CORNERS], axis=1),
        scores=_numbers(rows, "score", np.float64),
        detected=pc.equal(rows.column("origin"), "detected").to_numpy(zero_copy_only=False).astype(bool),
    )


def read_identities(faces: pa.Table) -> tuple[IntArray, FloatArray]:
    """Tracks int64 [n] and identity vectors float32 [n, D] of all detected faces."""
    import pyarrow.compute as pc

    rows = faces.filter(pc.is_valid(faces.column("identity"))).select(["track", "identity"]).combine_chunks()
    vectors = rows.column("identity").combine_chunks()
    flat = np.asarray(vectors.flatten().to_numpy(zero_copy_only=False), np.float32)
    return _numbers(rows, "track", np.int64), flat.reshape(len(vectors), vectors.type.list_size)


def _numbers(table: pa.Table, name: str, kind: type[Any]) -> npt.NDArray[Any]:
    return np.asarray(table.column(name).to_numpy(), dtype=kind)
