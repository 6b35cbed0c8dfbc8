"""Persons of videos as clips: one for everybody who is seen for long enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from abaw_pipeline.artifacts import PieceMap


class Person(NamedTuple):
    """Somebody in a video.

    Attributes:
        clip: the video and the person in one name, by which pieces are found.
        video: the clip that the person is seen in.
        number: of the person, from 1.
        tracks: the person's.
    """

    clip: str
    video: str
    number: str
    tracks: list[int]


def persons(people: PieceMap) -> Iterator[Person]:
    """Everybody who is judged, video by video.

    Args:
        people: video -> as `inference.people.list_people` gives it.
    """
    for video in people:
        rows: list[dict[str, Any]] = people[video].to_pylist()
        for row in rows:
            if row["judged"]:
                number = str(row["person"])
                yield Person(f"{video} #{number}", str(video), number, row["tracks"])
