"""What all ways to part the voice from the rest have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.parts import Part
from abaw_pipeline.types import Waveform


class Separator(Part):
    """A way to part the voice from the rest; sounds come and go in parts, so that memory stays flat."""

    def decoding_rate(self, rate: int) -> int:
        """At which rate sound is to be decoded if `rate` (Hz) is wanted in the end."""
        return rate

    def separate_parts(self, sound: Iterable[Waveform], total: int) -> Iterator[Waveform]:
        """The voice in a sound: at its rate and of its length, float32, in parts of any size.

        Args:
            sound: parts that follow each other, at least one.
            total: samples in all of them.

        Raises:
            DataError: samples that are not finite.
            ValueError: the parts have not `total` samples, or several rates.
        """
        raise NotImplementedError

    def separate(self, sound: Waveform) -> Waveform:
        """The voice in a sound at hand; errors as of `separate_parts`."""
        nothing = Waveform(sound.samples[:0], sound.rate)
        voice: Waveform = join([nothing, *self.separate_parts([sound], len(sound.samples))])
        return voice
