"""openSMILE's low-level descriptors over time (S4, table of sound features; research licence)."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from abaw_pipeline.audio.features.frames import checked, framewise
from abaw_pipeline.audio.features.smile import HOP, LEAST, WINDOW, FeatureSet, feature_names, rows
from abaw_pipeline.parts import Part
from abaw_pipeline.types import FeatureSequence, Waveform


class OpenSmileLLD(Part):
    """A row every 10 ms: 25 descriptors of eGeMAPS v02, or 65 of ComParE 2016 and their deltas.

    A row's span is the 60 ms of the sets' longest frame. A sound shorter than that is zero-padded to it. openSMILE
    smooths over time and gives rows at the end only: it needs the whole sound, so memory grows with its length.
    """

    kind: Literal["opensmile_lld"] = "opensmile_lld"
    feature_set: FeatureSet = "ComParE_2016"
    deltas: bool = False

    @model_validator(mode="after")
    def _deltas_exist(self) -> Self:
        if self.deltas and self.feature_set != "ComParE_2016":
            raise ValueError(f"openSMILE has no deltas for {self.feature_set}, only for ComParE_2016")
        return self

    def names(self) -> tuple[str, ...]:
        """Names as openSMILE gives them.

        Raises:
            PipelineError: openSMILE is not installed.
        """
        own = feature_names(self.feature_set, "descriptors")
        return own + feature_names(self.feature_set, "deltas") if self.deltas else own

    def extract(self, sound: Waveform) -> FeatureSequence:
        """Descriptors over time, float32 [T, D].

        Raises:
            DataError: no samples, not finite, or not 16 kHz.
            PipelineError: openSMILE is not installed.
        """
        samples = checked(sound, least=LEAST)
        values = rows(self.feature_set, "descriptors", samples)
        if self.deltas:
            # Each filter adds rows at the end: only the rows of both are whole.
            moving = rows(self.feature_set, "deltas", samples)
            both = min(len(values), len(moving))
            values = np.hstack([values[:both], moving[:both]])
        return framewise(values, sound.duration, window=WINDOW, hop=HOP)
