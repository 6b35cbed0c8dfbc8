"""Statistics of curves over time: each curve becomes a fixed number of values, whatever its length."""

from __future__ import annotations

import numpy as np

from abaw_pipeline.types import DoubleArray

SHARES = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)

NAMES: tuple[str, ...] = (
    *("mean", "std", "skewness", "kurtosis"),
    *("slope", "curvature", "residual"),
    *(f"quantile{100 * share:02.0f}" for share in SHARES),
    *("iqr75_25", "iqr50_25", "iqr75_50", "range"),
    *("step", "rising", "rise", "fall"),
    *("above75", "above25", "crossings"),
)
"""Names of the functionals, in the order of their rows."""

TINY = 1e-9


def functionals(curves: DoubleArray) -> DoubleArray:
    """Functionals of curves over time.

    Args:
        curves: [n_curves, T], T at least 1.

    Returns:
        float64 [len(NAMES), n_curves]. What a constant curve or a single value leaves undefined (skewness,
        slope, steps, ...) is 0.
    """
    quantiles = np.quantile(curves, SHARES, axis=1)
    first, _, lower, median, upper, _, last = quantiles
    return np.stack(
        [
            *_moments(curves),
            *_trend(curves),
            *quantiles,
            *(upper - lower, median - lower, upper - median, last - first),
            *_steps(curves),
            (curves > (first + 0.75 * (last - first))[:, None]).mean(axis=1),
            (curves > (first + 0.25 * (last - first))[:, None]).mean(axis=1),
            _crossings(curves),
        ]
    )


def smoothed(curves: DoubleArray) -> DoubleArray:
    """Mean of three neighbours [n_curves, T]; the ends count their own value twice."""
    padded = np.pad(curves, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3


def deltas(curves: DoubleArray) -> DoubleArray:
    """Regression slope over five neighbours [n_curves, T], per frame."""
    padded = np.pad(curves, ((0, 0), (2, 2)), mode="edge")
    return (2 * (padded[:, 4:] - padded[:, :-4]) + padded[:, 3:-1] - padded[:, 1:-3]) / 10


def _moments(curves: DoubleArray) -> list[DoubleArray]:
    mean, deviation = curves.mean(axis=1), curves.std(axis=1)
    scores = (curves - mean[:, None]) / (deviation + TINY)[:, None]
    return [mean, deviation, (scores**3).mean(axis=1), (scores**4).mean(axis=1)]


def _trend(curves: DoubleArray) -> list[DoubleArray]:
    """Straight and bent part of a parabola fitted over -1..1, and what it leaves (root mean square)."""
    time = np.linspace(-1.0, 1.0, curves.shape[1]) if curves.shape[1] > 1 else np.zeros(1)
    bent = time**2 - (time**2).mean()
    centered = curves - curves.mean(axis=1, keepdims=True)
    slope = centered @ time / (time @ time + TINY)
    curvature = centered @ bent / (bent @ bent + TINY)
    rest = centered - slope[:, None] * time - curvature[:, None] * bent
    return [slope, curvature, np.sqrt((rest**2).mean(axis=1))]


def _steps(curves: DoubleArray) -> list[DoubleArray]:
    """Mean size of steps, share of rising ones, mean rise and mean fall."""
    steps = np.diff(curves, axis=1)
    if steps.shape[1] == 0:
        return [np.zeros(len(curves))] * 4
    up, down = steps > 0, steps < 0
    rise = (steps * up).sum(axis=1) / np.maximum(up.sum(axis=1), 1)
    fall = (-steps * down).sum(axis=1) / np.maximum(down.sum(axis=1), 1)
    return [np.abs(steps).mean(axis=1), up.mean(axis=1), rise, fall]


def _crossings(curves: DoubleArray) -> DoubleArray:
    """Share of steps across the mean."""
    if curves.shape[1] == 1:
        return np.zeros(len(curves))
    above = curves > curves.mean(axis=1, keepdims=True) + TINY
    result: DoubleArray = np.diff(above, axis=1).mean(axis=1)
    return result
