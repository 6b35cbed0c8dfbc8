"""Sound that comes in parts, read by position; no more of it is held than is asked for at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import FloatArray, Waveform


class Tape:
    """Sounds of one rate that follow each other, read forward.

    Args:
        sound: the parts; at least one, also where there are no samples.

    Raises:
        ValueError: there is no part.
        DataError: the first part is not one channel or not finite; a later one when it is reached.
    """

    def __init__(self, sound: Iterable[Waveform]) -> None:
        self._parts = iter(sound)
        first = next(self._parts, None)
        if first is None:
            raise ValueError("a sound in parts needs at least one part, also where it has no samples")
        self.rate = first.rate
        self._at, self._held = 0, _checked(first, first.rate)

    @property
    def reached(self) -> int:
        """How many samples have come so far; all of them once `take` has given fewer than were asked for."""
        return self._at + len(self._held)

    def take(self, begin: int, end: int) -> FloatArray:
        """Samples from `begin` to `end`, as a view; fewer where the sound ends sooner.

        What lies before `begin` is let go: positions never go back.
        """
        if begin < self._at:
            raise ValueError(f"sample {begin} was let go; the tape stands at {self._at}")
        fresh, reached = [self._held], self.reached
        while reached < end and (part := next(self._parts, None)) is not None:
            fresh.append(_checked(part, self.rate))
            reached += len(fresh[-1])
            if reached <= begin:  # skipped as a whole
                self._at, fresh = reached, [fresh[-1][:0]]
        joined = np.concatenate(fresh) if len(fresh) > 1 else fresh[0]
        skip = min(begin - self._at, len(joined))
        self._at, self._held = self._at + skip, joined[skip:]
        return self._held[: max(end - self._at, 0)]


def _checked(part: Waveform, rate: int) -> FloatArray:
    if part.rate != rate:
        raise ValueError(f"a sound at {rate} Hz does not go on at {part.rate} Hz")
    if part.samples.ndim != 1:
        raise DataError(f"samples of shape {part.samples.shape} where one channel is expected")
    if not np.isfinite(part.samples).all():
        raise DataError("the sound has samples that are not finite numbers")
    return part.samples
