"""Networks of different seeds, trained alike, whose probabilities are averaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.systems.calibration import softmax
from abaw_pipeline.training.augmentation import Augment
from abaw_pipeline.training.options import TrainingOptions
from abaw_pipeline.types import DoubleArray, FloatArray, IntArray

if TYPE_CHECKING:
    from torch import nn


def train_members(
    make: Callable[[], nn.Module],
    sequences: Sequence[FloatArray],
    labels: IntArray,
    n_classes: int,
    options: TrainingOptions,
    augment: Augment,
    *,
    seed: int,
    device: str,
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Train `options.members` networks.

    Args:
        make: gives a network with fresh weights.
        sequences: float32 [T_i, D] each.
        labels: int64, one a sequence.
        n_classes: K.
        options: the loop's settings.
        augment: gives a changed copy of a sequence.
        seed: of the first member.
        device: where they are trained.

    Returns:
        the members' weights by name, and facts for the card: loss curves, number of parameters and of sequences.
    """
    from abaw_pipeline.models.state import to_arrays
    from abaw_pipeline.training.loop import seeded, train

    tensors: dict[str, npt.NDArray[Any]] = {}
    curves = []
    for member in range(options.members):
        with seeded(own := seed + 1000 * member, device):
            network = make().to(device)
            curves.append(train(network, sequences, labels, n_classes, options, augment, seed=own, device=device))
        tensors |= to_arrays(network, f"{member}.")
    n_parameters = sum(p.numel() for p in network.parameters())
    return tensors, {"curves": curves, "n_parameters": n_parameters, "n_windows": len(sequences)}


def member_posteriors(
    make: Callable[[], nn.Module],
    tensors: Mapping[str, npt.NDArray[Any]],
    sequences: Sequence[FloatArray],
    options: TrainingOptions,
    device: str,
) -> DoubleArray:
    """Mean of the members' probabilities: float64 [n, K], of at least one sequence."""
    from abaw_pipeline.models.state import load_arrays
    from abaw_pipeline.training.loop import predict_logits

    outputs = []
    for member in range(options.members):
        network = make()
        load_arrays(network, tensors, f"{member}.")
        network = network.to(device).eval()
        outputs.append(softmax(predict_logits(network, sequences, batch_size=options.batch_size, device=device)))
    return np.asarray(np.mean(outputs, axis=0))
