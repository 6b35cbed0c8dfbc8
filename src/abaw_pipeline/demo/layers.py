"""The layers of a picture, drawn one over the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from abaw_pipeline.demo.colors import Color
from abaw_pipeline.types import ByteArray, DoubleArray, FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image


Box = tuple[int, int, int, int]
"""Left, top, right, bottom, pixels."""

Blur = Literal["fine", "medium", "wide"]

BLURS: dict[Blur, tuple[float, int]] = {"fine": (0.02, 1), "medium": (0.035, 1), "wide": (0.07, 2)}
"""Softness in head units, and by how much coarser it is drawn."""


class Layer:
    """Shapes drawn larger than life and brought down, so that edges are smooth; with a mask and soft shades.

    Args:
        box: the part of the picture it covers.
        finer: pixels of the drawing a pixel of the picture.
        fill: what the edges mix with.
        face: where there may be shades.
        size: pixels of a head unit.
    """

    def __init__(self, box: Box, finer: int, fill: Color, face: Box | None = None, size: float = 1.0) -> None:
        from PIL import Image, ImageDraw

        self.box, self.finer, self.size, self.face = box, finer, size, face or box
        self.width, self.height = box[2] - box[0], box[3] - box[1]
        large = (self.width * finer, self.height * finer)
        self._picture, self._mask = Image.new("RGB", large, fill), Image.new("L", large, 0)
        self._draw, self._cover = ImageDraw.Draw(self._picture), ImageDraw.Draw(self._mask)
        wide, high = self.face[2] - self.face[0], self.face[3] - self.face[1]
        self._shades = {
            name: Image.new("L", (-(-wide // coarser), -(-high // coarser)), 128)
            for name, (_, coarser) in BLURS.items()
        }
        self._shaders = {name: ImageDraw.Draw(shade) for name, shade in self._shades.items()}

    def fill(self, points: DoubleArray, color: Color, *, solid: bool = False) -> None:
        """Fill an outline [n, 2] of pixels; solid shapes cover what is behind the layer, others only this layer."""
        flat = self._large(points)
        self._draw.polygon(flat, fill=color)
        if solid:
            self._cover.polygon(flat, fill=255)

    def line(self, points: DoubleArray, color: Color, width: float) -> None:
        """A line `width` pixels wide."""
        self._draw.line(self._large(points), fill=color, width=max(1, round(width * self.finer)), joint="curve")

    def shade(self, points: DoubleArray, value: float, blur: Blur, width: float = 0.0) -> None:
        """Make an outline, or a line where a width is given, darker (below 1) or lighter, with soft edges.

        Args:
            points: [n, 2], pixels.
            value: factor, 0.5 to 1.5.
            blur: softness; shapes of one softness lie over each other, others multiply.
            width: of a line, pixels.
        """
        coarser, draw = BLURS[blur][1], self._shaders[blur]
        flat: list[float] = ((points - self.face[:2]) / coarser).ravel().tolist()
        if width:
            draw.line(flat, fill=round(128 * value), width=max(1, round(width / coarser)), joint="curve")
        else:
            draw.polygon(flat, fill=round(128 * value))

    def flatten(self, light: FloatArray | None = None) -> tuple[ByteArray, Image]:
        """The picture [height, width, 3] under a light [height, width], and the mask of its solid shapes."""
        mask = self._mask.reduce(self.finer)
        if light is None:
            return np.asarray(self._picture.reduce(self.finer)), mask
        left, top = self.face[0] - self.box[0], self.face[1] - self.box[1]
        right, bottom = self.face[2] - self.box[0], self.face[3] - self.box[1]
        if right > left and bottom > top:
            light[top:bottom, left:right] *= self._relief((right - left, bottom - top))
        picture = np.asarray(self._picture.reduce(self.finer), dtype=np.float32)
        picture *= light[:, :, None]
        return np.minimum(picture, 255, out=picture).astype(np.uint8), mask

    def _relief(self, size: tuple[int, int]) -> FloatArray:
        """All shades multiplied, of this width and height."""
        from PIL import Image, ImageFilter

        product = np.ones(size[::-1], dtype=np.float32)
        for name, (blur, coarser) in BLURS.items():
            soft = self._shades[name].filter(ImageFilter.GaussianBlur(blur * self.size / coarser))
            if coarser > 1:
                soft = soft.resize(size, Image.Resampling.BILINEAR)
            product *= np.asarray(soft, dtype=np.float32) / 128
        return product

    def grid(self, step: int) -> tuple[FloatArray, FloatArray]:
        """Places x [1, n] and y [m, 1] of the picture, `step` pixels apart, that share the layer out evenly."""
        left, top, right, bottom = self.box
        columns, rows = -(-self.width // step), -(-self.height // step)
        x = left + (np.arange(columns, dtype=np.float32) + np.float32(0.5)) * np.float32((right - left) / columns)
        y = top + (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32((bottom - top) / rows)
        return x[None, :], y[:, None]

    def _large(self, points: DoubleArray) -> list[float]:
        return cast("list[float]", ((points - self.box[:2]) * self.finer).ravel().tolist())
