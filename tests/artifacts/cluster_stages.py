"""Functions for recipes that run on a cluster; in a module of their own, where workers find them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.types import FeatureSequence


def noise(steps: int, width: int, seed: int) -> FeatureSequence:
    """A piece that no compression makes smaller: steps * width * 4 bytes."""
    start = np.arange(steps, dtype=np.float64)
    return FeatureSequence(start, start + 1, np.random.default_rng(seed).random((steps, width), np.float32))


def negative(sequence: FeatureSequence) -> FeatureSequence:
    return FeatureSequence(sequence.start, sequence.end, -sequence.values)


def size(values: Any) -> int:
    return len(values)


def slow_logged(x: int, seconds: float, log: str) -> int:
    """Notes who computes it before it does; `seconds` and `log` go in as execution arguments."""
    with Path(log).open("a") as file:
        file.write(f"{x} {os.getpid()}\n")
    time.sleep(seconds)
    return x * 10
