"""Faces cut out of still pictures, in the layout of FER2013."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from abaw_pipeline.demo.expressions import actions, expression_of
from abaw_pipeline.demo.heads import draw_person
from abaw_pipeline.demo.people import Person, make_person
from abaw_pipeline.demo.scenery import room
from abaw_pipeline.demo.speakers import generator
from abaw_pipeline.demo.views import View
from abaw_pipeline.types import ByteArray

CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""In FER2013's order."""

HEADER = "emotion,pixels,Usage"
SIDE = 48
LARGE = 2 * SIDE
"""Pixels of a picture before it is made small."""

FIRST_PERSON = 1001
"""Number of the first person of the stills: none of them is seen or heard elsewhere."""

BOX_MIDDLE = 0.17
BOX_HEIGHT = 1.84
"""Of the box that a detector (MTCNN) draws around a drawn face: below the head's middle, and high; head units."""

MARGIN = 1.22
"""Side of the crop, of the box's height."""

TESTED = 5
"""Every fifth person is seen in PublicTest only."""


@dataclass(frozen=True)
class Still:
    """One face.

    Attributes:
        person: whose.
        emotion: one of CLASSES.
        number: which face of this person in this emotion.
        usage: "Training" or "PublicTest", as for all faces of this person.
    """

    person: Person
    emotion: str
    number: int
    usage: Literal["Training", "PublicTest"]


def plan_stills(seed: int, count: int, people: int) -> list[Still]:
    """All faces, first those to train on, in an order that tells nothing.

    Args:
        seed: fixes people and faces.
        count: how many faces; they are dealt round to people, each time one in every emotion.
        people: how many people.
    """
    known = [make_person(FIRST_PERSON + index, seed) for index in range(people)]
    stills = []
    for index in range(count):
        turn, emotion = divmod(index, len(CLASSES))
        number, who = divmod(turn, people)
        usage: Literal["Training", "PublicTest"] = "PublicTest" if who % TESTED == TESTED - 1 else "Training"
        stills.append(Still(known[who], CLASSES[emotion], number, usage))
    order = generator(seed, "order of stills").permutation(count)
    shuffled = [stills[index] for index in order]
    return [still for usage in ("Training", "PublicTest") for still in shuffled if still.usage == usage]


def draw_still(still: Still) -> ByteArray:
    """The face, uint8 [48, 48], grey, cut out a little wider than its box."""
    from PIL import Image, ImageFilter

    voice = still.person.voice
    rng = generator(voice.seed, "still", voice.name, still.emotion, str(still.number))
    picture = room((LARGE, LARGE), rng)
    size = LARGE / (BOX_HEIGHT * MARGIN) * float(np.exp(rng.normal(0, 0.05)))
    x, y = LARGE / 2 + rng.normal(0, 0.05, 2) * size
    turn = rng.normal(0, [0.18, 0.1, 0.08])
    face = float(rng.uniform(0.65, 1.1)) * expression_of(voice, still.emotion, rng)
    light = (float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.6, -0.15)), float(rng.uniform(0.25, 0.5)))
    draw_person(
        picture,
        still.person,
        View(float(x), float(y - BOX_MIDDLE * size), size, *(float(value) for value in turn)),
        actions(face + rng.normal(0, 0.04, len(face))),
        blink=float(rng.uniform() < 0.04),
        gaze=(float(rng.normal(0, 0.35)), float(rng.normal(0, 0.2))),
        light=light,
    )
    soft = picture.convert("L").filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.2))))
    small = np.asarray(soft.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    noisy = (small - 128) * rng.uniform(0.75, 1.1) + 128 + rng.normal(0, 12) + rng.normal(0, 2.5, small.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def still_rows(stills: list[Still]) -> Iterator[str]:
    """The lines of the table, its header first."""
    yield HEADER
    for still in stills:
        pixels = " ".join(map(str, draw_still(still).ravel().tolist()))
        yield f"{CLASSES.index(still.emotion)},{pixels},{still.usage}"
