"""One person of a video: figures over time, and the same in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.inference import lanes
from abaw_pipeline.inference.curves import POINTS, Curve, thinned
from abaw_pipeline.inference.pages import stretch, whole_percent
from abaw_pipeline.inference.reading import Rows
from abaw_pipeline.inference.words import Shares, means, shares, story
from abaw_pipeline.report import numbers
from abaw_pipeline.report.over_time import Runs, agreement
from abaw_pipeline.report.text_tables import Table

if TYPE_CHECKING:
    from markupsafe import Markup

    from abaw_pipeline.inference.page import VideoPage

CURVES, STRIPS = 6 * POINTS, 60 * lanes.COLUMNS
"""Points of one class's curves, and columns of strips, that a page has over all persons: it must stay small."""
BETWEEN = 1.0
"""Shorter stretches between pictures in which a face was found (s) are shown as found."""


@dataclass(frozen=True)
class PersonView:
    """What the page shows of a person.

    Attributes:
        person: number; 0: nobody was found.
        name: "Person 1"; "By sound alone".
        span: when there are rows, and how much of that time a face was found, in words.
        shares: emotions of the shown system.
        sure: how sure the most frequent emotion is, in words; may be empty.
        by: the system that stands in for the shown one where that has no rows; else empty.
        story: the course of emotions in words; may be empty.
        curves: posteriors of the shown system, faces and voices over time; None where it has no rows.
        strips: predicted emotions by system over time.
        single: each emotion's posterior on its own; None where the shown system has no rows.
        others: posteriors of the other systems over time; None where there are none.
        table: the shares of the time by system.
        compared: whether other systems stand beside the shown one.
        bands: whether there is a lane of faces, and one of voices.
    """

    person: int
    name: str
    span: str
    shares: Shares
    sure: str
    by: str
    story: str
    curves: Markup | None
    strips: Markup
    single: Markup | None
    others: Markup | None
    table: Table
    compared: bool
    bands: tuple[bool, bool]


def view_person(
    person: int, systems: Mapping[str, Rows], page: VideoPage, shown: str, length: float, people: int
) -> PersonView:
    """All that is shown of a person.

    Args:
        person: number.
        systems: the person's rows by system.
        page: the page's input.
        shown: the system that comes first.
        length: of the axis in time (s).
        people: how many persons share the page.
    """
    name = f"Person {person}" if person else "Nobody in the picture" if page.size else "By sound alone"
    first = systems.get(shown)
    rows = first or next(iter(systems.values()))
    told = shares(rows, page.classes)
    curves = None if first is None else thinned(first, length, max(60, min(POINTS, CURVES // people)))
    label = f"{name}, {shown} over {numbers.duration(length)}: {told.sentence}."
    return PersonView(
        person=person,
        name=name,
        span=_span(rows, length),
        shares=told,
        sure=f"on average {whole_percent(told.sure)} sure of it" if numbers.is_number(told.sure) else "",
        by="" if first is not None else rows.system,
        story=story(rows.runs(rows.predicted), page.classes, length),
        curves=None if curves is None else _curves(curves, rows, page, shown, length, label),
        strips=_strips(systems, page, shown, length, people, name),
        single=None if first is None else _single(curves or [], first, page, length, name),
        others=_others(systems, page, shown, length, people, name),
        table=_table(systems, page, shown),
        compared=first is not None and len(systems) > 1,
        bands=(bool((rows.face >= 0).any()), bool((rows.voice >= 0).any())),
    )


def _span(rows: Rows, length: float) -> str:
    told = stretch(float(rows.start[0]), float(rows.end[-1]), length)
    if not (rows.face >= 0).any():
        return told
    found = float(rows.seconds[(rows.face == 0) | (rows.face == 1)].sum() / rows.seconds.sum())
    return f"{told}, face found {whole_percent(found)} of that time"


def _curves(curves: list[Curve], rows: Rows, page: VideoPage, shown: str, length: float, label: str) -> Markup:
    """Stacked posteriors with the bands of faces and voices."""
    own = [lanes.stack_lane(curves, page.classes, length, f"Probabilities, {shown}")]
    if (rows.face >= 0).any():
        own.append(_face_band(rows, length))
    if (rows.voice >= 0).any():
        own.append(_voice_band(rows, length))
    return lanes.stacked_lanes(own, label, length)


def _face_band(rows: Rows, length: float) -> lanes.Lane:
    """Where the face was found, where it lies between, and where it was not found."""
    runs = rows.runs(np.where(rows.face >= 2, 2, np.where(rows.face == 1, 1, 0)))
    brief = (runs.label == 1) & (runs.end - runs.start < BETWEEN)
    told = Runs(runs.start, runs.end, np.where(brief, 0, runs.label))
    lost = float(rows.seconds[rows.face >= 2].sum())
    remark = f"not found for {numbers.duration(lost)}" if lost else "found throughout"
    return lanes.band_lane(told, ("found", "between", "gap"), length, "Face", remark)


def _voice_band(rows: Rows, length: float) -> lanes.Lane:
    heard = float(rows.seconds[rows.voice == 1].sum() / rows.seconds[rows.voice >= 0].sum())
    runs = rows.runs(np.where(rows.voice == 1, 0, -1))
    return lanes.band_lane(runs, ("voice",), length, "Voice", f"heard {whole_percent(heard)} of the time")


def _strips(
    systems: Mapping[str, Rows], page: VideoPage, shown: str, length: float, people: int, person: str
) -> Markup:
    """Predicted emotions by system, the shown one first."""
    names = _in_order(systems, page, shown)
    columns = max(80, min(lanes.COLUMNS, STRIPS // (people * len(names))))
    runs = {name: systems[name].runs(systems[name].predicted) for name in names}
    own, said = [], []
    for name in names:
        share = agreement(runs[shown], runs[name]) if shown in runs and name != shown else np.nan
        remark = f"{whole_percent(share)} as {shown}" if numbers.is_number(share) else ""
        remark = remark if len(remark) < 28 else f"{whole_percent(share)} alike"
        titled = _titled(name, page)
        own.append(
            lanes.strip_lane(runs[name], page.classes, length, titled, remark, strong=name == shown, columns=columns)
        )
        said.append(f"{name}: {shares(systems[name], page.classes).sentence}")
    return lanes.stacked_lanes(own, f"{person}, emotion by system over time. {'. '.join(said[:4])}.", length)


def _single(curves: list[Curve], rows: Rows, page: VideoPage, length: float, person: str) -> Markup:
    """One area a class."""
    average = means(rows)
    own = [
        lanes.ridge_lane(curves, page.classes, place, length, f"mean {whole_percent(float(average[place]))}")
        for place in range(len(page.classes))
    ]
    told = ", ".join(f"{name} {whole_percent(float(share))}" for name, share in zip(page.classes, average, strict=True))
    return lanes.stacked_lanes(own, f"{person}, probability of each emotion over time; means: {told}.", length)


def _others(
    systems: Mapping[str, Rows], page: VideoPage, shown: str, length: float, people: int, person: str
) -> Markup | None:
    """Stacked posteriors of every system but the shown one."""
    names = [name for name in _in_order(systems, page, shown) if name != shown]
    if not names:
        return None
    points = max(40, min(POINTS // 2, CURVES // (people * len(names))))
    own = [
        lanes.stack_lane(
            thinned(systems[name], length, points), page.classes, length, _titled(name, page), size=lanes.LOW
        )
        for name in names
    ]
    return lanes.stacked_lanes(own, f"{person}, probabilities over time by {', '.join(names)}.", length)


def _titled(name: str, page: VideoPage) -> str:
    kind = page.systems.get(name, "")
    return f"{name} ({kind})" if kind and kind not in name else name


def _table(systems: Mapping[str, Rows], page: VideoPage, shown: str) -> Table:
    rows = []
    for name in _in_order(systems, page, shown):
        told = shares(systems[name], page.classes)
        share = dict(zip(told.classes, told.shares, strict=True))
        cells = [f"{100 * share[one]:.1f}" if one in share else numbers.MISSING for one in page.classes]
        rows.append([name, page.systems.get(name, ""), *cells])
    columns = ["System", "Kind", *(one[:1].upper() + one[1:] for one in page.classes)]
    return Table("The same in numbers: percent of the time by emotion", columns, rows, left=("Kind",), strong=shown)


def _in_order(systems: Mapping[str, Rows], page: VideoPage, shown: str) -> list[str]:
    """The shown system, then the others in the page's order."""
    place = {name: at for at, name in enumerate(page.systems)}
    return sorted(systems, key=lambda name: (name != shown, place.get(name, len(place)), name))
