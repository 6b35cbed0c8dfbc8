"""Figures drawn as SVG: geometry here, marks in the templates.

Across, all positions are percentages and only text and heights are pixels, so that a figure fills a phone as well
as a screen and its text keeps its size. Text that would not fit a phone comes twice, long (class long) and short
(class short); the page's style shows one of them, a figure of its own has the long one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.report import numbers, palette

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

NARROW = 26  # characters of a name beside numbers on a phone
WIDE = 84
Floats = npt.NDArray[np.float64]


@functools.cache
def templates() -> Environment:
    """The package's templates, all escaped, an unknown name being an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("abaw_pipeline.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True)
class Figure:
    """One figure, to be drawn within the page or as a file.

    Attributes:
        template: the template with its marks.
        label: what it shows, for readers who do not see it.
        height: pixels.
        values: what the template prints.
        width: pixels of a file, and at most on the page.
        footer: further pixels at the bottom of a file, for what the page says beside the figure.
    """

    template: str
    label: str
    height: int
    values: Mapping[str, Any] = field(default_factory=dict)
    width: int = 1030
    footer: int = 0

    def inline(self) -> Markup:
        """SVG for the page, which brings style and colors."""
        from markupsafe import Markup

        return Markup(self._render(alone=False, style=""))  # noqa: S704 (the template escapes)

    def standalone(self) -> str:
        """SVG text that is a file of its own: light colors on a white card."""
        css = templates().get_template("figure.css").render(steps=palette.STEPS, hues=palette.HUES)
        return self._render(alone=True, style=palette.resolved(css, palette.LIGHT))

    def _render(self, *, alone: bool, style: str) -> str:
        height = self.height + (self.footer if alone else 0)
        frame = {"alone": alone, "style": style, "label": self.label, "height": height, "width": self.width}
        return templates().get_template(self.template).render(**frame, **self.values)


@dataclass(frozen=True)
class Dot:
    """One row of an interval figure: a value with its bounds, all as fractions, NaN where unknown.

    Attributes:
        name: the system.
        value: the measure.
        lo: lower bound.
        hi: upper bound.
        parts: the values by fold.
        fused: whether it is drawn as a fused system.
        strong: whether its name is bold.
    """

    name: str
    value: float
    lo: float = math.nan
    hi: float = math.nan
    parts: Sequence[float] = ()
    fused: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Bar:
    """One row of a bar figure: a length >= 0 with its text."""

    name: str
    value: float
    text: str


@dataclass(frozen=True)
class Cell:
    """One cell of a heat map: strength 0..1 of its color (NaN: none), `miss` for the second hue."""

    text: str
    strength: float
    title: str
    miss: bool = False
    small: str = ""

    @property
    def known(self) -> bool:
        """Whether it has a color."""
        return numbers.is_number(self.strength)

    @property
    def step(self) -> int:
        """Number of its color."""
        return palette.step(self.strength)


def intervals(rows: Sequence[Dot], label: str, chance: float) -> Figure:
    """Values as dots with their intervals, one row each in the given order; a dashed line at chance unless NaN."""
    low, high = _domain([*(v for r in rows for v in (r.value, r.lo, r.hi, *r.parts)), chance])

    def at(value: float) -> str:
        return f"{1.5 + 97 * (min(max(value, low), high) - low) / (high - low):.2f}%"

    drawn = []
    for number, row in enumerate(rows):
        bounds = numbers.interval(row.lo, row.hi)
        value = numbers.percent(row.value) if numbers.is_number(row.value) else "no result"
        drawn.append(
            {
                **written(row.name),
                "y": 24 + 42 * number,
                "text": f"{value} {bounds}".strip(),
                "title": f"{row.name}: {value} {bounds}".strip(),
                "x": at(row.value) if numbers.is_number(row.value) else "",
                "span": (at(row.lo), at(row.hi)) if bounds else (),
                "parts": [at(part) for part in row.parts if numbers.is_number(part)],
                "fused": row.fused,
                "strong": row.strong,
            }
        )
    step = 0.05 if high - low <= 0.3 else 0.1 if high - low <= 0.6 else 0.2
    steps = [low + step * i for i in range(1 + math.floor((high - low) / step + 1e-9))]
    values = {
        "rows": drawn,
        "ticks": [tick(at(place), f"{100 * place:.0f}%") for place in steps],
        "chance": at(chance) if numbers.is_number(chance) else "",
    }
    return Figure("intervals.svg", label, 42 * len(rows) + 34, values)


def tick(x: str, label: str) -> tuple[str, str, str, str]:
    """A gridline's place and text, and the text's anchor and place: at the edges it turns inwards, to be whole."""
    share = float(x.rstrip("%"))
    anchor, place = ("", "0") if share < 4 else ("e", "100%") if share > 96 else ("c", x)
    return x, label, anchor, place


def strip(dot: Dot, label: str, chance: float) -> Figure:
    """One value on the whole scale from 0 to 100 %, with its interval and the chance level."""
    known = numbers.is_number(dot.lo) and numbers.is_number(dot.hi)
    values = {
        "x": f"{100 * dot.value:.2f}%",
        "span": (f"{100 * dot.lo:.2f}%", f"{100 * (dot.hi - dot.lo):.2f}%") if known else (),
        "chance": f"{100 * chance:.2f}%" if numbers.is_number(chance) else "",
        "chance_share": chance,
        "anchor": "" if chance < 0.2 else "c" if chance < 0.8 else "e",
    }
    return Figure("strip.svg", label, 52, values, width=640)


def bars(rows: Sequence[Bar], label: str) -> Figure:
    """Horizontal bars, one row each in the given order, as long as their share of the longest."""
    longest = max((row.value for row in rows if numbers.is_number(row.value)), default=0.0) or 1.0
    drawn = [
        {
            **written(row.name),
            "y": 16 + 34 * number,
            "length": f"{100 * row.value / longest:.2f}%" if numbers.is_number(row.value) else "0%",
            "text": row.text,
        }
        for number, row in enumerate(rows)
    ]
    return Figure("bars.svg", label, 34 * len(rows) + 4, {"rows": drawn})


def heatmap(
    rows: Sequence[tuple[str, Sequence[Cell]]], columns: Sequence[str], label: str, short: Sequence[str] = ()
) -> Figure:
    """Rows of cells under the columns' names (`short` ones on a phone), each row's own name above it."""
    width = 100 / max(1, len(columns))
    values = {
        "rows": [{**written(name), "y": 36 + 50 * number, "cells": cells} for number, (name, cells) in enumerate(rows)],
        "columns": _columns(columns, short or columns, 0.0, width),
        "width_of_cell": f"{width - 0.4:.2f}%",
    }
    return Figure("heatmap.svg", label, 50 * len(rows) + 22, values)


def confusion(counts: Floats, classes: Sequence[str], label: str) -> Figure:
    """A confusion matrix, float64 [K, K] of counts by truth and prediction: share of the row above the count."""
    width = 72 / len(classes)
    totals = counts.sum(axis=1)
    shares = np.divide(counts, totals[:, None], out=np.zeros_like(counts), where=totals[:, None] > 0)
    rows = [
        {
            "full": name,
            "short": numbers.shorten(name, 9),
            "y": 40 + 40 * i,
            "total": numbers.compact(totals[i]),
            "cells": [_confusion_cell(counts, shares, classes, i, j) for j in range(len(classes))],
        }
        for i, name in enumerate(classes)
    ]
    values = {
        "rows": rows,
        "columns": _columns(classes, classes, 20.0, width),
        "width_of_cell": f"{width - 0.4:.2f}%",
    }
    return Figure("confusion.svg", label, 40 * len(classes) + 44, values, width=640)


def _confusion_cell(counts: Floats, shares: Floats, classes: Sequence[str], i: int, j: int) -> Cell:
    number, share = counts[i, j], shares[i, j]
    title = f"{classes[i]} taken as {classes[j]}: {numbers.count(number)} ({numbers.percent(share)})"
    small = numbers.compact(number) if number else ""
    text = f"{100 * share:.0f}" if number else ""
    return Cell(text, share if number else math.nan, title, miss=i != j, small=small)


def _columns(names: Sequence[str], short: Sequence[str], left: float, width: float) -> list[dict[str, str]]:
    room = max(2, int(3.2 * width / 6.4))  # characters of 6.4 px on a figure of 320 px
    return [
        {
            "full": name,
            "short": brief[:room],
            "x": f"{left + width * i:.2f}%",
            "middle": f"{left + width * i + (width - 0.4) / 2:.2f}%",
        }
        for i, (name, brief) in enumerate(zip(names, short, strict=True))
    ]


def written(name: str) -> dict[str, str]:
    """A name as given, shortened for a screen, and shortened for a phone."""
    return {"full": numbers.shorten(name, WIDE), "short": numbers.shorten(name, NARROW), "name": name}


def _domain(values: Sequence[float]) -> tuple[float, float]:
    """Tens of percent that hold all known values."""
    known = [value for value in values if numbers.is_number(value)] or [0.0, 1.0]
    low, high = math.floor(10 * min(known) + 1e-9) / 10, math.ceil(10 * max(known) - 1e-9) / 10
    low = max(0.0, min(low, 0.9))
    return low, min(1.0, max(high, low + 0.1))
