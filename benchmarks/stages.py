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


def frame_table(count: int, fps: float) -> pa.Table:
    """When each frame of a video is shown."""
    return pa.table({"frame": np.arange(count), "time": np.arange(count) / fps})


def posterior_table(clip_ids: list[str], seconds: list[float], shift: float, classes: list[str], seed: int) -> pa.Table:
    """Posteriors of windows of two seconds, at random."""
    rng = np.random.default_rng(seed)
    starts = [np.arange(0, length, shift) for length in seconds]
    start = np.concatenate(starts)
    values = rng.dirichlet(np.ones(len(classes)), len(start)).astype(np.float32)
    names = np.repeat(clip_ids, [len(each) for each in starts])
    columns = {f"p_{name}": values[:, place] for place, name in enumerate(classes)}
    return pa.table({"clip_id": names, "start": start, "end": start + 2.0, **columns})
