import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.systems.calibration import (
    cross_scores,
    fit_temperature,
    log_loss,
    softmax,
    subject_parts,
)


@given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=40), st.integers(2, 5))
def test_no_subject_is_in_two_parts(subjects, n_parts):
    parts = subject_parts(subjects, n_parts)
    if len(set(subjects)) > 1:
        assert len({(s, p) for s, p in zip(subjects, parts, strict=True)}) == len(set(subjects))
        assert len(np.unique(parts)) == min(n_parts, len(set(subjects)))


def test_parts_are_of_similar_size():
    assert sorted(np.bincount(subject_parts(["a"] * 6 + ["b"] * 3 + ["c"] * 3, 2))) == [6, 6]


def test_scoring_never_sees_the_scored_subjects():
    subjects = np.array(list("aabbccdd"))
    labels = np.array([0, 1] * 4)
    calls = []

    def scorer(fit_on, score_on):
        calls.append((set(subjects[fit_on]), set(subjects[score_on])))
        return np.zeros((len(score_on), 2))

    assert np.isfinite(cross_scores(scorer, labels, list(subjects), 2, 3)).all()
    assert len(calls) == 3
    assert all(not seen & scored for seen, scored in calls)


def test_a_part_that_cannot_be_scored_is_left_out():
    labels = np.array([0, 0, 1, 1])  # without subject b, one class is left
    scores = cross_scores(lambda f, s: np.ones((len(s), 2)), labels, ["a", "a", "b", "b"], 2, 2)
    assert np.isnan(scores).all()
    assert fit_temperature(scores, labels) == 1.0


def test_temperature_undoes_a_known_scale():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4)) * 2
    labels = np.array([rng.choice(4, p=row) for row in softmax(logits)])
    assert fit_temperature(logits * 7, labels) == pytest.approx(7, rel=0.1)


def test_clips_of_unscored_classes_do_not_count():
    scores = np.array([[1.0, 0.0, -np.inf], [0.0, 1.0, -np.inf], [5.0, 0.0, -np.inf]])
    with_unseen = log_loss(scores, np.array([0, 1, 2]), 1.0)
    assert with_unseen == pytest.approx(log_loss(scores[:2], np.array([0, 1]), 1.0))


def test_softmax_of_large_scores_is_finite():
    np.testing.assert_allclose(softmax(np.array([[1e5, 0.0, -np.inf]])), [[1, 0, 0]])
