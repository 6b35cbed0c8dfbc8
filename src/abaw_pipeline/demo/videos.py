"""The plan of the demo videos: who is in them, what happens, how they are kept.

Nothing but faces and voices may tell an emotion: rate, room, light, sound and incidents belong to a video, and in
each video several emotions are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from abaw_pipeline.demo.encode import resample
from abaw_pipeline.demo.people import Person, least_like, make_person
from abaw_pipeline.demo.speakers import generator
from abaw_pipeline.demo.speech import mixed, openness, say
from abaw_pipeline.demo.stories import NOT_ANNOTATED, Phase, deal, labels, tell
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.demo.takes import TAKES, Take, validates
from abaw_pipeline.demo.voice import RATE
from abaw_pipeline.types import DoubleArray, IntArray

Side = Literal["left", "right"]

SIZE = (640, 360)
FIRST_PERSON = 101
"""Number of the first person of the videos: none of them is heard among the voices."""

CANDIDATES = 8
"""People for each video, of whom one or two are seen: nobody is in two videos."""

VARIABLE_STEPS = (33, 34, 40, 50, 67, 100)
"""Milliseconds from one picture to the next where the rate varies."""

SAMPLE_RATES = (48000, 44100, 48000)


@dataclass(frozen=True)
class Role:
    """A person in a video.

    Attributes:
        person: who.
        side: where, if there are two.
        phases: what is felt, and when.
        turns: when the person may speak, as pairs of start and end, seconds.
    """

    person: Person
    side: Side | None
    phases: tuple[Phase, ...]
    turns: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class DemoVideo:
    """A video and its annotation.

    Attributes:
        name: such as "demo03".
        batch: folder of the video, such as "batch1".
        split: which part of the corpus it belongs to.
        take: how it is made.
        steps: when each picture is shown, in units of `unit`, from 0; int64 [n_pictures].
        unit: seconds.
        seconds: length.
        roles: who is annotated.
        moment: start and end of the incident, seconds.
        seed: the corpus's seed.
    """

    name: str
    batch: str
    split: Literal["train", "validation"]
    take: Take
    steps: tuple[int, ...]
    unit: Fraction
    seconds: float
    roles: tuple[Role, ...]
    moment: tuple[float, float]
    seed: int

    @property
    def file(self) -> str:
        """Path of the video relative to the corpus's folder."""
        return f"videos/{self.batch}/{self.name}.mp4"

    @property
    def sample_rate(self) -> int:
        """Of its sound, Hz."""
        return SAMPLE_RATES[len(self.steps) % len(SAMPLE_RATES)]

    @property
    def channels(self) -> int:
        """Of its sound."""
        return 1 + len(self.steps) % 2

    @property
    def times(self) -> DoubleArray:
        """When each picture is shown, seconds."""
        return np.array(self.steps, dtype=np.float64) * float(self.unit)

    def label_file(self, role: Role) -> str:
        """Path of one person's labels relative to the corpus's folder."""
        folder = "Training_Set" if self.split == "train" else "Validation_Set"
        side = "" if role.side is None else f"_{role.side}"
        return f"annotations/EXPR_Set/{folder}/{self.name}{side}.txt"


def plan_videos(seed: int, count: int, shortest: float, longest: float) -> Iterator[DemoVideo]:
    """All videos of the corpus, every third for validation, nobody in two of them.

    Args:
        seed: fixes people, emotions and everything else.
        count: how many.
        shortest: seconds.
        longest: seconds.
    """
    takes = [TAKES[index % len(TAKES)] for index in range(count)]
    hands = _deal_by_split(seed, takes, max(1, min(4, int(longest / 1.5))))
    number = FIRST_PERSON
    for index, take in enumerate(takes):
        name = f"demo{index + 1:02d}"
        rng = generator(seed, "video", name)
        steps, unit = _clock(take.rate, float(rng.uniform(shortest, longest)), rng)
        seconds = float(len(steps) * unit) if take.rate else float((steps[-1] + VARIABLE_STEPS[0]) * unit)
        people = _cast(number, take.people, seed)
        number += CANDIDATES
        begin = float(rng.uniform(0.2, 0.5)) * seconds
        yield DemoVideo(
            name=name,
            batch=f"batch{index % 2 + 1}",
            split="validation" if validates(index) else "train",
            take=take,
            steps=steps,
            unit=unit,
            seconds=seconds,
            roles=tuple(_roles(people, hands[index], seconds, rng)),
            moment=(begin, begin + float(rng.uniform(0.14, 0.2)) * seconds),
            seed=seed,
        )


def _cast(number: int, people: int, seed: int) -> list[Person]:
    """One person, or two who are as unlike as they can be among the next few people."""
    first, *others = [make_person(number + place, seed) for place in range(CANDIDATES)]
    return [first, least_like(first, others)][:people]


def _deal_by_split(seed: int, takes: list[Take], each: int) -> dict[int, list[tuple[str, ...]]]:
    """Emotions of everybody in each video; training and validation are dealt apart."""
    hands: dict[int, list[tuple[str, ...]]] = {}
    for held_out in (False, True):
        videos = [index for index in range(len(takes)) if validates(index) == held_out]
        rng = generator(seed, "deal", str(held_out))
        dealt = iter(deal(sum(takes[index].people for index in videos), each, rng))
        for index in videos:
            hands[index] = [next(dealt) for _ in range(takes[index].people)]
    return hands


def _roles(
    people: list[Person], hands: list[tuple[str, ...]], seconds: float, rng: np.random.Generator
) -> Iterator[Role]:
    """Two people take turns in speaking, three spells in all."""
    for place, (person, emotions) in enumerate(zip(people, hands, strict=True)):
        side: Side | None = None if len(people) == 1 else ("left", "right")[place]
        thirds = [(third * seconds / 3, (third + 1) * seconds / 3) for third in range(3)]
        turns = [(0.0, seconds)] if side is None else thirds[place::2]
        yield Role(person, side, tell(emotions, seconds, rng), tuple(turns))


def _clock(rate: Fraction | None, seconds: float, rng: np.random.Generator) -> tuple[tuple[int, ...], Fraction]:
    if rate is not None:
        return tuple(range(round(seconds * rate))), 1 / rate
    steps = rng.choice(VARIABLE_STEPS, round(seconds / 0.03))
    steps = np.concatenate([[0], np.cumsum(steps)])
    return tuple(int(step) for step in steps[steps < 1000 * seconds - VARIABLE_STEPS[0]]), Fraction(1, 1000)


def voices(video: DemoVideo) -> list[DoubleArray]:
    """What each annotated person says, as `speech.say` gives it."""
    sounds = []
    for role in video.roles:
        rng = generator(video.seed, "say", video.name, role.person.voice.name)
        sounds.append(say(role.person, role.phases, role.turns, video.seconds, rng))
    return sounds


def talking(video: DemoVideo, sounds: list[DoubleArray]) -> list[DoubleArray]:
    """How far each person's voice opens the mouth at each picture [n_pictures]."""
    return [openness(sound, video.times) for sound in sounds]


def soundtrack(video: DemoVideo, sounds: list[DoubleArray]) -> DoubleArray | None:
    """What is heard, [channels, n] at the video's sample rate; None for a video without a sound stream."""
    if video.take.heard == "nothing":
        return None
    rng = generator(video.seed, "soundtrack", video.name)
    sound = mixed(sounds, video.take.beside, rng) if video.take.heard == "speech" else np.zeros_like(sounds[0])
    balance = np.array([[1.0], [rng.uniform(0.8, 1.0)]])[: video.channels]
    return np.clip(balance * resample(sound, RATE, video.sample_rate), -1, 1)


def annotation(video: DemoVideo, role: Role) -> str:
    """The text of a label file: class names, then a number for each picture."""
    header = ",".join(name.capitalize() for name in DEMO_EMOTIONS)
    return "\n".join([header, *(str(value) for value in frame_labels(video, role))]) + "\n"


def frame_labels(video: DemoVideo, role: Role) -> IntArray:
    """The number of each picture's class; people who have left are labelled for another moment, then no more."""
    values = labels(role.phases, video.times)
    if video.take.incident == "absence":
        begin, end = video.moment
        middle = 0.5 * (begin + end)
        values[(video.times > middle) & (video.times < end)] = NOT_ANNOTATED
    return values
