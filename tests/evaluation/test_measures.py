import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation import measures

# Rows truth, columns prediction; class 2 is never true, class 3 neither true nor predicted.
HAND = np.array([[3, 1, 0, 0], [2, 3, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


def test_hand_computed():
    recall, precision = [3 / 4, 3 / 6], [3 / 5, 3 / 4, 0]
    np.testing.assert_allclose(measures.recall(HAND), [*recall, np.nan, np.nan])
    np.testing.assert_allclose(measures.precision(HAND), [*precision, np.nan])
    np.testing.assert_allclose(measures.f1(HAND), [6 / 9, 6 / 10, 0, np.nan])
    assert measures.accuracy(HAND) == pytest.approx(0.6)
    assert measures.uar(HAND) == pytest.approx(0.625)
    assert measures.macro_f1(HAND) == pytest.approx((6 / 9 + 6 / 10) / 3)
    assert measures.weighted_f1(HAND) == pytest.approx((4 * 6 / 9 + 6 * 6 / 10) / 10)
    assert measures.cpm(HAND) == pytest.approx(0.67 * (6 / 9 + 6 / 10) / 3 + 0.33 * 0.6)


def test_cpm_weighs_f1_about_twice_as_much_as_accuracy():
    # Always the frequent class: accuracy 0.9, macro F1 (18/19 + 0) / 2.
    assert measures.cpm(np.array([[9, 0], [1, 0]])) == pytest.approx(0.67 * 9 / 19 + 0.33 * 0.9)


# S1, Fig. 6: the backbone on AffectNet's validation set; rows truth (NE HA SA SU FE DI AN), 500 images each.
S1 = """
340 33 32 41 11 11 32
28 440 4 17 2 8 1
80 10 321 18 20 20 31
56 38 13 316 53 15 9
28 11 43 83 300 17 18
32 24 33 16 15 310 70
74 9 33 22 19 47 296
"""


def test_what_s1_prints():
    counts = np.array([row.split() for row in S1.split("\n") if row], dtype=np.int64)
    assert (np.trace(counts), counts.sum()) == (2323, 3500)
    assert 100 * measures.accuracy(counts) == pytest.approx(66.4, abs=0.05)
    assert measures.uar(counts) == pytest.approx(measures.accuracy(counts))  # as many images of each class
    printed = [68.0, 88.0, 64.2, 63.2, 60.0, 62.0, 59.2]
    np.testing.assert_allclose(100 * measures.recall(counts), printed, atol=0.05)


labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@given(labels)
@settings(deadline=None)
def test_as_scikit_learn_over_labels_that_occur(pairs):
    truth, predicted = np.array(pairs).T
    counts = measures.confusion_matrix(truth, predicted, 5)
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(truth, predicted, labels=range(5)))
    assert measures.accuracy(counts) == pytest.approx(metrics.accuracy_score(truth, predicted))
    by_default = metrics.f1_score(truth, predicted, average="macro", zero_division=0)
    assert measures.macro_f1(counts) == pytest.approx(by_default)
    weighted = metrics.f1_score(truth, predicted, average="weighted", zero_division=0)
    assert measures.weighted_f1(counts) == pytest.approx(weighted)
    true_only = metrics.recall_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0)
    assert measures.uar(counts) == pytest.approx(true_only)
    for name, function in (("precision", metrics.precision_score), ("recall", metrics.recall_score)):
        per_class = function(truth, predicted, labels=range(5), average=None, zero_division=np.nan)
        np.testing.assert_allclose(measures.CLASS_MEASURES[name](counts), per_class)


@given(st.lists(labels, min_size=1, max_size=4))
@settings(deadline=None)
def test_leading_axes_are_measured_one_by_one(groups):
    stack = np.stack([measures.confusion_matrix(*np.array(pairs).T, 5) for pairs in groups])
    for measure in (*measures.MEASURES.values(), *measures.CLASS_MEASURES.values()):
        one_by_one = np.stack([measure(counts) for counts in stack])
        np.testing.assert_array_equal(measure(stack), one_by_one)


def test_groups_are_counted_apart():
    group, truth, predicted = np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0]), np.array([1, 1, 1, 0])
    counts = measures.grouped_confusions(group, truth, predicted, 3, 2)
    np.testing.assert_array_equal(counts, [[[0, 1], [0, 0]], [[1, 0], [0, 2]], [[0, 0], [0, 0]]])


def test_nothing_counted_is_an_error_also_within_a_stack():
    for measure in measures.MEASURES.values():
        with pytest.raises(DataError, match="nothing was counted"):
            measure(np.stack([HAND, HAND * 0]))


@pytest.mark.parametrize("truth", [[0, 5], [0, -1], [0]])
def test_indexes_out_of_range_are_refused(truth):
    with pytest.raises(DataError):
        measures.confusion_matrix(np.array(truth), np.array([0, 1]), 5)
