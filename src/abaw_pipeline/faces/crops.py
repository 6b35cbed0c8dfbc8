"""Square pictures of faces, and their form as JPEG bytes."""

from __future__ import annotations

import io
import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.parts import Part
from abaw_pipeline.types import ByteArray

GRAY = 128
"""What lies beyond the border of the picture, where it is not the border's own color."""


class Crops(Part):
    """A square about the middle of a box, shown at a fixed size.

    The square may reach over the border of the picture. Shrinking takes the mean over area (bilinear with a
    support that grows with the factor), so that large faces do not alias.
    """

    size: int = Field(224, ge=16, le=1024, description="width and height of a crop (pixels)")
    margin: float = Field(0.2, ge=0, le=2, description="what is added on each side (longer sides of the box)")
    border: Literal["edge", "gray"] = Field("edge", description="what lies beyond the picture")
    quality: int = Field(90, ge=1, le=100, description="of the JPEG")

    def cut(self, pixels: ByteArray, box: npt.ArrayLike) -> ByteArray:
        """The crop of a box.

        Args:
            pixels: uint8 [H, W, 3], RGB.
            box: x1, y1, x2, y2 in pixels; at least a part of it lies in the picture.

        Returns:
            uint8 [size, size, 3].

        Raises:
            DataError: the box is not finite or empty, or lies outside the picture.
        """
        from PIL import Image

        left, top, side = self._square(pixels, box)
        first = (math.floor(left), math.floor(top))
        last = (math.ceil(left + side), math.ceil(top + side))
        part = _padded(pixels, first, last, self.border)
        inner = (left - first[0], top - first[1], left - first[0] + side, top - first[1] + side)
        done = Image.fromarray(part).resize((self.size, self.size), Image.Resampling.BILINEAR, box=inner)
        return np.array(done)

    def jpeg(self, pixels: ByteArray, box: npt.ArrayLike) -> bytes:
        """The crop of a box as JPEG bytes; arguments and errors as of `cut`."""
        return encode_jpeg(self.cut(pixels, box), self.quality)

    def _square(self, pixels: ByteArray, box: npt.ArrayLike) -> tuple[float, float, float]:
        """Left, top and side of the square (pixels)."""
        x1, y1, x2, y2 = (float(value) for value in np.asarray(box, np.float64))
        height, width = pixels.shape[:2]
        if not all(map(math.isfinite, (x1, y1, x2, y2))) or x2 <= x1 or y2 <= y1:
            raise DataError(
                f"no box: x1 {x1:g}, y1 {y1:g}, x2 {x2:g}, y2 {y2:g}", hint="x1 < x2 and y1 < y2 must hold."
            )
        if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
            raise DataError(f"the box {x1:g}, {y1:g}, {x2:g}, {y2:g} lies outside the picture of {width}x{height}")
        side = max(x2 - x1, y2 - y1) * (1 + 2 * self.margin)
        return (x1 + x2 - side) / 2, (y1 + y2 - side) / 2, side


def encode_jpeg(pixels: ByteArray, quality: int) -> bytes:
    """A picture as JPEG bytes (4:2:0, no metadata).

    Args:
        pixels: uint8 [H, W, 3], RGB.
        quality: 1 to 100.
    """
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return file.getvalue()


def decode_jpeg(data: bytes) -> ByteArray:
    """The picture of JPEG bytes: uint8 [H, W, 3], RGB.

    Raises:
        DataError: the bytes are no JPEG picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            return np.array(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"not a JPEG picture ({error})") from error


def _padded(pixels: ByteArray, first: tuple[int, int], last: tuple[int, int], border: str) -> ByteArray:
    """Columns and rows first to last (x, y), also such as the picture does not have."""
    height, width = pixels.shape[:2]
    part = pixels[max(first[1], 0) : last[1], max(first[0], 0) : last[0]]
    around = (
        (max(-first[1], 0), max(last[1] - height, 0)),
        (max(-first[0], 0), max(last[0] - width, 0)),
        (0, 0),
    )
    if border == "edge":
        return np.pad(part, around, mode="edge")
    return np.pad(part, around, mode="constant", constant_values=GRAY)
