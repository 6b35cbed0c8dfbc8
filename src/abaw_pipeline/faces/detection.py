"""What every face detector gives, and the few steps that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import ByteArray, FloatArray, Picture

LANDMARKS = 5
"""Left eye, right eye, nose, left and right corner of the mouth, as seen in the picture."""

LEAST_SIDE = 1.0
"""A box that is narrower or lower than this (pixels) once it is clipped to the picture holds no face."""


@dataclass(frozen=True)
class Detections:
    """The faces of one picture, the surest first.

    Attributes:
        boxes: float32 [n, 4], x1, y1, x2, y2 in pixels of the picture, clipped to it, x1 < x2, y1 < y2.
        scores: float32 [n], descending; what the detector takes for the probability of a face.
        landmarks: float32 [n, 5, 2], x, y in pixels of the picture, not clipped: left eye, right eye, nose, left
            and right corner of the mouth, as seen in the picture. NaN where the detector has none.
    """

    boxes: FloatArray
    scores: FloatArray
    landmarks: FloatArray

    def __len__(self) -> int:
        """How many faces there are."""
        return len(self.boxes)


Detect: TypeAlias = Callable[[Sequence[Picture]], list[Detections]]
"""A detector at work on one video: pictures in, one Detections a picture out, in the same order."""


def tidy(
    boxes: npt.ArrayLike, scores: npt.ArrayLike, landmarks: npt.ArrayLike | None, size: tuple[int, int]
) -> Detections:
    """Clip boxes to the picture, leave out what is then empty, and sort by score (ties keep their order).

    Args:
        boxes: [n, 4], x1, y1, x2, y2 in pixels, finite.
        scores: [n], finite.
        landmarks: [n, 5, 2] in pixels, or None where the detector has none.
        size: height and width of the picture in pixels.
    """
    height, width = size
    corners = np.asarray(boxes, np.float32).reshape(-1, 4)
    values = np.asarray(scores, np.float32).reshape(-1)
    points = np.full((len(corners), LANDMARKS, 2), np.nan, np.float32)
    if landmarks is not None:
        points[:] = np.asarray(landmarks, np.float32).reshape(-1, LANDMARKS, 2)
    corners = np.clip(corners, 0, np.array([width, height, width, height], np.float32))
    kept = np.flatnonzero((corners[:, 2:] - corners[:, :2] >= LEAST_SIDE).all(axis=1))
    order = kept[np.argsort(-values[kept], kind="stable")]
    return Detections(corners[order], values[order], points[order])


def no_faces() -> Detections:
    """What a detector gives for a picture without a face."""
    return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, LANDMARKS, 2), np.float32))


def pixels_of(picture: Picture) -> ByteArray:
    """The pixels of a picture that is to be looked at, as a writable array in one piece.

    Raises:
        DataError: the picture was decoded without pixels, or they are not uint8 [height, width, 3].
    """
    pixels = picture.pixels
    if pixels is None:
        raise DataError("the picture was decoded without pixels", where=f"frame {picture.index}")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise DataError(
            f"pixels are {pixels.dtype} {list(pixels.shape)}, not uint8 [height, width, 3]",
            where=f"frame {picture.index}",
        )
    # Torch warns of arrays that it may not write to, and refuses those with negative strides.
    return np.require(pixels, requirements=["C", "W"])


def shrunk(pixels: ByteArray, longest_side: int) -> tuple[ByteArray, tuple[float, float]]:
    """The picture with its longer side at most `longest_side` pixels (0: as it is), never enlarged.

    Returns:
        The smaller picture, averaged over area so that faces keep their texture, and the factors (x, y) that lead
        from its coordinates back to the given picture's.
    """
    height, width = pixels.shape[:2]
    ratio = longest_side / max(height, width)
    if not longest_side or ratio >= 1:
        return pixels, (1.0, 1.0)
    from PIL import Image

    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    # Pillow's bilinear filter widens with the factor: it averages over area, as a decimation must.
    small: Any = np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    return small, (width / size[0], height / size[1])
