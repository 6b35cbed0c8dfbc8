"""The people of the embedded corpus: how they differ whatever they feel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Speaker:
    """One invented person.

    Attributes:
        name: such as "s03".
        seed: the corpus's seed; with the name it fixes how this person expresses each emotion.
        sex: "f" or "m".
        pitch: usual fundamental frequency, Hz.
        tract: factor on all formants (shorter vocal tract: larger).
        rate: usual syllables per second.
        span: usual standard deviation of pitch, semitones.
        tilt: brightness against the average voice, dB per octave.
        breath: breath noise against the average voice, dB.
        rough: period-to-period irregularity, percent.
        level: usual loudness against the average speaker, dB.
        expressiveness: factor on what an emotion changes.
    """

    name: str
    seed: int
    sex: Literal["f", "m"]
    pitch: float
    tract: float
    rate: float
    span: float
    tilt: float
    breath: float
    rough: float
    level: float
    expressiveness: float


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random numbers that depend on a seed and on names alone, not on what was drawn before.

    Args:
        seed: the corpus's seed.
        names: what the numbers are for.
    """
    digest = hashlib.sha256("\x00".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])


def make_speaker(index: int, seed: int) -> Speaker:
    """Draw a person; odd numbers are men, as in corpora of actors.

    Args:
        index: 1, 2, ...; the same person whatever the number of speakers.
        seed: the corpus's seed.
    """
    name = f"s{index:02d}"
    rng = generator(seed, "speaker", name)
    male = index % 2 == 1
    pitch, tract = (118.0, 1.0) if male else (205.0, 1.16)
    return Speaker(
        name=name,
        seed=seed,
        sex="m" if male else "f",
        pitch=float(pitch * 2 ** (rng.normal(0, 1.8) / 12)),
        tract=float(tract * np.exp(rng.normal(0, 0.025))),
        rate=float(4.6 * np.exp(rng.normal(0, 0.1))),
        span=float(1.5 * np.exp(rng.normal(0, 0.22))),
        tilt=float(rng.normal(0, 0.7)),
        breath=float(rng.normal(0, 1.5)),
        rough=float(0.5 * np.exp(rng.normal(0, 0.4))),
        level=float(rng.normal(0, 1.2)),
        expressiveness=float(rng.uniform(0.9, 1.4)),
    )
