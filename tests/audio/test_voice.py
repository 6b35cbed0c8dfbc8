import numpy as np
import pytest
import torch
from hypothesis import given, settings
from silero_vad import get_speech_timestamps
from tests.audio.parts import PLACES, cut_at
from tests.audio.sounds import music, wave

from abaw_pipeline.audio.resampling import resample
from abaw_pipeline.audio.voice import RATE, _model, find_voice
from abaw_pipeline.demo.speakers import make_speaker
from abaw_pipeline.demo.voice import synthesize
from abaw_pipeline.types import Waveform

SECONDS = 3


def speech(speaker: int = 1, emotion: str = "neutral", seconds: float = 6.0) -> Waveform:
    """A speaker of the demo, who begins and ends within the sound."""
    said = synthesize(make_speaker(speaker, 1), emotion, np.random.default_rng(3), seconds=seconds)
    return resample(said, RATE)


SPOKEN = speech(seconds=4.0)


def stretches(sound: Waveform) -> list[tuple[float, float]]:
    found = find_voice([sound])
    assert [(field.name, str(field.type)) for field in found.schema] == [("start", "double"), ("end", "double")]
    return list(zip(*(found.column(side).to_pylist() for side in ("start", "end")), strict=True))


def noise(level: float) -> np.ndarray:
    return level * np.random.default_rng(0).standard_normal(SECONDS * RATE)


NO_VOICE = {
    "silence": np.zeros(SECONDS * RATE),
    "hiss": noise(0.01),
    "noise": noise(0.3),
    "tone": 0.3 * np.sin(2 * np.pi * 440 * np.arange(SECONDS * RATE) / RATE),
    "music": music(SECONDS),
    "nothing": np.zeros(0),
    "one sample": np.ones(1),
    "less than it looks at": noise(0.1)[:100],
}


@pytest.mark.parametrize("name", NO_VOICE)
def test_where_nobody_speaks_there_is_no_voice(name):
    assert stretches(wave(NO_VOICE[name])) == []


@pytest.mark.parametrize(("speaker", "emotion"), [(1, "neutral"), (2, "anger"), (2, "sadness")])
def test_a_voice_is_found_where_it_is(speaker, emotion):
    sound = speech(speaker, emotion)
    loud = np.flatnonzero(np.abs(sound.samples) > 0.02) / RATE
    found = stretches(sound)
    assert sum(end - start for start, end in found) > 0.6 * (loud[-1] - loud[0])
    assert found[0][0] > loud[0] - 0.2
    assert found[-1][1] < loud[-1] + 0.2


def test_stretches_are_in_seconds_in_order_and_within_the_sound():
    one = speech().samples
    sound = wave(np.concatenate([one, np.zeros(2 * RATE), one]))
    found = stretches(sound)
    edges = [edge for stretch in found for edge in stretch]
    assert edges == sorted(edges)
    assert all(end - start >= 0.25 for start, end in found)
    assert edges[0] >= 0 and edges[-1] <= len(sound.samples) / RATE
    assert not any(start < 7 < end for start, end in found)  # the silence in the middle
    assert edges[-1] > 8


def test_a_voice_to_the_very_end_ends_with_the_sound():
    spoken = speech().samples
    cut = wave(spoken[: 3 * RATE])
    assert stretches(cut)[-1][1] == pytest.approx(3.0)


def test_what_was_heard_before_does_not_count():
    """The network remembers; each sound begins anew."""
    quiet = wave(0.05 * speech(2).samples)
    alone = stretches(quiet)
    for other in (wave(np.ones(700)), speech(), wave(noise(0.5))):
        find_voice([other])
        assert stretches(quiet) == alone


@given(places=PLACES)
@settings(max_examples=10, deadline=None)
def test_in_whatever_parts_a_sound_comes_the_stretches_are_those_of_the_whole(places):
    sound = SPOKEN
    expected = get_speech_timestamps(torch.from_numpy(sound.samples), _model(), min_speech_duration_ms=250)
    assert expected
    found = find_voice(cut_at(sound, places)).to_pylist()
    assert [(each["start"] * RATE, each["end"] * RATE) for each in found] == [(e["start"], e["end"]) for e in expected]


def test_the_sound_stays_as_it_was():
    sound = speech()
    before = sound.samples.copy()
    find_voice([sound])
    np.testing.assert_array_equal(sound.samples, before)


def test_sound_at_another_rate_is_refused():
    with pytest.raises(ValueError, match="at 16000 Hz, not at 24000 Hz"):
        find_voice([wave(np.zeros(100), 24_000)])
