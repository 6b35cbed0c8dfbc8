"""The voice of a clip: decoded, cut, resampled, separated."""

from __future__ import annotations

from collections.abc import Iterator

from abaw_pipeline.audio.resampling import resample_parts
from abaw_pipeline.audio.separation import Separation
from abaw_pipeline.media.decode import decode_parts
from abaw_pipeline.types import File, Waveform

RATE = 16_000
"""Samples a second at which all sound is kept (S0, section 3.2.1)."""


def make_vocals(media: File, start: float, end: float, separation: Separation) -> Iterator[Waveform]:
    """Decode a clip's sound to 16 kHz mono and separate its voice, in parts that follow each other.

    Args:
        media: file with a sound stream.
        start: seconds from the media's start.
        end: seconds from the media's start.
        separation: how to part voice from the rest.

    Raises:
        MediaError: the sound cannot be decoded.
    """
    rate = separation.decoding_rate(RATE)
    sound = decode_parts(media.path, rate=rate, start=start, end=end)
    voice = separation.separate_parts(sound, round(end * rate) - round(start * rate))
    yield from voice if rate == RATE else resample_parts(voice, RATE, round(end * RATE) - round(start * RATE))
