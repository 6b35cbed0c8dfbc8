"""The plan of the embedded corpus, and each of its clips.

Nothing but the voice may tell the emotion: text, container, channels and background belong to a recording
(a speaker's take, one clip in each emotion), gain and silence around the speech are drawn for each clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from abaw_pipeline.demo.backgrounds import Background, background
from abaw_pipeline.demo.encode import Container, resample
from abaw_pipeline.demo.speakers import Speaker, generator, make_speaker
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.demo.syllables import draw_text
from abaw_pipeline.demo.voice import LEVEL, RATE, synthesize
from abaw_pipeline.types import DoubleArray

FORMATS: tuple[tuple[Container, int, int], ...] = (
    ("wav", 48000, 1),
    ("m4a", 48000, 2),
    ("flac", 44100, 2),
    ("wav", 22050, 1),
    ("wav", 48000, 2),
    ("mp3", 44100, 1),
    ("wav", 44100, 1),
    ("flac", 48000, 1),
    ("wav", 48000, 1),
)
"""Container, Hz and channels, recording after recording."""

LOSSLESS: dict[Container, Container] = {"m4a": "wav", "mp3": "flac"}
BACKGROUNDS: tuple[Background, ...] = ("none", "noise", "none", "music", "none")


@dataclass(frozen=True)
class DemoClip:
    """What is said, by whom, how, and how it is kept.

    Attributes:
        name: such as "s03_fear_2".
        speaker: who speaks.
        emotion: the label.
        take: 1, 2, ...
        text: syllables.
        background: what is heard beside the voice.
        container: the file's format.
        rate: Hz.
        channels: 1 or 2.
    """

    name: str
    speaker: Speaker
    emotion: str
    take: int
    text: tuple[str, ...]
    background: Background
    container: Container
    rate: int
    channels: int

    @property
    def file(self) -> str:
        """Path relative to the corpus's folder."""
        return f"voices/{self.name}.{self.container}"


def plan(seed: int, speakers: int, takes: int, lossy: bool) -> Iterator[DemoClip]:
    """All clips of the corpus: speakers x takes x emotions.

    Args:
        seed: fixes speakers and texts.
        speakers: how many people.
        takes: how often each says something in each emotion.
        lossy: False keeps AAC and MP3 clips as WAV and FLAC instead.
    """
    for recording in range(speakers * takes):
        speaker, take = make_speaker(recording // takes + 1, seed), recording % takes + 1
        container, rate, channels = FORMATS[recording % len(FORMATS)]
        rng = generator(seed, "text", speaker.name, str(take))
        text = draw_text(rng, int(rng.integers(5, 7)))
        for emotion in DEMO_EMOTIONS:
            yield DemoClip(
                name=f"{speaker.name}_{emotion}_{take}",
                speaker=speaker,
                emotion=emotion,
                take=take,
                text=text,
                background=BACKGROUNDS[recording % len(BACKGROUNDS)],
                container=container if lossy else LOSSLESS.get(container, container),
                rate=rate,
                channels=channels,
            )


def render(clip: DemoClip) -> DoubleArray:
    """The clip's sound [channels, n] at its rate, within -1..1."""
    seed = clip.speaker.seed
    voice = synthesize(clip.speaker, clip.emotion, generator(seed, "voice", clip.name), text=clip.text)
    rng = generator(seed, "scene", clip.name)
    before, after = (rng.uniform(0.05, 0.25, 2) * RATE).astype(int)
    speech = np.pad(voice.samples.astype(np.float64), (before, after))
    sound = speech + _scene(clip.background, len(speech), rng)
    sound *= 10 ** (rng.normal(0, 1.5) / 20)
    balance = np.array([[1.0], [rng.uniform(0.8, 1.0)]])[: clip.channels]
    # Loud voices bend rather than clip.
    return np.tanh(balance * resample(sound, RATE, clip.rate)) * 0.99


def _scene(kind: Background, n_samples: int, rng: np.random.Generator) -> DoubleArray:
    """Background against an average voice, over the hiss of a microphone."""
    decibels = LEVEL - rng.uniform(14, 26)
    beside = background(kind, n_samples, RATE, rng) * 10 ** (decibels / 20)
    return np.asarray(beside + rng.normal(0, 10 ** (-72 / 20), n_samples))
