"""Compiled counts against plain numpy, to the last decision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.evaluation.measures import confusion_matrix
from abaw_pipeline.fusion.counting import Frames, count_candidates, kernels
from abaw_pipeline.fusion.mcwf import MCWF


def plainly(posteriors, labels, candidate):
    scores = candidate[0] * posteriors[:, 0]
    for system in range(1, len(candidate)):
        scores = scores + candidate[system] * posteriors[:, system]
    return confusion_matrix(labels, scores.argmax(axis=1), posteriors.shape[2])


@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([1, 2, 255, 256, 257, 700]),
    n_systems=st.integers(1, 9),
    n_classes=st.integers(2, 8),
    coarse=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_every_decision_is_that_of_a_plain_sum(seed, n, n_systems, n_classes, coarse):
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(np.ones(n_classes), (n, n_systems))
    if coarse:  # many equal scores: the first class wins
        posteriors = np.eye(n_classes)[posteriors.argmax(axis=2)]
    labels = rng.integers(0, max(1, n_classes - 1), n)  # the last class is absent
    candidates = rng.dirichlet(np.ones(n_systems), (5, n_classes)).transpose(0, 2, 1)
    candidates[0] = 1 / n_systems
    counts = count_candidates(Frames.of(posteriors, labels), candidates)
    np.testing.assert_array_equal(counts, [plainly(posteriors, labels, each) for each in candidates])


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads_share_the_candidates(monkeypatch, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    rng = np.random.default_rng(0)
    posteriors, labels = rng.dirichlet(np.ones(3), (500, 2)), rng.integers(0, 3, 500)
    candidates = rng.dirichlet(np.ones(2), (7, 3)).transpose(0, 2, 1)
    counts = count_candidates(Frames.of(posteriors, labels), candidates)
    np.testing.assert_array_equal(counts, [plainly(posteriors, labels, each) for each in candidates])


def test_frames_lie_by_their_class():
    posteriors = np.random.default_rng(0).dirichlet(np.ones(3), (600, 5))
    labels = np.repeat([2, 0], 300)
    frames = Frames.of(posteriors, labels)
    block = kernels().BLOCK
    assert frames.truth.tolist() == [0, 0, 2, 2]
    assert frames.sizes.tolist() == [block, 300 - block] * 2
    np.testing.assert_array_equal(frames.system(1, 4)[2], posteriors[:block, 4, 1])
    assert (frames.blocks.reshape(4, 3, 8, block)[:, :, 5:] == 0).all()


@pytest.mark.parametrize("by_class", [True, False])
def test_a_fit_has_nothing_to_compile_but_what_kernels_compiles(by_class):
    """Another layout of an array would cost seconds in each new process without a cache, and no result would tell."""
    rng = np.random.default_rng(0)
    made = MCWF(pool=50, sweeps=3, by_class=by_class)
    made.fit(rng.dirichlet(np.ones(4), (2000, 3)), rng.integers(0, 4, 2000), ["a"] * 2000, seed=0)
    loops = ["weigh_class", "count_decisions", "count_scores", "find_rivals", "find_crossings", "best_step"]
    assert {name: len(getattr(kernels(), name).signatures) for name in loops} == dict.fromkeys(loops, 1)
