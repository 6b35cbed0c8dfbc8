"""Weights of networks as plain arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn


def to_arrays(network: nn.Module, prefix: str) -> dict[str, npt.NDArray[Any]]:
    """Parameters and buffers by name, the prefix before each name."""
    return {f"{prefix}{name}": t.detach().cpu().numpy().copy() for name, t in network.state_dict().items()}


def load_arrays(network: nn.Module, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> None:
    """Fill a network, in place, from what `to_arrays` gave with the same prefix.

    Raises:
        RuntimeError: names or shapes are not those of the network.
    """
    own = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in own.items()})
