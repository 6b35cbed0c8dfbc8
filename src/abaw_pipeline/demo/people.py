"""How the people of the embedded corpus look, whatever they feel.

Lengths are in head units: 1 is the distance from the middle of the head to the chin; x goes right, y down, as in
a picture. The people are invented; traits are drawn evenly and wide, so that they are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abaw_pipeline.demo.colors import Color, mix
from abaw_pipeline.demo.speakers import Speaker, generator, make_speaker

SKINS: tuple[Color, ...] = (
    (250, 218, 198),
    (236, 192, 160),
    (218, 170, 128),
    (186, 132, 92),
    (140, 92, 62),
    (98, 64, 46),
)
HAIRS: tuple[Color, ...] = (
    (24, 20, 20),
    (52, 34, 24),
    (104, 66, 36),
    (142, 62, 28),
    (196, 152, 84),
    (226, 200, 146),
)
IRISES: tuple[Color, ...] = ((58, 36, 22), (104, 70, 36), (80, 112, 66), (70, 112, 158), (112, 124, 132))
GREY: Color = (186, 184, 182)

MALE_HAIR = ("short", "short", "parted", "buzz", "receding", "bald", "curly", "long", "hat")
FEMALE_HAIR = ("long", "long", "bob", "fringe", "bun", "curly", "parted", "short", "hat")
BEARDS = ("none", "none", "none", "stubble", "moustache", "goatee", "full")
GLASSES = ("none", "none", "none", "round", "square")


@dataclass(frozen=True)
class Person:
    """One invented person.

    Attributes:
        voice: how the person speaks; its name and seed fix everything else too.
        age: from 0 (young) to 1 (old).
        width: half the head's width, at the temples.
        cheek: half width at the cheekbones, part of `width`.
        jaw: half width at the jaw, part of `width`.
        chin: half width of the chin, part of `width`.
        skin: color of the skin.
        lips: color of the lips.
        hair: color of hair and beard.
        hair_style: one of MALE_HAIR and FEMALE_HAIR.
        volume: how far the hair stands off the skull.
        hairline: y of the hair's edge on the forehead.
        brow_y: height of the relaxed brows.
        brow_thickness: of the brows.
        brow_arch: by how much their middle is above their ends.
        brow_color: color of the brows.
        eye_x: distance of each eye from the middle.
        eye_y: height of the eyes.
        eye_width: half the width of an eye.
        eye_height: half the relaxed opening of an eye, part of `eye_width`.
        eye_slant: by how much the outer corner is above the inner one.
        iris: color of the iris.
        lashes: thickness of the lid's line.
        nose_width: half the distance of its wings' outer edges.
        nose_y: height of its base.
        mouth_y: height of the relaxed mouth.
        mouth_width: half the width of the relaxed mouth.
        upper_lip: thickness.
        lower_lip: thickness.
        ears: size of the ears.
        beard: one of BEARDS.
        glasses: one of GLASSES.
        freckles: how many.
        neck: half the width of the neck, part of `width`.
        clothes: color of what the person wears.
        hat: color of the hat, where `hair_style` is "hat".
        earrings: whether there are any.
    """

    voice: Speaker
    age: float
    width: float
    cheek: float
    jaw: float
    chin: float
    skin: Color
    lips: Color
    hair: Color
    hair_style: str
    volume: float
    hairline: float
    brow_y: float
    brow_thickness: float
    brow_arch: float
    brow_color: Color
    eye_x: float
    eye_y: float
    eye_width: float
    eye_height: float
    eye_slant: float
    iris: Color
    lashes: float
    nose_width: float
    nose_y: float
    mouth_y: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    ears: float
    beard: str
    glasses: str
    freckles: int
    neck: float
    clothes: Color
    hat: Color
    earrings: bool


def make_person(index: int, seed: int) -> Person:
    """Draw a person; odd numbers are men.

    Args:
        index: 1, 2, ...; the same person whatever the number of people.
        seed: the corpus's seed.
    """
    voice = make_speaker(index, seed)
    rng = generator(seed, "looks", voice.name)
    male = voice.sex == "m"
    age = float(rng.uniform())
    skin = _blend(SKINS, rng)
    hair = mix(_hair(skin, rng), GREY, float(np.clip(2.4 * (age - 0.6), 0, 0.95)) * float(rng.uniform(0.3, 1)))
    even = _Even(rng)
    return Person(
        voice=voice,
        age=age,
        width=even(0.67, 0.85),
        cheek=even(0.92, 1.03),
        jaw=even(0.7, 0.93) if male else even(0.62, 0.86),
        chin=even(0.3, 0.55) if male else even(0.2, 0.42),
        skin=skin,
        lips=mix(skin, (176, 62, 66), even(0.25, 0.5) if male else even(0.35, 0.95)),
        hair=hair,
        hair_style=str(rng.choice(MALE_HAIR if male else FEMALE_HAIR)),
        volume=even(0.05, 0.22),
        hairline=even(-0.74, -0.52),
        brow_y=even(-0.27, -0.21),
        brow_thickness=even(0.04, 0.075) if male else even(0.022, 0.045),
        brow_arch=even(0.01, 0.045) if male else even(0.02, 0.06),
        brow_color=mix(hair, (40, 28, 22), even(0.2, 0.8)),
        eye_x=even(0.26, 0.37),
        eye_y=even(-0.06, 0.03),
        eye_width=even(0.125, 0.175),
        eye_height=even(0.4, 0.6),
        eye_slant=even(-0.025, 0.05),
        iris=IRISES[int(rng.integers(len(IRISES)))],
        lashes=even(0.016, 0.024) if male else even(0.022, 0.036),
        nose_width=even(0.1, 0.22),
        nose_y=even(0.29, 0.43),
        mouth_y=even(0.58, 0.67),
        mouth_width=even(0.22, 0.32),
        upper_lip=even(0.022, 0.06),
        lower_lip=even(0.035, 0.085),
        ears=even(0.14, 0.25),
        beard=str(rng.choice(BEARDS)) if male else "none",
        glasses=str(rng.choice(GLASSES)),
        freckles=int(rng.integers(15, 40)) if rng.uniform() < 0.15 else 0,
        neck=even(0.6, 0.75) if male else even(0.46, 0.6),
        clothes=_any_color(rng),
        hat=_any_color(rng),
        earrings=not male and bool(rng.uniform() < 0.5),
    )


def least_like(person: Person, others: Sequence[Person]) -> Person:
    """The one of some people whom a network for faces takes least for a given person.

    Traits weigh as they were found to weigh for dlib's network, in a linear fit to its cosines of drawn people.
    """
    return max(others, key=lambda other: _distance(person, other))


def _distance(one: Person, other: Person) -> float:
    lengths = (
        1.1 * abs(one.nose_width - other.nose_width)
        + 1.15 * abs(one.eye_x - other.eye_x)
        + 0.7 * abs(one.nose_y - other.nose_y)
        + 0.4 * abs(one.width - other.width)
    )
    colors = (
        np.abs(np.subtract(one.skin, other.skin)).mean() + np.abs(np.subtract(one.brow_color, other.brow_color)).mean()
    )
    worn = (one.beard != other.beard) + ((one.glasses == "none") != (other.glasses == "none"))
    return float(lengths + 0.0007 * colors + 0.08 * worn)


class _Even:
    """Draws evenly within limits."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def __call__(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


def _blend(colors: tuple[Color, ...], rng: np.random.Generator) -> Color:
    """A color between two neighbors of a row."""
    place = float(rng.uniform(0, len(colors) - 1))
    first = int(place)
    return mix(colors[first], colors[first + 1], place - first)


def _hair(skin: Color, rng: np.random.Generator) -> Color:
    """Dark skin comes with dark hair."""
    return _blend(HAIRS if skin[0] > 200 else HAIRS[:3], rng)


def _any_color(rng: np.random.Generator) -> Color:
    red, green, blue = (int(value) for value in rng.integers(25, 215, 3))
    return red, green, blue
