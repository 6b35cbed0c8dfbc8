"""The view on a head, and drawing on it in head units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abaw_pipeline.demo.colors import Color
from abaw_pipeline.demo.layers import Blur, Layer
from abaw_pipeline.types import DoubleArray

DEPTH = 0.75
"""From the middle of a head to the plane of its face, head units."""


@dataclass(frozen=True)
class View:
    """Where a head is in the picture, and how it is turned.

    Attributes:
        x: middle of the head, pixels.
        y: middle of the head, pixels.
        size: pixels of one head unit (half the height of a head).
        yaw: turned to the picture's right, radians.
        pitch: turned downwards, radians.
        roll: tilted clockwise, radians.
    """

    x: float
    y: float
    size: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


class Pencil:
    """Draws on a head that is seen in some view; all lengths are head units.

    Outlines of the head lie in the plane through the ears, all else on an ellipsoid around its middle, or above it.

    Args:
        layer: what is drawn on.
        view: where the head is and how it is turned.
        width: half the head's width.
    """

    def __init__(self, layer: Layer, view: View, width: float) -> None:
        self.layer, self.view = layer, view
        yaw, pitch = (np.cos(view.yaw), np.sin(view.yaw)), (np.cos(view.pitch), np.sin(view.pitch))
        roll = (np.cos(view.roll), np.sin(view.roll))
        # Rows: where x, y and depth of the turned head go to the right and down.
        turned = np.array([[yaw[0], -yaw[1] * pitch[1]], [0, pitch[0]], [yaw[1], yaw[0] * pitch[1]]])
        tilted = view.size * turned @ np.array([[roll[0], roll[1]], [-roll[1], roll[0]]])
        self._plane, self._front = tilted[:2], tilted[2]
        self._middle = np.array([view.x, view.y])
        self._curvature = np.array([width**-2, 1.1**-2])

    def fill(self, points: DoubleArray, color: Color, *, lift: float = 0.0) -> None:
        """Fill an outline on the face."""
        self.layer.fill(self._seen(points, lift), color)

    def solid(self, points: DoubleArray, color: Color) -> None:
        """Fill an outline of the head or of what stands out beside it; it covers what is behind."""
        self.layer.fill(points @ self._plane + self._middle, color, solid=True)

    def line(self, points: DoubleArray, color: Color, width: float, *, lift: float = 0.0) -> None:
        """A line on the face."""
        self.layer.line(self._seen(points, lift), color, width * self.view.size)

    def shade(self, points: DoubleArray, value: float, blur: Blur, width: float = 0.0, *, lift: float = 0.0) -> None:
        """A soft shade on the face, as in Layer.shade."""
        self.layer.shade(self._seen(points, lift), value, blur, width * self.view.size)

    def _seen(self, points: DoubleArray, lift: float) -> DoubleArray:
        """Points on the face [n, 2] as pixels."""
        depth = DEPTH * np.sqrt(np.maximum(1 - points**2 @ self._curvature, 0)) + lift
        seen: DoubleArray = points @ self._plane + depth[:, None] * self._front + self._middle
        return seen
