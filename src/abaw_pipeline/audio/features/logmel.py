"""Log-mel spectrogram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.compiled import prepare_librosa
from abaw_pipeline.audio.features.frames import BLOCK, RATE, frame_parts, framewise, hann
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, FeatureSequence, Waveform

AT_ONCE = 256
"""Frames whose spectra are made at once; BLOCK is a multiple of it."""


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
        # Made once: large arrays that come and go leave holes in memory.
        power = np.empty((BLOCK, size // 2 + 1))
        done, known = 0, 0.0
        for frames, known in frame_parts(sound, window, hop, AT_ONCE):
            at = done % BLOCK
            power[at : at + len(frames)] = np.abs(np.fft.rfft(frames * hann(window), size)) ** 2
            done += len(frames)
            if done % BLOCK == 0:
                yield self._bands(power, bank, known, done - BLOCK)
        if done % BLOCK:
            yield self._bands(power[: done % BLOCK], bank, known, done - done % BLOCK)

    def _bands(self, power: DoubleArray, bank: DoubleArray, known: float, first: int) -> FeatureSequence:
        """Bands of a block of frames, from their power spectra."""
        values = power @ bank.T
        np.log(np.maximum(values, self.floor, out=values), out=values)
        window, hop = round(self.window * RATE) / RATE, round(self.hop * RATE) / RATE
        return framewise(values, known, window=window, hop=hop, first=first)
