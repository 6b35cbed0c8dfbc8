"""The page that lists all judged videos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from abaw_pipeline.inference.page import Failure, VideoPage, judged_people, work_per_second
from abaw_pipeline.inference.pages import render, uri
from abaw_pipeline.inference.reading import read_rows, shown_system
from abaw_pipeline.inference.words import Shares, shares
from abaw_pipeline.report import numbers, palette
from abaw_pipeline.report.over_time import codes
from abaw_pipeline.report.text_tables import Table


@dataclass(frozen=True)
class VideoCard:
    """One video of the list.

    Attributes:
        title: the file's name.
        folder: of its page, relative to the list; any text.
        duration: seconds.
        persons: how many people were judged.
        shown: the system whose emotions are shown.
        shares: emotions over all persons by that system.
        seconds: of work.
        thumbnail: JPEG bytes; empty: none.
        problems: pieces of this video that could not be computed.
    """

    title: str
    folder: str
    duration: float
    persons: int
    shown: str
    shares: Shares = field(default_factory=lambda: Shares((), (), math.nan))
    seconds: float = math.nan
    thumbnail: bytes = b""
    problems: int = 0


def video_card(page: VideoPage, folder: str) -> VideoCard:
    """What the list says of a video that has a page.

    Args:
        page: input of the video's page.
        folder: where that page lies, relative to the list.
    """
    shown = shown_system(page.judged, page.shown)
    rate = work_per_second(page)
    return VideoCard(
        title=page.title,
        folder=folder,
        duration=page.duration,
        persons=len(judged_people(page)),
        shown=shown,
        shares=_together(page, shown),
        seconds=rate * page.duration,
        thumbnail=_thumbnail(page),
        problems=len(page.failures),
    )


def render_index(
    videos: Sequence[VideoCard],
    failures: Sequence[Failure | tuple[str, str, str, str]],
    trained_on: str,
    *,
    classes: Sequence[str],
    title: str = "Emotions in videos",
    notes: Sequence[str] = (),
) -> str:
    """The list as one HTML document, the same text for the same input.

    Args:
        videos: those that have a page, in the order shown.
        failures: files that have none: artifact, name of the file, message, blocked_by.
        trained_on: what the systems learned from, in words.
        classes: names of all classes.
        title: of the document.
        notes: what a reader should know first.
    """
    hues = palette.hues(classes)
    context = {
        "title": title,
        "trained_on": trained_on,
        "notes": notes,
        "videos": [_row(video, hues) for video in videos],
        "facts": _totals(videos, failures),
        "failures": _failed(failures),
        "hues_of": hues,
        "code_of": codes(classes),
    }
    return render("videos.html", context)


def _row(video: VideoCard, hues: dict[str, int]) -> dict[str, Any]:
    rate = video.seconds / video.duration if video.duration > 0 else math.nan
    people = f"{video.persons} {'person' if video.persons == 1 else 'people'}" if video.persons else "nobody seen"
    return {
        "title": video.title,
        "href": "/".join(quote(part, safe="") for part in video.folder.split("/")) + "/page.html",
        "thumbnail": uri(video.thumbnail, "image/jpeg") if video.thumbnail else "",
        "facts": [
            numbers.duration(video.duration),
            people,
            *([f"{rate:,.2f} s of work a second"] if numbers.is_number(rate) else []),
            *([f"{video.problems:,} piece{'s' * (video.problems != 1)} failed"] if video.problems else []),
        ],
        "shares": video.shares,
        "shown": video.shown,
    }


def _totals(videos: Sequence[VideoCard], failures: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Name, value and remark of what was done in all."""
    known = [video for video in videos if numbers.is_number(video.seconds)]
    length = sum(video.duration for video in known)
    work = sum(video.seconds for video in known)
    found = [
        ("Videos", numbers.count(len(videos)), ""),
        ("Length", numbers.duration(sum(video.duration for video in videos)), ""),
        ("People judged", numbers.count(sum(video.persons for video in videos)), "counted in each video anew"),
    ]
    if length > 0:
        found.append(("Work", numbers.duration(work), f"{work / length:,.2f} s a second of video"))
    if failures:
        found.append(("Files not judged", numbers.count(len(failures)), ""))
    return found


def _failed(failures: Sequence[Any]) -> Table | None:
    if not failures:
        return None
    rows = [
        [key, message + (f" (blocked by {cause})" if cause else ""), artifact]
        for artifact, key, message, cause in failures
    ]
    return Table(
        "Files without a page", ["File", "Message", "Stage"], rows, wrap=("File", "Message"), left=("Message", "Stage")
    )


def _together(page: VideoPage, shown: str) -> Shares:
    """Shares over all persons by the shown system, or over what goes by sound alone where there is nobody."""
    every = read_rows(page.judged, page.classes, shown)
    people = [systems[shown] for person, systems in every.items() if person and shown in systems]
    alone = [systems[shown] for person, systems in every.items() if not person and shown in systems]
    seconds: dict[str, float] = {}
    for rows in people or alone:
        told, total = shares(rows, page.classes), float(rows.seconds.sum())
        for name, share in zip(told.classes, told.shares, strict=True):
            seconds[name] = seconds.get(name, 0.0) + share * total
    names = sorted(seconds, key=lambda name: -seconds[name])
    whole = sum(seconds.values())
    return Shares(tuple(names), tuple(seconds[name] / whole for name in names), math.nan)


def _thumbnail(page: VideoPage) -> bytes:
    """The picture in the middle of the film strip: the first ones are often black."""
    if page.strip is None or not page.strip.num_rows:
        return b""
    return bytes(page.strip.column("image")[page.strip.num_rows // 2].as_py()["bytes"])
