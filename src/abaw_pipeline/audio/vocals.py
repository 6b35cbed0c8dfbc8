"""The voice of a clip: decoded, cut, resampled, separated."""

from __future__ import annotations

from abaw_pipeline.audio.resampling import resample
from abaw_pipeline.audio.separation import Separation
from abaw_pipeline.media.decode import decode_audio
from abaw_pipeline.types import File, Waveform

RATE = 16_000
"""Samples a second at which all sound is kept (S0, section 3.2.1)."""


def make_vocals(media: File, start: float, end: float, separation: Separation) -> Waveform:
    """Decode a clip's sound to 16 kHz mono, then separate its voice.

    Args:
        media: file with a sound stream.
        start: seconds from the media's start.
        end: seconds from the media's start.
        separation: how to part voice from the rest.

    Raises:
        MediaError: the sound cannot be decoded.
    """
    rate = separation.decoding_rate(RATE)
    voice = separation.separate(decode_audio(media.path, rate=rate, start=start, end=end))
    return voice if rate == RATE else resample(voice, RATE, round(end * RATE) - round(start * RATE))
