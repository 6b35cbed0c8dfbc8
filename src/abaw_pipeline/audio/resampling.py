"""Changes the rate of a sound."""

from __future__ import annotations

import numpy as np

from abaw_pipeline.types import Waveform


def resample(sound: Waveform, rate: int, length: int | None = None) -> Waveform:
    """The sound at another rate: band-limited, without delay (soxr's high quality).

    Args:
        sound: mono sound.
        rate: samples per second (Hz) of the result.
        length: samples of the result, cut or followed by zeros; None: as long as the sound lasts, rounded up.
    """
    samples = sound.samples
    if sound.rate != rate and len(samples):
        import soxr

        length = -(-len(samples) * rate // sound.rate) if length is None else length
        samples = soxr.resample(samples, sound.rate, rate, quality="HQ")
    if length is not None:
        samples = np.pad(samples[:length], (0, max(length - len(samples), 0)))
    return Waveform(np.ascontiguousarray(samples, dtype=np.float32), rate)
