"""Log-mel spectrogram."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.audio.compiled import prepare_librosa
from abaw_pipeline.audio.features.frames import RATE, checked, frame_blocks, framewise, hann
from abaw_pipeline.parts import Part
from abaw_pipeline.types import FeatureSequence, Waveform


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
        prepare_librosa()
        from librosa.filters import mel

        window, hop = round(self.window * RATE), round(self.hop * RATE)
        size = 1 << (window - 1).bit_length()
        bank = mel(sr=RATE, n_fft=size, n_mels=self.bands, fmin=self.low, fmax=self.high, dtype=np.float64)
        blocks = [
            np.abs(np.fft.rfft(frames * hann(window), size)) ** 2 @ bank.T
            for frames in frame_blocks(checked(sound, least=window), window, hop)
        ]
        values = np.log(np.maximum(np.concatenate(blocks), self.floor))
        return framewise(values, sound, window=window / RATE, hop=hop / RATE)
