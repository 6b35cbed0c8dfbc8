"""Rates change, the sound stays where it is."""

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.parts import PLACES, Counted, cut_at, joined
from tests.audio.sounds import wave

from abaw_pipeline.audio.resampling import AT_ONCE, resample, resample_parts


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


@given(
    places=PLACES,
    rates=st.sampled_from([(44_100, 16_000), (16_000, 44_100), (800, 300)]),
    length=st.integers(0, 30_000),
)
def test_in_whatever_parts_a_sound_comes_it_is_what_soxr_makes_of_the_whole(places, rates, length):
    old, new = rates
    sound = wave(np.random.default_rng(0).standard_normal(9_001), old)
    whole = soxr.resample(sound.samples, old, new, quality="HQ")
    expected = np.pad(whole[:length], (0, max(length - len(whole), 0)))
    np.testing.assert_array_equal(joined(resample_parts(cut_at(sound, places), new, length)), expected)


def test_no_more_of_a_long_sound_is_held_than_is_resampled_at_once():
    source, heard = Counted(wave(np.zeros(90 * 800), 800)), 0
    for part in resample_parts(source, 400, 200 * 400):
        assert len(part.samples) <= 1.1 * AT_ONCE * 400  # soxr gives some of what it held back
        assert source.given <= heard / 400 + 2 * AT_ONCE
        heard += len(part.samples)
    assert heard == 200 * 400  # also the zeros come piece by piece
