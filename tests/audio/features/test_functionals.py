import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from abaw_pipeline.audio.features.functionals import NAMES, deltas, functionals, smoothed


def of(curve) -> dict[str, float]:
    return dict(zip(NAMES, functionals(np.asarray(curve, dtype=float)[None])[:, 0], strict=True))


def test_moments_and_quantiles_are_those_of_scipy_and_numpy():
    curve = np.random.default_rng(0).gamma(2.0, size=300)
    row = of(curve)
    assert row["mean"] == pytest.approx(curve.mean())
    assert row["std"] == pytest.approx(curve.std())
    assert row["skewness"] == pytest.approx(scipy.stats.skew(curve))
    assert row["kurtosis"] == pytest.approx(scipy.stats.kurtosis(curve, fisher=False))
    assert row["quantile05"] == pytest.approx(np.quantile(curve, 0.05))
    assert row["iqr75_25"] == pytest.approx(scipy.stats.iqr(curve))


def test_trend_of_a_parabola():
    time = np.linspace(-1, 1, 101)
    row = of(5 + 3 * time - 2 * time**2)
    assert (row["slope"], row["curvature"]) == (pytest.approx(3), pytest.approx(-2))
    assert row["residual"] == pytest.approx(0, abs=1e-6)


def test_steps_of_a_saw():
    row = of([0, 1, 2, 3, 0, 1, 2, 3, 0])
    assert (row["rise"], row["fall"], row["rising"], row["step"]) == (1.0, 3.0, 0.75, 1.5)
    assert row["crossings"] == pytest.approx(0.5)


@pytest.mark.parametrize("length", [1, 2, 50])
def test_a_constant_has_a_place_and_no_shape(length):
    row = of([7.0] * length)
    places = {"mean"} | {name for name in NAMES if name.startswith("quantile")}
    assert {name: value for name, value in row.items() if name not in places} == dict.fromkeys(set(NAMES) - places, 0.0)
    assert {row[name] for name in places} == {7.0}


@settings(max_examples=50, deadline=None)
@given(arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 12)), elements=st.floats(-1e3, 1e3)))
def test_every_length_gives_finite_values(curves):
    assert np.isfinite(functionals(curves)).all()
    assert functionals(curves).shape == (len(NAMES), len(curves))
    assert smoothed(curves).shape == deltas(curves).shape == curves.shape


def test_deltas_of_a_line_are_its_slope():
    np.testing.assert_allclose(deltas(2.5 * np.arange(10.0)[None])[0, 2:-2], 2.5)


def test_smoothing_keeps_a_line():
    np.testing.assert_allclose(smoothed(np.arange(10.0)[None])[0, 1:-1], np.arange(1.0, 9.0))
