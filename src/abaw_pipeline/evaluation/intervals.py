"""Intervals of a proportion that take clips as independent; the bootstrap by subjects does not."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from abaw_pipeline.errors import DataError


def wald(proportion: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wald interval, as S2 prints it (80.08 +/- 2.06 with 1440 clips), cut at 0 and 1.

    Args:
        proportion: 0..1.
        n: trials.
        confidence: 0..1.

    Returns:
        Lower and upper limit. They coincide at 0 and at 1, which is the method's known flaw.

    Raises:
        DataError: no trials, or a number out of its range.
    """
    z = _quantile(proportion, n, confidence)
    half = z * sqrt(proportion * (1 - proportion) / n)
    return max(0.0, proportion - half), min(1.0, proportion + half)


def wilson(proportion: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval: keeps its confidence also near 0 and 1 and for few clips.

    Args:
        proportion: 0..1.
        n: trials.
        confidence: 0..1.

    Returns:
        Lower and upper limit.

    Raises:
        DataError: no trials, or a number out of its range.
    """
    z = _quantile(proportion, n, confidence)
    scale = 1 + z * z / n
    center = (proportion + z * z / (2 * n)) / scale
    half = z / scale * sqrt(proportion * (1 - proportion) / n + z * z / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def _quantile(proportion: float, n: int, confidence: float) -> float:
    if n < 1:
        raise DataError("an interval needs at least one trial", where=f"n = {n}")
    if not 0 <= proportion <= 1:
        raise DataError("a proportion lies between 0 and 1", where=f"proportion = {proportion}")
    if not 0 < confidence < 1:
        raise DataError("a confidence lies between 0 and 1", where=f"confidence = {confidence}")
    return NormalDist().inv_cdf(0.5 + confidence / 2)
