"""The page of one judged video: who showed which emotion when, with the video itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from abaw_pipeline.errors import MediaError
from abaw_pipeline.inference.pages import clock, render, stretch, uri
from abaw_pipeline.inference.person import view_person
from abaw_pipeline.inference.reading import read_rows, shown_system
from abaw_pipeline.report import numbers, palette
from abaw_pipeline.report.over_time import codes
from abaw_pipeline.report.text_tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

MOVIE = "annotated.mp4"
"""Name of the annotated video where it lies beside the page."""
MEGABYTE = 1_000_000
TOLD = 4
"""Persons told on the first screen; all have a section."""


class Seen(NamedTuple):
    """A person who was seen: number, first and last moment (s), faces detected, whether judged."""

    person: int
    first: float
    last: float
    faces: int
    judged: bool


class Failure(NamedTuple):
    """A piece that could not be computed, in words of the artifacts."""

    artifact: str
    key: str
    message: str
    blocked_by: str


@dataclass(frozen=True)
class VideoPage:
    """What the page of a video tells.

    Attributes:
        title: the file's name.
        judged: the judgement, as `inference.reading` describes it; may be without rows.
        shown: the system that comes first, best a fusion; where it has no rows another one stands in.
        systems: kind ("face", "sound" or "fusion") of each system, in the order in which they are listed.
        classes: names of the classes.
        duration: of the video (s).
        fps: pictures a second; None without pictures.
        size: width and height (pixels) of the upright picture; None without pictures.
        sound: whether the file has sound.
        strip: what `strip.film_strip` made; None without pictures.
        movie: the annotated video; None: there is none.
        stages: names of stages with their seconds of work on this video.
        failures: what could not be computed for this video.
        persons: everybody who was seen, judged or not.
        trained_on: what the systems learned from, in words.
        notes: what a reader should know first.
        tables: what lies where: name and place of each file with the numbers.
        back: address of the page that lists all videos; empty: none.
    """

    title: str
    judged: pa.Table
    shown: str
    systems: Mapping[str, str]
    classes: Sequence[str]
    duration: float
    fps: float | None = None
    size: tuple[int, int] | None = None
    sound: bool = False
    strip: pa.Table | None = None
    movie: Path | None = None
    stages: Sequence[tuple[str, float]] = ()
    failures: Sequence[Failure | tuple[str, str, str, str]] = ()
    persons: Sequence[Seen | tuple[int, float, float, int, bool]] = ()
    trained_on: str = ""
    notes: Sequence[str] = ()
    tables: Sequence[tuple[str, str]] = ()
    back: str = ""


def render_page(page: VideoPage, *, embed_mb: float = 12) -> str:
    """The page as one HTML document, the same text for the same input.

    It holds all that it shows. Only a movie larger than `embed_mb` is left beside it, as `annotated.mp4`.

    Args:
        page: what it tells.
        embed_mb: largest movie (MB of 10^6 bytes) that becomes part of the page.

    Raises:
        MediaError: the movie is not there.
        DataError: the judgement lacks a column, or predicts a class that is not among the classes.
    """
    shown = shown_system(page.judged, page.shown)
    rows = read_rows(page.judged, page.classes)
    length = max([page.duration, 0.04, *(one.end[-1] for each in rows.values() for one in each.values())])
    views = [view_person(person, rows[person], page, shown, float(length), len(rows)) for person in rows]
    hues = palette.hues(page.classes)
    context = {
        "page": page,
        "shown": shown,
        "length": round(float(length), 3),
        "people": views,
        "told": views[:TOLD],
        "facts": _facts(page),
        "movie": _movie(page.movie, embed_mb),
        "beside": MOVIE,
        "pictures": _pictures(page.strip, float(length)),
        "seen": _unjudged(page, float(length)),
        "work": _work(page),
        "failures": _failures(page.failures),
        "legend": [(hues[name], code, name) for name, code in codes(page.classes).items()],
        "hues_of": hues,
        "code_of": codes(page.classes),
        "notes": _notes(page, shown),
        "heard": page.sound and any(kind != "face" for kind in page.systems.values()),
        "count": numbers.count(page.judged.num_rows),
    }
    return render("video.html", context)


def work_per_second(page: VideoPage) -> float:
    """Seconds of work a second of video; NaN where nothing is known."""
    total = sum(seconds for _, seconds in page.stages)
    return total / page.duration if page.stages and page.duration > 0 else float("nan")


def judged_people(page: VideoPage) -> list[int]:
    """Numbers of the persons who have rows, without 0."""
    return sorted(person for person in page.judged.column("person").unique().to_pylist() if person)


def _facts(page: VideoPage) -> list[str]:
    """Length, size, rate, sound and people in a few words each."""
    people = len(judged_people(page))
    found = [numbers.duration(page.duration)]
    if page.size is None:
        found.append("no pictures")
    else:
        found.append(f"{page.size[0]} × {page.size[1]} pixels")
    if page.fps:
        found.append(f"{page.fps:.4g} pictures a second")
    found.append("sound" if page.sound else "no sound")
    if people or page.size:
        found.append("nobody found" if not people else f"{people} {'person' if people == 1 else 'people'} judged")
    return found


def _movie(path: Path | None, embed_mb: float) -> str:
    """Address of the annotated video: its own bytes, or the file beside the page; empty without one."""
    if path is None:
        return ""
    try:
        if Path(path).stat().st_size > embed_mb * MEGABYTE:
            return MOVIE
        return uri(Path(path).read_bytes(), "video/mp4")
    except OSError as error:
        raise MediaError(f"the annotated video cannot be read ({error.strerror})", where=str(path)) from error


def _pictures(strip: pa.Table | None, length: float) -> list[dict[str, Any]]:
    """Pictures of the film strip with their times."""
    if strip is None:
        return []
    return [
        {
            "time": round(row["time"], 3),
            "clock": clock(row["time"], length),
            "uri": uri(row["image"]["bytes"], "image/jpeg"),
        }
        for row in strip.to_pylist()
    ]


def _unjudged(page: VideoPage, length: float) -> list[str]:
    """Who was seen but has no rows, in words."""
    found, there = [], set(judged_people(page))
    for person, first, last, faces, judged in page.persons:
        if person not in there:
            many = f"{faces:,} face{'s' * (faces != 1)} found"
            why = "no system has a result" if judged else "too briefly to be judged"
            found.append(f"Person {person}: {stretch(first, last, length)}, {many}; {why}")
    return found


def _work(page: VideoPage) -> list[dict[str, Any]]:
    """Seconds of work by stage, the longest first, and their sum."""
    known = [(name, float(seconds)) for name, seconds in page.stages]
    ordered = sorted(known, key=lambda stage: -stage[1])
    longest = max((seconds for _, seconds in known), default=0.0) or 1.0
    total = [("all stages", sum(seconds for _, seconds in known))] if len(known) > 1 else []
    return [
        {
            "name": name,
            "seconds": f"{seconds:,.2f}",
            "rate": _rate(seconds, page.duration),
            "share": f"{100 * min(seconds / longest, 1):.1f}%",
            "sum": place >= len(ordered),
        }
        for place, (name, seconds) in enumerate([*ordered, *total])
    ]


def _rate(seconds: float, duration: float) -> str:
    if duration <= 0:
        return numbers.MISSING
    rate = seconds / duration
    return "under 0.001" if 0 < rate < 0.0005 else f"{rate:,.3f}"


def _failures(failures: Sequence[Failure | tuple[str, str, str, str]]) -> Table | None:
    """What failed, causes first."""
    if not failures:
        return None
    rows = [list(failure) for failure in sorted(failures, key=lambda failure: bool(failure[3]))]
    columns = ["Artifact", "Key", "Message", "Blocked by"]
    return Table(f"{len(rows):,} not computed", columns, rows, wrap=columns[1:], left=columns)


def _notes(page: VideoPage, shown: str) -> list[str]:
    """What must be known before anything is believed."""
    found = list(page.notes)
    if page.judged.num_rows and page.shown and shown != page.shown:
        found.insert(0, f"{page.shown} judged nothing here: {shown} is shown instead.")
    if not page.judged.num_rows:
        found.insert(0, "Nothing of this file could be judged." + (" See what failed." if page.failures else ""))
    return found
