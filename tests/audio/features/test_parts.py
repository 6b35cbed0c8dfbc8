"""What holds for every extractor that takes sound in parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audio.parts import PLACES, Counted, cut_at
from tests.audio.sounds import RATE, voice, wave

from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.audio.extraction import extract
from abaw_pipeline.audio.features import (
    LibrosaFunctionals,
    LogMel,
    OpenSmileFunctionals,
    OpenSmileLLD,
    logmel,
    over_windows,
)
from abaw_pipeline.errors import DataError
from abaw_pipeline.types import FeatureSequence

SMALL = LogMel(bands=4, window=0.02, hop=0.01)
SPARSE = LogMel(bands=4, window=0.005, hop=0.5)
EXTRACTORS = {
    "logmel": SMALL,
    "sparse_logmel": SPARSE,
    "librosa_functionals": LibrosaFunctionals(window_s=0.4, shift=0.5),
    "librosa_functionals_of_all": LibrosaFunctionals(),
    "opensmile_functionals": OpenSmileFunctionals(feature_set="eGeMAPSv02", window_s=0.4, shift=0.5),
    "opensmile_lld": OpenSmileLLD(feature_set="eGeMAPSv02"),
}


@pytest.fixture(params=list(EXTRACTORS))
def extractor(request):
    if "opensmile" in request.param:
        pytest.importorskip("opensmile")
    return EXTRACTORS[request.param]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(logmel, "BLOCK", 16)
    monkeypatch.setattr(logmel, "AT_ONCE", 4)
    monkeypatch.setattr(over_windows, "ROWS", 3)


def same(one: FeatureSequence, other: FeatureSequence) -> None:
    for name in ("start", "end", "values"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_in_whatever_parts_a_sound_comes_the_features_are_the_same_to_the_bit(extractor, small_blocks):
    @given(places=PLACES, samples=st.sampled_from([1, 79, 320, 6_399, 6_400, 6_401, 9_600, 2_720, 20_011]))
    @settings(max_examples=15, deadline=None)
    def holds(places, samples):
        sound = wave(voice(1.5)[:samples])
        same(join(extract(cut_at(sound, places), extractor)), extractor.extract(sound))

    holds()


@pytest.mark.parametrize("samples", [319, 320, 16 * 160 + 160, 16 * 160 + 161, 32 * 160 + 160, 20_000])
def test_blocks_of_frames_are_what_a_single_block_gives(samples, small_blocks, monkeypatch):
    """Also where a block ends with the sound, where a frame's end is clipped to it."""
    sound = wave(voice(1.5)[:samples])
    blocks = list(SMALL.extract_parts([sound]))
    monkeypatch.setattr(logmel, "BLOCK", 8192)
    (alone,) = SMALL.extract_parts([sound])
    assert all(len(block.start) == 16 for block in blocks[:-1])
    assert 0 < len(blocks[-1].start) <= 16
    np.testing.assert_array_equal(np.concatenate([block.start for block in blocks]), alone.start)
    np.testing.assert_array_equal(np.concatenate([block.end for block in blocks]), alone.end)
    np.testing.assert_allclose(np.concatenate([block.values for block in blocks]), alone.values, rtol=1e-6)


@pytest.mark.parametrize(("name", "ahead"), [("logmel", 1.2), ("librosa_functionals", 1.9)])
def test_no_more_of_a_long_sound_is_read_than_is_described(name, ahead, small_blocks):
    source, described = Counted(wave(np.resize(voice(2.0), 12 * RATE))), 0.0
    for rows in EXTRACTORS[name].extract_parts(source):
        assert source.given <= described + ahead + 1
        described = rows.start[-1]
    assert described > 11


@pytest.mark.parametrize("places", [[], [0.5]])
@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0), RATE, "no samples"),
        (np.where(np.arange(20_000) == 19_000, np.inf, 0.1), RATE, "not finite"),
        (np.zeros(44_100), 44_100, "Decode it at 16000 Hz"),
    ],
)
def test_sounds_that_are_refused(extractor, places, samples, rate, message):
    with pytest.raises(DataError, match=message):
        list(extract(cut_at(wave(samples, rate), places), extractor))


class Simple:
    """An extractor as a user writes one."""

    def extract(self, sound):
        return FeatureSequence(np.zeros(1), np.array([sound.duration]), sound.samples[None, ::100])


def test_an_extractor_without_a_way_in_parts_gets_the_whole_sound():
    sound = wave(voice())
    (rows,) = extract(cut_at(sound, [0.1, 0.7]), Simple())
    same(rows, Simple().extract(sound))
