"""The voice follows its speaker and its emotion, as measured in the sound."""

from functools import cache

import numpy as np
import pytest

from abaw_pipeline.demo.speakers import generator, make_speaker
from abaw_pipeline.demo.styles import DEMO_EMOTIONS, STYLES
from abaw_pipeline.demo.syllables import CONSONANTS, VOWELS
from abaw_pipeline.demo.voice import RATE, synthesize
from abaw_pipeline.emotions import EMOTIONS

from .listening import bands, loudness, pitches

TEXT = ("ma", "de", "lo", "ba", "ni", "ga")


@cache
def said(index, emotion):
    speaker = make_speaker(index, 7)
    return synthesize(speaker, emotion, generator(7, speaker.name, emotion), text=TEXT).samples


def mean_of(measure, emotion):
    return np.mean([measure(said(index, emotion)) for index in range(1, 7)])


def pitch(samples):
    return np.median(12 * np.log2(pitches(samples, RATE)))


def brightness(samples):
    energy = bands(samples, RATE)[loudness(samples) > np.median(loudness(samples))]
    return energy[:, 16:].mean() - energy[:, :10].mean()


def final_rise(samples):
    semitones = 12 * np.log2(pitches(samples, RATE))
    return np.median(semitones[-8:]) - np.median(semitones[: len(semitones) // 2])


@pytest.mark.parametrize(
    ("measure", "more", "less"),
    [
        (pitch, "fear", "neutral"),
        (pitch, "surprise", "disgust"),
        (pitch, "neutral", "sadness"),
        (loudness_of := (lambda samples: np.percentile(loudness(samples), 80)), "anger", "neutral"),
        (loudness_of, "neutral", "sadness"),
        (len, "sadness", "neutral"),
        (len, "neutral", "fear"),
        (brightness, "anger", "neutral"),
        (brightness, "neutral", "sadness"),
        (final_rise, "surprise", "anger"),
    ],
)
def test_emotions_move_the_voice_as_people_do(measure, more, less):
    assert mean_of(measure, more) > mean_of(measure, less)


@pytest.mark.parametrize("index", range(1, 7))
def test_the_pitch_heard_is_the_speakers(index):
    heard = 2 ** (pitch(said(index, "neutral")) / 12)
    assert abs(12 * np.log2(heard / make_speaker(index, 7).pitch)) < 3.5


def test_women_speak_higher_through_shorter_tracts():
    people = [make_speaker(index, 7) for index in range(1, 41)]
    men, women = people[::2], people[1::2]
    assert {person.sex for person in men} == {"m"}
    assert {person.sex for person in women} == {"f"}
    assert np.mean([w.pitch for w in women]) > 1.4 * np.mean([m.pitch for m in men])
    assert min(w.tract for w in women) > max(m.tract for m in men) - 0.05


def test_the_same_seed_says_the_same_and_another_take_differs():
    speaker = make_speaker(1, 0)
    first, again, other = (synthesize(speaker, "fear", generator(0, take), text=TEXT).samples for take in "aab")
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or not np.allclose(first, other)


@pytest.mark.parametrize("emotion", DEMO_EMOTIONS)
def test_a_given_length_is_kept_to_the_sample(emotion):
    sound = synthesize(make_speaker(2, 0), emotion, generator(0, emotion), seconds=3.0)
    assert (sound.samples.shape, sound.samples.dtype, sound.rate) == ((3 * RATE,), np.float32, RATE)
    assert np.isfinite(sound.samples).all()
    assert (np.abs(sound.samples) > 0.003).mean() > 0.2


def test_a_text_that_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match="do not fit"):
        synthesize(make_speaker(1, 0), "anger", generator(0, "x"), text=TEXT, seconds=0.5)


@pytest.mark.parametrize("consonant", CONSONANTS)
def test_every_syllable_sounds(consonant):
    speaker = make_speaker(3, 0)
    for vowel in VOWELS:
        sound = synthesize(speaker, "neutral", generator(0, consonant), text=(consonant + vowel,))
        assert np.isfinite(sound.samples).all()
        assert np.sqrt(np.mean(sound.samples**2)) > 0.005


def test_there_is_a_style_for_each_emotion_of_the_vocabulary_that_the_demo_uses():
    assert tuple(STYLES) == DEMO_EMOTIONS
    assert set(DEMO_EMOTIONS) < set(EMOTIONS)
