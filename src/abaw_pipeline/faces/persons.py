"""Which person a clip is about, and where that person's face is in every frame."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.boxes import between, centers
from abaw_pipeline.faces.cropped import TRACKS
from abaw_pipeline.faces.linking import link_tracks
from abaw_pipeline.faces.seen import CORNERS, Seen, read_seen, sum_identities
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

    from abaw_pipeline.faces.settings import Faces

SLACK = 1e-6
"""Seconds by which a gap may be too long: times are not exact."""


class MainPerson(Part):
    """The person who is seen largest and longest.

    Tracks are linked into persons by their mean identities. The main person has the greatest sum of box heights
    over the sampled frames (of equal ones the earlier). With a side, of the two greatest the one whose boxes lie
    further to that side in the mean; the only one, if there is but one.
    """

    kind: Literal["main"] = "main"
    threshold: float = Field(0.5, ge=-1, le=1, description="cosine above which two tracks are one person's")

    def pick(self, faces: Iterable[pa.Table], seen: Seen, side: str | None) -> IntArray:
        """Rows of `seen` that show the person, one a frame at most, in order."""
        persons = persons_of(faces, seen, self.threshold)
        names = np.unique(persons)
        heights = seen.boxes[:, 3] - seen.boxes[:, 1]
        presence = [float(heights[persons == name].sum()) for name in names]
        greatest = [int(names[at]) for at in np.argsort(-np.array(presence), kind="stable")]
        if side is not None:
            greatest = sorted(greatest[:2], key=lambda name: _across(seen.boxes[persons == name], side))
        return np.flatnonzero(persons == greatest[0]) if greatest else np.zeros(0, np.int64)

    def joins(self) -> bool:
        """Whether faces of neighboring frames are one person's, so that there is something between them."""
        return True


class LargestFace(Part):
    """The largest detected face of each frame by itself, as without a tracker.

    With a side, of the two largest faces of a frame the one further to that side. Nothing is interpolated.
    """

    kind: Literal["largest"] = "largest"

    def pick(self, faces: Iterable[pa.Table], seen: Seen, side: str | None) -> IntArray:
        """Rows of `seen`, one a frame at most, in order."""
        heights = seen.boxes[:, 3] - seen.boxes[:, 1]
        rows = np.flatnonzero(seen.detected)
        chosen = []
        for at in np.unique(seen.at[rows]):
            largest = sorted(rows[seen.at[rows] == at], key=lambda row: (-heights[row], seen.boxes[row, 0]))
            if side is not None:
                largest = sorted(largest[:2], key=lambda row: _across(seen.boxes[[row]], side))
            chosen.append(largest[0])
        return np.array(chosen, dtype=np.int64)

    def joins(self) -> bool:
        """Whether faces of neighboring frames are one person's, so that there is something between them."""
        return False


class OwnCrops(Part):
    """The person whose ready-made crops bear the clip's side, see `cropped.Cropped`. There are no boxes to join."""

    def pick(self, faces: Iterable[pa.Table], seen: Seen, side: str | None) -> IntArray:
        """Rows of `seen`, one a frame at most, in order.

        Raises:
            DataError: the person has no crop in any frame that was looked at.
        """
        rows = np.flatnonzero(seen.tracks == TRACKS[side or ""])
        if not len(rows):
            whose = f"_{side}" if side else ""
            hint = f"They lie in faces.cropped.path, in <video>{whose}/."
            raise DataError("no frame that was looked at has a ready-made crop of this person.", hint=hint)
        return rows

    def joins(self) -> bool:
        """Whether faces of neighboring frames are one person's, so that there is something between them."""
        return False


PersonRule = Annotated[MainPerson | LargestFace, Field(discriminator="kind")]
"""Any rule that says whom a clip is about, told apart by its `kind`."""


def choose_person(faces: Iterable[pa.Table], side: str | None, settings: Faces) -> pa.Table:
    """Where the clip's person is in every frame, and which crop stands for each frame.

    Args:
        faces: parts of a piece of face_crops, with the columns `seen.KNOWN` at least; read more than once.
        side: "left" or "right" of the picture, where two people are annotated; None: the main person.
        settings: the rule, and what gaps it bridges.

    Returns:
        One row a frame: frame, time, x1 to y2, origin, track, score, crop. origin is "detected" (a face was
        found in this frame), "interpolated" (between two faces of the person that are at most `max_gap_s` apart
        in one shot, on a straight way), "nearest" (no box; the crop nearest in time stands in, S4, section 3.1)
        or "missing". (crop, track) names the row of face_crops whose image stands for the frame.

    Raises:
        DataError: a side that is neither, a table without frames, or no ready-made crops of the person.
    """
    if side not in {None, "left", "right"}:
        raise DataError(f"no side {side!r}", hint="It is left, right or not given.")
    seen = read_seen(faces)
    rows = settings.rule.pick(faces, seen, side)
    return follow_rows(seen, rows, settings, joins=settings.rule.joins())


def follow_rows(seen: Seen, rows: IntArray, settings: Faces, *, joins: bool) -> pa.Table:
    """Where somebody is in every frame, from the faces that are theirs.

    Args:
        seen: all faces of a stretch of video.
        rows: which of them, one a frame at most, in order.
        settings: what gaps are bridged.
        joins: whether boxes between two faces are interpolated.

    Returns:
        As `choose_person`.
    """
    filled = _Filled(len(seen.frames))
    _take_faces(filled, seen, rows)
    if joins:
        _interpolate(filled, seen, rows, settings.max_gap_s)
    _take_nearest(filled, seen, rows, settings.nearest_s)
    return filled.table(seen)


class _Filled:
    """The result as it grows: one entry a frame; NaN and -1 become null."""

    def __init__(self, count: int) -> None:
        self.boxes = np.full((count, 4), np.nan)
        self.scores = np.full(count, np.nan)
        self.origins = np.full(count, "missing", dtype=object)
        self.rows = np.full(count, -1, np.int64)

    def table(self, seen: Seen) -> pa.Table:
        import pyarrow as pa

        none = self.rows < 0
        tracks, crops = (np.where(none, -1, values) for values in self._of_rows(seen))
        columns = {
            "frame": pa.array(seen.frames, pa.int64()),
            "time": pa.array(seen.times, pa.float64()),
            **{
                name: pa.array(self.boxes[:, at].astype(np.float32), pa.float32(), from_pandas=True)
                for at, name in enumerate(CORNERS)
            },
            "origin": pa.array(self.origins.tolist(), pa.string()),
            "track": pa.array(tracks.astype(np.int32), pa.int32(), mask=none),
            "score": pa.array(self.scores.astype(np.float32), pa.float32(), from_pandas=True),
            "crop": pa.array(crops.astype(np.int64), pa.int64(), mask=none),
        }
        return pa.table(columns)

    def _of_rows(self, seen: Seen) -> tuple[IntArray, IntArray]:
        """Track and frame index of the face that stands for each frame."""
        if not len(seen.tracks):
            return self.rows, self.rows
        return seen.tracks[self.rows], seen.frames[seen.at[self.rows]]


def _take_faces(filled: _Filled, seen: Seen, rows: IntArray) -> None:
    at = seen.at[rows]
    filled.boxes[at], filled.scores[at], filled.rows[at] = seen.boxes[rows], seen.scores[rows], rows
    filled.origins[at] = np.where(seen.detected[rows], "detected", "interpolated")


def _interpolate(filled: _Filled, seen: Seen, rows: IntArray, longest: float) -> None:
    """Boxes of frames between two faces that are near enough in time and of one shot."""
    for first, second in pairwise(rows.tolist()):
        start, stop = seen.at[first], seen.at[second]
        gap = seen.times[stop] - seen.times[start]
        if gap > longest + SLACK or seen.shots[start] != seen.shots[stop]:
            continue
        for at in range(start + 1, stop):
            share = (seen.times[at] - seen.times[start]) / gap
            filled.boxes[at] = between(seen.boxes[first], seen.boxes[second], share)
            filled.origins[at] = "interpolated"


def _take_nearest(filled: _Filled, seen: Seen, rows: IntArray, farthest: float | None) -> None:
    """The crop that stands for each frame without one of its own; of two as near the earlier."""
    if not len(rows):
        return
    times = seen.times[seen.at[rows]]
    for at in np.flatnonzero(filled.rows < 0):
        away = np.abs(times - seen.times[at])
        nearest = int(np.argmin(away))
        if filled.origins[at] == "missing":
            if farthest is not None and away[nearest] > farthest + SLACK:
                continue
            filled.origins[at] = "nearest"
        filled.rows[at] = rows[nearest]


def persons_of(faces: Iterable[pa.Table], seen: Seen, threshold: float) -> IntArray:
    """The person of each row of `seen`: int64 [n_faces], the number of the earliest of the person's tracks."""
    if not len(seen.tracks):
        return np.zeros(0, np.int64)
    linked = link_tracks(seen.tracks, seen.at, *sum_identities(faces), threshold)
    return np.array([linked[track] for track in seen.tracks.tolist()], dtype=np.int64)


def _across(boxes: DoubleArray, side: str) -> float:
    """How far to the other side boxes lie in the mean."""
    middle = float(centers(boxes)[:, 0].mean())
    return middle if side == "left" else -middle
