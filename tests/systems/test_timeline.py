import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.systems.sequence_network import column_scale
from abaw_pipeline.systems.timeline import clip_sequences, on_grid
from abaw_pipeline.types import FeatureSequence

from .examples import make_examples


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
    both, widths = clip_sequences(examples, ["logmel", "descriptors"], 0.05)
    alone, _ = clip_sequences(examples, ["descriptors"], 0.05)
    assert widths == {"logmel": 6, "descriptors": 4}
    np.testing.assert_array_equal(both[1][:, 6:], alone[1])


def test_scale_of_a_constant_column_is_one():
    mean, scale = column_scale([np.array([[1, 5], [3, 5]], np.float32), np.array([[5, 5]], np.float32)])
    np.testing.assert_allclose(mean, [3, 5])
    np.testing.assert_allclose(scale, [np.sqrt(8 / 3), 1])
