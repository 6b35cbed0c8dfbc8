"""A small residual network on faces."""

from __future__ import annotations

import torch
from torch import nn


class Shortcut(nn.Conv2d):
    """A 1 x 1 convolution that first drops the pixels its stride skips: what the strided one gives.

    oneDNN 3.13 (torch 2.15, CPU) writes beyond a buffer in the gradient of the strided layer's weights, which aborts
    the process sooner or later. Measured, with buffers that end at a page that must not be touched: float32, channels
    last, 2 or 4 threads, 4 to 15 channels in, batches of 31, 29 or 7 (of 32: never). The layer without a stride takes
    another way: in 108 networks of width 1 to 33, float32 and bfloat16, no buffer was overrun.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, n_in, H, W] -> [B, n_out, ceil(H / stride), ceil(W / stride)]."""
        down, across = self.stride
        return nn.functional.conv2d(x[:, :, ::down, ::across], self.weight, self.bias)


class Block(nn.Module):
    """Two 3 x 3 convolutions with batch norm, and a way around them (He et al. 2016)."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.around: Shortcut | None = None
        self.around_norm: nn.BatchNorm2d | None = None
        if stride != 1 or n_in != n_out:
            self.around = Shortcut(n_in, n_out, 1, stride, bias=False)
            self.around_norm = nn.BatchNorm2d(n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, n_in, H, W] -> [B, n_out, ceil(H / stride), ceil(W / stride)]."""
        y = torch.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        if self.around is not None and self.around_norm is not None:
            x = self.around_norm(self.around(x))
        return torch.relu(y + x)


class GaussianNoise(nn.Module):
    """Adds white noise while training (S0's AffectNet-EE, before the dense layer).

    Args:
        deviation: of the noise; 0: none.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any shape."""
        if not (self.training and self.deviation):
            return x
        return x + self.deviation * torch.randn_like(x)


class Backbone(nn.Module):
    """A residual network of three stages, a dense layer whose output is the embedding, and a linear classifier.

    The first convolution (6 x 6, stride 2) is a 3 x 3 one over 2 x 2 pixels taken as channels. Pixels come as
    they are; what they are standardized by belongs to the network. The dense layer has a batch norm, without which
    a few hundred images a class leave it where it started.

    Args:
        n_classes: K.
        width: channels of the first stage; the others have twice and four times as many.
        depth: blocks a stage.
        embedding: D, units of the dense layer.
        dropout: before and after the dense layer.
        noise: deviation of noise before the dense layer, while training.
        mean: of the training pixels, 0 to 255.
        scale: deviation of the training pixels.
        per_image: each image is standardized by its own mean and deviation instead, so that light counts less.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self,
        n_classes: int,
        *,
        width: int = 64,
        depth: int = 2,
        embedding: int = 128,
        dropout: float = 0.2,
        noise: float = 0.0,
        mean: float = 127.5,
        scale: float = 64.0,
        per_image: bool = False,
    ) -> None:
        super().__init__()
        self.per_image = per_image
        self.register_buffer("mean", torch.tensor([mean], dtype=torch.float32))
        self.register_buffer("scale", torch.tensor([scale], dtype=torch.float32))
        self.stem = nn.Conv2d(1, width, 6, 2, 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        blocks, n_in = [], width
        for stage in range(3):
            n_out = width * 2**stage
            for index in range(depth):
                blocks.append(Block(n_in, n_out, 2 if stage and not index else 1))
                n_in = n_out
        self.blocks = nn.ModuleList(blocks)
        self.before = nn.Sequential(nn.Dropout(dropout), GaussianNoise(noise))
        self.dense = nn.Linear(n_in, embedding, bias=False)
        self.dense_norm = nn.BatchNorm1d(embedding)
        self.after = nn.Dropout(dropout)
        self.head = nn.Linear(embedding, n_classes)

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Gray pixels 0 to 255, float32 [B, 1, H, W] -> embeddings [B, D], none below 0."""
        x = torch.relu(self.stem_norm(self.stem(self._standardized(pixels))))
        for block in self.blocks:
            x = block(x)
        return torch.relu(self.dense_norm(self.dense(self.before(x.mean(dim=(2, 3))))))

    def _standardized(self, pixels: torch.Tensor) -> torch.Tensor:
        if not self.per_image:
            return (pixels - self.mean) / self.scale
        centered = pixels - pixels.mean(dim=(2, 3), keepdim=True)
        return centered / (centered.square().mean(dim=(2, 3), keepdim=True) + 1).sqrt()

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gray pixels 0 to 255, float32 [B, 1, H, W] -> embeddings [B, D] and logits [B, K]."""
        embedding = self.embed(pixels)
        logits: torch.Tensor = self.head(self.after(embedding))
        return embedding, logits
