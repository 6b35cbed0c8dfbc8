"""Log-mel spectrogram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.compiled import prepare_librosa
from abaw_pipeline.audio.features.frames import BLOCK, RATE, framewise, hann, sample_blocks
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, FeatureSequence, Waveform

AT_ONCE = 256
"""Frames whose spectra are made at once."""


class LogMel(Part):
    """Natural logarithm of the power in mel bands; no frame reaches beyond the sound.

    The bands are librosa's (Slaney's mel scale, triangles of equal area) over a Hann window that is
    zero-padded to a power of two.
    """

    kind: Literal["logmel"] = "logmel"
    bands: int = Field(64, ge=1, le=256, description="number of mel bands")
    window: float = Field(0.025, ge=0.005, le=1.0, description="length of a frame (s)")
    hop: float = Field(0.010, ge=0.001, le=1.0, description="from one frame to the next (s)")
    low: float = Field(20.0, ge=0, lt=RATE / 2, description="lower edge of the lowest band (Hz)")
    high: float = Field(RATE / 2, gt=0, le=RATE / 2, description="upper edge of the highest band (Hz)")
    floor: float = Field(1e-10, gt=0, description="least power in a band, so that silence has a logarithm")

    def names(self) -> tuple[str, ...]:
        """One name a band, from low to high."""
        return tuple(f"logmel_{band:03d}" for band in range(self.bands))

    def extract(self, sound: Waveform) -> FeatureSequence:
        """Bands over time, float32 [T, bands]; a sound shorter than a frame is zero-padded to one.

        Raises:
            DataError: no samples, not finite, or not 16 kHz.
        """
        bands: FeatureSequence = join(self.extract_parts([sound]))
        return bands

    def extract_parts(self, sound: Iterable[Waveform]) -> Iterator[FeatureSequence]:
        """The same of a sound in parts, BLOCK frames at a time."""
        prepare_librosa()
        from librosa.filters import mel

        window, hop = round(self.window * RATE), round(self.hop * RATE)
        size = 1 << (window - 1).bit_length()
        bank = mel(sr=RATE, n_fft=size, n_mels=self.bands, fmin=self.low, fmax=self.high, dtype=np.float64)
        for block, (samples, known) in enumerate(sample_blocks(sound, window, hop)):
            values = np.log(np.maximum(_power(samples, window, hop, size) @ bank.T, self.floor))
            yield framewise(values, known, window=window / RATE, hop=hop / RATE, first=block * BLOCK)


def _power(samples: DoubleArray, window: int, hop: int, size: int) -> DoubleArray:
    """Power spectra of all frames, [T, size // 2 + 1]; what is needed on the way is small beside them."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    power = np.empty((len(frames), size // 2 + 1))
    for begin in range(0, len(frames), AT_ONCE):
        spectra = np.fft.rfft(frames[begin : begin + AT_ONCE] * hann(window), size)
        power[begin : begin + AT_ONCE] = np.abs(spectra) ** 2
    return power
