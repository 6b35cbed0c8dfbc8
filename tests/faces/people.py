"""Invented people: identity vectors, tables of faces, and a video of colored squares that stand for heads."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from tests.media.files import write_video

from abaw_pipeline.faces.crops import encode_jpeg
from abaw_pipeline.faces.detection import Detections, no_faces
from abaw_pipeline.faces.rows import DIMENSIONS, Face, FaceRows
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.parts import Part
from abaw_pipeline.types import File, Picture

FPS = 25
COLORS = {0: (230, 30, 30), 1: (30, 200, 30), 2: (40, 60, 240)}


def identity(person: int, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A vector of length 1; vectors of two people are at right angles, but for noise."""
    vector = np.zeros(DIMENSIONS)
    vector[person] = 1.0
    vector += noise * np.random.default_rng([seed, person]).standard_normal(DIMENSIONS) / np.sqrt(DIMENSIONS)
    return vector / np.linalg.norm(vector)


def box(x: float, y: float, height: float = 60.0) -> np.ndarray:
    """A box about a middle, a little higher than wide."""
    return np.array([x - 0.4 * height, y - height / 2, x + 0.4 * height, y + height / 2])


def table(frames: Sequence[Sequence[tuple[int, int, np.ndarray]]], *, every: int = 5, cuts: Sequence[int] = ()):
    """A piece of face_crops of a video at 25 Hz: per sampled frame (track, person, box), others in between."""
    rows = FaceRows()
    image = encode_jpeg(np.full((32, 32, 3), 90, np.uint8), 90)
    for index in range(every * len(frames)):
        at, rest = divmod(index, every)
        faces = [] if rest else [Face(t, b, image, 0.9, 0.8, np.float32(identity(p))) for t, p, b in frames[at]]
        rows.add(index, index / FPS, not rest, not rest and at in cuts, faces)
    return rows.take()


def parts(table, size: int) -> list:
    """A table in parts of so many rows, as it may come from disk."""
    return [table.slice(first, size) for first in range(0, max(table.num_rows, 1), size)]


class SquareDetector(Part):
    """Finds the squares of `video`; it refuses pictures of different sizes at once, as some detectors do."""

    def open(self, boxes=None, device="cpu"):
        return _detect


class SquareIdentity(Part):
    """Tells squares by the color in their middle."""

    def open(self):
        return _identify


def settings(**changes) -> Faces:
    """Settings whose detector and identity know squares."""
    return Faces().model_copy(update={"detector": SquareDetector(), "identity": SquareIdentity(), **changes})


def video(path: Path, paths, seconds: float = 3.0, size: tuple[int, int] = (120, 200), scenes=lambda index: 0) -> File:
    """Squares of 24 pixels: `paths(index)` gives person -> middle (x, y); `scenes` the number of a background."""

    def picture(index: int) -> np.ndarray:
        rng = np.random.default_rng(scenes(index))
        coarse = rng.integers(90, 150, (size[0] // 10, size[1] // 10, 1), dtype=np.uint8)
        pixels = np.repeat(np.repeat(np.repeat(coarse, 10, 0), 10, 1), 3, 2)
        for person, (x, y) in paths(index).items():
            pixels[y - 12 : y + 12, x - 12 : x + 12] = COLORS[person]
        return pixels

    times = [Fraction(index, FPS) for index in range(round(seconds * FPS))]
    return File(str(write_video(path, times, picture=picture, options={"crf": "12"})), "0" * 64)


def _detect(pictures: Sequence[Picture]) -> list[Detections]:
    assert len({picture.pixels.shape for picture in pictures}) == 1
    return [_squares(picture) for picture in pictures]


def _squares(picture: Picture) -> Detections:
    found = []
    for person in COLORS:
        rows, columns = np.nonzero(_person(picture.pixels) == person)
        if len(rows) > 100:
            found.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    if not found:
        return no_faces()
    boxes = np.array(found, np.float32)
    return Detections(boxes, np.linspace(0.99, 0.9, len(boxes), dtype=np.float32), np.full((len(boxes), 5, 2), np.nan))


def _identify(pixels: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    middles = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int)
    people = [int(_person(pixels)[y, x]) for x, y in middles]
    return np.array([identity(person) for person in people], np.float32).reshape(-1, DIMENSIONS)


def _person(pixels: np.ndarray) -> np.ndarray:
    """Whose color each pixel has; -1: nobody's."""
    away = np.stack([np.abs(pixels.astype(int) - color).max(-1) for color in COLORS.values()])
    return np.where(away.min(0) < 60, away.argmin(0), -1)
