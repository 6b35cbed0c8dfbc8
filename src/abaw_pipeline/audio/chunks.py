"""Cuts long sounds into chunks that are worked on one by one, and joins what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from abaw_pipeline.types import FloatArray


def chunk_bounds(total: int, longest: int, overlap: int) -> list[tuple[int, int]]:
    """Bounds of equally long chunks that overlap by `overlap` samples, none longer than `longest`."""
    if total <= longest:
        return [(0, total)] if total else []
    count = -(-(total - overlap) // (longest - overlap))
    step = (total - overlap) / count
    starts = [round(index * step) for index in range(count + 1)]
    return [(begin, after + overlap) for begin, after in pairwise(starts)]


def crossfade(chunks: Iterable[tuple[tuple[int, int], FloatArray]], total: int, overlap: int) -> FloatArray:
    """Join chunks, faded into each other where they overlap.

    Args:
        chunks: bounds as `chunk_bounds` gives them, each with float32 [end - begin].
        total: samples in all.
        overlap: samples that neighbors share.

    Returns:
        float32 [total].
    """
    joined = np.zeros(total, np.float32)
    rising = (np.arange(overlap, dtype=np.float32) + 0.5) / np.float32(max(overlap, 1))
    for (begin, end), part in chunks:
        ramp = np.ones(end - begin, np.float32)
        if begin > 0:
            ramp[:overlap] = rising
        if end < total:
            ramp[len(ramp) - overlap :] = rising[::-1]
        joined[begin:end] += part * ramp
    return joined
