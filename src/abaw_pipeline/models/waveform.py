"""One-dimensional convolutions and two LSTM layers on raw sound (S0, section 3.2.3)."""

from __future__ import annotations

import torch
from torch import nn

from abaw_pipeline.models.layers import MaskedConv

LAYOUT = ((1, 80, 32), (2, 8, 5), (4, 5, 5), (4, 8, 4))
"""Channels in multiples of the width, kernel and stride of each convolution; the strides make 3200 samples."""


class WaveformModel(nn.Module):
    """Four strided convolutions to five frames a second, two LSTM layers, a linear layer on the last frame.

    Five frames a second is the rate of the labels (S0, section 3.2): a 4 s window has 20 of both.
    The paper gives some 4.5 M parameters and leaves the sizes of the layers to a picture; these are ours, 4.4 M
    at width 64.

    Args:
        n_classes: K.
        width: channels of the first convolution; the LSTM layers have eight times as many.
        dropout: after each convolution.
    """

    def __init__(self, n_classes: int, width: int, dropout: float) -> None:
        super().__init__()
        channels = [1, *(multiple * width for multiple, _, _ in LAYOUT)]
        self.convolutions = nn.ModuleList(
            MaskedConv(n_in, n_out, kernel, stride, dropout)
            for n_in, n_out, (_, kernel, stride) in zip(channels[:-1], channels[1:], LAYOUT, strict=True)
        )
        self.recurrent = nn.LSTM(channels[-1], 8 * width, num_layers=2, batch_first=True)
        self.head = nn.Linear(8 * width, n_classes)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[B, n_samples, 1], [B] -> logits [B, K]. The LSTM looks back only, so what follows the end is unseen."""
        frames = x.transpose(1, 2)
        for convolution in self.convolutions:
            frames, lengths = convolution(frames, lengths)
        y, _ = self.recurrent(frames.transpose(1, 2))
        last: torch.Tensor = y[torch.arange(len(y), device=y.device), lengths - 1]
        logits: torch.Tensor = self.head(last)
        return logits
