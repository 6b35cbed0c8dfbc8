"""What is heard in a demo video: people who speak as they feel, in a room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from abaw_pipeline.demo.backgrounds import Background, background
from abaw_pipeline.demo.people import Person
from abaw_pipeline.demo.speakers import Speaker
from abaw_pipeline.demo.stories import Phase
from abaw_pipeline.demo.syllables import draw_text
from abaw_pipeline.demo.voice import LEVEL, RATE, synthesize
from abaw_pipeline.types import DoubleArray

Turns = Sequence[tuple[float, float]]

SHORTEST = 0.7
"""Nobody starts to speak where there is less time, seconds."""

FADE = 0.05
"""Seconds in which a voice ends that is cut off by the next."""


def say(person: Person, phases: Sequence[Phase], turns: Turns, seconds: float, rng: np.random.Generator) -> DoubleArray:
    """A person's voice through a video.

    Args:
        person: who speaks.
        phases: what the person feels; between them nothing.
        turns: when the person may speak, as pairs of start and end (s).
        seconds: length of the video.
        rng: draws words and pauses.

    Returns:
        float64 [round(seconds * RATE)], silence where nothing is said.
    """
    sound = np.zeros(round(seconds * RATE))
    for start, end, emotion in _moments(phases, seconds):
        for first, last in turns:
            begin, room = max(start, first), min(end, last) - max(start, first)
            pause = min(float(rng.uniform(0.03, 0.25)), 0.25 * max(0.0, room))
            if room - pause < SHORTEST or rng.uniform() < 0.1:
                continue
            _utter(sound, person.voice, emotion, begin + pause, room - pause, rng)
    return sound


def _moments(phases: Sequence[Phase], seconds: float) -> Iterator[tuple[float, float, str]]:
    """Start, end and emotion of all times, in their order."""
    time = 0.0
    for phase in phases:
        yield time, phase.start, "neutral"
        yield phase.start, phase.end, phase.emotion
        time = phase.end
    yield time, seconds, "neutral"


def _utter(
    sound: DoubleArray, speaker: Speaker, emotion: str, begin: float, room: float, rng: np.random.Generator
) -> None:
    """Add about as many syllables as there is room for; what is too long is cut off."""
    text = draw_text(rng, max(1, int(0.75 * (room - 0.1) * speaker.rate)))
    speech = synthesize(speaker, emotion, rng, text=text).samples[: int(room * RATE)].astype(np.float64)
    fade = round(FADE * RATE)
    speech[-fade:] *= np.linspace(1, 0, fade)
    first = round(begin * RATE)
    length = min(len(speech), len(sound) - first)
    sound[first : first + length] += speech[:length]


def openness(sound: DoubleArray, times: DoubleArray) -> DoubleArray:
    """How far a voice opens the mouth at each moment, 0 to about 1."""
    half = round(0.03 * RATE)
    power = np.concatenate([[0.0], np.cumsum(sound**2)])
    middle = np.clip(np.round(times * RATE).astype(np.int64), 0, len(sound))
    low, high = np.maximum(middle - half, 0), np.minimum(middle + half, len(sound))
    loud = np.sqrt((power[high] - power[low]) / (2 * half))
    spoken = np.abs(sound) > 0
    usual = np.sqrt(np.mean(sound[spoken] ** 2)) if spoken.any() else 1.0
    return np.asarray(np.tanh(0.7 * loud / usual))


def mixed(voices: Sequence[DoubleArray], kind: Background, rng: np.random.Generator) -> DoubleArray:
    """Voices over a background and the hiss of a microphone, within -1..1."""
    speech = np.sum(voices, axis=0)
    decibels = LEVEL - rng.uniform(12, 22)
    beside = background(kind, len(speech), RATE, rng) * 10 ** (decibels / 20)
    hiss = rng.normal(0, 10 ** (-70 / 20), len(speech))
    return np.asarray(np.tanh(speech + beside + hiss) * 0.99)
