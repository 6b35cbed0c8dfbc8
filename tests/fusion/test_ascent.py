"""Each step of the ascent against a fine grid on its line, and the whole against what it promises."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.evaluation.measures import (
    MEASURES,
    SHARES,
    accuracy,
    confusion_matrix,
    macro_f1,
    uar,
    weighted_f1,
)
from abaw_pipeline.fusion.ascent import Moving, ascend, without
from abaw_pipeline.fusion.counting import Frames
from abaw_pipeline.fusion.mcwf import MCWF
from abaw_pipeline.fusion.weights import FusionWeights


def reached(posteriors, labels, weights, measure):
    decided = MCWF().fuse(FusionWeights({"weights": weights}), posteriors).argmax(axis=1)
    return float(MEASURES[measure](confusion_matrix(labels, decided, posteriors.shape[2])))


def along(weights, others, system, classes, t):
    moved = weights.copy()
    moved[:, classes] = (1 - t) * others[:, classes]
    moved[system, classes] += t
    return moved


def together(n_classes, by_class):
    return [[label] for label in range(n_classes)] if by_class else [[*range(n_classes)]]


def moving_on(posteriors, labels, weights, measure, moving):
    return Moving(Frames.of(posteriors, labels), weights, measure, moving, ThreadPoolExecutor(1))


def made_up(seed, n, n_systems, n_classes):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    posteriors = rng.dirichlet(np.ones(n_classes), (n, n_systems))
    posteriors[np.arange(n), :, labels] += 0.2 * rng.random((n, n_systems))
    weights = rng.dirichlet(np.ones(n_systems), n_classes).T
    return posteriors / posteriors.sum(axis=2, keepdims=True), labels, weights


@given(
    seed=st.integers(0, 10**6),
    measure=st.sampled_from(sorted(MEASURES)),
    n=st.integers(2, 40),
    n_systems=st.integers(2, 5),
    n_classes=st.integers(2, 4),
    by_class=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_no_point_of_a_line_is_better_than_the_step(seed, measure, n, n_systems, n_classes, by_class):
    posteriors, labels, weights = made_up(seed, n, n_systems, n_classes)
    system = seed % n_systems
    classes = together(n_classes, by_class)[seed % (n_classes if by_class else 1)]
    others = without(weights, system)
    moving = moving_on(posteriors, labels, weights, measure, len(classes))
    assert moving.value == reached(posteriors, labels, weights, measure)
    moving.prepare(classes)
    moving.step(system)
    value = moving.value
    assert value == reached(posteriors, labels, moving.weights, measure)
    on_the_line = [
        reached(posteriors, labels, along(weights, others, system, classes, t), measure) for t in np.linspace(0, 1, 301)
    ]
    assert value >= max(on_the_line) - 1e-12


@given(seed=st.integers(0, 10**6), measure=st.sampled_from(sorted(MEASURES)), by_class=st.booleans())
@settings(max_examples=15, deadline=None)
def test_where_the_ascent_ends_no_line_leads_higher(seed, measure, by_class):
    posteriors, labels, weights = made_up(seed, 40, 3, 3)
    start = reached(posteriors, labels, weights, measure)
    frames = Frames.of(posteriors, labels)
    end = ascend(frames, weights, measure, by_class=by_class, sweeps=100, tolerance=0.0)
    assert end.value == reached(posteriors, labels, end.weights, measure)
    assert end.value >= start
    assert end.sweeps < 100
    np.testing.assert_allclose(end.weights.sum(axis=0), 1)
    for classes in together(3, by_class):
        for system in range(3):
            others = without(end.weights, system)
            for t in np.linspace(0.002, 0.998, 50):
                tried = along(end.weights, others, system, classes, t)
                assert reached(posteriors, labels, tried, measure) <= end.value + 1e-12


def test_it_goes_on_from_the_best_of_the_pool():
    posteriors, labels, _ = made_up(5, 400, 4, 5)
    pool = MCWF(pool=50).fit(posteriors, labels, ["a"] * 400, seed=0)
    climbed = MCWF(pool=50, sweeps=30).fit(posteriors, labels, ["a"] * 400, seed=0)
    assert climbed.info["pool_value"] == pool.info["value"] == pool.info["pool_value"]
    assert climbed.info["candidate"] == pool.info["candidate"]
    assert climbed.info["value"] > pool.info["value"]
    assert climbed.info["sweeps"] > 1
    assert pool.info["sweeps"] == 0


def test_a_hand_made_line_is_left_where_both_frames_are_right():
    # Class 0 takes system 0 by t and system 1 by the rest; class 1 takes both evenly.
    # Frame 0, of class 0: 0.9 t + 0.3 (1 - t) > 0.4, so t > 1/6.
    # Frame 1, of class 1: 0.8 t + 0.2 (1 - t) < 0.5, so t < 1/2.
    posteriors = np.array([[[0.9, 0.1], [0.3, 0.7]], [[0.8, 0.2], [0.2, 0.8]]])
    weights = np.array([[0.9, 0.5], [0.1, 0.5]])
    moving = moving_on(posteriors, np.array([0, 1]), weights, "accuracy", 1)
    assert moving.value == 0.5
    moving.prepare([0])
    moving.step(0)
    assert moving.value == 1
    assert moving.weights[0, 0] == pytest.approx((1 / 6 + 1 / 2) / 2)
    assert moving.weights[:, 1].tolist() == [0.5, 0.5]


def test_one_system_has_nothing_to_share_and_all_of_one_is_shared_evenly():
    posteriors, labels, _ = made_up(1, 30, 1, 3)
    alone = ascend(Frames.of(posteriors, labels), np.ones((1, 3)), "cpm", by_class=True, sweeps=5, tolerance=0.0)
    assert (alone.weights == 1).all()
    assert alone.sweeps == 1
    all_of_one = np.array([[1.0, 0.2], [0.0, 0.3], [0.0, 0.5]])
    np.testing.assert_allclose(without(all_of_one, 0), [[0, 0], [0.5, 0.375], [0.5, 0.625]])


def test_equal_scores_are_decided_as_fuse_decides_them():
    rng = np.random.default_rng(3)
    posteriors = np.eye(3)[rng.integers(0, 3, (200, 4))]  # votes: many ties
    labels = rng.integers(0, 3, 200)
    for by_class in (True, False):
        fitted = MCWF(pool=20, sweeps=10, by_class=by_class).fit(posteriors, labels, ["a"] * 200, seed=0)
        assert fitted.info["value"] == reached(posteriors, labels, fitted.values["weights"], "cpm")


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_shares_say_what_the_measures_are(seed):
    counts = np.random.default_rng(seed).integers(0, 4, (5, 4, 4)) + np.eye(4, dtype=int)[0]
    parts = np.stack([accuracy(counts), uar(counts), macro_f1(counts), weighted_f1(counts)])
    for name, measure in MEASURES.items():
        np.testing.assert_allclose(np.array(SHARES[name]) @ parts, measure(counts), atol=1e-12)


@pytest.mark.parametrize("by_class", [True, False])
def test_threads_share_the_frames(monkeypatch, by_class):
    posteriors, labels, weights = made_up(8, 2000, 3, 4)
    ends = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        frames = Frames.of(posteriors, labels)
        assert len(frames.parts(3)) == 3
        ends.append(ascend(frames, weights, "cpm", by_class=by_class, sweeps=10, tolerance=0.0))
    np.testing.assert_array_equal(ends[0].weights, ends[1].weights)
    assert ends[0].value == ends[1].value == reached(posteriors, labels, ends[0].weights, "cpm")
