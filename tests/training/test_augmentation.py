import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.training.augmentation import SequenceAugmentation, WaveformAugmentation, unchanged


@given(st.integers(1, 60), st.integers(0, 99))
@pytest.mark.parametrize("augment", [SequenceAugmentation(), WaveformAugmentation()])
def test_any_length_stays_finite_and_near(augment, n, seed):
    sequence = np.random.default_rng(0).normal(size=(n, 1)).astype(np.float32)
    original = sequence.copy()
    changed = augment(sequence, np.random.default_rng(seed))
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    assert 1 <= len(changed) <= n / 0.89 + 1
    np.testing.assert_array_equal(sequence, original, err_msg="the training data itself was changed")
    np.testing.assert_array_equal(augment(sequence, np.random.default_rng(seed)), changed)


def test_nothing_to_change_changes_nothing():
    sequence = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    still = SequenceAugmentation(tempo=0, crop=0, time_mask=0, feature_mask=0, offset=0)
    np.testing.assert_array_equal(still(sequence, np.random.default_rng(0)), sequence)
    assert unchanged(sequence, np.random.default_rng(0)) is sequence
    quiet = WaveformAugmentation(tempo=0, crop=0, level=0, noise=0)
    changed = quiet(sequence[:, :1], np.random.default_rng(0))
    np.testing.assert_allclose(np.abs(changed), np.abs(sequence[:, :1]))
