"""Parts the voice from music and noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.audio.chunks import Chunked, chunk_bounds, crossfade, cut
from abaw_pipeline.audio.compiled import prepare_librosa
from abaw_pipeline.audio.separator import Separator
from abaw_pipeline.audio.spleeter import Spleeter
from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.types import DoubleArray, FloatArray, Waveform

WINDOW = 0.064
"""Frame of the spectra (s); a quarter of it is the hop."""

LEAST_FRAMES = 8
"""A sound with fewer frames has nothing to compare them with and is left as it is."""


class NoSeparation(Separator):
    """Leaves the sound as it is."""

    kind: Literal["none"] = "none"

    def separate_parts(self, sound: Iterable[Waveform], total: int) -> Iterator[Waveform]:
        """The sound itself."""
        yield from sound


class NNFilter(Chunked):
    """Voice as what does not repeat: librosa's nearest-neighbour filter and a soft mask.

    Each frame of the spectrogram is compared (cosine) with frames at least `width` away; the median of the
    most similar ones is taken for accompaniment, which repeats, and the rest for voice: the idea of REPET-SIM
    (Rafii and Pardo 2012). Sounds longer than `chunk` are worked on in equal chunks, faded into each other,
    so that memory stays flat: all frames of a chunk are compared with each other.
    """

    kind: Literal["nn_filter"] = "nn_filter"
    width: float = Field(2.0, gt=0, le=30, description="frames nearer than this are not compared (s)")
    margin: float = Field(2.0, ge=1, le=100, description="how much louder than accompaniment a voice must be")
    power: float = Field(2.0, gt=0, le=10, description="steepness of the soft mask")
    chunk: float = Field(20.0, ge=5, le=600, description="longest sound worked on at once (s)")

    def separate_parts(self, sound: Iterable[Waveform], total: int) -> Iterator[Waveform]:
        """The voice in a sound; below eight frames of 16 ms the sound itself.

        Raises:
            DataError: samples that are not finite.
            ValueError: the parts have not `total` samples, or several rates.
        """
        tape = Tape(sound)
        rate, fade = tape.rate, round(self.overlap * tape.rate)
        longest = round(self.chunk * rate)
        chunks = cut(tape, chunk_bounds(total, longest, fade), longest)
        voices = ((bounds, [self._voice(np.concatenate(list(blocks)), rate)]) for bounds, blocks in chunks)
        yield from (Waveform(samples, rate) for samples in crossfade(voices, total, fade))

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
