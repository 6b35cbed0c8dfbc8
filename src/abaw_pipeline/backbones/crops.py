"""The crops of a clip's person, as they are read part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, IntArray

SHORTEST = 0.04
"""Seconds that a face stands for in a clip of a single frame, whose length cannot be told."""

MOMENTS, PICTURED = ("frame", "time", "sampled"), ("frame", "track", "image")
"""Columns of face_crops that say when faces were looked for, and that hold the images of faces."""

FOLLOWED = ("frame", "origin", "track", "crop")
"""Columns of face_tracks that say whose face each frame shows."""


class Crop(NamedTuple):
    """One face of a clip's person.

    Attributes:
        start: seconds from the clip's start.
        end: when the next frame was looked at (s).
        image: encoded.
    """

    start: float
    end: float
    image: bytes


def chosen_crops(moments: Iterable[pa.Table], faces: Iterable[pa.Table], tracks: Iterable[pa.Table]) -> Iterator[Crop]:
    """The chosen person's own face in each sampled frame that has it, in the order of time.

    Frames whose face is borrowed from another frame, or missing, have none. Each stands until the next sampled frame,
    the last until the segment's last frame ends.

    Args:
        moments: parts of a piece of face_crops (every frame of the segment, all people) with the columns `MOMENTS`.
        faces: parts of the same piece with the columns `PICTURED`, in the order of frames.
        tracks: parts of a piece of face_tracks (every frame, the clip's person) with the columns `FOLLOWED`.

    Raises:
        DataError: no frame has the person's face.
    """
    own, spans, last = _Own.of(tracks), _Spans.of(moments), -1
    for part in faces:
        frames = part.column("frame").to_numpy()
        for at in np.flatnonzero(own.has(frames, part.column("track")) & spans.has(frames)).tolist():
            image = part.column("image")[at].as_py()
            if image is not None and frames[at] != last:
                last = int(frames[at])
                yield Crop(*spans.at(last), image["bytes"])
    if last < 0:
        raise DataError(
            "no face found in the clip", where="face embeddings", hint="Its row in face_tracks says what was seen."
        )


@dataclass(frozen=True)
class _Own:
    """The frames, ascending, that show the person's own face, and on which track: int64 [n] each."""

    frames: IntArray
    tracks: IntArray

    @classmethod
    def of(cls, parts: Iterable[pa.Table]) -> _Own:
        import pyarrow.compute as pc

        found: list[tuple[IntArray, IntArray]] = []
        for part in parts:
            own = pc.is_in(part["origin"], pa.array(["detected", "interpolated"]))
            own = pc.and_(own, pc.and_(pc.is_valid(part["track"]), pc.equal(part["crop"], part["frame"])))
            mine = part.filter(pc.fill_null(own, False))
            found.append((mine["frame"].to_numpy(), mine["track"].to_numpy().astype(np.int64)))
        frames, tracks = (np.concatenate([each[at] for each in found]).astype(np.int64) for at in range(2))
        order = np.argsort(frames, kind="stable")
        return cls(frames[order], tracks[order])

    def has(self, frames: IntArray, tracks: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Which faces are the person's."""
        if not len(self.frames):
            return np.zeros(len(frames), bool)
        place = np.minimum(np.searchsorted(self.frames, frames), len(self.frames) - 1)
        same = self.tracks[place] == tracks.fill_null(-1).to_numpy()
        return np.asarray((self.frames[place] == frames) & same, bool)


@dataclass(frozen=True)
class _Spans:
    """The sampled frames, int64 [n], ascending; when each is shown, and when the next one is: float64 [n] (s)."""

    frames: IntArray
    starts: DoubleArray
    ends: DoubleArray

    @classmethod
    def of(cls, parts: Iterable[pa.Table]) -> _Spans:
        columns = [[part[name].to_numpy(zero_copy_only=False) for name in MOMENTS] for part in parts]
        every, times, flags = (np.concatenate([part[at] for part in columns]) for at in range(3))
        frames, first = np.unique(every, return_index=True)
        times, sampled = times[first], flags[first].astype(bool)
        step = float(np.median(np.diff(times))) if len(times) > 1 else SHORTEST
        starts = times[sampled]
        ends = np.append(starts[1:], times[-1] + step) if len(starts) else starts
        return cls(frames[sampled], starts, ends)

    def has(self, frames: IntArray) -> npt.NDArray[np.bool_]:
        """Which frames were sampled."""
        return np.isin(frames, self.frames)

    def at(self, frame: int) -> tuple[float, float]:
        """Start and end of a sampled frame."""
        place = int(np.searchsorted(self.frames, frame))
        return float(self.starts[place]), float(self.ends[place])
