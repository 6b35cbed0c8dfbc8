"""Weights of networks as plain arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

COUNTER = "num_batches_tracked"
"""A buffer of batch norm that nothing here reads, and whose zero dimensions not every format keeps."""


def to_arrays(network: nn.Module, prefix: str) -> dict[str, npt.NDArray[Any]]:
    """Parameters and buffers by name, the prefix before each name."""
    state = network.state_dict()
    return {
        f"{prefix}{name}": tensor.detach().cpu().numpy().copy()
        for name, tensor in state.items()
        if not name.endswith(COUNTER)
    }


def load_arrays(network: nn.Module, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> None:
    """Fill a network, in place, from what `to_arrays` gave with the same prefix.

    Raises:
        RuntimeError: names or shapes are not those of the network.
    """
    state = {
        name.removeprefix(prefix): torch.from_numpy(np.array(array))
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
    counters = {name: tensor for name, tensor in network.state_dict().items() if name.endswith(COUNTER)}
    network.load_state_dict(state | counters)
