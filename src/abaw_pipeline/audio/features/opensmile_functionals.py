"""openSMILE's functionals of a whole clip (S4, table of sound features; research licence)."""

from __future__ import annotations

from typing import Literal

from abaw_pipeline.audio.features.frames import checked, whole_clip
from abaw_pipeline.audio.features.over_windows import OverWindows
from abaw_pipeline.audio.features.smile import LEAST, FeatureSet, feature_names, rows
from abaw_pipeline.types import FeatureSequence, Waveform


class OpenSmileFunctionals(OverWindows):
    """One row a clip or window: 88 features of eGeMAPS v02 or 6373 of ComParE 2016.

    A sound shorter than 60 ms is zero-padded to that; functionals that stay undefined are 0.
    """

    kind: Literal["opensmile_functionals"] = "opensmile_functionals"
    feature_set: FeatureSet = "ComParE_2016"

    def names(self) -> tuple[str, ...]:
        """Names as openSMILE gives them.

        Raises:
            PipelineError: openSMILE is not installed.
        """
        return feature_names(self.feature_set, "functionals")

    def whole(self, sound: Waveform) -> FeatureSequence:
        """One row, float32 [1, D].

        Raises:
            DataError: no samples, not finite, or not 16 kHz.
            PipelineError: openSMILE is not installed.
        """
        return whole_clip(rows(self.feature_set, "functionals", checked(sound, least=LEAST))[0], sound)
