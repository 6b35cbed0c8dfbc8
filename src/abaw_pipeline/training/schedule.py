"""How the learning rate moves over the steps of a training."""

from __future__ import annotations

import math


def rate_factor(step: int, n_steps: int, *, warmup: float, schedule: str) -> float:
    """Share of the highest learning rate that a step uses, above 0 and at most 1.

    Args:
        step: from 0 to n_steps - 1.
        n_steps: steps in the whole training.
        warmup: share of the steps over which the rate rises in a line.
        schedule: "cosine" falls along half a cosine after the rise; "constant" stays.
    """
    rising = math.ceil(warmup * n_steps)
    if step < rising:
        return (step + 1) / (rising + 1)
    if schedule == "constant":
        return 1.0
    done = (step - rising) / (n_steps - rising)
    return 0.5 * (1 + math.cos(math.pi * done))
