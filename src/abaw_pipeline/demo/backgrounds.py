"""What is heard beside the voice: nothing, noise of a room or street, or music."""

from __future__ import annotations

from typing import Literal

import numpy as np

from abaw_pipeline.types import DoubleArray

Background = Literal["none", "noise", "music"]

PROGRESSIONS = ((0, 9, 5, 7), (0, 5, 9, 7), (0, 3, 10, 5), (9, 5, 0, 7))
"""Roots of chords, semitones above the key's tonic."""


def background(kind: Background, n_samples: int, rate: int, rng: np.random.Generator) -> DoubleArray:
    """Sound of unit RMS; silence for "none".

    Args:
        kind: what is heard.
        n_samples: its length.
        rate: samples per second.
        rng: makes each one different.
    """
    if kind == "none":
        return np.zeros(n_samples)
    sound = _noise(n_samples, rate, rng) if kind == "noise" else _music(n_samples, rate, rng)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def _noise(n_samples: int, rate: int, rng: np.random.Generator) -> DoubleArray:
    """Noise whose spectrum falls with frequency, about as much as a room's or a street's, swelling slowly."""
    spectrum = np.fft.rfft(rng.normal(size=n_samples))
    hertz = np.fft.rfftfreq(n_samples, 1 / rate)
    spectrum *= np.maximum(hertz, 40.0) ** -rng.uniform(0.4, 1.0)
    time = np.arange(n_samples) / rate
    swell = 1 + 0.3 * np.sin(2 * np.pi * (rng.uniform(0.2, 0.8) * time + rng.uniform()))
    return np.asarray(np.fft.irfft(spectrum, n_samples) * swell)


def _music(n_samples: int, rate: int, rng: np.random.Generator) -> DoubleArray:
    """Broken chords of a plucked instrument: four to the bar, some harmonics a note, each dying away."""
    beat = int(rate * rng.uniform(0.35, 0.6))
    roots = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    tonic = 110.0 * 2 ** (rng.integers(12) / 12)
    first = int(rng.integers(len(roots)))
    out = np.zeros(n_samples + beat)
    for index, begin in enumerate(range(0, n_samples, beat)):
        root = roots[(first + index) % len(roots)]
        third = 3 if root in {9, 4, 2} else 4
        for place, semitone in enumerate((root - 12, root, root + third, root + 7)):
            pitch = tonic * 2 ** (semitone / 12)
            late = begin + place * beat // 16
            length = min(beat, len(out) - late)
            out[late : late + length] += _note(pitch, length, rate)
    return out[:n_samples]


def _note(pitch: float, n_samples: int, rate: int) -> DoubleArray:
    time = np.arange(n_samples) / rate
    harmonics = np.arange(1, 6)[:, None]
    decay = np.exp(-time * (2 + 1.5 * harmonics)) * np.minimum(time / 0.005, 1)
    release = np.minimum((n_samples - np.arange(n_samples)) / (0.02 * rate), 1)
    return np.asarray((np.sin(2 * np.pi * pitch * harmonics * time) * decay / harmonics).sum(axis=0) * release)
