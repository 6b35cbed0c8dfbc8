"""Nonsense text, and how its sounds are made: resonances of vowels, noises of consonants.

Formants are round averages of a male voice as textbooks of phonetics give them; no recording was used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

UPPER_FORMANTS = (3400.0, 4400.0)
VOWELS: Mapping[str, tuple[float, float, float]] = {
    "a": (730.0, 1150.0, 2450.0),
    "e": (500.0, 1850.0, 2500.0),
    "i": (290.0, 2250.0, 2950.0),
    "o": (500.0, 880.0, 2450.0),
    "u": (320.0, 850.0, 2250.0),
}


@dataclass(frozen=True)
class Consonant:
    """How a consonant is made.

    Attributes:
        seconds: length before the vowel.
        voice: loudness of the voice meanwhile, against the vowel.
        noise: loudness of its noise, against the vowel.
        center: middle of the noise's band, Hz.
        width: half width of the band, Hz.
        burst: the noise fills only the last part, after a closure.
    """

    seconds: float
    voice: float
    noise: float = 0.0
    center: float = 3000.0
    width: float = 1000.0
    burst: bool = False


CONSONANTS: Mapping[str, Consonant] = {
    "b": Consonant(0.06, 0.15, 0.15, 900.0, 500.0, burst=True),
    "d": Consonant(0.06, 0.15, 0.2, 3600.0, 1200.0, burst=True),
    "f": Consonant(0.09, 0.0, 0.12, 5500.0, 3500.0),
    "g": Consonant(0.06, 0.15, 0.2, 1900.0, 600.0, burst=True),
    "k": Consonant(0.09, 0.0, 0.4, 1900.0, 700.0, burst=True),
    "l": Consonant(0.06, 0.5),
    "m": Consonant(0.07, 0.35),
    "n": Consonant(0.06, 0.4),
    "p": Consonant(0.09, 0.0, 0.25, 900.0, 700.0, burst=True),
    "s": Consonant(0.1, 0.0, 0.35, 6500.0, 1700.0),
    "t": Consonant(0.09, 0.0, 0.4, 4300.0, 1500.0, burst=True),
    "z": Consonant(0.08, 0.3, 0.2, 6000.0, 1700.0),
}


def draw_text(rng: np.random.Generator, syllables: int) -> tuple[str, ...]:
    """A sequence of syllables such as ("ba", "di", "so").

    Args:
        rng: draws them; whoever wants a text to tell nothing of the label gives one that knows no label.
        syllables: how many.
    """
    onsets, vowels = list(CONSONANTS), list(VOWELS)
    return tuple(onsets[rng.integers(len(onsets))] + vowels[rng.integers(len(vowels))] for _ in range(syllables))
