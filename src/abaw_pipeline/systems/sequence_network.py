"""A compact network over feature frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from abaw_pipeline.systems.grid_network import GridNetwork
from abaw_pipeline.training.augmentation import Augment, SequenceAugmentation

if TYPE_CHECKING:
    from torch import nn


class SequenceNetwork(GridNetwork):
    """Convolutions, a bidirectional LSTM and attention on frames of one or several extractors."""

    kind: Literal["sequence_network"] = "sequence_network"
    step_s: float = Field(default=0.02, gt=0, description="seconds between frames of the grid")
    width: int = Field(default=96, ge=1, description="channels of convolutions and of each LSTM direction")
    dropout: float = Field(default=0.2, ge=0, lt=1)
    augmentation: SequenceAugmentation = SequenceAugmentation()

    def network(self, n_features: int, n_classes: int) -> nn.Module:
        """A `SequenceModel`."""
        from abaw_pipeline.models.sequence import SequenceModel

        return SequenceModel(n_features, n_classes, self.width, self.dropout)

    def augment(self) -> Augment:
        """Tempo, position, level and masks."""
        return self.augmentation
