import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.systems.timeline import clip_sequences, column_scale, grid_windows, missing_steps, on_grid
from abaw_pipeline.types import FeatureSequence

from .examples import make_examples, make_timed


def frames(middles, values):
    middles = np.asarray(middles, dtype=np.float64)
    return FeatureSequence(middles - 0.01, middles + 0.01, np.asarray(values, np.float32)[:, None])


def test_frames_of_a_step_are_averaged():
    grid = on_grid(frames([0.02, 0.08, 0.12], [1, 3, 10]), 0.2, 0.1)
    np.testing.assert_array_equal(grid[:, 0], [2, 10])


def test_empty_steps_take_the_nearest():
    grid = on_grid(frames([0.15, 0.75], [1, 2]), 1.0, 0.1)
    np.testing.assert_array_equal(grid[:, 0], [1, 1, 1, 1, 2, 2, 2, 2, 2, 2])


def test_frames_outside_the_clip_count_at_its_ends():
    np.testing.assert_array_equal(on_grid(frames([-0.3, 0.9], [4, 8]), 0.2, 0.1)[:, 0], [4, 8])


@given(st.floats(0.01, 3), st.floats(0.01, 0.5), st.integers(1, 40), st.randoms())
def test_length_and_range(duration, step, n, random):
    values = [random.uniform(-1, 1) for _ in range(n)]
    grid = on_grid(frames([random.uniform(0, duration) for _ in range(n)], values), duration, step)
    assert len(grid) == max(1, math.ceil(duration / step - 1e-6))
    assert min(values) - 1e-6 <= grid.min() <= grid.max() <= max(values) + 1e-6


def test_inputs_lie_side_by_side_in_their_order():
    examples = make_examples(3)
    both = clip_sequences(examples, ["logmel", "descriptors"], 0.05, 0.05)
    alone = clip_sequences(examples, ["descriptors"], 0.05, 0.05)
    assert both.widths == {"logmel": 6, "descriptors": 4}
    np.testing.assert_array_equal(both.values[1][:, 6:], alone.values[1])


def test_scale_of_a_constant_column_is_one():
    mean, scale = column_scale([np.array([[1, 5], [3, 5]], np.float32), np.array([[5, 5]], np.float32)])
    np.testing.assert_allclose(mean, [3, 5])
    np.testing.assert_allclose(scale, [np.sqrt(8 / 3), 1])


def spans(*times):
    start, end = np.array(times, dtype=np.float64).reshape(-1, 2).T
    return FeatureSequence(start, end, np.ones((len(start), 1), np.float32))


def test_steps_in_long_gaps_are_missing():
    seen = spans((0.0, 0.2), (0.2, 0.4), (1.0, 1.2), (1.2, 1.4))
    assert missing_steps(seen, 2.0, 0.2, 0.2).tolist() == [False] * 2 + [True] * 3 + [False] * 2 + [True] * 3
    assert not missing_steps(seen, 2.0, 0.2, 0.7).any()
    assert missing_steps(spans(), 1.0, 0.2, 0.2).tolist() == [True] * 5
    assert missing_steps(spans((0.6, 1.0)), 1.0, 0.2, 0.2).tolist() == [True] * 3 + [False] * 2


def test_frames_that_jitter_leave_no_step_missing():
    times = np.array([0, 0.133, 0.4, 0.533, 0.8, 1.0, 1.13, 1.4])  # 5 of 7.5 a second
    assert not missing_steps(spans(*pairwise(times)), 1.4, 0.2, 0.1).any()


@given(st.floats(0.3, 3), st.sampled_from([0.02, 0.03, 0.05]))
def test_frames_of_sound_leave_no_step_missing(duration, step):
    start = np.arange(1 + int((duration - 0.025) / 0.01)) * 0.01
    sound = FeatureSequence(start, np.minimum(start + 0.025, duration), np.ones((len(start), 1), np.float32))
    assert not missing_steps(sound, duration, step, step).any()


def test_windows_hold_the_steps_that_are_there_as_views():
    examples = make_timed(2)
    sequences = clip_sequences(examples, ["faces"], 0.1, 0.1)
    assert sequences.present[0].sum() == len(sequences.values[0]) == 35
    windows, parts = grid_windows(sequences, examples.durations, 0.1, 0.3, 1.0)
    lengths = dict(zip(windows.start.round(3).tolist(), map(len, parts), strict=True))
    assert [lengths.get(start) for start in (0.0, 0.3, 0.6, 0.9, 1.2)] == [3, 3, None, 1, 3]
    assert windows.end[-1] == 4.0
    assert all(np.shares_memory(part, sequences.values[0]) for part in parts)
    assert (windows.clip == 0).all(), "the other clip shows no face"
    whole, parts = grid_windows(sequences, examples.durations, 0.1, None, 0.4)
    assert (whole.start.tolist(), whole.end.tolist(), len(parts[0])) == ([0.0], [4.0], 35)
