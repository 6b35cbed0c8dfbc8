"""Systems: models that turn clips into class probabilities over time."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from abaw_pipeline.systems.gradient_boosting import GradientBoosting
from abaw_pipeline.systems.linear_svm import LinearSVM
from abaw_pipeline.systems.sequence_network import SequenceNetwork
from abaw_pipeline.systems.shrinkage_lda import ShrinkageLDA
from abaw_pipeline.systems.waveform_network import WaveformNetwork

SoundSystem = Annotated[
    LinearSVM | ShrinkageLDA | GradientBoosting | SequenceNetwork | WaveformNetwork,
    Field(discriminator="kind"),
]
"""Any system that hears, told apart by its `kind`."""

__all__ = [
    "GradientBoosting",
    "LinearSVM",
    "SequenceNetwork",
    "ShrinkageLDA",
    "SoundSystem",
    "WaveformNetwork",
]
