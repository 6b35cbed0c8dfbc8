"""Trains a backbone on images in memory, epoch by epoch, each a place from which a killed training goes on."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from abaw_pipeline.backbones.settings import ResidualBackbone
from abaw_pipeline.errors import DataError
from abaw_pipeline.models.backbone import Backbone
from abaw_pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from abaw_pipeline.training.early import Best
from abaw_pipeline.training.image_augmentation import mix_images
from abaw_pipeline.training.stills import Stills, middle
from abaw_pipeline.training.weighting import class_weights
from abaw_pipeline.types import ByteArray, DoubleArray, IntArray

EVALUATED = 256
"""Images at once where nothing is learnt."""


@dataclass
class Progress:
    """Where a training stands; all of it is in a checkpoint.

    Attributes:
        network: as it is trained.
        average: moving average of its weights, which is what is kept.
        best: weights of the best epoch so far.
        optimizer: with its moments.
        found: which epoch was best.
        curve: one entry an epoch: loss, learning_rate, aside_accuracy and aside_uar (None where none is set aside).
        done: whether nothing is left to do.
    """

    network: Backbone
    average: Backbone
    best: dict[str, torch.Tensor]
    optimizer: torch.optim.Optimizer
    found: Best = field(default_factory=Best)
    curve: list[dict[str, float | None]] = field(default_factory=list)
    done: bool = False


def train_epochs(
    network: Backbone,
    settings: ResidualBackbone,
    fit: Stills,
    aside: Stills,
    *,
    seed: int,
    device: str,
    scratch: str | None,
) -> Progress:
    """Train until the last epoch or until nothing gets better. Each epoch's chance depends on the seed and its number.

    Args:
        network: fresh; in its place the result's `average` holds the weights to keep.
        settings: of the training.
        fit: images that are learnt.
        aside: images that judge each epoch; none: the last epoch is kept.
        seed: of order, augmentation, dropout.
        device: where to train, such as "cpu" or "cuda:0".
        scratch: folder for a checkpoint each epoch; None: none.

    Raises:
        DataError: the loss is no longer finite.
    """
    state = _start(network, settings, device)
    if scratch is not None:
        _resume(state, scratch)
    weights = torch.from_numpy(class_weights(fit.labels, network.head.out_features, settings.class_weights)).to(device)
    while not state.done:
        epoch = len(state.curve)
        rng = np.random.default_rng([seed, epoch])
        torch.manual_seed(int(rng.integers(2**62)))
        entry = _epoch(state, settings, fit, weights, rng.permutation(len(fit)), epoch, device)
        _judge(state, settings, aside, entry, epoch, device)
        if scratch is not None:
            _save(state, scratch)
    state.average.load_state_dict(state.best)
    return state


def _start(network: Backbone, settings: ResidualBackbone, device: str) -> Progress:
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer: torch.optim.Optimizer
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        momentum = settings.momentum
        parameters = network.parameters()
        optimizer = torch.optim.SGD(parameters, rate, momentum, weight_decay=decay, nesterov=momentum > 0)
    elif settings.optimizer == "adam":
        optimizer = torch.optim.Adam(network.parameters(), rate, weight_decay=decay)
    else:
        optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=decay)
    return Progress(network, average, {}, optimizer)


def _epoch(
    state: Progress,
    settings: ResidualBackbone,
    fit: Stills,
    weights: torch.Tensor,
    order: IntArray,
    epoch: int,
    device: str,
) -> dict[str, float | None]:
    state.network.train()
    n_batches = -(-len(order) // settings.batch_size)
    losses, rate = [], 0.0
    for index, rows in enumerate(np.array_split(order, n_batches)):
        step = epoch * n_batches + index
        rate = settings.learning_rate * settings.schedule.factor(step, settings.epochs * n_batches)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        images = torch.from_numpy(fit.images[rows]).to(device)[:, None].float()
        losses.append(_step(state, settings, images, torch.from_numpy(fit.labels[rows]).to(device), weights))
        _follow(state.average, state.network, min(settings.average, (1 + step) / (10 + step)))
    loss = _finite(float(torch.stack(losses).mean()), epoch)
    return {"loss": loss, "learning_rate": rate}


def _finite(loss: float, epoch: int) -> float:
    if not np.isfinite(loss):
        raise DataError(
            f"the loss is no longer finite in epoch {epoch + 1}", where="training", hint="Lower learning_rate."
        )
    return loss


def _step(
    state: Progress, settings: ResidualBackbone, images: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    targets = nn.functional.one_hot(labels, len(weights)).float()
    images = settings.augmentation(images, settings.size)
    if settings.mixup:
        images, targets = mix_images(images, targets, settings.mixup)
    images = images.contiguous(memory_format=torch.channels_last)
    lower = settings.precision == "bfloat16"
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=lower):
        _, logits = state.network(images)
    smoothing = settings.label_smoothing
    loss = nn.functional.cross_entropy(logits.float(), targets, weight=weights, label_smoothing=smoothing)
    state.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    state.optimizer.step()
    return loss.detach()


@torch.no_grad()
def _follow(average: Backbone, network: Backbone, decay: float) -> None:
    """Move the averaged weights and statistics towards the network's."""
    for kept, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - decay)
        else:
            kept.copy_(now)


def _judge(
    state: Progress, settings: ResidualBackbone, aside: Stills, entry: dict[str, float | None], epoch: int, device: str
) -> None:
    """Score the epoch on what is set aside, keep the weights of the best, and see whether to go on."""
    if len(aside):
        logits = predict(state.average, aside.images, settings.size, device)
        entry |= {f"aside_{name}": value for name, value in measures(logits, aside.labels).items()}
        loss = float(nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(aside.labels)))
        found = state.found.after(epoch, (float(entry["aside_uar"] or 0), -_finite(loss, epoch)))
    else:
        entry |= {"aside_accuracy": None, "aside_uar": None}
        found = Best(epoch)
    if found != state.found:
        state.found = found
        state.best = {name: tensor.clone() for name, tensor in state.average.state_dict().items()}
    state.curve.append(entry)
    state.done = epoch + 1 == settings.epochs or found.exhausted(epoch, settings.patience)


@torch.no_grad()
def predict(network: Backbone, images: ByteArray, size: int, device: str) -> DoubleArray:
    """Logits of images, their middle square seen: float64 [n, K].

    Args:
        network: in evaluation mode, on the device.
        images: uint8 [n, side, side], n at least 1.
        size: pixels of the square.
        device: where the network lies.
    """
    parts = []
    for first in range(0, len(images), EVALUATED):
        pixels = torch.from_numpy(middle(images[first : first + EVALUATED], size)).to(device)[:, None].float()
        _, logits = network(pixels.contiguous(memory_format=torch.channels_last))
        parts.append(logits.double().cpu().numpy())
    return np.concatenate(parts)


def measures(logits: DoubleArray, labels: IntArray) -> dict[str, float]:
    """Share of images whose class has the highest logit (accuracy), and its mean over classes that occur (uar)."""
    right = logits.argmax(axis=1) == labels
    recalls = [float(right[labels == label].mean()) for label in np.unique(labels)]
    return {"accuracy": float(right.mean()), "uar": float(np.mean(recalls))}


def _save(state: Progress, folder: str) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in state.network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in state.average.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in state.best.items()}
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items() if value is not None}
    save_checkpoint(folder, tensors, {"found": asdict(state.found), "curve": state.curve, "done": state.done})


def _resume(state: Progress, folder: str) -> None:
    """Fill the state, in place, from the folder's checkpoint, if it has one."""
    loaded = load_checkpoint(folder)
    if loaded is None:
        return
    tensors, facts = loaded
    state.network.load_state_dict(_below(tensors, "network."))
    state.average.load_state_dict(_below(tensors, "average."))
    device = state.network.mean.device
    state.best = {name: tensor.to(device) for name, tensor in _below(tensors, "best.").items()}
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in _below(tensors, "optimizer.").items():
        index, _, moment = name.partition(".")
        moments.setdefault(int(index), {})[moment] = tensor
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    state.found = Best(facts["found"]["epoch"], tuple(facts["found"]["score"]))
    state.curve, state.done = facts["curve"], facts["done"]


def _below(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
