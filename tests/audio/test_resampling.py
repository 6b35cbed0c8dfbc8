"""Rates change, the sound stays where it is."""

import numpy as np
import pytest
from tests.audio.sounds import wave

from abaw_pipeline.audio.resampling import resample


def tone(rate, hertz=440.0):
    return np.sin(np.arange(rate) * 2 * np.pi * hertz / rate)


@pytest.mark.parametrize(("old", "new"), [(16_000, 44_100), (44_100, 16_000), (48_000, 16_000)])
def test_there_is_no_delay(old, new):
    changed = resample(wave(tone(old), old), new)
    assert (changed.rate, changed.samples.shape, changed.samples.dtype) == (new, (new,), np.float32)
    np.testing.assert_allclose(changed.samples[500:-500], tone(new)[500:-500], atol=1e-3)


def test_what_would_fold_back_is_removed():
    assert np.abs(resample(wave(tone(44_100, 11_000.0), 44_100), 16_000).samples[500:-500]).max() < 1e-3


@pytest.mark.parametrize("length", [0, 10, 3_000])
def test_the_length_asked_for(length):
    changed = resample(wave(tone(1_000), 1_000), 2_000, length).samples
    assert len(changed) == length
    assert not changed[2_000:].any()


@pytest.mark.parametrize("samples", [0, 1, 2, 999])
def test_short_sounds_last_as_long_as_before_rounded_up(samples):
    assert len(resample(wave(tone(16_000)[:samples]), 44_100).samples) == -(-samples * 441 // 160)


def test_the_same_rate_changes_nothing():
    sound = wave(tone(16_000))
    assert resample(sound, 16_000).samples is sound.samples
