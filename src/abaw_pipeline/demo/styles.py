"""What each emotion does to a voice.

Directions follow reviews of vocal expression (Scherer 2003; Juslin and Laukka 2003): high activation
raises pitch, loudness, rate and the share of high frequencies, sadness lowers them; joy and surprise widen
the pitch range, fear keeps it narrow and trembles; disgust is slow, low and rough. The sizes are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

import numpy as np

from abaw_pipeline.demo.speakers import Speaker, generator

DEMO_EMOTIONS = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise")


@dataclass(frozen=True)
class Style:
    """Changes against a speaker's usual voice; all scales are additive.

    Attributes:
        pitch: semitones.
        span: octaves of the pitch range (1: twice as wide).
        slope: semitones of rise over the utterance.
        final: semitones of rise within the last syllable.
        level: dB.
        rate: octaves of syllables per second (1: twice as fast).
        tilt: dB per octave; positive is brighter.
        formants: semitones (lips spread: up, larynx lowered: down).
        breath: dB of breath noise.
        tremor: semitones of a slow oscillation of pitch.
        rough: percent of irregularity from period to period.
        pause: seconds of a pause within the utterance.
    """

    pitch: float = 0.0
    span: float = 0.0
    slope: float = 0.0
    final: float = 0.0
    level: float = 0.0
    rate: float = 0.0
    tilt: float = 0.0
    formants: float = 0.0
    breath: float = 0.0
    tremor: float = 0.0
    rough: float = 0.0
    pause: float = 0.0


# fmt: off
STYLES: Mapping[str, Style] = {
    #                 pitch  span slope final level   rate  tilt form breath tremor rough pause
    "neutral":   Style(),
    "anger":     Style( 3.5,  0.6, -1.5, -2.5,  8.0,  0.2,   3.5,  0.2, -4.0, 0.0,   2.2, -0.02),
    "disgust":   Style(-1.5,  0.2, -1.5, -2.0, -1.0, -0.25, -0.5, -1.5,  1.0, 0.0,   2.0,  0.05),
    "fear":      Style( 6.5, -0.7,  0.5,  0.5,  0.0,  0.35,  0.5,  0.5,  5.0, 0.7,   0.6,  0.05),
    "happiness": Style( 5.0,  0.9,  1.0,  1.5,  3.5,  0.1,   0.8,  1.6, -1.0, 0.0,  -0.3,  0.0),
    "sadness":   Style(-2.0, -0.7, -1.5, -1.0, -6.0, -0.35, -3.0, -0.4,  6.0, 0.15,  0.2,  0.12),
    "surprise":  Style( 6.0,  1.1,  4.0,  9.0,  3.0, -0.05,  0.5,  0.3,  3.0, 0.0,   0.0,  0.0),
}
# fmt: on

SPREAD = Style(
    pitch=0.8,
    span=0.12,
    slope=0.6,
    final=0.6,
    level=0.9,
    rate=0.06,
    tilt=0.5,
    formants=0.2,
    breath=0.9,
    tremor=0.05,
    rough=0.2,
    pause=0.03,
)
"""How much people differ in showing one emotion, as standard deviations; takes differ by half of it."""


def style_of(speaker: Speaker, emotion: str, rng: np.random.Generator) -> Style:
    """How this person shows the emotion this time.

    Args:
        speaker: brings the size of the expression and a habit of their own for each emotion.
        emotion: one of DEMO_EMOTIONS.
        rng: for what differs from one take to the next.

    Raises:
        KeyError: the emotion is none of them.
    """
    mean, spread = np.array(astuple(STYLES[emotion])), np.array(astuple(SPREAD))
    habit = generator(speaker.seed, "habit", speaker.name, emotion).normal(size=len(mean))
    take = rng.normal(size=len(mean))
    drawn = speaker.expressiveness * mean + spread * (habit + 0.5 * take)
    return Style(**{field.name: float(value) for field, value in zip(fields(Style), drawn, strict=True)})
