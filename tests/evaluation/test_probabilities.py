import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from abaw_pipeline.evaluation.metrics_table import metrics_table
from abaw_pipeline.evaluation.probabilities import BINS, LEAST, calibration_table, probability_sums
from abaw_pipeline.schemas import CALIBRATION

ONCE = np.ones((1, 1))


def sums(confidence, p_truth, right):
    arrays = (np.array(each, dtype=float) for each in (confidence, p_truth, right))
    return probability_sums(np.zeros(len(right), np.int64), 1, *arrays)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 60), k=st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_log_loss_is_that_of_scikit_learn(seed, n, k):
    rng = np.random.default_rng(seed)
    posteriors, truth = rng.dirichlet(np.ones(k), n), rng.integers(0, k, n)
    found = sums(posteriors.max(axis=1), posteriors[np.arange(n), truth], posteriors.argmax(axis=1) == truth)
    assert found.log_loss(ONCE)[0] == pytest.approx(log_loss(truth, np.maximum(posteriors, LEAST), labels=range(k)))


def test_calibration_error_by_hand():
    # two bins: four decisions at 0.95 of which three are right, two at 0.5 of which both are
    found = sums([0.95] * 4 + [0.5] * 2, [0.95] * 6, [1, 1, 1, 0, 1, 1])
    assert found.calibration_error(ONCE)[0] == pytest.approx((4 * (0.95 - 0.75) + 2 * (1 - 0.5)) / 6)


def test_a_probability_of_nothing_is_a_large_loss_and_no_infinite_one():
    assert sums([1.0], [0.0], [0]).log_loss(ONCE)[0] == pytest.approx(-np.log(LEAST))


def test_confidence_at_the_ends_falls_into_the_end_bins():
    found = sums([0.0, 1.0], [0.5, 0.5], [0, 1])
    assert found.bins[0, [0, BINS - 1], 0].tolist() == [1, 1]


def test_subjects_are_weighed_as_they_are_drawn():
    subject = np.array([0, 0, 1])
    values = np.array([0.9, 0.9, 0.6])
    found = probability_sums(subject, 2, values, values, np.ones(3))
    drawn = found.log_loss(np.array([[2.0, 0.0], [1.0, 1.0]]))
    np.testing.assert_allclose(drawn, [-np.log(0.9), -(2 * np.log(0.9) + np.log(0.6)) / 3])


def predictions(**columns):
    base = {"corpus": "c", "system": "x", "fold": "0", "clip_id": list("abcd"), "subject": list("ppqq")}
    return pd.DataFrame({**base, "truth": list("mmnn"), "predicted": list("mnnn"), **columns})


def test_metrics_hold_log_loss_and_calibration_error_with_intervals():
    table = predictions(confidence=[0.9, 0.6, 0.8, 0.7], p_truth=[0.9, 0.4, 0.8, 0.7])
    metrics = metrics_table(table, ["m", "n"], study="s", protocol="p", resamples=200)
    row = metrics[(metrics["fold"] == "all") & (metrics["measure"] == "log_loss")].iloc[0]
    assert row["value"] == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.7]).mean())
    assert row["lo"] < row["value"] < row["hi"]
    assert (metrics["measure"] == "ece").sum() == 2
    folds = metrics_table(table.assign(fold=list("0011")), ["m", "n"], study="s", protocol="p", resamples=200)
    means = folds[folds["measure"] == "log_loss"].set_index("fold")["value"]
    assert means["mean"] == pytest.approx(means[["0", "1"]].mean())
    assert means["sd"] == pytest.approx(means[["0", "1"]].std())
    without = metrics_table(predictions(), ["m", "n"], study="s", protocol="p", resamples=200)
    assert not without["measure"].isin(["log_loss", "ece"]).any()


def test_the_reliability_diagrams_bins():
    table = predictions(confidence=[0.95, 0.94, 0.5, np.nan])
    found = CALIBRATION.validate(calibration_table(table))
    assert found[["n", "accuracy"]].values.tolist() == [[1, 1.0], [2, 0.5]]
    np.testing.assert_allclose(found["confidence"], [0.5, 0.945])
    assert ((found["lo"] <= found["confidence"]) & (found["confidence"] <= found["hi"])).all()
    assert len(CALIBRATION.validate(calibration_table(table.assign(confidence=np.nan)))) == 0
