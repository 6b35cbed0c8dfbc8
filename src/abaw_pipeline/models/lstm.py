"""LSTM layers of falling width, one decision at a sequence's end (S0, section 4.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn


class LSTMModel(nn.Module):
    """LSTM layers with dropout after each, a linear layer on the last step.

    Args:
        n_features: D, columns of a step.
        n_classes: K.
        hidden: units of each layer, from below.
        dropout: after each layer.
    """

    def __init__(self, n_features: int, n_classes: int, hidden: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in pairwise([n_features, *hidden]))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden[-1], n_classes)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[B, T, D], [B] -> logits [B, K]. The layers look back only, so what follows the end is unseen."""
        for layer in self.layers:
            x = self.dropout(layer(x)[0])
        last: torch.Tensor = x[torch.arange(len(x), device=x.device), lengths - 1]
        logits: torch.Tensor = self.head(last)
        return logits
