"""Cuts long sounds into chunks that are worked on one by one, and joins what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from abaw_pipeline.parts import Part
from abaw_pipeline.types import FloatArray


class Chunked(Part):
    """A part that works on long sounds in chunks; its kinds give the longest chunk a default of their own."""

    chunk: float = Field(ge=5, description="longest sound worked on at once (s)")
    overlap: float = Field(2.0, ge=0.1, description="fade from one chunk to the next (s)")

    @model_validator(mode="after")
    def _chunks_advance(self) -> Self:
        # Equal chunks may be little more than half as long as `chunk`; the fades at their ends must not meet.
        if self.overlap > self.chunk / 4:
            raise ValueError("overlap must not exceed a quarter of chunk")
        return self


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
