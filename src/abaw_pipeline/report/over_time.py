"""Figures over time: stretches of classes along a clip, and a measure before and after changes.

Geometry only, as in `drawing`; what the marks look like is in the templates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.report import numbers, palette
from abaw_pipeline.report.drawing import Figure, tick, written

COLUMNS = 1000
"""Stretches shorter than a column are drawn as the class that holds most of their column."""
UNITS = 10_000
"""A strip's whole length in its own coordinates."""
WIDE_ROOM, PHONE_ROOM = 560, 300
"""Pixels that a strip has at least, on a screen and on a phone."""
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400)
PITCH = 46
"""Pixels from strip to strip."""
BAR = 54
"""Pixels of the longest bar."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """Stretches of one class each, in order of time and without overlaps.

    Attributes:
        start: float64 [n], seconds.
        end: float64 [n], seconds.
        label: int64 [n], places in the list of classes.
    """

    start: Doubles
    end: Doubles
    label: npt.NDArray[np.int64]

    def seconds_until(self, times: Doubles, label: int) -> Doubles:
        """Seconds of one class before each of some times, float64 [m]."""
        own = self.label == label
        if not own.any():
            return np.zeros(len(times))
        ends = np.column_stack([self.start[own], self.end[own]]).ravel()
        lengths = np.column_stack([np.zeros(own.sum()), self.end[own] - self.start[own]]).ravel()
        return np.asarray(np.interp(times, ends, np.cumsum(lengths)))


@dataclass(frozen=True)
class Strip:
    """One row of a timeline: a name, its stretches, and a remark at its right end."""

    name: str
    runs: Runs
    remark: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Around:
    """One row of a figure around changes: values by bin and overall as fractions, NaN where unknown."""

    name: str
    values: Sequence[float]
    overall: float = math.nan
    fused: bool = False
    strong: bool = False


def agreement(truth: Runs, other: Runs) -> float:
    """Share of the annotated seconds for which two rows have the same class; NaN without annotation."""
    right = 0.0
    for label in np.unique(truth.label):
        own = truth.label == label
        right += float(
            (other.seconds_until(truth.end[own], label) - other.seconds_until(truth.start[own], label)).sum()
        )
    annotated = float((truth.end - truth.start).sum())
    return right / annotated if annotated else math.nan


def codes(classes: Sequence[str]) -> dict[str, str]:
    """Two letters or more for each class, as few as tell it from the others."""
    found: dict[str, str] = {}
    for name in classes:
        size = 2
        while size < len(name) and any(other != name and other[:size] == name[:size] for other in classes):
            size += 1
        found[name] = name[:1].upper() + name[1:size]
    return found


def timeline(strips: Sequence[Strip], classes: Sequence[str], label: str) -> Figure:
    """One strip a row, colored by class, over a common axis in seconds that starts at 0."""
    length = max((float(strip.runs.end.max()) for strip in strips if len(strip.runs.end)), default=1.0)
    hues = palette.hues(classes)
    bottom = PITCH * len(strips)
    values = {
        "rows": [
            {
                **written(strip.name),
                "y": 14 + PITCH * number,
                "remark": strip.remark,
                "strong": strip.strong,
                **strip_marks(strip.runs, length, classes),
            }
            for number, strip in enumerate(strips)
        ],
        "ticks": [tick(f"{100 * at / length:.2f}%", f"{at:g} s") for at in ticks(length)],
        "bottom": bottom,
        "legend": [(f"{100 * n / len(classes):.2f}%", hues[name], name) for n, name in enumerate(classes)],
    }
    return Figure("timeline.svg", label, bottom + 22, values, footer=26)


def in_seconds(start: float, end: float) -> str:
    """A stretch in seconds."""
    return f"{start:.1f} to {end:.1f} s"


def ticks(length: float) -> list[float]:
    """Where an axis from 0 to a length (s) has its marks: seven at most, at usual steps."""
    step = next((step for step in STEPS if length / step <= 6), math.ceil(length / 6))
    return [round(number * step, 6) for number in range(1 + math.floor(length / step + 1e-9))]


def strip_marks(
    runs: Runs,
    length: float,
    classes: Sequence[str],
    *,
    told: Callable[[float, float], str] = in_seconds,
    columns: int = COLUMNS,
) -> dict[str, list[dict[str, Any]]]:
    """Paths and texts of one strip; all short stretches of a class share a path.

    Args:
        runs: the stretches.
        length: of the axis (s).
        classes: names of the classes.
        told: how a stretch is told, from its start and end (s).
        columns: stretches shorter than one of so many are drawn as what holds most of it.
    """
    runs, hues, short = drawable(runs, length, columns), palette.hues(classes), codes(classes)
    paths: dict[tuple[int, int], dict[str, Any]] = {}
    texts = []
    for place, (start, end, label) in enumerate(zip(runs.start, runs.end, runs.label, strict=True)):
        name, share = classes[label], (end - start) / length
        left, right = round(UNITS * start / length), round(UNITS * end / length)
        wide = share >= 0.01
        title = f"{name}, {told(start, end)}" if wide else f"{name}, short stretches"
        path = paths.setdefault((label, place if wide else -1), {"hue": hues[name], "title": title, "d": ""})
        path["d"] += f"M{left} 0h{right - left}v1h{left - right}z"
        on_screen, on_phone = (_fitting(name, short[name], share * room) for room in (WIDE_ROOM, PHONE_ROOM))
        if on_screen:
            x = f"{50 * (start + end) / length:.2f}%"
            texts.append({"x": x, "hue": hues[name], "full": on_screen, "short": on_phone})
    return {"paths": list(paths.values()), "texts": texts}


def _fitting(name: str, code: str, room: float) -> str:
    """As much of a class's name as so many pixels hold."""
    if room >= 6 * len(name) + 6:
        return name
    return code if room >= 7 * len(code) + 4 else ""


def drawable(runs: Runs, length: float, columns: int = COLUMNS) -> Runs:
    """The runs themselves if none is shorter than a column, else each column's class with the most seconds."""
    width = length / columns
    if not len(runs.end) or float((runs.end - runs.start).min()) >= width:
        return runs
    edges = np.linspace(0, length, columns + 1)
    labels = np.unique(runs.label)
    seconds = np.stack([np.diff(runs.seconds_until(edges, label)) for label in labels])
    empty = width - seconds.sum(axis=0)
    most = np.append(labels, -1)[np.vstack([seconds, empty]).argmax(axis=0)]
    first = np.flatnonzero(np.append(True, most[1:] != most[:-1]))
    last = np.append(first[1:], columns)
    known = most[first] >= 0
    return Runs(edges[first][known], edges[last][known], most[first][known])


def around_changes(rows: Sequence[Around], bins: Sequence[tuple[float, float]], label: str) -> Figure:
    """A bar for each bin of time around a change, one row of bars a system; dashed: its value over all time."""
    known = [value for row in rows for value in (*row.values, row.overall) if numbers.is_number(value)]
    top = max(0.1, math.ceil(10 * max(known, default=1.0) - 1e-9) / 10)
    width = 100 / max(1, len(bins))
    pitch = BAR + 52

    def bar(row: Around, place: int, base: int) -> dict[str, Any]:
        value = row.values[place]
        height = round(BAR * value / top, 1) if numbers.is_number(value) else 0
        lo, hi = bins[place]
        return {
            "x": f"{width * place + 0.6:.2f}%",
            "middle": f"{width * (place + 0.5):.2f}%",
            "height": height,
            "top": round(base - height, 1),
            "text": numbers.points(value),
            "title": f"{row.name}, {lo:g} to {hi:g} s: {numbers.percent(value)}",
        }

    drawn = []
    for number, row in enumerate(rows):
        base = 36 + BAR + pitch * number
        overall = numbers.is_number(row.overall)
        drawn.append(
            {
                **written(row.name),
                "y": 14 + pitch * number,
                "base": base,
                "bars": [bar(row, place, base) for place in range(len(bins))],
                "overall": round(base - BAR * row.overall / top, 1) if overall else "",
                "remark": f"overall {numbers.points(row.overall)}" if overall else "",
                "fused": row.fused,
                "strong": row.strong,
            }
        )
    bottom = pitch * len(rows) - 10
    middle = [place for place, (lo, _) in enumerate(bins) if lo == 0]
    values = {
        "rows": drawn,
        "width_of_bar": f"{width - 1.2:.2f}%",
        "change": f"{width * middle[0]:.2f}%" if middle and middle[0] else "",
        "bins": [(f"{width * (n + 0.5):.2f}%", *bin_texts(lo, hi)) for n, (lo, hi) in enumerate(bins)],
        "bottom": bottom,
    }
    return Figure("around.svg", label, bottom + 22, values, width=640)


def bin_texts(lo: float, hi: float) -> tuple[str, str]:
    """A bin of seconds in words, and as short as can be."""
    low, high = (f"{value:+g}".replace("-", "−").replace("+0", "0") for value in (lo, hi))
    return f"{low} to {high} s", f"{low}…{high}"
