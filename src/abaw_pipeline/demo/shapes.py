"""Smooth outlines."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from abaw_pipeline.types import DoubleArray


def curve(points: npt.ArrayLike, *, closed: bool = False, pieces: int = 6) -> DoubleArray:
    """A smooth line through points (Catmull-Rom).

    Args:
        points: [n, 2] or more columns.
        closed: whether it goes back to the first point.
        pieces: straight pieces between two points.
    """
    knots = np.asarray(points, dtype=np.float64)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([knots[:1], knots, knots[-1:]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 4, axis=0)
    line = np.einsum("pk,nck->npc", _weights(pieces), windows).reshape(-1, knots.shape[1])
    return line if closed else np.concatenate([line, knots[-1:]])


@cache
def _weights(pieces: int) -> DoubleArray:
    t = np.arange(pieces)[:, None] / pieces
    powers = np.concatenate([t**0, t, t**2, t**3], axis=1)
    basis = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    return np.asarray(powers @ basis)


def mirrored(right: npt.ArrayLike) -> DoubleArray:
    """A closed outline from its right half, given from top to bottom."""
    half = np.asarray(right, dtype=np.float64)
    left = half[::-1] * (-1, 1)
    return np.concatenate([half, left[left[:, 0] < 0]])


def ellipse(x: float, y: float, width: float, height: float, n: int = 20) -> DoubleArray:
    """Its outline [n, 2], from half its width and height."""
    return np.asarray(_circle(n) * (width, height) + (x, y))


@cache
def _circle(n: int) -> DoubleArray:
    angle = np.arange(n) * (2 * np.pi / n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
