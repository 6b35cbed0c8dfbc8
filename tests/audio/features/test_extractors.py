"""What holds for every sound extractor."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from tests.audio.sounds import RATE, voice, wave

from abaw_pipeline.audio.features import (
    LibrosaFunctionals,
    LogMel,
    OpenSmileFunctionals,
    OpenSmileLLD,
    SoundExtractor,
)
from abaw_pipeline.errors import DataError

EXTRACTORS = {
    "logmel": (LogMel(), 64),
    "librosa_functionals": (LibrosaFunctionals(), 3685),
    "egemaps": (OpenSmileFunctionals(feature_set="eGeMAPSv02"), 88),
    "compare": (OpenSmileFunctionals(), 6373),
    "egemaps_lld": (OpenSmileLLD(feature_set="eGeMAPSv02"), 25),
    "compare_lld": (OpenSmileLLD(), 65),
    "compare_lld_deltas": (OpenSmileLLD(deltas=True), 130),
}
WHOLE = {"librosa_functionals", "egemaps", "compare"}


def clicks() -> np.ndarray:
    samples = np.zeros(RATE)
    samples[::1000] = 1.0
    return samples


SOUNDS = {
    "voice": voice(),
    "silence": np.zeros(RATE),
    "constant": np.full(RATE, 0.5),
    "one sample": np.array([0.5]),
    "10 ms": voice(0.5)[4000:4160],
    "10 ms of silence": np.zeros(160),
    "70 ms": voice(0.5)[4000:5120],
    "clicks": clicks(),
    "clipping": np.clip(20 * voice(), -1, 1),
    "square at full scale": np.where(np.arange(RATE) // 50 % 2, 1.0, -1.0),
    "beyond full scale": 3 * voice(),
    "one bit of dither": np.random.default_rng(0).integers(-1, 2, RATE) / 32768,
    "white noise": np.random.default_rng(0).standard_normal(RATE) * 0.2,
}


@pytest.fixture(params=list(EXTRACTORS))
def case(request):
    if "librosa" not in request.param and request.param != "logmel":
        pytest.importorskip("opensmile")
    return request.param, *EXTRACTORS[request.param]


@pytest.mark.parametrize("sound", list(SOUNDS))
def test_any_sound_gives_finite_rows_within_its_time(case, sound):
    name, extractor, width = case
    given = wave(SOUNDS[sound])
    features = extractor.extract(given)
    assert features.values.dtype == np.float32
    assert features.values.shape == (len(features.start), width)
    assert len(features.start) == len(features.end) >= 1
    assert np.isfinite(features.values).all()
    assert features.start.dtype == features.end.dtype == np.float64
    assert features.start[0] == 0
    assert (features.end > features.start).all()
    assert (features.end <= given.duration).all()
    if name in WHOLE:
        assert features.end.tolist() == [given.duration]


def test_rows_follow_each_other_every_10_ms(case):
    name, extractor, _ = case
    if name in WHOLE:
        pytest.skip("one row a clip")
    features = extractor.extract(wave(voice(1.5)))
    np.testing.assert_allclose(np.diff(features.start), 0.01, atol=1e-12)
    assert 1.5 - 0.06 <= features.end[-1] <= 1.5


def test_names_are_one_a_column_and_differ(case):
    _, extractor, width = case
    names = extractor.names()
    assert len(names) == len(set(names)) == width


def test_the_same_sound_gives_the_same_bits(case):
    _, extractor, _ = case
    first = extractor.extract(wave(voice()))
    extractor.extract(wave(SOUNDS["white noise"]))  # nothing of another sound may linger
    np.testing.assert_array_equal(extractor.extract(wave(voice())).values, first.values)


def test_the_sound_is_left_as_it_was(case):
    _, extractor, _ = case
    given = wave(3 * voice())
    before = given.samples.copy()
    extractor.extract(given)
    np.testing.assert_array_equal(given.samples, before)


def test_features_tell_voices_apart(case):
    _, extractor, _ = case
    low, high = (extractor.extract(wave(voice(hertz=hertz))).values for hertz in (120, 300))
    assert np.abs(low.mean(axis=0) - high.mean(axis=0)).max() > 0.1


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0), RATE, "no samples"),
        (np.array([0.0, np.nan]), RATE, "not finite"),
        (np.array([0.0, np.inf]), RATE, "not finite"),
        (np.zeros(100), 44_100, "Decode it at 16000 Hz"),
        (np.zeros((2, 100)), RATE, "one channel"),
    ],
)
def test_sounds_that_are_refused(case, samples, rate, message):
    _, extractor, _ = case
    with pytest.raises(DataError, match=message):
        extractor.extract(wave(samples, rate))


def test_parameters_name_an_extractor_by_kind():
    adapter = TypeAdapter(SoundExtractor)
    for part, _ in EXTRACTORS.values():
        assert adapter.validate_python(part.model_dump()) == part
    with pytest.raises(ValidationError, match="opensmile_functionals"):
        adapter.validate_python({"kind": "opensmile"})
