"""Changes the rate of a sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.types import FloatArray, Waveform

AT_ONCE = 10
"""Seconds of sound that are resampled or made up at once."""


def resample(sound: Waveform, rate: int, length: int | None = None) -> Waveform:
    """The sound at another rate: band-limited, without delay (soxr's high quality).

    Args:
        sound: mono sound.
        rate: samples per second (Hz) of the result.
        length: samples of the result, cut or followed by zeros; None: as long as the sound lasts, rounded up.
    """
    if rate == sound.rate and length is None:
        return sound
    resampled: Waveform = join([Waveform(np.zeros(0, np.float32), rate), *resample_parts([sound], rate, length)])
    return resampled


def resample_parts(sound: Iterable[Waveform], rate: int, length: int | None = None) -> Iterator[Waveform]:
    """The same of a sound in parts, in parts: together they are sample by sample what `resample` gives.

    Raises:
        ValueError: there is no part, or parts have several rates.
        DataError: samples that are not finite.
    """
    tape = Tape(sound)
    done = 0
    for samples in _resampled(tape, rate):
        if length is None or done < length:
            kept = samples if length is None else samples[: length - done]
            done += len(kept)
            yield Waveform(kept, rate)
    wanted = -(-tape.reached * rate // tape.rate) if length is None else length
    for at in range(done, wanted, AT_ONCE * rate):
        yield Waveform(np.zeros(min(AT_ONCE * rate, wanted - at), np.float32), rate)


def _resampled(tape: Tape, rate: int) -> Iterator[FloatArray]:
    """What soxr makes of the samples on a tape, to its end."""
    import soxr

    stream = None if tape.rate == rate else soxr.ResampleStream(tape.rate, rate, 1, dtype="float32", quality="HQ")
    step, at = AT_ONCE * tape.rate, 0
    while len(samples := tape.take(at, at + step)):
        at += len(samples)
        yield samples if stream is None else stream.resample_chunk(samples)
    if stream is not None and at:
        yield stream.resample_chunk(samples, last=True)
