"""One loop trains every network on sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from abaw_pipeline.errors import DataError
from abaw_pipeline.training.augmentation import Augment
from abaw_pipeline.training.batches import mix, one_hot, pad
from abaw_pipeline.training.options import TrainingOptions
from abaw_pipeline.training.schedule import rate_factor
from abaw_pipeline.training.weighting import class_weights
from abaw_pipeline.types import DoubleArray, FloatArray, IntArray


@contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Within it torch's chance depends on the seed alone; afterwards torch is as it was."""
    where = torch.device(device)
    with torch.random.fork_rng([where] if where.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def train(
    network: nn.Module,
    sequences: Sequence[FloatArray],
    labels: IntArray,
    n_classes: int,
    options: TrainingOptions,
    augment: Augment,
    *,
    seed: int,
    device: str,
) -> list[float]:
    """Train a network in place; call it within `seeded`.

    Args:
        network: maps (float32 [B, T, D], int64 [B] lengths) to logits [B, n_classes]; already on the device.
        sequences: float32 [T_i, D] each.
        labels: int64, one a sequence.
        n_classes: K.
        options: the loop's settings.
        augment: gives a changed copy of a sequence.
        seed: of the order of examples and of augmentation.
        device: where the network lies.

    Returns:
        mean loss of each epoch.

    Raises:
        DataError: the loss is no longer finite.
    """
    rng = np.random.default_rng(seed)
    weights = torch.from_numpy(class_weights(labels, n_classes, options.class_weights)).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    targets = one_hot(labels, n_classes)
    n_batches = -(-len(sequences) // options.batch_size)
    curve: list[float] = []
    network.train()
    for epoch in range(options.epochs):
        losses = []
        for index, rows in enumerate(np.array_split(rng.permutation(len(sequences)), n_batches)):
            step = epoch * n_batches + index
            factor = rate_factor(step, options.epochs * n_batches, warmup=options.warmup, schedule=options.schedule)
            for group in optimizer.param_groups:
                group["lr"] = options.learning_rate * factor
            batch, lengths = pad([augment(sequences[row], rng) for row in rows])
            soft = targets[rows]
            if options.mixup:
                batch, lengths, soft = mix(batch, lengths, soft, options.mixup, rng)
            losses.append(_step(network, optimizer, batch, lengths, soft, weights, options, device))
        curve.append(float(np.mean(losses)))
        if not np.isfinite(curve[-1]):
            raise DataError(
                f"the loss is no longer finite in epoch {epoch + 1}",
                where="training",
                hint="Lower learning_rate.",
            )
    network.eval()
    return curve


def _step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: FloatArray,
    lengths: IntArray,
    targets: FloatArray,
    weights: torch.Tensor,
    options: TrainingOptions,
    device: str,
) -> float:
    lower = options.precision == "bfloat16"
    with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=lower):
        logits = network(torch.from_numpy(batch).to(device), torch.from_numpy(lengths).to(device))
    loss = nn.functional.cross_entropy(
        logits.float(),
        torch.from_numpy(targets).to(device),
        weight=weights,
        label_smoothing=options.label_smoothing,
    )
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(network.parameters(), options.clip_norm)
    optimizer.step()
    return float(loss.detach())


@torch.no_grad()
def predict_logits(network: nn.Module, sequences: Sequence[FloatArray], *, batch_size: int, device: str) -> DoubleArray:
    """Logits of each sequence, in their order, whatever the batches: float64 [n, K].

    Args:
        network: as for `train`, in evaluation mode and on the device.
        sequences: at least one, float32 [T_i, D] each.
        batch_size: sequences at once; similar lengths go together.
        device: where the network lies.
    """
    order = np.argsort([len(s) for s in sequences], kind="stable")
    parts = []
    for first in range(0, len(order), batch_size):
        batch, lengths = pad([sequences[row] for row in order[first : first + batch_size]])
        logits = network(torch.from_numpy(batch).to(device), torch.from_numpy(lengths).to(device))
        parts.append(logits.float().cpu().numpy().astype(np.float64))
    return np.concatenate(parts)[np.argsort(order, kind="stable")]
