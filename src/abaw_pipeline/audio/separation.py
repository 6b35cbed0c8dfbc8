"""Parts the voice from music and noise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.audio.chunks import Chunked, chunk_bounds, crossfade
from abaw_pipeline.audio.compiled import prepare_librosa
from abaw_pipeline.audio.spleeter import Spleeter
from abaw_pipeline.errors import DataError
from abaw_pipeline.parts import Part
from abaw_pipeline.types import DoubleArray, FloatArray, Waveform

WINDOW = 0.064
"""Frame of the spectra (s); a quarter of it is the hop."""

LEAST_FRAMES = 8
"""A sound with fewer frames has nothing to compare them with and is left as it is."""


class NoSeparation(Part):
    """Leaves the sound as it is."""

    kind: Literal["none"] = "none"

    def decoding_rate(self, rate: int) -> int:
        """At which rate sound is to be decoded if `rate` (Hz) is wanted in the end."""
        return rate

    def separate(self, sound: Waveform) -> Waveform:
        """The sound itself."""
        return sound


class NNFilter(Chunked):
    """Voice as what does not repeat: librosa's nearest-neighbour filter and a soft mask.

    Each frame of the spectrogram is compared (cosine) with frames at least `width` away; the median of the
    most similar ones is taken for accompaniment, which repeats, and the rest for voice: the idea of REPET-SIM
    (Rafii and Pardo 2012). Sounds longer than `chunk` are worked on in equal chunks, faded into each other,
    so that memory stays flat.
    """

    kind: Literal["nn_filter"] = "nn_filter"
    width: float = Field(2.0, gt=0, le=30, description="frames nearer than this are not compared (s)")
    margin: float = Field(2.0, ge=1, le=100, description="how much louder than accompaniment a voice must be")
    power: float = Field(2.0, gt=0, le=10, description="steepness of the soft mask")
    chunk: float = Field(60.0, ge=5, le=600, description="longest sound worked on at once (s)")

    def decoding_rate(self, rate: int) -> int:
        """At which rate sound is to be decoded if `rate` (Hz) is wanted in the end."""
        return rate

    def separate(self, sound: Waveform) -> Waveform:
        """The voice in a sound: same rate and length, float32; below eight frames of 16 ms the sound itself.

        Raises:
            DataError: samples that are not finite.
        """
        if not np.isfinite(sound.samples).all():
            raise DataError("the sound has samples that are not finite numbers")
        total, fade = len(sound.samples), round(self.overlap * sound.rate)
        bounds = chunk_bounds(total, round(self.chunk * sound.rate), fade)
        parts = (((begin, end), self._voice(sound.samples[begin:end], sound.rate)) for begin, end in bounds)
        return Waveform(crossfade(parts, total, fade), sound.rate)

    def _voice(self, samples: FloatArray, rate: int) -> FloatArray:
        prepare_librosa()
        import librosa

        hop = round(WINDOW * rate / 4)
        if len(samples) < LEAST_FRAMES * hop:
            return samples
        spectrum = librosa.stft(samples, n_fft=4 * hop, hop_length=hop)
        magnitude = np.abs(spectrum)
        repeated = np.minimum(magnitude, self._repeated(magnitude, rate, hop))
        mask = librosa.util.softmask(magnitude - repeated, self.margin * repeated, power=self.power)
        voice = librosa.istft(spectrum * mask, n_fft=4 * hop, hop_length=hop, length=len(samples))
        return np.asarray(voice, dtype=np.float32)

    def _repeated(self, magnitude: DoubleArray, rate: int, hop: int) -> Any:
        prepare_librosa()
        from librosa.decompose import nn_filter

        # A quarter of a short sound, so that each frame keeps some others to be compared with.
        width = max(1, min(round(self.width * rate / hop), magnitude.shape[1] // 4))
        return nn_filter(magnitude, aggregate=np.median, metric="cosine", width=width)


Separation = Annotated[NoSeparation | NNFilter | Spleeter, Field(discriminator="kind")]
