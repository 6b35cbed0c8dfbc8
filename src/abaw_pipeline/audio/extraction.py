"""Feature extraction as a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.features import SoundExtractor
from abaw_pipeline.types import FeatureSequence, Waveform


@runtime_checkable
class InParts(Protocol):
    """An extractor that need not have all of a sound in memory."""

    def extract_parts(self, sound: Iterable[Waveform]) -> Iterator[FeatureSequence]:
        """Features of a sound in parts, in parts: together what `extract` makes of the whole sound."""
        ...


def extract(sound: Iterable[Waveform], extractor: SoundExtractor) -> Iterator[FeatureSequence]:
    """Features of a sound: float32 [T, D], with the span of time of each.

    An extractor with a method `extract_parts` gets the parts as they are read, and gives features as they come; any
    other gets the whole sound.

    Args:
        sound: parts that follow each other, mono, 16 kHz.
        extractor: how to describe it.

    Raises:
        DataError: there is no sound to describe.
    """
    if isinstance(extractor, InParts):
        yield from extractor.extract_parts(sound)
    else:
        yield extractor.extract(join(sound))
