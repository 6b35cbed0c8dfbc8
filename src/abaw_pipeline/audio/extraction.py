"""Feature extraction as a recipe."""

from __future__ import annotations

from abaw_pipeline.audio.features import SoundExtractor
from abaw_pipeline.types import FeatureSequence, Waveform


def extract(sound: Waveform, extractor: SoundExtractor) -> FeatureSequence:
    """Features of a sound: float32 [T, D], with the span of time of each.

    Raises:
        DataError: there is no sound to describe.
    """
    return extractor.extract(sound)
