"""The pictures of the demo videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.demo.expressions import Actions, actions
from abaw_pipeline.demo.heads import draw_person
from abaw_pipeline.demo.people import Person, least_like, make_person
from abaw_pipeline.demo.scenery import Camera, draw_hand, draw_post, room
from abaw_pipeline.demo.speakers import generator
from abaw_pipeline.demo.stories import blinks, expressions, wander
from abaw_pipeline.demo.videos import SIZE, DemoVideo
from abaw_pipeline.demo.views import View
from abaw_pipeline.types import ByteArray, DoubleArray

if TYPE_CHECKING:
    from PIL.Image import Image

PASSERS_BY = 7001
"""Number of the first person who may walk through the background."""

STRANGERS = 6
"""People of whom one walks by."""

SHOTS = 2


@dataclass(frozen=True)
class Motion:
    """A person through a video, one row a picture: View's fields, what the face does, blinks, gaze."""

    views: DoubleArray
    faces: DoubleArray
    blink: DoubleArray
    gaze: DoubleArray


@dataclass(frozen=True)
class Stage:
    """What stays the same through a video: rooms, light, places, and who walks by."""

    rooms: tuple[Image, ...]
    light: tuple[float, float, float]
    shots: tuple[tuple[float, float, float], ...]
    passer_by: Person
    post: tuple[int, int, int]
    rightwards: int


def pictures(video: DemoVideo, talk: Sequence[DoubleArray]) -> Iterator[ByteArray]:
    """The video's pictures, upright, uint8 [360, 640, 3].

    Args:
        video: what happens.
        talk: how far each person's voice opens the mouth at each picture, see `videos.talking`.
    """
    rng = generator(video.seed, "film", video.name)
    camera, stage = Camera(SIZE, rng), _stage(video, rng)
    motions = [_motion(video, place, spoken, rng) for place, spoken in enumerate(talk)]
    for index, time in enumerate(video.times):
        # In a video without a cut all is one shot.
        shot = int(video.take.incident == "cut" and time >= video.moment[1])
        picture = stage.rooms[shot].copy()
        if video.take.incident == "walker":
            _walk(picture, stage, time / video.seconds)
        for role, motion in zip(video.roles, motions, strict=True):
            _show(picture, role.person, motion, index, stage, shot)
        _hide(picture, video, stage, float(time), motions[0].views[index])
        yield np.asarray(camera.take(picture))


def _stage(video: DemoVideo, rng: np.random.Generator) -> Stage:
    shift = float(rng.uniform(60, 110)) * (1 if rng.uniform() < 0.5 else -1)
    red, green, blue = (int(value) for value in rng.integers(20, 160, 3))
    number = PASSERS_BY + STRANGERS * int(rng.integers(100))
    strangers = [make_person(number + place, video.seed) for place in range(STRANGERS)]
    return Stage(
        rooms=tuple(room(SIZE, rng) for _ in range(SHOTS)),
        light=(float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.6, -0.15)), float(rng.uniform(0.25, 0.5))),
        shots=((0.0, 0.0, 1.0), (shift, 5.0, float(rng.uniform(0.68, 0.82)))),
        passer_by=least_like(video.roles[0].person, strangers),
        post=(red, green, blue),
        rightwards=1 if rng.uniform() < 0.5 else -1,
    )


def _motion(video: DemoVideo, place: int, talk: DoubleArray, rng: np.random.Generator) -> Motion:
    times, role = video.times, video.roles[place]
    alone = len(video.roles) == 1
    size = float(rng.uniform(78, 100) if alone else rng.uniform(62, 74))
    x = float(rng.uniform(270, 370)) if alone else 165.0 + 310.0 * place + float(rng.uniform(-15, 15))
    away = 0.25 * float(rng.normal()) if alone else 0.25 * (1 - 2 * place)
    views = np.stack(
        [
            x + wander(times, rng, 0.09 * size, 0.4) + _absence(video, times),
            172 + 0.1 * (90 - size) + wander(times, rng, 0.05 * size, 0.4),
            size * np.exp(wander(times, rng, 0.025, 0.3)),
            np.clip(away + wander(times, rng, 0.13), -0.55, 0.55),
            np.clip(wander(times, rng, 0.08) - 0.03, -0.25, 0.25),
            np.clip(wander(times, rng, 0.06), -0.25, 0.25),
        ],
        axis=1,
    )
    faces = expressions(role.person, role.phases, times, rng)
    return Motion(
        views=views,
        faces=_speaking(faces, talk, wander(times, rng, 0.15, 3.0)),
        blink=blinks(times, rng),
        gaze=np.stack([wander(times, rng, 0.35), wander(times, rng, 0.2)], axis=1),
    )


def _speaking(faces: DoubleArray, talk: DoubleArray, width: DoubleArray) -> DoubleArray:
    """A voice opens the mouth, and parts pressed lips."""
    names = list(Actions.__dataclass_fields__)
    moved = faces.copy()
    moved[:, names.index("open")] += 0.38 * talk
    moved[:, names.index("press")] *= 1 - 0.6 * talk
    moved[:, names.index("stretch")] += width * talk
    return moved


def _absence(video: DemoVideo, times: DoubleArray) -> DoubleArray:
    """How far beside their place people are who leave the picture for a while, pixels."""
    if video.take.incident != "absence":
        return np.zeros(len(times))
    begin, end = video.moment
    inside = np.clip(np.minimum(times - begin, end - times) / 0.35 + 0.5, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside) * 640.0)


def _show(picture: Image, person: Person, motion: Motion, index: int, stage: Stage, shot: int) -> None:
    x, y, size, yaw, pitch, roll = (float(value) for value in motion.views[index])
    right, down, larger = stage.shots[shot]
    draw_person(
        picture,
        person,
        View(x + right, y + down, size * larger, yaw, pitch, roll),
        actions(motion.faces[index]),
        blink=float(motion.blink[index]),
        gaze=(float(motion.gaze[index, 0]), float(motion.gaze[index, 1])),
        light=stage.light,
    )


def _walk(picture: Image, stage: Stage, part: float) -> None:
    """Someone crosses the room, far behind."""
    x = SIZE[0] * (0.5 + stage.rightwards * 1.3 * (part - 0.5))
    view = View(x, 128 + 3 * np.sin(40 * part), 30, 0.35 * stage.rightwards)
    draw_person(picture, stage.passer_by, view, Actions(), light=stage.light)


def _hide(picture: Image, video: DemoVideo, stage: Stage, time: float, view: DoubleArray) -> None:
    """What passes before the face."""
    begin, end = video.moment
    part = (time - begin) / (end - begin)
    if not 0 <= part <= 1:
        return
    x, y, size = (float(value) for value in view[:3])
    if video.take.incident == "post":
        draw_post(
            picture, SIZE[0] * (0.5 - 0.6 * stage.rightwards + 1.2 * stage.rightwards * part), 1.3 * size, stage.post
        )
    if video.take.incident == "hand":
        below = 3.0 * abs(2 * part - 1) ** 2
        draw_hand(picture, x + 0.1 * size, y + (0.35 + below) * size, size, video.roles[0].person.skin)
