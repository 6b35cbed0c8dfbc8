"""Sounds whose truth is known."""

import numpy as np

from abaw_pipeline.types import Waveform

RATE = 16_000


def wave(samples: np.ndarray, rate: int = RATE) -> Waveform:
    return Waveform(np.asarray(samples, dtype=np.float32), rate)


def voice(seconds: float = 1.5, hertz: float = 150.0, seed: int = 0, vibrato: float = 0.0) -> np.ndarray:
    """Harmonics of a gliding pitch in syllables, with a little breath; peak about 0.5."""
    time = np.arange(round(seconds * RATE)) / RATE
    rng = np.random.default_rng(seed)
    pitch = hertz * 2 ** (vibrato * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    harmonics = sum(np.sin(k * phase) / k for k in range(1, 16))
    syllables = np.clip(np.sin(2 * np.pi * 2 * time), 0.0, None) ** 0.5
    return 0.25 * syllables * harmonics + 1e-3 * rng.standard_normal(len(time))


def music(seconds: float) -> np.ndarray:
    """Four chords, half a second each, over and over."""
    chords = [(220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247)]
    beat = np.arange(RATE // 2) / RATE
    bar = [
        np.exp(-3 * beat) * sum(np.sin(2 * np.pi * f * k * beat) / k for f in chord for k in (1, 2, 3))
        for chord in chords
    ]
    return np.resize(np.concatenate(bar), round(seconds * RATE)) * 0.08
