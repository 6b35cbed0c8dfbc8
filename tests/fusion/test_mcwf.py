import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.evaluation.measures import MEASURES, confusion_matrix
from abaw_pipeline.fusion.mcwf import MCWF
from abaw_pipeline.fusion.weights import FusionWeights


def reached(fusion, weights, posteriors, labels):
    decided = fusion.fuse(weights, posteriors).argmax(axis=1)
    return MEASURES[fusion.measure](confusion_matrix(labels, decided, posteriors.shape[2]))


@given(seed=st.integers(0, 10**6), measure=st.sampled_from(sorted(MEASURES)))
@settings(max_examples=25, deadline=None)
def test_the_best_of_the_pool_is_at_least_uniform_on_the_fitting_set(sample, seed, measure):
    posteriors, labels, groups = sample(seed)
    fusion = MCWF(pool=30, measure=measure)
    weights = fusion.fit(posteriors, labels, groups, seed=seed)
    uniform = FusionWeights({"weights": np.full((3, 3), 1 / 3)})
    assert weights.info["value"] == pytest.approx(reached(fusion, weights, posteriors, labels))
    assert weights.info["uniform_value"] == pytest.approx(reached(fusion, uniform, posteriors, labels))
    assert weights.info["value"] >= weights.info["uniform_value"]
    np.testing.assert_allclose(weights.values["weights"].sum(axis=0), 1)


def test_the_best_is_the_best_of_all_candidates_one_by_one(sample):
    posteriors, labels, groups = sample(11, n_systems=4, n_classes=5)
    fusion = MCWF(pool=50)
    candidates = fusion._candidates(4, 5, seed=3)
    values = [
        float(reached(fusion, FusionWeights({"weights": candidate}), posteriors, labels)) for candidate in candidates
    ]
    weights = fusion.fit(posteriors, labels, groups, seed=3)
    assert weights.info["candidate"] == int(np.argmax(values))
    assert weights.info["value"] == pytest.approx(max(values))


def test_a_weight_a_system_is_the_same_for_all_classes(sample):
    posteriors, labels, groups = sample(13, n_systems=3, n_classes=4)
    for sweeps in (0, 5):
        weights = MCWF(pool=40, by_class=False, sweeps=sweeps).fit(posteriors, labels, groups, seed=2).values["weights"]
        assert (weights == weights[:, :1]).all()
    pool = MCWF(pool=40, by_class=False)._candidates(3, 4, seed=2)
    assert len({tuple(candidate[:, 0]) for candidate in pool}) == 40


def test_each_class_trusts_the_system_that_knows_it():
    # System 0 tells class 0 from the rest and is blind otherwise; system 1 tells 1 from 2 and calls nothing 0.
    truth = np.array([0, 1, 2] * 10)
    knows_first = np.where(np.arange(3) == 0, 0.9, 0.05)
    blind = np.array([0.1, 0.45, 0.45])
    first = np.where((truth == 0)[:, None], knows_first, blind)
    second = np.where((truth == 0)[:, None], [0.3, 0.4, 0.3], 0.1 + 0.7 * np.eye(3)[truth])
    weights = MCWF().fit(np.stack([first, second], axis=1), truth, ["s"] * 30, seed=0)
    assert weights.info["value"] == 1


def test_hand_computed_weighted_sum():
    posteriors = np.array([[[0.6, 0.4], [0.1, 0.9]]])
    weights = FusionWeights({"weights": np.array([[0.5, 0.25], [0.5, 0.75]])})
    # class 0: 0.5*0.6 + 0.5*0.1 = 0.35; class 1: 0.25*0.4 + 0.75*0.9 = 0.775
    np.testing.assert_allclose(MCWF().fuse(weights, posteriors), [[0.35 / 1.125, 0.775 / 1.125]])


def test_a_row_denied_by_all_is_uniform_and_ties_go_to_the_first_class():
    posteriors = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    weights = FusionWeights({"weights": np.eye(2)})
    np.testing.assert_array_equal(MCWF().fuse(weights, posteriors), [[0.5, 0.5]])
    tied = np.full((4, 1, 3), 1 / 3)
    fitted = MCWF(pool=5, measure="accuracy").fit(tied, np.array([0, 0, 1, 2]), list("abcd"), seed=0)
    assert fitted.info["value"] == 0.5
    assert fitted.info["candidate"] == 0  # all are equal, the uniform one comes first


def test_a_class_absent_from_the_labels_costs_only_where_predicted():
    posteriors = np.zeros((4, 1, 3))
    posteriors[np.arange(4), 0, [0, 1, 1, 0]] = 1
    labels = np.array([0, 1, 1, 0])
    weights = MCWF(pool=1, measure="macro_f1").fit(posteriors, labels, list("abcd"), seed=0)
    assert weights.info["value"] == 1  # class 2 is neither true nor predicted
    posteriors[0] = [[0, 0, 1]]
    weights = MCWF(pool=1, measure="macro_f1").fit(posteriors, labels, list("abcd"), seed=0)
    assert weights.info["value"] == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_seeds_and_concentration_shape_the_pool():
    spread, sharp = (MCWF(pool=400, concentration=c)._candidates(4, 2, seed=0)[1:] for c in (50.0, 0.05))
    assert spread.max() < 0.6
    assert np.median(sharp.max(axis=1)) > 0.9
    draws = [MCWF(pool=3)._candidates(2, 2, seed=s)[1:] for s in (0, 1)]
    assert not np.allclose(*draws)
    # Each class has a draw of its own.
    assert all(not np.allclose(a, b) for a, b in itertools.pairwise(spread.transpose(2, 0, 1)))
