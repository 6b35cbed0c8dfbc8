"""Batches of sequences of different lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from abaw_pipeline.types import FloatArray, IntArray


def pad(sequences: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    """One array of many sequences, zeros after their ends.

    Args:
        sequences: float32 [T_i, D] each.

    Returns:
        float32 [B, max T, D] and int64 [B], the lengths.
    """
    lengths = np.array([len(s) for s in sequences], dtype=np.int64)
    padded = np.zeros((len(sequences), lengths.max(), sequences[0].shape[1]), dtype=np.float32)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded, lengths


def one_hot(labels: IntArray, n_classes: int) -> FloatArray:
    """float32 [n, n_classes], 1 at each label."""
    return np.eye(n_classes, dtype=np.float32)[labels]


def mix(
    padded: FloatArray, lengths: IntArray, targets: FloatArray, alpha: float, rng: np.random.Generator
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Mixup: each example is blended with another of the batch, its target with the other's.

    Args:
        padded: float32 [B, T, D].
        lengths: int64 [B]; a blend is as long as the longer of its two.
        targets: float32 [B, K].
        alpha: of Beta(alpha, alpha), from which a share is drawn for each example; above 0.
        rng: where chance comes from.
    """
    other = rng.permutation(len(padded))
    share = np.maximum(share := rng.beta(alpha, alpha, len(padded)), 1 - share).astype(np.float32)
    blended = padded * share[:, None, None] + padded[other] * (1 - share[:, None, None])
    soft = targets * share[:, None] + targets[other] * (1 - share[:, None])
    return blended, np.maximum(lengths, lengths[other]), soft
