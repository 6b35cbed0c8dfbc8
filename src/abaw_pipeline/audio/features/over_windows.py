"""Functionals over moving windows, where one row of a whole clip says too little about when."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydantic import Field

from abaw_pipeline.parts import Part
from abaw_pipeline.types import FeatureSequence, Waveform


class OverWindows(Part):
    """What extractors of functionals share: one row for the whole sound, or one a window."""

    window_s: float | None = Field(None, ge=0.1, description="seconds in a window; none: the whole sound is one")
    shift: float = Field(0.5, gt=0, le=1, description="step between windows, as a share of a window")

    def rows_of(self, sound: Waveform, whole: Callable[[Waveform], FeatureSequence]) -> FeatureSequence:
        """Rows of each window, with its span; the last window ends with the sound.

        Args:
            sound: any sound; one that is not longer than a window is one window.
            whole: gives the one row of a sound as a whole.
        """
        size = len(sound.samples) if self.window_s is None else round(self.window_s * sound.rate)
        last = max(0, len(sound.samples) - size)
        starts = [*range(0, last, max(1, round(size * self.shift))), last]
        if len(starts) == 1 and last == 0:
            return whole(sound)
        rows = [whole(Waveform(sound.samples[first : first + size], sound.rate)) for first in starts]
        begin = np.array(starts, dtype=np.float64) / sound.rate
        return FeatureSequence(begin, begin + size / sound.rate, np.concatenate([row.values for row in rows]))
