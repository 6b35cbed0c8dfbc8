"""LSTM layers on embeddings (S0, section 4.3.3: EE + LSTM)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from abaw_pipeline.systems.grid_network import GridNetwork
from abaw_pipeline.training.augmentation import Augment, unchanged
from abaw_pipeline.training.options import Weighting

if TYPE_CHECKING:
    from torch import nn


class LSTMNetwork(GridNetwork):
    """Stacked LSTM layers on windows of embeddings at five steps a second; one decision a window.

    The defaults are those of S0, sections 4.3.3 and 5.1.2: layers of 512 and 256, dropout of 0.5, windows of 2 s,
    balanced weights. The paper gives neither how far windows are shifted (here as for sound, 2/5), nor the amount
    of l2 regularization (here AdamW's decoupled weight decay), nor the learning rate, nor the number of epochs.
    Each step without a face is left out, and the layers carry their state across it.
    """

    filled_steps: ClassVar[float] = 0.5
    kind: Literal["lstm"] = "lstm"
    window_s: float | None = Field(default=2.0, gt=0, description="seconds in a window; null: the clip as a whole")
    step_s: float = Field(default=0.2, gt=0, description="seconds between steps")
    hidden: tuple[int, ...] = Field(default=(512, 256), min_length=1, description="units of each layer, from below")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="after each layer")
    epochs: int = Field(default=20, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0, description="the highest that the schedule reaches")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    class_weights: Weighting = "balanced"
    precision: Literal["float32", "bfloat16"] = Field(default="float32", description="of matrix products")

    def network(self, n_features: int, n_classes: int) -> nn.Module:
        """An `LSTMModel`."""
        from abaw_pipeline.models.lstm import LSTMModel

        return LSTMModel(n_features, n_classes, self.hidden, self.dropout)

    def augment(self) -> Augment:
        """None: the paper names no augmentation of embeddings."""
        return unchanged
