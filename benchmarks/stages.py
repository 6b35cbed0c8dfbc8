"""Recipe functions of the benchmarks."""

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa

from abaw_pipeline.audio.features import LibrosaFunctionals
from abaw_pipeline.types import FeatureSequence, Waveform


def small_table(seed: int) -> pa.Table:
    rng = np.random.default_rng(abs(seed))
    return pa.table({"x": rng.normal(size=20), "y": rng.normal(size=20)})


def busy(seed: int) -> str:
    """A quarter of a second of arithmetic that neither waits nor shares anything."""
    digest = str(seed).encode()
    for _ in range(400_000):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()


def voice(seed: int) -> Waveform:
    """Three seconds of a buzz with noise at 16 kHz, another for each seed."""
    rng = np.random.default_rng(abs(seed))
    time = np.arange(48_000) / 16_000
    pitch = 120 + 60 * rng.random() + 20 * np.sin(2 * np.pi * 3 * time)
    buzz = np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / 16_000))
    return Waveform((0.2 * buzz + 0.01 * rng.normal(size=len(time))).astype(np.float32), 16_000)


def describe(sound: Waveform, extractor: LibrosaFunctionals) -> FeatureSequence:
    return extractor.extract(sound)


def nothing(**_: Any) -> None:
    return None
