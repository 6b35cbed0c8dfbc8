"""Sounds cut at random places."""

from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from abaw_pipeline.types import Waveform


def cut_at(sound: Waveform, places: list[float]) -> list[Waveform]:
    """The sound in parts that end at these shares of it; some may be empty."""
    samples = np.split(sound.samples, sorted(round(place * len(sound.samples)) for place in places))
    return [Waveform(part, sound.rate) for part in samples]


PLACES = st.lists(st.floats(0, 1), max_size=6)
"""Where a sound is cut."""


def joined(parts: Iterator[Waveform]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *(part.samples for part in parts)])


class Counted:
    """A sound given in parts of a second, of which it tells how many have been asked for."""

    def __init__(self, sound: Waveform) -> None:
        self.sound, self.given = sound, 0

    def __iter__(self) -> Iterator[Waveform]:
        for at in range(0, len(self.sound.samples), self.sound.rate):
            self.given += 1
            yield Waveform(self.sound.samples[at : at + self.sound.rate], self.sound.rate)
