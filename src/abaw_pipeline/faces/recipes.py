"""All faces of a stretch of video in one pass over its pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.faces.boxes import between, iou
from abaw_pipeline.faces.detection import Detections
from abaw_pipeline.faces.rows import Face, FaceRows, known
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.types import ByteArray, DoubleArray, File, Picture

if TYPE_CHECKING:
    import pyarrow as pa

TAKEN = 0.5
"""Overlap (IoU) with another's detected face from which on an interpolated box is dropped: it shows the other."""

SLACK = 1e-6
"""Seconds by which a gap may be too long: times are not exact."""


def find_faces(
    media: File,
    start: float,
    end: float,
    settings: Faces,
    boxes: File | None = None,
    *,
    device: str = "cpu",
    batch: int = 8,
) -> Iterator[pa.Table]:
    """Detect, tell apart, track and crop everybody in a stretch of video.

    One decoding pass; of pictures no more are held than a batch, and those within `max_gap_s` on which a tracked
    face is missing; of faces those within `max_gap_s`, and a part. A track that comes back within that time in the
    same shot has faces in between, too, on a straight way from box to box, but for pictures where somebody else was
    found there.

    Args:
        media: file with moving pictures.
        start: seconds from the media's start.
        end: seconds from the media's start.
        settings: detector, identity, tracker, cuts, crops, pictures a second; what concerns the choice of a
            person is not used.
        boxes: table of boxes that belongs to the media, for a detector that reads them.
        device: where networks run; does not change the result but for rounding.
        batch: pictures that a detector is given at once; does not change the result but for rounding.

    Yields:
        Parts of a table of `rows.face_crops_schema()`: a row a face in a sampled frame, and one a frame without.

    Raises:
        MediaError: the pictures cannot be decoded.
        DataError: the detector refuses the boxes or pictures.
    """
    from abaw_pipeline.media.pictures import decode_pictures

    detect = settings.detector.open(boxes, device)
    finder = _Finder(settings)
    for group in _groups(decode_pictures(media.path, rate=settings.fps, start=start, end=end), batch):
        looked_at = [picture for picture in group if picture.pixels is not None]
        found = iter(detect(looked_at) if looked_at else [])
        for picture in group:
            if picture.pixels is None:
                finder.skip(picture)
            else:
                finder.take(picture, picture.pixels, next(found))
            if finder.rows.full:
                yield finder.rows.take()
    finder.finish()
    yield finder.rows.take()


def _groups(pictures: Iterable[Picture], batch: int) -> Iterator[list[Picture]]:
    """Successive pictures with at most `batch` that have pixels, all of those of one size."""
    group: list[Picture] = []
    shape, count = None, 0
    for picture in pictures:
        if picture.pixels is not None:
            if count == batch or (count and picture.pixels.shape != shape):
                yield group
                group, count = [], 0
            shape, count = picture.pixels.shape, count + 1
        group.append(picture)
    if group:
        yield group


@dataclass
class _Frame:
    """A frame that may still get interpolated faces, if it has pixels."""

    index: int
    time: float
    sampled: bool
    cut: bool = False
    faces: list[Face] = field(default_factory=list)
    pixels: ByteArray | None = None


class _Finder:
    """The state of a pass. What can no longer change is in `rows`, from where it is to be taken."""

    def __init__(self, settings: Faces) -> None:
        self._settings = settings
        self._identify = settings.identity.open()
        self._tracks, self._cuts = settings.tracker.start(), settings.cuts.start()
        self.rows = FaceRows()
        self._waiting: deque[_Frame] = deque()
        self._latest: dict[int, tuple[float, DoubleArray]] = {}
        self._shape: tuple[int, ...] = ()

    def skip(self, picture: Picture) -> None:
        """A frame that nobody looks at."""
        self._waiting.append(_Frame(picture.index, picture.time, sampled=False))

    def take(self, picture: Picture, pixels: ByteArray, found: Detections) -> None:
        """A frame with the faces that were detected in it."""
        resized = self._shape not in {(), pixels.shape}
        self._shape = pixels.shape
        frame = _Frame(picture.index, picture.time, sampled=True, cut=self._cuts.update(pixels) or resized)
        if frame.cut:
            self._latest = {}
        self._release(picture.time)
        frame.faces = self._faces(frame, pixels, found)
        here = {face.track: face for face in frame.faces}
        for track, face in sorted(here.items()):
            if track in self._latest:
                self._bridge(track, *self._latest[track], frame.time, face.box)
        self._latest |= {track: (frame.time, face.box) for track, face in here.items()}
        if self._latest.keys() - here.keys():
            frame.pixels = pixels
        self._waiting.append(frame)

    def finish(self) -> None:
        """Write down all frames that are still waiting; there is one at least."""
        self._latest = {}
        self._release(np.inf)

    def _faces(self, frame: _Frame, pixels: ByteArray, found: Detections) -> list[Face]:
        vectors = self._identify(pixels, found.boxes)
        tracks, similarities = self._tracks.update(frame.time, found.boxes, vectors, frame.cut, pixels.shape[:2])
        return [
            Face(
                track=int(tracks[at]),
                box=found.boxes[at].astype(np.float64),
                image=self._settings.crops.jpeg(pixels, found.boxes[at]),
                score=float(found.scores[at]),
                similarity=known(similarities[at]),
                identity=vectors[at],
            )
            for at in range(len(found))
        ]

    def _bridge(self, track: int, before: float, first: DoubleArray, after: float, last: DoubleArray) -> None:
        """Interpolate a track on the frames that are still waiting between two of its faces."""
        for frame in self._waiting:
            if frame.pixels is None or not before < frame.time < after or _has(frame.faces, track):
                continue
            box = between(first, last, (frame.time - before) / (after - before))
            if not _taken(box, frame.faces):
                frame.faces.append(Face(track, box, self._settings.crops.jpeg(frame.pixels, box)))

    def _release(self, now: float) -> None:
        """Forget tracks that were gone for too long, and write down frames that no track can come back to."""
        oldest = now - self._settings.max_gap_s - SLACK
        self._latest = {track: seen for track, seen in self._latest.items() if seen[0] >= oldest}
        first = min((time for time, _ in self._latest.values()), default=np.inf)
        while self._waiting and self._waiting[0].time <= first:
            frame = self._waiting.popleft()
            self.rows.add(frame.index, frame.time, frame.sampled, frame.cut, frame.faces)


def _has(faces: Sequence[Face], track: int) -> bool:
    return any(face.track == track for face in faces)


def _taken(box: DoubleArray, faces: Sequence[Face]) -> bool:
    detected = [face.box for face in faces if face.score is not None]
    return bool(detected) and bool(iou(box[None], np.array(detected)).max() > TAKEN)
