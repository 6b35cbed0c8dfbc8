"""Lanes over a common axis in time, one below the other: areas, strips of emotions, faces and voices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from abaw_pipeline.inference.curves import TALL, Curve, area, stacked
from abaw_pipeline.inference.pages import clock, drawn
from abaw_pipeline.report import palette
from abaw_pipeline.report.drawing import tick, written
from abaw_pipeline.report.over_time import UNITS, Runs, drawable, strip_marks, ticks

if TYPE_CHECKING:
    from markupsafe import Markup

COLUMNS = 600
"""Stretches shorter than a column are drawn as what holds most of their column."""
STACK, LOW, RIDGE, BAND = 180, 72, 30, 8
"""Heights of stacked areas, of other systems' ones, of one class's area, and of bands of faces and voices (pixels)."""

Lane = dict[str, Any]


def stack_lane(curves: Sequence[Curve], classes: Sequence[str], length: float, name: str, *, size: int = STACK) -> Lane:
    """Posteriors of all classes on top of each other, `size` pixels high."""
    drawn_areas = stacked(curves, classes, length, size)
    return {"kind": "stack", "size": size, "pitch": size + 38, **written(name), **drawn_areas}


def ridge_lane(curves: Sequence[Curve], classes: Sequence[str], place: int, length: float, remark: str) -> Lane:
    """The posterior of one class from 0 to 1."""
    name = classes[place]
    path = area(curves, [curve.values[:, place] for curve in curves], length)
    paths = [{"hue": palette.hues(classes)[name], "title": name, "d": path}]
    return {"kind": "ridge", "size": RIDGE, "pitch": RIDGE + 24, **written(name), "remark": remark, "paths": paths}


def strip_lane(
    runs: Runs, classes: Sequence[str], length: float, name: str, remark: str, *, strong: bool, columns: int = COLUMNS
) -> Lane:
    """Predicted emotions; short stretches of a class share a path."""
    marks = strip_marks(
        runs,
        length,
        classes,
        told=lambda start, end: f"{clock(start, length)} to {clock(end, length)}",
        columns=columns,
    )
    own = {"kind": "strip", "size": 20, "pitch": 46, "remark": remark, "strong": strong}
    return {**own, **written(name), **marks}


def band_lane(
    runs: Runs, styles: Sequence[str], length: float, name: str, remark: str, *, columns: int = COLUMNS
) -> Lane:
    """A thin band of stretches; labels are places in the styles (classes of the style sheet)."""
    shown = drawable(runs, length, columns)
    drawn = [{"style": style, "d": _blocks(shown, place, length)} for place, style in enumerate(styles)]
    own = {"kind": "band", "size": BAND, "pitch": BAND + 24, "remark": remark}
    return {**own, **written(name), "paths": [path for path in drawn if path["d"]]}


def stacked_lanes(lanes: Sequence[Lane], label: str, length: float) -> Markup:
    """All lanes as one figure with its axis below; readers who do not see it get the label."""
    top, rows = 0, []
    for lane in lanes:
        rows.append({"strong": False, "remark": "", "texts": [], **lane, "y": top + 14})
        top += lane["pitch"]
    values = {
        "rows": rows,
        "ticks": [tick(f"{100 * at / length:.2f}%", clock(at, length)) for at in ticks(length)],
        "bottom": top,
        "tall": {"stack": TALL, "ridge": TALL, "strip": 1, "band": 1},
        "units": UNITS,
    }
    return drawn("lanes.svg", label, top + 22, values)


def _blocks(runs: Runs, label: int, length: float) -> str:
    """The path of all stretches of a label."""
    path = []
    for start, end in zip(runs.start[runs.label == label], runs.end[runs.label == label], strict=True):
        left, right = round(UNITS * start / length), round(UNITS * end / length)
        path.append(f"M{left} 0H{right}v1H{left}z")
    return "".join(path)
