"""Turns a decoded frame into the RGB picture that a player would show."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from abaw_pipeline.types import ByteArray

UNKNOWN_COLORSPACES = {0, 2, 3}
"""FFmpeg's numbers for: none (RGB), not specified, reserved."""

ODDEST_ASPECT = 4
"""Pixels said to be more than this many times wider than high, or higher than wide, are a mistake."""


class RGB:
    """Converts frames of one stream; one object serves all its frames, as making the converter costs time.

    Args:
        aspect: width of a stored pixel over its height; None or 0 is square.
    """

    def __init__(self, aspect: Fraction | None) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()
        self._aspect = aspect or Fraction(1)

    def __call__(self, frame: Any) -> ByteArray:
        """The frame's pixels, uint8 [height, width, 3], sRGB-like full range.

        Pixels become square by making the picture wider or higher, never smaller. The color matrix is the
        frame's; if it names none, ITU-R BT.709 for high definition and BT.601 below, as players choose.
        High dynamic range is not tone-mapped. Rotations and flips that the file asks for are carried out.
        """
        from av.video.reformatter import ColorRange, Interpolation

        width, height = square_size(frame.width, frame.height, self._aspect)
        converted = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=_colorspace(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,  # the same picture whatever the number of cores
        )
        pixels: Any = converted.to_ndarray()
        return upright(pixels, display_matrix(frame))


def _colorspace(frame: Any) -> Any:
    from av.video.reformatter import Colorspace

    if frame.format.is_rgb or frame.colorspace not in UNKNOWN_COLORSPACES:
        return None
    return Colorspace.ITU709 if frame.width >= 1280 or frame.height > 576 else Colorspace.ITU601


def square_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Width and height of a picture once its pixels are square; differences below 1 % are left."""
    if abs(aspect - 1) < Fraction(1, 100) or not Fraction(1, ODDEST_ASPECT) <= aspect <= ODDEST_ASPECT:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def display_matrix(frame: Any) -> np.ndarray[Any, np.dtype[np.int32]] | None:
    """The 3x3 matrix by which a frame is to be turned, as FFmpeg gives it; None if there is none."""
    from av.sidedata.sidedata import SideDataContainer, Type

    # frame.side_data would tie the two together, so that hundreds of frames are held until cycles are collected
    read: Any = SideDataContainer
    side = read(frame).get(Type.DISPLAYMATRIX)
    return None if side is None else np.frombuffer(side, np.int32, 9).reshape(3, 3)


def upright(pixels: ByteArray, matrix: np.ndarray[Any, np.dtype[np.int32]] | None) -> ByteArray:
    """The picture turned and flipped by a display matrix; a slanted one counts as the nearest quarter turn.

    The matrix takes a row (x, y, 1) of the stored picture, y downwards, to its place on the screen (ISO/IEC
    14496-12, section 6.2.2).
    """
    if matrix is None:
        return pixels
    (a, b), (c, d) = matrix[:2, :2].astype(np.int64).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        across, down = a, d
    else:
        pixels, across, down = pixels.swapaxes(0, 1), c, b
    pixels = pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
    return np.ascontiguousarray(pixels)
