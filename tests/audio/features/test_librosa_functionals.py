import numpy as np
import pytest
from tests.audio.sounds import RATE, voice, wave

from abaw_pipeline.audio.features import LibrosaFunctionals


def features(samples: np.ndarray) -> dict[str, float]:
    part = LibrosaFunctionals()
    return dict(zip(part.names(), part.extract(wave(samples)).values[0].tolist(), strict=True))


def test_names_stand_beside_their_values():
    row = features(voice(2.0, hertz=220))
    assert row["pitch_voiced_quantile50"] == pytest.approx(24.0, abs=0.3)
    assert row["frames"] == 198
    assert row["level_voiced_quantile99"] == pytest.approx(-13, abs=1.5)


def test_syllables_are_runs_of_voiced_frames():
    row = features(voice(2.0))  # four syllables of a quarter second each
    assert row["voiced_runs"] == 4
    assert row["run_mean"] == pytest.approx(25, abs=4)
    assert row["voiced_share"] == pytest.approx(0.5, abs=0.08)


def test_gain_moves_the_level_and_leaves_pitch_and_rhythm():
    soft, loud = features(0.5 * voice()), features(voice())
    assert loud["level_mean"] - soft["level_mean"] == pytest.approx(20 * np.log10(2), abs=0.1)
    for name in ("pitch_voiced_mean", "pitch_voiced_range", "voiced_share", "voiced_runs", "mfcc3_voiced_mean"):
        assert loud[name] == pytest.approx(soft[name], rel=0.02, abs=0.05), name


def test_silence_around_speech_changes_length_alone():
    bare = voice(1.75)  # ends in a pause
    around = np.concatenate([np.zeros(RATE), bare, np.zeros(RATE)])
    plain, wide = features(bare), features(around)
    assert wide["frames"] == plain["frames"] + 200
    for name in ("pitch_voiced_mean", "mfcc1_mean", "level_mean", "voiced_runs", "spoken_voiced_share"):
        assert wide[name] == pytest.approx(plain[name], rel=0.05, abs=0.1), name


def test_a_sound_without_voice_says_so():
    row = features(np.random.default_rng(0).standard_normal(RATE) * 0.1)
    assert row["voiced_share"] < 0.05
    assert features(np.zeros(RATE))["voiced_share"] == 0


@pytest.mark.real
def test_anger_is_louder_and_higher_than_calm(real_data):
    from abaw_pipeline.media.decode import decode_audio

    folder = real_data / "ravdess_speech" / "Actor_01"
    calm, angry = (
        features(decode_audio(folder / f"03-01-{emotion}-02-01-01-01.flac").samples) for emotion in ("02", "05")
    )
    assert angry["level_mean"] > calm["level_mean"] + 6
    assert angry["pitch_voiced_quantile50"] > calm["pitch_voiced_quantile50"] + 2
