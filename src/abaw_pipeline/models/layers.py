"""Layers for batches of sequences of different lengths, [B, channels, T], zeros after each sequence's end."""

from __future__ import annotations

import torch
from torch import nn


def valid(lengths: torch.Tensor, n_frames: int) -> torch.Tensor:
    """Which frames belong to their sequence: bool [B, n_frames]."""
    return torch.arange(n_frames, device=lengths.device)[None] < lengths[:, None]


class MaskedConv(nn.Module):
    """Convolution over time, batch norm, ReLU and dropout; frames after the end are zeros again.

    So a sequence's output does not depend on how far it is padded. While training, padding takes part in the
    norm's statistics of the batch; batches are padded to their own longest sequence only.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv1d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(n_out)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[B, n_in, T], [B] -> [B, n_out, ceil(T / stride)], [B]."""
        lengths = (lengths + self.stride - 1) // self.stride
        y = self.conv(x)[..., : int(lengths.max())]
        y = self.dropout(torch.relu(self.norm(y)))
        return y * valid(lengths, y.shape[-1])[:, None].to(y.dtype), lengths


class BothWays(nn.Module):
    """A recurrent layer forwards and one backwards, each starting at an end of the sequence itself.

    Turning each sequence around by its own length is several times faster on a CPU than packing.
    """

    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__()
        self.ahead = nn.LSTM(n_in, n_hidden, batch_first=True)
        self.back = nn.LSTM(n_in, n_hidden, batch_first=True)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[B, T, n_in], [B] -> [B, T, 2 n_hidden]; what lies after the end is arbitrary."""
        frames = torch.arange(x.shape[1], device=x.device)[None]
        turned = torch.where(frames < lengths[:, None], lengths[:, None] - 1 - frames, frames)[..., None]
        backwards, _ = self.back(x.take_along_dim(turned, dim=1))
        return torch.cat([self.ahead(x)[0], backwards.take_along_dim(turned, dim=1)], dim=2)


class AttentionPool(nn.Module):
    """Weighted mean and deviation over time, the weights being learnt from each frame."""

    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(n_in, n_hidden), nn.Tanh(), nn.Linear(n_hidden, 1))

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[B, T, n_in], [B] -> float32 [B, 2 n_in]."""
        scores = self.score(x).float().masked_fill(~valid(lengths, x.shape[1])[..., None], -torch.inf)
        shares, frames = scores.softmax(dim=1), x.float()
        mean = (frames * shares).sum(dim=1)
        variance = ((frames - mean[:, None]) ** 2 * shares).sum(dim=1)
        return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)
