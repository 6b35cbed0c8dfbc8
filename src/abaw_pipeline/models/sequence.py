"""Convolutions, a bidirectional LSTM and attention over feature frames."""

from __future__ import annotations

import torch
from torch import nn

from abaw_pipeline.models.layers import AttentionPool, BothWays, MaskedConv


class SequenceModel(nn.Module):
    """Two convolutions (the second halves the rate), a bidirectional LSTM, attentive pooling, a linear layer.

    Args:
        n_features: D, columns of a frame.
        n_classes: K.
        width: channels of the convolutions and of each direction of the LSTM.
        dropout: after each convolution and before the last layer.
    """

    def __init__(self, n_features: int, n_classes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.first = MaskedConv(n_features, width, 5, 1, dropout)
        self.second = MaskedConv(width, width, 5, 2, dropout)
        self.recurrent = BothWays(width, width)
        self.pool = AttentionPool(2 * width, width)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * width, n_classes))

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[B, T, D], [B] -> logits [B, K]."""
        y, lengths = self.second(*self.first(x.transpose(1, 2), lengths))
        frames = self.recurrent(y.transpose(1, 2), lengths)
        logits: torch.Tensor = self.head(self.pool(frames, lengths))
        return logits
