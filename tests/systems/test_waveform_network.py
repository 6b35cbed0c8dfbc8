from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.systems.waveform_network import WaveformNetwork, window_starts

from .examples import SYSTEMS, make_examples, take


@given(st.integers(1, 5000), st.integers(1, 900), st.floats(0.1, 1))
def test_windows_cover_the_clip_and_stay_inside(n_samples, size, share):
    shift = max(1, round(size * share))
    starts = window_starts(n_samples, size, shift)
    assert starts[0] == 0
    assert max(starts[-1] + size, n_samples) == max(n_samples, size)
    assert starts[-1] + size >= n_samples
    assert all(0 < b - a <= shift for a, b in pairwise(starts))


def test_paper_window_and_shift():
    system = WaveformNetwork()
    assert system.inputs == ("vocals",)
    assert round(system.window_s * 16_000) == 64_000
    assert window_starts(128_000, 64_000, round(64_000 * system.shift)) == [0, 25_600, 51_200, 64_000]


def test_loudness_of_a_recording_does_not_matter():
    system, examples = SYSTEMS["cnn_lstm"], make_examples(9)
    fitted = system.model_copy(update={"epochs": 2}).fit(examples, seed=0)
    louder = take(examples, [0])
    louder.inputs["vocals"][0].samples[:] *= 3
    once = system.predict(fitted, louder)[0].values
    louder.inputs["vocals"][0].samples[:] /= 30
    np.testing.assert_allclose(system.predict(fitted, louder)[0].values, once, atol=1e-4)


def test_digital_silence_gives_probabilities():
    system, examples = SYSTEMS["cnn_lstm"], make_examples(9)
    examples.inputs["vocals"][0].samples[:] = 0
    fitted = system.model_copy(update={"epochs": 1}).fit(examples, seed=0)
    assert np.isfinite(system.predict(fitted, take(examples, [0]))[0].values).all()
