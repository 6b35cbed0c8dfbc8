"""Geometry of boxes: pixels x1, y1, x2, y2 in the source frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.types import DoubleArray


def as_boxes(values: npt.ArrayLike) -> DoubleArray:
    """Boxes as float64 [n, 4]; an empty list becomes [0, 4]."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 4)


def centers(boxes: npt.NDArray[Any]) -> DoubleArray:
    """Middle of each box: float64 [n, 2], x and y."""
    boxes = as_boxes(boxes)
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def sizes(boxes: npt.NDArray[Any]) -> DoubleArray:
    """Geometric mean of width and height of each box: float64 [n] (pixels), 0 for an empty one."""
    boxes = as_boxes(boxes)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    return np.asarray(np.sqrt(sides[:, 0] * sides[:, 1]), dtype=np.float64)


def iou(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> DoubleArray:
    """Intersection over union of each pair: float64 [n, m], 0 where both are empty."""
    a, b = as_boxes(first)[:, None], as_boxes(second)[None]
    sides = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0.0)
    shared = sides[..., 0] * sides[..., 1]
    either = sizes(first)[:, None] ** 2 + sizes(second)[None] ** 2 - shared
    ratio: DoubleArray = np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
    return ratio


def between(first: npt.NDArray[Any], second: npt.NDArray[Any], fraction: float) -> DoubleArray:
    """The box on the straight way from one box (fraction 0) to another (1): float64 [4]."""
    return np.asarray(first, np.float64) * (1 - fraction) + np.asarray(second, np.float64) * fraction
