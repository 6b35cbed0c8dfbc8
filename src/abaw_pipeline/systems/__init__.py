"""Systems: models that turn clips into class probabilities over time."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, SerializeAsAny

from abaw_pipeline.parts import or_own
from abaw_pipeline.systems.framewise import Framewise
from abaw_pipeline.systems.gradient_boosting import GradientBoosting
from abaw_pipeline.systems.linear_svm import LinearSVM
from abaw_pipeline.systems.lstm_network import LSTMNetwork
from abaw_pipeline.systems.sequence_network import SequenceNetwork
from abaw_pipeline.systems.shrinkage_lda import ShrinkageLDA
from abaw_pipeline.systems.waveform_network import WaveformNetwork

FeatureSystem = Annotated[
    LinearSVM | ShrinkageLDA | GradientBoosting | Framewise | SequenceNetwork | LSTMNetwork,
    Field(discriminator="kind"),
]
"""Any system that reads feature rows, of faces or of sound, told apart by its `kind`."""

AnySystem = Annotated[
    LinearSVM | ShrinkageLDA | GradientBoosting | Framewise | SequenceNetwork | LSTMNetwork | WaveformNetwork,
    Field(discriminator="kind"),
    SerializeAsAny(),
    or_own("fit", "predict"),
]
"""Any system, told apart by its `kind`."""

SoundSystem: TypeAlias = AnySystem
"""Any system that hears."""

__all__ = [
    "AnySystem",
    "FeatureSystem",
    "Framewise",
    "GradientBoosting",
    "LSTMNetwork",
    "LinearSVM",
    "SequenceNetwork",
    "ShrinkageLDA",
    "SoundSystem",
    "WaveformNetwork",
]
