"""Which faces of successive pictures are the same person's.

A tracker is a part with `start()`, which begins a video and gives a state whose `update` takes the faces of one
picture after the other. Track numbers count from 0 in order of appearance and are never used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from abaw_pipeline.faces.boxes import as_boxes, centers, sizes
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, FloatArray, IntArray


class TrackState(Protocol):
    """The tracks of one video so far."""

    def update(
        self,
        time: float,
        boxes: npt.ArrayLike,
        identities: npt.ArrayLike,
        cut: bool,
        size: tuple[int, int],
    ) -> tuple[IntArray, FloatArray]:
        """Assign the faces of the next picture to tracks.

        Args:
            time: of the picture (s), later than the one before.
            boxes: [n, 4], pixels; n may be 0.
            identities: [n, D], of length 1 each.
            cut: whether a shot cut lies between the previous picture and this one.
            size: height and width of the picture (pixels).

        Returns:
            Track numbers int64 [n], all different, and float32 [n]: the cosine between each face and what its
            track was known by, NaN where a track begins. The order of the faces makes no difference.
        """
        ...


class CosineTracker(Part):
    """Identity alone, by the rule of S0, section 4.2.

    A face continues the track whose latest face, however long ago, has an identity vector with a cosine above
    the threshold. Where several could, the most similar pair goes first; a face without a track begins one.
    """

    kind: Literal["cosine"] = "cosine"
    threshold: float = Field(0.5, ge=-1, lt=1, description="cosine above which two faces are one person's")

    def start(self) -> TrackState:
        """Begin a video."""
        return _CosineState(self)


class ContinuityTracker(Part):
    """Identity and place together, for profiles and occlusions on which identity alone fails.

    A face is compared with the mean identity of a track. Within a shot, nearness to where the track was or was
    heading adds to the cosine: as much as `place` where position and size are as expected, nothing from `reach`
    on, and beyond twice the reach no face is accepted. Across a cut identity alone decides. The assignment has
    the greatest sum (Hungarian method).
    """

    kind: Literal["continuity"] = "continuity"
    threshold: float = Field(0.5, ge=-1, lt=2, description="cosine, with what nearness adds, from which it is accepted")
    place: float = Field(0.4, ge=0, le=2, description="what an expected place adds to the cosine")
    reach: float = Field(0.6, gt=0, description="how far from the expected place a face may be at once (box sizes)")
    speed: float = Field(2.0, ge=0, description="by how much the reach grows (box sizes a second)")
    max_gap: float = Field(2.0, gt=0, description="a track that has no face for longer (s) is over")
    memory: int = Field(25, ge=1, description="number of faces that a track's mean identity looks back on, about")

    def start(self) -> TrackState:
        """Begin a video."""
        return _ContinuityState(self)


Tracker = Annotated[CosineTracker | ContinuityTracker, Field(discriminator="kind")]
"""Any tracker, told apart by its `kind`."""


class _CosineState:
    def __init__(self, settings: CosineTracker) -> None:
        self._threshold = settings.threshold
        self._latest = np.zeros((0, 0), np.float64)

    def update(
        self, time: float, boxes: npt.ArrayLike, identities: npt.ArrayLike, cut: bool, size: tuple[int, int]
    ) -> tuple[IntArray, FloatArray]:
        vectors, order = _in_order(boxes, identities)
        if not len(vectors):
            return _nobody()
        if not len(self._latest):
            self._latest = np.zeros((0, vectors.shape[1]))
        cosines = self._latest @ vectors.T
        tracks, similarities = np.full(len(vectors), -1), np.full(len(vectors), np.nan, np.float32)
        for track, face in _best_first(cosines, self._threshold):
            tracks[face], similarities[face] = track, cosines[track, face]
            self._latest[track] = vectors[face]
        new = np.flatnonzero(tracks < 0)
        tracks[new] = len(self._latest) + np.arange(len(new))
        self._latest = np.concatenate([self._latest, vectors[new]])
        return _given_order(tracks, similarities, order)


@dataclass
class _Track:
    """A track as the continuity tracker knows it; places in pixels, velocity in pixels a second."""

    number: int
    time: float
    center: DoubleArray
    size: float
    velocity: DoubleArray
    identity: DoubleArray
    faces: int
    shot: int

    def template(self) -> DoubleArray:
        """The mean identity, of length 1."""
        return _unit(self.identity)


class _ContinuityState:
    def __init__(self, settings: ContinuityTracker) -> None:
        self._settings = settings
        self._tracks: list[_Track] = []
        self._next = 0
        self._shot = 0

    def update(
        self, time: float, boxes: npt.ArrayLike, identities: npt.ArrayLike, cut: bool, size: tuple[int, int]
    ) -> tuple[IntArray, FloatArray]:
        vectors, order = _in_order(boxes, identities)
        self._shot += cut
        self._tracks = [track for track in self._tracks if time - track.time <= self._settings.max_gap]
        if not len(vectors):
            return _nobody()
        places = as_boxes(boxes)[order]
        cosines = np.array([track.template() for track in self._tracks]).reshape(-1, vectors.shape[1]) @ vectors.T
        scores = cosines + self._nearness(time, places)
        tracks, similarities = np.full(len(vectors), -1), np.full(len(vectors), np.nan, np.float32)
        for row, face in _best_sum(scores, self._settings.threshold):
            tracks[face], similarities[face] = self._tracks[row].number, cosines[row, face]
            self._continue(self._tracks[row], time, places[face], vectors[face])
        for face in np.flatnonzero(tracks < 0).tolist():
            tracks[face] = self._begin(time, places[face], vectors[face])
        return _given_order(tracks, similarities, order)

    def _nearness(self, time: float, places: DoubleArray) -> DoubleArray:
        """What place adds to the cosine of each track and face; -inf out of reach, 0 across a cut."""
        middle, extent = centers(places), sizes(places)
        added = np.zeros((len(self._tracks), len(places)))
        for row, track in enumerate(self._tracks):
            if track.shot != self._shot:
                continue
            gap = time - track.time
            scale = np.maximum(np.sqrt(extent * track.size), 1.0)
            away = np.linalg.norm(middle - track.center - track.velocity * gap, axis=1) / scale
            still = np.linalg.norm(middle - track.center, axis=1) / scale
            away = np.minimum(away, still)
            grown = np.abs(np.log2(np.maximum(extent, 1.0) / max(track.size, 1.0)))
            reach = self._settings.reach + self._settings.speed * gap
            near = np.maximum(1 - away / reach, 0) * np.maximum(1 - grown, 0)
            added[row] = np.where(away < 2 * reach, self._settings.place * near, -np.inf)
        return added

    def _begin(self, time: float, box: DoubleArray, vector: DoubleArray) -> int:
        track = _Track(
            self._next, time, centers(box)[0], float(sizes(box)[0]), np.zeros(2), vector.copy(), 1, self._shot
        )
        self._tracks.append(track)
        self._next += 1
        return track.number

    def _continue(self, track: _Track, time: float, box: DoubleArray, vector: DoubleArray) -> None:
        center, gap = centers(box)[0], time - track.time
        moved = (center - track.center) / gap if track.shot == self._shot else np.zeros(2)
        track.velocity = moved if track.faces == 1 else (track.velocity + moved) / 2
        track.faces += 1
        share = 1 / min(track.faces, self._settings.memory)
        track.identity = track.identity * (1 - share) + vector * share
        track.time, track.center, track.size, track.shot = time, center, float(sizes(box)[0]), self._shot


def _in_order(boxes: npt.ArrayLike, identities: npt.ArrayLike) -> tuple[DoubleArray, IntArray]:
    """Identities sorted by box and then by vector, and the order: ties never hang on how faces were listed."""
    places = as_boxes(boxes)
    if not len(places):
        return np.zeros((0, 0)), np.zeros(0, np.int64)
    vectors = np.asarray(identities, np.float64).reshape(len(places), -1)
    order = np.lexsort(np.concatenate([places, vectors], axis=1).T[::-1])
    return vectors[order], order.astype(np.int64)


def _nobody() -> tuple[IntArray, FloatArray]:
    return np.zeros(0, np.int64), np.zeros(0, np.float32)


def _given_order(tracks: IntArray, similarities: FloatArray, order: IntArray) -> tuple[IntArray, FloatArray]:
    back = np.argsort(order)
    return tracks.astype(np.int64)[back], similarities[back]


def _best_first(scores: DoubleArray, threshold: float) -> list[tuple[int, int]]:
    """Pairs (row, column) above the threshold, the best first, each row and column once."""
    pairs: list[tuple[int, int]] = []
    rows, columns = np.nonzero(scores > threshold)
    for k in np.argsort(-scores[rows, columns], kind="stable"):
        if rows[k] not in {row for row, _ in pairs} and columns[k] not in {column for _, column in pairs}:
            pairs.append((int(rows[k]), int(columns[k])))
    return pairs


def _best_sum(scores: DoubleArray, threshold: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of at least the threshold with the greatest sum of what they exceed it by."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.maximum(scores - threshold, 0), maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if scores[r, c] >= threshold]


def _unit(vector: DoubleArray) -> DoubleArray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
