"""What each emotion does to a face.

Directions follow the prototypes of the Facial Action Coding System (Ekman, Friesen and Hager 2002): the numbers of
its action units stand in brackets. The sizes are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

import numpy as np

from abaw_pipeline.demo.speakers import Speaker, generator
from abaw_pipeline.types import DoubleArray


@dataclass(frozen=True)
class Actions:
    """How far each part of a face is from rest; 1 is a strong action, and all scales are additive.

    Attributes:
        brow_inner: the inner ends of the brows are raised (1).
        brow_outer: the outer ends are raised (2).
        brow_lower: the brows are lowered and drawn together (4).
        lid_upper: the upper lids are raised (5); negative lets them hang.
        lid_lower: the lower lids are tight (7).
        cheek: the cheeks are raised (6).
        nose: the nose is wrinkled (9).
        lip_upper: the upper lip is raised (10).
        corner: the corners of the mouth go up (12); negative pulls them down (15).
        stretch: they go outwards (20); negative purses the mouth (18).
        press: the lips are narrow (23, 24).
        open: the jaw is dropped (25 to 27).
        teeth: the lower lip bares the teeth (16).
        chin: the chin is raised (17).
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    brow_lower: float = 0.0
    lid_upper: float = 0.0
    lid_lower: float = 0.0
    cheek: float = 0.0
    nose: float = 0.0
    lip_upper: float = 0.0
    corner: float = 0.0
    stretch: float = 0.0
    press: float = 0.0
    open: float = 0.0
    teeth: float = 0.0
    chin: float = 0.0


# fmt: off
PROTOTYPES: Mapping[str, Actions] = {
    #                     inner outer lower  upper  tight cheek nose raise corner stretch press open teeth chin
    "neutral":   Actions(),
    "anger":     Actions(-0.3,  0.1,  1.2,   0.3,   0.6,  0.0,  0.2, 0.0,  -0.25, -0.1,   0.8,  0.05, 0.3, 0.3),
    "disgust":   Actions(-0.1, -0.1,  0.7,  -0.25,  0.7,  0.6,  1.1, 1.1,  -0.4,   0.0,   0.0,  0.1,  0.0, 0.4),
    "fear":      Actions( 1.0,  0.4,  0.4,   0.9,   0.0,  0.0,  0.0, 0.1,  -0.25,  0.9,   0.1,  0.4,  0.7, 0.0),
    "happiness": Actions( 0.0,  0.1,  0.0,  -0.05,  0.3,  0.9,  0.0, 0.35,  1.1,   0.4,   0.0,  0.3,  0.0, 0.0),
    "sadness":   Actions( 1.1, -0.3,  0.3,  -0.5,   0.0,  0.1,  0.0, 0.0,  -1.1,  -0.1,   0.3,  0.0,  0.0, 0.8),
    "surprise":  Actions( 1.1,  1.1, -0.1,   0.8,  -0.1,  0.0,  0.0, 0.0,   0.0,  -0.6,   0.0,  1.1,  0.0, 0.0),
}
# fmt: on

SPREAD = 0.1
"""How much people differ in each action of an emotion, as a standard deviation; takes differ by half of it."""


def expression_of(voice: Speaker, emotion: str, rng: np.random.Generator) -> DoubleArray:
    """How this person's face shows the emotion this time.

    Args:
        voice: whose face; brings a habit of their own for each emotion.
        emotion: one of PROTOTYPES.
        rng: for what differs from one take to the next.

    Returns:
        float64, the fields of Actions in their order, to be scaled and added.

    Raises:
        KeyError: the emotion is none of them.
    """
    mean = np.array(astuple(PROTOTYPES[emotion]))
    habits = generator(voice.seed, "face", voice.name, emotion)
    strength = habits.uniform(0.85, 1.15)
    spread = SPREAD * (0.4 + np.abs(mean)) * (emotion != "neutral")
    return np.asarray(strength * mean + spread * (habits.normal(size=len(mean)) + 0.5 * rng.normal(size=len(mean))))


def actions(values: DoubleArray) -> Actions:
    """Back from numbers to their names."""
    return Actions(**{field.name: float(value) for field, value in zip(fields(Actions), values, strict=True)})
