from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.systems.windows import by_clip, cut, gather, strangers, window_starts

from .examples import make_examples, make_timed


@given(st.integers(1, 5000), st.integers(1, 900), st.floats(0.1, 1))
def test_windows_of_samples_cover_the_clip_and_stay_inside(n_samples, size, share):
    shift = max(1, round(size * share))
    starts = window_starts(n_samples, size, shift)
    assert starts[0] == 0
    assert max(starts[-1] + size, n_samples) == max(n_samples, size)
    assert starts[-1] + size >= n_samples
    assert all(0 < b - a <= shift for a, b in pairwise(starts))


@given(st.floats(0.01, 400), st.floats(0.05, 12), st.floats(0.1, 1))
def test_windows_of_seconds_cover_every_frame(duration, window_s, shift):
    start, end = cut(duration, window_s, shift)
    assert start[0] == 0
    assert end[-1] == duration
    assert (start[1:] <= end[:-1] + 1e-9).all(), "time between windows is judged by none"
    assert (np.diff(start) > 0).all()
    assert (np.diff(start) <= window_s * shift + 1e-9).all()
    if len(start) > 1:
        np.testing.assert_allclose(end - start, window_s)


def test_windows_of_seconds_are_counted_not_added_up():
    start, _ = cut(10_800.0, 4.0, 0.4)
    assert start[5000] == 5000 * 1.6
    assert len(start) == 6749  # (10800 - 4) / 1.6, rounded up, and the last
    assert start[-1] == 10_796
    start, _ = cut(7.2, 4.0, 0.4)
    np.testing.assert_allclose(start, [0, 1.6, 3.2])  # the last in step is not there twice
    assert [len(each) for each in cut(5.0, None, 0.4)] == [1, 1]


def test_windows_go_back_to_their_clips():
    windows = gather([cut(1.0, 0.5, 1.0), (np.zeros(0), np.zeros(0)), cut(0.2, 0.5, 1.0)])
    assert windows.clip.tolist() == [0, 0, 2]
    posteriors = by_clip(np.eye(3), windows, 4)
    assert [len(each.start) for each in posteriors] == [2, 0, 1, 0]
    assert posteriors[2].values.tolist() == [[0, 0, 1]]
    assert posteriors[2].values.dtype == np.float32


@pytest.mark.parametrize("n_subjects", [1, 3])
def test_windows_of_one_clip_stay_on_one_side(n_subjects):
    examples = make_examples(6, n_subjects=n_subjects)
    windows = gather([cut(1.0, 0.2, 0.5)] * 6)
    groups = np.asarray(strangers(examples, windows))
    assert len(np.unique(groups)) == (6 if n_subjects == 1 else 2)
    for clip in range(6):
        assert len(np.unique(groups[windows.clip == clip])) == 1


def test_timed_examples_are_what_they_say():
    examples = make_timed(3)
    assert len(examples.inputs["faces"][0].start) == 35
    assert len(examples.inputs["faces"][2].start) == 0
