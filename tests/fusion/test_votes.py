import numpy as np
import pytest

from abaw_pipeline.fusion import FusionWeights, MajorityVote, WeightedVote
from abaw_pipeline.fusion.votes import NEAR

A, B, C = [0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.2, 0.1, 0.7]
EVEN = FusionWeights({"weights": np.full((3, 3), 1 / 3)})


def decided(row, weights=EVEN):
    return MajorityVote().fuse(weights, np.array([row]))[0]


def test_the_class_with_most_votes_wins_however_sure_others_are():
    fused = decided([A, [0.34, 0.33, 0.33], [0.0, 1.0, 0.0]])
    assert fused.argmax() == 0
    np.testing.assert_allclose(fused, [2 / 3, 1 / 3, 0], atol=NEAR)


def test_level_classes_are_told_apart_by_the_mean_then_the_first_wins():
    assert decided([A, B, C]).argmax() == 0  # means 0.367, 0.333, 0.3
    assert decided([A, [0.1, 0.9, 0.0], C]).argmax() == 1
    two = FusionWeights({"weights": np.full((2, 3), 0.5)})
    assert MajorityVote().fuse(two, np.array([[A, B]])).argmax() == 0


def test_levels_survive_storage_in_single_precision():
    fused = decided([A, [0.1, 0.9, 0.0], C]).astype(np.float32)
    assert fused.argmax() == 1


def test_who_is_undecided_casts_no_vote_and_if_nobody_votes_it_is_open():
    nothing = [1 / 3] * 3
    np.testing.assert_allclose(decided([nothing, nothing, B]), [0, 1, 0], atol=NEAR)
    np.testing.assert_allclose(decided([nothing] * 3), 1 / 3)


def test_a_vote_weighs_what_its_system_reaches_alone():
    truth = np.array([0, 1, 2, 0, 1, 2])
    right, wrong = np.eye(3)[truth], np.eye(3)[(truth + 1) % 3]
    posteriors = np.stack([right, wrong, wrong], axis=1)
    weights = WeightedVote(measure="accuracy").fit(posteriors, truth, list("abcdef"), seed=0)
    np.testing.assert_allclose(weights.values["weights"], [[1] * 3, [0] * 3, [0] * 3])
    assert weights.info["by_system"] == [1, 0, 0]
    assert (WeightedVote().fuse(weights, posteriors).argmax(axis=1) == truth).all()


@pytest.mark.parametrize("power", [0.0, 2.0])
def test_strength_is_the_measure_to_a_power(power):
    truth = np.array([0, 0, 1, 1])
    posteriors = np.stack([np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[0, 0, 0, 0]]], axis=1)
    weights = WeightedVote(measure="accuracy", power=power).fit(posteriors, truth, list("abcd"), seed=0)
    expected = np.array([1.0, 0.5**power])
    np.testing.assert_allclose(weights.values["weights"][:, 0], expected / expected.sum())


def test_where_nobody_is_ever_right_all_votes_count_alike():
    posteriors = np.repeat(np.eye(2)[[1, 0]][:, None], 3, axis=1)
    weights = WeightedVote(measure="accuracy").fit(posteriors, np.array([0, 1]), list("ab"), seed=0)
    np.testing.assert_allclose(weights.values["weights"], 1 / 3)


def test_a_system_is_measured_where_it_votes():
    """Who says nothing of a clip would pass for one who says the first class, the commonest as a rule."""
    truth = np.array([0, 0, 0, 0, 1, 1])
    good, poor = np.eye(2)[truth], np.eye(2)[[0, 1, 1, 1, 1, 0]]
    good[4] = poor[:4] = 0.5
    never = np.full((6, 2), 0.5)
    weights = WeightedVote(measure="accuracy").fit(np.stack([good, poor, never], axis=1), truth, list("abcdef"), seed=0)
    assert weights.info["by_system"] == [1, 0.5, 0]
    np.testing.assert_allclose(weights.values["weights"][:, 0], [2 / 3, 1 / 3, 0])
