"""Functionals over moving windows, where one row of a whole clip says too little about when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from pydantic import Field

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.parts import Part
from abaw_pipeline.types import FeatureSequence, Waveform

ROWS = 64
"""Windows whose rows are given at once."""


class OverWindows(Part):
    """What extractors of functionals share: one row for the whole sound, or one a window.

    Windows of a sound in parts are held one by one; a row of the whole sound needs all of it in memory.
    """

    window_s: float | None = Field(None, ge=0.1, description="seconds in a window; none: the whole sound is one")
    shift: float = Field(0.5, gt=0, le=1, description="step between windows, as a share of a window")

    def whole(self, sound: Waveform) -> FeatureSequence:
        """The one row [1, D] of a sound as a whole."""
        raise NotImplementedError

    def extract(self, sound: Waveform) -> FeatureSequence:
        """Rows of each window, float32 [T, D], with its span; the last window ends with the sound.

        A sound that is not longer than a window is one window.

        Raises:
            DataError: no samples, not finite, or not 16 kHz.
            PipelineError: the library that does the work is not installed.
        """
        rows: FeatureSequence = join(self.extract_parts([sound]))
        return rows

    def extract_parts(self, sound: Iterable[Waveform]) -> Iterator[FeatureSequence]:
        """The same of a sound in parts, ROWS windows at a time."""
        if self.window_s is None:
            yield self.whole(join(sound))
            return
        rows = (
            (start, len(window.samples), window.rate, self.whole(window).values)
            for start, window in windows(sound, self.window_s, self.shift)
        )
        while some := list(islice(rows, ROWS)):
            starts, sizes, rates, values = zip(*some, strict=True)
            begin = np.array(starts, dtype=np.float64) / rates[0]
            yield FeatureSequence(begin, begin + np.array(sizes) / rates[0], np.concatenate(values))


def windows(sound: Iterable[Waveform], seconds: float, shift: float) -> Iterator[tuple[int, Waveform]]:
    """First sample and samples of each window; the last one ends with the sound, and may be all of it.

    Args:
        sound: parts that follow each other.
        seconds: in a window.
        shift: from one window to the next, as a share of a window.
    """
    tape = Tape(sound)
    size = round(seconds * tape.rate)
    step = max(1, round(size * shift))
    before = at = 0
    while len(held := tape.take(before, at + size + 1)) > at - before + size:
        yield at, Waveform(held[at - before :][:size], tape.rate)
        before, at = at, at + step
    last = max(0, tape.reached - size)
    yield last, Waveform(held[last - before :], tape.rate)
