import numpy as np
import pytest
from tests.audio.sounds import RATE, wave

from abaw_pipeline.audio.features import LogMel
from abaw_pipeline.audio.features.frames import BLOCK


def sine(hertz: float, seconds: float = 1.0, height: float = 0.5) -> np.ndarray:
    return height * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def test_a_tone_lies_in_the_band_of_its_frequency():
    from librosa import mel_frequencies

    centers = mel_frequencies(n_mels=66, fmin=20, fmax=8000)[1:-1]
    for band in (10, 30, 50):
        values = LogMel().extract(wave(sine(centers[band]))).values
        assert (values.argmax(axis=1) == band).all()


def test_ten_times_the_height_is_a_hundred_times_the_power():
    loud, soft = (LogMel().extract(wave(sine(1000, height=h))).values for h in (0.9, 0.09))
    np.testing.assert_allclose((loud - soft).max(axis=1), np.log(100), atol=1e-3)


def test_silence_is_the_floor():
    values = LogMel(floor=1e-6).extract(wave(np.zeros(RATE))).values
    np.testing.assert_allclose(values, np.log(1e-6), rtol=1e-6)


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (400, 1), (559, 1), (560, 2), (16_000, 98)])
def test_only_whole_frames_count(samples, frames):
    features = LogMel().extract(wave(sine(300)[:samples]))
    assert len(features.values) == frames


def test_a_click_shows_in_the_frames_whose_span_holds_it():
    samples = np.zeros(RATE)
    samples[8_050] = 1.0
    features = LogMel().extract(wave(samples))
    heard = features.values.max(axis=1) > np.log(1e-9)
    at = 8_050 / RATE
    np.testing.assert_array_equal(heard, (features.start < at) & (features.end > at))


def test_blocks_of_frames_join_without_a_seam():
    noise = np.random.default_rng(0).standard_normal((BLOCK + 50) * 160) * 0.1
    whole = LogMel(bands=8).extract(wave(noise)).values
    tail = LogMel(bands=8).extract(wave(noise[(BLOCK - 10) * 160 :])).values
    np.testing.assert_allclose(whole[BLOCK - 10 :], tail, rtol=1e-5)
