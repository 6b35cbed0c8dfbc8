"""Sound extractors: each turns a waveform into a sequence of feature vectors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SerializeAsAny

from abaw_pipeline.audio.features.librosa_functionals import LibrosaFunctionals
from abaw_pipeline.audio.features.logmel import LogMel
from abaw_pipeline.audio.features.opensmile_functionals import OpenSmileFunctionals
from abaw_pipeline.audio.features.opensmile_lld import OpenSmileLLD
from abaw_pipeline.parts import or_own

SoundExtractor = Annotated[
    LogMel | LibrosaFunctionals | OpenSmileFunctionals | OpenSmileLLD,
    Field(discriminator="kind"),
    SerializeAsAny(),
    or_own("extract"),
]

__all__ = ["LibrosaFunctionals", "LogMel", "OpenSmileFunctionals", "OpenSmileLLD", "SoundExtractor"]
