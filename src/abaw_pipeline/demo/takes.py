"""How each demo video is recorded, kept and disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from abaw_pipeline.demo.backgrounds import Background

Incident = Literal["none", "hand", "post", "walker", "absence", "cut"]
Heard = Literal["speech", "silence", "nothing"]
NTSC = Fraction(30000, 1001)


@dataclass(frozen=True)
class Take:
    """How one video of the corpus is made; None as its rate: it varies."""

    rate: Fraction | None
    people: int = 1
    incident: Incident = "none"
    beside: Background = "noise"
    heard: Heard = "speech"
    rotated: bool = False


TAKES = (
    Take(Fraction(25)),
    Take(NTSC, people=2),
    Take(Fraction(24), incident="hand"),
    Take(None),
    Take(Fraction(15), incident="absence"),
    Take(Fraction(25), people=2, beside="none"),
    Take(Fraction(15, 2), beside="music"),
    Take(Fraction(24), incident="cut"),
    Take(Fraction(15), incident="walker"),
    Take(Fraction(30), heard="silence"),
    Take(Fraction(15), heard="nothing", incident="post"),
    Take(Fraction(15, 2), incident="absence", beside="none"),
    Take(Fraction(25), rotated=True, beside="none"),
    Take(Fraction(24), incident="walker"),
    Take(Fraction(30), beside="music"),
    Take(Fraction(15), incident="hand", beside="none"),
)
"""Video after video; every third one validates."""


def validates(index: int) -> bool:
    """Whether the video of this number, from 0, belongs to the validation split."""
    return index % 3 == 2
