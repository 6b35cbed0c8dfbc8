"""What holds for every way to part voice from music, and what the filter gains."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.audio.parts import PLACES, Counted, cut_at, joined
from tests.audio.sounds import RATE, music, voice, wave

from abaw_pipeline.audio.chunks import chunk_bounds
from abaw_pipeline.audio.separation import NNFilter, NoSeparation, Separation
from abaw_pipeline.errors import DataError

SEPARATORS = [NoSeparation(), NNFilter(), NNFilter(chunk=5.0, overlap=0.5)]


@pytest.fixture(params=SEPARATORS, ids=["none", "nn_filter", "nn_filter_in_chunks"])
def separator(request):
    return request.param


def ratio(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Signal to error (dB)."""
    return float(10 * np.log10(np.sum(truth**2) / np.sum((estimate - truth) ** 2)))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("samples", [0, 1, 100, 3_000, 12_345, 90_001])
def test_rate_and_length_stay(separator, rate, samples):
    sound = wave(np.random.default_rng(0).standard_normal(samples) * 0.1, rate)
    voice_only = separator.separate(sound)
    assert voice_only.rate == rate
    assert voice_only.samples.shape == (samples,)
    assert voice_only.samples.dtype == np.float32
    assert np.isfinite(voice_only.samples).all()


@pytest.mark.parametrize("seconds", [0.05, 3.0, 12.0])
def test_silence_stays_silent(separator, seconds):
    assert not separator.separate(wave(np.zeros(round(seconds * RATE)))).samples.any()


def test_the_same_sound_gives_the_same_bits_and_stays_as_it_was(separator):
    sound = wave(voice(7.0) + music(7.0))
    before = sound.samples.copy()
    first = separator.separate(sound).samples
    np.testing.assert_array_equal(separator.separate(sound).samples, first)
    np.testing.assert_array_equal(sound.samples, before)


def test_gain_passes_through(separator):
    soft, loud = (separator.separate(wave(g * (voice(6.0) + music(6.0)))).samples for g in (0.25, 1.0))
    np.testing.assert_allclose(4 * soft, loud, atol=1e-4)


@pytest.mark.parametrize(("part", "gain"), [(SEPARATORS[1], 4.0), (SEPARATORS[2], 2.5)], ids=["whole", "chunks"])
def test_a_voice_over_repeating_music_gains(part, gain):
    spoken, played = voice(12.0, vibrato=0.3), music(12.0)
    played *= np.std(spoken) / np.std(played)
    mix = spoken + played
    assert ratio(mix, spoken) == pytest.approx(0, abs=0.2)
    assert ratio(part.separate(wave(mix)).samples, spoken) > gain


@pytest.mark.parametrize("seconds", [5.0, 5.01, 9.7, 30.0])
def test_chunks_join_without_a_seam(monkeypatch, seconds):
    monkeypatch.setattr(NNFilter, "_voice", lambda self, samples, rate: samples)
    sound = np.random.default_rng(0).standard_normal(round(seconds * RATE)) * 0.1
    joined = NNFilter(chunk=5.0, overlap=1.25).separate(wave(sound)).samples
    np.testing.assert_allclose(joined, sound, atol=1e-6)


@given(total=st.integers(0, 5_000), longest=st.integers(16, 600), part=st.floats(0.01, 0.25))
@settings(max_examples=200, deadline=None)
def test_chunks_cover_everything_and_overlap_evenly(total, longest, part):
    overlap = max(1, int(longest * part))
    bounds = chunk_bounds(total, longest, overlap)
    if total == 0:
        assert bounds == []
        return
    assert (bounds[0][0], bounds[-1][1]) == (0, total)
    assert all(0 < end - begin <= longest + 1 for begin, end in bounds)
    assert all(end - begin == overlap for (_, end), (begin, _) in pairwise(bounds))
    # Fades at both ends of a chunk must not run into each other.
    assert all(end - begin >= 2 * overlap for begin, end in bounds[1:-1])


@given(places=PLACES, samples=st.sampled_from([1, 700, 40_000, 60_001]))
@settings(max_examples=6, deadline=None)
def test_in_whatever_parts_a_sound_comes_the_voice_is_the_same_to_the_bit(places, samples):
    sound = wave(np.resize(voice(3.0) + music(3.0), samples), 8_000)
    for part in (SEPARATORS[0], SEPARATORS[2]):
        in_parts = joined(part.separate_parts(cut_at(sound, places), samples))
        np.testing.assert_array_equal(in_parts, part.separate(sound).samples)


def test_no_more_of_a_long_sound_is_read_than_a_chunk_needs(monkeypatch):
    monkeypatch.setattr(NNFilter, "_voice", lambda self, samples, rate: samples)
    source, heard = Counted(wave(np.zeros(60 * RATE))), 0
    for part in NNFilter(chunk=5.0, overlap=0.5).separate_parts(source, 60 * RATE):
        assert heard / RATE <= source.given <= heard / RATE + 5 + 1
        heard += len(part.samples)
    assert heard == 60 * RATE


def test_a_length_that_is_not_the_sounds():
    with pytest.raises(ValueError, match="was to have 50 samples"):
        list(NNFilter().separate_parts([wave(np.zeros(49))], 50))


def test_samples_that_are_no_numbers():
    with pytest.raises(DataError, match="not finite"):
        NNFilter().separate(wave(np.array([0.0, np.nan])))


def test_parameters_name_a_separation_by_kind():
    adapter = TypeAdapter(Separation)
    assert adapter.validate_python({"kind": "none"}) == NoSeparation()
    assert adapter.validate_python({"kind": "nn_filter", "margin": 3}) == NNFilter(margin=3)
    with pytest.raises(ValidationError, match="overlap must not exceed a quarter of chunk"):
        NNFilter(chunk=6, overlap=2)
