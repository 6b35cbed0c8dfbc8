"""Posteriors over time as areas: thinned to what a page can show, and their geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from abaw_pipeline.inference.reading import Rows
from abaw_pipeline.report import palette
from abaw_pipeline.report.over_time import PHONE_ROOM, UNITS, WIDE_ROOM, codes
from abaw_pipeline.types import DoubleArray, IntArray

POINTS = 600
"""Points of a curve over the whole video."""
TALL = 1000
"""Height of an area in its own coordinates."""


@dataclass(frozen=True)
class Curve:
    """Posteriors without a gap.

    Attributes:
        start: where it begins (s).
        end: where it ends (s).
        times: float64 [m], seconds, ascending.
        values: float64 [m, K].
        bare: bool [m], whether no face was found in most of a point's rows.
    """

    start: float
    end: float
    times: DoubleArray
    values: DoubleArray
    bare: Any


def thinned(rows: Rows, length: float, points: int = POINTS) -> list[Curve]:
    """The posteriors of some rows, at most about `points` over the whole axis: means over equal bins of time.

    Rows that are fewer than bins keep their own values. A gap of the rows that spans a bin splits the curve.

    Args:
        rows: of the shown system, with values.
        length: of the axis (s).
        points: bins over the axis.
    """
    if not len(rows.start):
        return []
    middles = (rows.start + rows.end) / 2
    bare = np.asarray(rows.face >= 2, np.float64)
    if len(middles) <= points * float(rows.seconds.sum()) / length:
        at = np.arange(len(middles))
        breaks = np.flatnonzero(~rows.joined[:-1]) + 1
    else:
        bins = np.minimum((middles / length * points).astype(np.int64), points - 1)
        at = np.unique(bins, return_inverse=True)[1]
        breaks = np.flatnonzero(np.diff(np.unique(bins)) > 1) + 1
    weight = np.bincount(at)
    times = np.bincount(at, middles) / weight
    values = np.stack([np.bincount(at, column) for column in rows.values.T.astype(np.float64)], 1) / weight[:, None]
    begin, finish = _edges(rows.start, rows.end, at)
    hidden = np.bincount(at, bare) / weight > 0.5
    parts = np.split(np.arange(len(times)), breaks)
    return [
        Curve(float(begin[part[0]]), float(finish[part[-1]]), times[part], values[part], hidden[part]) for part in parts
    ]


def _edges(start: DoubleArray, end: DoubleArray, at: IntArray) -> tuple[DoubleArray, DoubleArray]:
    """When the first row of each point begins and the last one ends; `at` ascends."""
    first = np.searchsorted(at, np.arange(at[-1] + 1))
    last = np.append(first[1:], len(at)) - 1
    return start[first], end[last]


def area(curves: Sequence[Curve], levels: Sequence[DoubleArray], length: float) -> str:
    """The path below some levels (0..1, one array a curve), UNITS wide and TALL high, in whole numbers."""
    path = []
    for curve, level in zip(curves, levels, strict=True):
        across = np.concatenate([[curve.start], curve.times, [curve.end]]) / length * UNITS
        x = np.round(np.clip(across, 0, UNITS)).astype(int)
        y = np.round(TALL * (1 - np.clip(np.pad(level, 1, mode="edge"), 0, 1))).astype(int)
        steps = "".join(_step(dx, dy) for dx, dy in zip(np.diff(x).tolist(), np.diff(y).tolist(), strict=True))
        path.append(f"M{x[0]} {TALL}V{y[0]}l{steps.lstrip()}V{TALL}z")
    return "".join(path)


def _step(dx: int, dy: int) -> str:
    """A relative step of a path, as short as can be."""
    return f" {dx}{dy}" if dy < 0 else f" {dx} {dy}"


def stacked(curves: Sequence[Curve], classes: Sequence[str], length: float, height: int) -> dict[str, Any]:
    """Classes on top of each other, the first at the bottom: paths from the uppermost down, and names within.

    Each path reaches down to the ground and is painted over by those below it.

    Returns:
        paths (hue, title, d), veil (the path over stretches without a face) and texts (x, y in pixels from the
        top, hue, full, short).
    """
    hues = palette.hues(classes)
    tops = [np.cumsum(curve.values, axis=1) for curve in curves]
    drawn = [
        {"hue": hues[name], "title": name, "d": area(curves, [top[:, place] for top in tops], length)}
        for place, name in enumerate(classes)
    ]
    return {"paths": drawn[::-1], "veil": veil(curves, length), "texts": _names(curves, classes, length, height)}


def veil(curves: Sequence[Curve], length: float) -> str:
    """A path over the whole height where no face was found."""
    path = []
    for curve in curves:
        edges = np.concatenate([[curve.start], (curve.times[1:] + curve.times[:-1]) / 2, [curve.end]])
        change = np.flatnonzero(np.diff(np.concatenate([[False], curve.bare, [False]]).astype(int)))
        for first, last in zip(change[::2], change[1::2], strict=True):
            left, right = (round(UNITS * min(float(edges[at]) / length, 1)) for at in (first, last))
            path.append(f"M{left} 0h{right - left}v{TALL}h{left - right}z")
    return "".join(path)


def _names(curves: Sequence[Curve], classes: Sequence[str], length: float, height: int) -> list[dict[str, Any]]:
    """Names of classes where their band is high enough for as wide as the name is, on a screen and on a phone."""
    grid = np.full((POINTS, len(classes) + 1), np.nan)
    places = (np.arange(POINTS) + 0.5) / POINTS * length
    for curve in curves:
        inside = (places >= curve.start) & (places < curve.end)
        if not inside.any():
            continue
        grid[inside, 0] = 0
        for place in range(len(classes)):
            grid[inside, place + 1] = np.interp(places[inside], curve.times, curve.values[:, : place + 1].sum(axis=1))
        bare = curve.bare[np.searchsorted(curve.times, places[inside]).clip(0, len(curve.times) - 1)]
        grid[np.flatnonzero(inside)[bare]] = np.nan  # a veil lies there: no text on it
    hues, short = palette.hues(classes), codes(classes)
    found = []
    for place, name in enumerate(classes):
        for text, room, kind in ((name, WIDE_ROOM, "long"), (short[name], PHONE_ROOM, "short")):
            spot = _spot(grid[:, place], grid[:, place + 1], (6.4 * len(text) + 8) / room, 15 / height)
            if spot is not None:
                x, y = f"{100 * spot[0]:.2f}%", round(height * (1 - spot[1]) + 4, 1)
                found.append({"x": x, "y": y, "hue": hues[name], "text": text, "kind": kind})
    return found


def _spot(low: DoubleArray, high: DoubleArray, width: float, least: float) -> tuple[float, float] | None:
    """Middle of the place of a given width where a band is highest, if it is high enough there (shares of 1)."""
    window = max(1, int(np.ceil(width * POINTS)))
    if window > POINTS:
        return None
    floors = np.lib.stride_tricks.sliding_window_view(low, window).max(axis=1)
    ceilings = np.lib.stride_tricks.sliding_window_view(high, window).min(axis=1)
    free = np.nan_to_num(ceilings - floors, nan=-1.0)
    at = int(free.argmax())
    if free[at] < least:
        return None
    return (at + window / 2) / POINTS, float(floors[at] + ceilings[at]) / 2
