"""Cuts long sounds into chunks that are worked on one by one, and joins what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Self, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from abaw_pipeline.audio.separator import Separator
from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.types import FloatArray

Bounds: TypeAlias = tuple[int, int]
"""First sample of a chunk and the one after its last."""


class Chunked(Separator):
    """A way to separate long sounds in chunks; its kinds give the longest chunk a default of their own."""

    chunk: float = Field(ge=5, description="longest sound worked on at once (s)")
    overlap: float = Field(2.0, ge=0.1, description="fade from one chunk to the next (s)")

    @model_validator(mode="after")
    def _chunks_advance(self) -> Self:
        # Equal chunks may be little more than half as long as `chunk`; the fades at their ends must not meet.
        if self.overlap > self.chunk / 4:
            raise ValueError("overlap must not exceed a quarter of chunk")
        return self


def chunk_bounds(total: int, longest: int, overlap: int) -> list[Bounds]:
    """Bounds of equally long chunks that overlap by `overlap` samples, none longer than `longest`."""
    if total <= longest:
        return [(0, total)] if total else []
    count = -(-(total - overlap) // (longest - overlap))
    step = (total - overlap) / count
    starts = [round(index * step) for index in range(count + 1)]
    return [(begin, after + overlap) for begin, after in pairwise(starts)]


def cut(tape: Tape, bounds: Sequence[Bounds], step: int) -> Iterator[tuple[Bounds, Iterator[FloatArray]]]:
    """The samples of each chunk in blocks of `step`, to be taken before the next chunk is asked for.

    Held of the sound are a block, and what the next chunk shares with this one.

    Raises:
        ValueError: the sound does not end with the last chunk.
    """
    after = [begin for begin, _ in bounds[1:]]
    for (begin, end), kept in zip(bounds, [*after, None], strict=False):
        yield (begin, end), _blocks(tape, begin, end, end if kept is None else kept, step)
    total = bounds[-1][1] if bounds else 0
    if len(tape.take(total, total + 1)) or tape.reached < total:
        raise ValueError(f"a sound that was to have {total} samples has {tape.reached} or more")


def _blocks(tape: Tape, begin: int, end: int, kept: int, step: int) -> Iterator[FloatArray]:
    for at in range(begin, end, step):
        since, until = min(at, kept), min(at + step, end)
        block = tape.take(since, until)[at - since :]
        if len(block) < until - at:
            raise ValueError(f"a sound that was to have {end} samples or more has {tape.reached}")
        yield block


def crossfade(chunks: Iterable[tuple[Bounds, Iterable[FloatArray]]], total: int, overlap: int) -> Iterator[FloatArray]:
    """Join chunks, faded into each other where they overlap.

    Args:
        chunks: bounds as `chunk_bounds` gives them, each with its blocks: float32, together [end - begin].
        total: samples in all.
        overlap: samples that neighbors share.

    Yields:
        float32, together [total]: of each block what no later chunk touches.
    """
    rising = (np.arange(overlap, dtype=np.float32) + 0.5) / np.float32(max(overlap, 1))
    fading = np.zeros(0, np.float32)
    for (begin, end), blocks in chunks:
        at, fade, ends = begin, end - overlap if end < total else end, []
        for block in blocks:
            faded = block.copy()
            if begin > 0:
                _scale(faded, rising, begin - at)
            if end < total:
                _scale(faded, rising[::-1], fade - at)
            before = fading[at - begin :][: len(faded)]
            faded[: len(before)] += before
            done = max(min(fade - at, len(faded)), 0)
            yield faded[:done]
            ends.append(faded[done:])
            at += len(block)
        fading = np.concatenate(ends)


def _scale(block: FloatArray, ramp: FloatArray, at: int) -> None:
    """Multiply what lies below a ramp that begins at index `at` of a block, which may lie outside of it."""
    part = block[max(at, 0) : max(at + len(ramp), 0)]
    part *= ramp[max(-at, 0) :][: len(part)]
