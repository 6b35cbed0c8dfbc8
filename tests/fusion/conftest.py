"""Posteriors of made-up systems."""

import numpy as np
import pytest


def make(seed: int, n: int = 60, n_systems: int = 3, n_classes: int = 3):
    """Posteriors as shares of whole counts: equal ones are exactly equal, unequal ones clearly differ."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % n_classes)
    counts = rng.integers(0, 20, size=(n, n_systems, n_classes)).astype(float)
    counts[np.arange(n), :, labels] += 6
    counts[..., 0] += 1
    groups = [f"subject {i % 5}" for i in range(n)]
    return counts / counts.sum(axis=2, keepdims=True), labels, groups


@pytest.fixture(scope="session")
def sample():
    """A function of seed, n, n_systems and n_classes that makes posteriors, labels and subjects."""
    return make
