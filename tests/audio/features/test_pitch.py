import numpy as np
import pytest
from tests.audio.sounds import RATE

from abaw_pipeline.audio.features.descriptors import NAMES, descriptors
from abaw_pipeline.audio.features.frames import BLOCK
from abaw_pipeline.audio.features.pitch import LOWEST, harmonicity, pitch


def harmonics(hertz: float, count: int = 10) -> np.ndarray:
    time = np.arange(800) / RATE
    return sum(np.sin(2 * np.pi * hertz * k * time + k) / k for k in range(1, count + 1))[None]


@pytest.mark.parametrize("hertz", [60, 75, 110.5, 163, 240, 333.3, 480, 650])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_pitch_of_harmonics(hertz, count):
    semitones, strength = pitch(harmonics(hertz, count))
    assert LOWEST * 2 ** (semitones[0] / 12) == pytest.approx(hertz, rel=0.01)
    assert strength[0] > 0.9


def test_noise_lowers_strength_and_harmonicity_follows_the_ratio_of_powers():
    rng = np.random.default_rng(0)
    tones = np.repeat(harmonics(200), 200, axis=0)
    for ratio in (0.0, 10.0):
        noise = rng.standard_normal(tones.shape) * np.std(tones) * 10 ** (-ratio / 20)
        assert np.median(harmonicity(pitch(tones + noise)[1])) == pytest.approx(ratio, abs=2.0)


def test_nothing_periodic_has_no_strength():
    semitones, strength = pitch(np.vstack([np.zeros((1, 800)), np.full((1, 800), 0.7)]))
    np.testing.assert_array_equal(semitones, 0)
    np.testing.assert_array_equal(strength, 0)
    assert np.median(pitch(np.random.default_rng(0).standard_normal((200, 800)))[1]) < 0.4


def test_descriptors_of_a_known_tone():
    samples = 0.5 * np.sin(2 * np.pi * 400 * np.arange(RATE) / RATE)
    row = dict(zip(NAMES, descriptors(samples)[:, 10:-10].mean(axis=1), strict=True))
    assert row["pitch"] == pytest.approx(12 * np.log2(400 / 55), abs=0.1)
    assert row["level"] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert row["zero_crossings"] == pytest.approx(2 * 400 / RATE, rel=0.05)
    assert row["centroid"] == pytest.approx(400, abs=10)
    assert row["rolloff50"] == pytest.approx(400, abs=32)
    assert row["flux"] < 0.2


def test_the_tilt_of_the_spectrum_shows_in_ratio_index_and_slope():
    noise = np.random.default_rng(0).standard_normal(RATE) * 0.1
    dark = np.convolve(noise, np.ones(16) / 16, mode="same")
    flat, tilted = (dict(zip(NAMES, descriptors(x).mean(axis=1), strict=True)) for x in (noise, dark))
    assert tilted["alpha_ratio"] < flat["alpha_ratio"] - 1
    assert tilted["hammarberg"] > flat["hammarberg"] + 1
    assert tilted["slope500_1500"] < flat["slope500_1500"] - 0.5
    assert tilted["flatness"] < flat["flatness"]


def test_blocks_of_frames_join_without_a_seam():
    noise = np.random.default_rng(0).standard_normal((BLOCK + 50) * 160) * 0.1
    whole, tail = descriptors(noise), descriptors(noise[(BLOCK - 10) * 160 :])
    np.testing.assert_allclose(whole[:, BLOCK - 8 :], tail[:, 2:], rtol=1e-6, atol=1e-9)
