"""Random changes of training sequences that leave their emotion as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydantic import Field

from abaw_pipeline.parts import Part
from abaw_pipeline.types import FloatArray

Augment = Callable[[FloatArray, np.random.Generator], FloatArray]
"""Gives a changed copy of a sequence."""


def unchanged(sequence: FloatArray, rng: np.random.Generator) -> FloatArray:
    """No augmentation: the sequence itself."""
    return sequence


class SequenceAugmentation(Part):
    """Changes of tempo, position, level and parts of a z-scored feature sequence."""

    tempo: float = Field(default=0.1, ge=0, lt=1, description="tempo varies by up to this share")
    crop: float = Field(default=0.1, ge=0, lt=1, description="largest share of frames that is cut away")
    time_mask: float = Field(default=0.1, ge=0, lt=1, description="largest share of frames set to the mean")
    feature_mask: float = Field(default=0.1, ge=0, lt=1, description="largest share of features set so")
    offset: float = Field(default=0.1, ge=0, description="deviation of a shift per feature, in z-scores")

    def __call__(self, sequence: FloatArray, rng: np.random.Generator) -> FloatArray:
        """A changed copy: float32 [T, D] -> float32 [T', D], T' at least 1."""
        n, width = sequence.shape
        rate = 1 + rng.uniform(-self.tempo, self.tempo)
        kept = 1 - rng.uniform(0, self.crop)
        first = rng.uniform(0, n * (1 - kept))
        where = first + np.arange(max(1, int(n * kept / rate))) * rate
        changed = sequence[np.minimum(where.astype(np.int64), n - 1)]
        changed += np.float32(self.offset) * rng.standard_normal(width, dtype=np.float32)
        frames = _stretch(len(changed), self.time_mask, rng)
        changed[frames] = 0
        changed[:, _stretch(width, self.feature_mask, rng)] = 0
        return np.asarray(changed, dtype=np.float32)


class WaveformAugmentation(Part):
    """Changes of tempo (with pitch), position and level of a standardized waveform."""

    tempo: float = Field(default=0.1, ge=0, lt=1, description="playing speed varies by up to this share")
    crop: float = Field(default=0.2, ge=0, lt=1, description="largest share of samples that is cut away")
    level: float = Field(default=6.0, ge=0, description="level varies by up to this many dB")
    noise: float = Field(default=0.02, ge=0, description="largest deviation of added white noise")

    def __call__(self, sequence: FloatArray, rng: np.random.Generator) -> FloatArray:
        """A changed copy: float32 [n_samples, 1] -> float32 [n_samples', 1], at least one sample."""
        n = len(sequence)
        rate = 1 + rng.uniform(-self.tempo, self.tempo)
        kept = 1 - rng.uniform(0, self.crop)
        first = rng.uniform(0, n * (1 - kept))
        where = first + np.arange(max(1, int(n * kept / rate))) * rate
        lower = np.minimum(where.astype(np.int64), n - 1)
        upper = np.minimum(lower + 1, n - 1)
        share = (where - lower).astype(np.float32)[:, None]
        changed = sequence[lower] * (1 - share) + sequence[upper] * share
        gain = np.float32(10 ** (rng.uniform(-self.level, self.level) / 20) * rng.choice([-1, 1]))
        hiss = rng.standard_normal(changed.shape, dtype=np.float32) * np.float32(rng.uniform(0, self.noise))
        return np.asarray(changed * gain + hiss)


def _stretch(length: int, share: float, rng: np.random.Generator) -> slice:
    size = int(length * rng.uniform(0, share))
    first = int(rng.integers(0, length - size + 1))
    return slice(first, first + size)
