"""What a person of a demo video feels, moment by moment, and how it is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abaw_pipeline.demo.expressions import expression_of
from abaw_pipeline.demo.people import Person
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.types import DoubleArray, IntArray

FELT = DEMO_EMOTIONS[1:]
NOT_ANNOTATED = -1

SHOWN = 0.5
"""Share of an expression from which on it counts as shown."""

FAINT = 0.2
"""Share below which a face counts as neutral; what is between is not annotated, or goes with the nearer one."""


@dataclass(frozen=True)
class Phase:
    """One expression, from its onset over its apex to its offset.

    Attributes:
        start: seconds.
        end: seconds.
        emotion: what is shown.
        strength: at the apex.
        ramp: length of onset and offset, seconds.
        doubtful: whether the middle of onset and offset is not annotated.
    """

    start: float
    end: float
    emotion: str
    strength: float
    ramp: float
    doubtful: bool


def deal(people: int, each: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Emotions for each of several people, none twice for one, and each as often as any other if it can be.

    Args:
        people: how many.
        each: emotions a person, at most six.
        rng: decides who shows what, and in which order.
    """
    hands: list[tuple[str, ...]] = []
    used = dict.fromkeys(FELT, 0)
    for _ in range(people):
        rare = sorted(FELT, key=lambda emotion: (used[emotion], rng.uniform()))[:each]
        for emotion in rare:
            used[emotion] += 1
        hands.append(tuple(str(name) for name in rng.permutation(rare)))
    return hands


def tell(emotions: Sequence[str], seconds: float, rng: np.random.Generator) -> tuple[Phase, ...]:
    """Put emotions into time, with a neutral face before, between and after most of them."""
    shown = rng.uniform(0.9, 1.4, len(emotions))
    rests = rng.uniform(0.25, 0.7, len(emotions) + 1)
    rests[rng.integers(len(rests))] = 0.05
    unit = seconds / (shown.sum() + rests.sum())
    phases, time = [], 0.0
    for emotion, long, rest in zip(emotions, shown * unit, rests * unit, strict=False):
        time += rest
        ramp = float(min(rng.uniform(0.25, 0.5), 0.3 * long))
        strength = float(rng.uniform(0.75, 1.05))
        phases.append(Phase(time, time + long, emotion, strength, ramp, bool(rng.uniform() < 0.5)))
        time += long
    return tuple(phases)


def shares(phases: Sequence[Phase], times: DoubleArray) -> DoubleArray:
    """How much of each expression is shown [n_times, n_phases]: 0 outside, 1 at the apex."""
    columns = []
    for phase in phases:
        inside = np.minimum(times - phase.start, phase.end - times) / phase.ramp
        x = np.clip(inside, 0, 1)
        columns.append(x * x * (3 - 2 * x))
    return np.stack(columns, axis=1)


def labels(phases: Sequence[Phase], times: DoubleArray) -> IntArray:
    """The number of each moment's class in DEMO_EMOTIONS; -1: not annotated."""
    shown = shares(phases, times)
    which = shown.argmax(axis=1)
    most = shown[np.arange(len(times)), which]
    emotion = np.array([DEMO_EMOTIONS.index(phase.emotion) for phase in phases])[which]
    doubtful = np.array([phase.doubtful for phase in phases])[which] & (most > FAINT) & (most < SHOWN)
    values = np.where(most >= 0.5 * (FAINT + SHOWN), emotion, 0)
    return np.asarray(np.where(doubtful, NOT_ANNOTATED, values), dtype=np.int64)


def expressions(person: Person, phases: Sequence[Phase], times: DoubleArray, rng: np.random.Generator) -> DoubleArray:
    """What the face does [n_times, n_actions]: all phases added, over a face that is never quite still."""
    apexes = np.stack([phase.strength * expression_of(person.voice, phase.emotion, rng) for phase in phases])
    rest = expression_of(person.voice, "neutral", rng)
    unrest = np.stack([wander(times, rng, 0.05) for _ in rest], axis=1)
    return np.asarray(rest + shares(phases, times) @ apexes + unrest)


def wander(times: DoubleArray, rng: np.random.Generator, size: float, fastest: float = 0.6) -> DoubleArray:
    """A slow aimless curve [n_times].

    Args:
        times: seconds.
        rng: makes each one different.
        size: its standard deviation.
        fastest: its highest frequency, Hz.
    """
    hertz, phase = rng.uniform(0.08, fastest, 4), rng.uniform(size=4)
    waves = np.sin(2 * np.pi * (times[:, None] * hertz + phase))
    return np.asarray(size * waves.sum(axis=1) / np.sqrt(2))


def blinks(times: DoubleArray, rng: np.random.Generator) -> DoubleArray:
    """How far the eyes are closed [n_times]: a blink every few seconds."""
    closed, when = np.zeros(len(times)), float(rng.uniform(0.3, 2.5))
    while when < times[-1]:
        closed = np.maximum(closed, np.clip(1.3 - np.abs(times - when) / 0.08, 0, 1))
        when += float(rng.uniform(1.5, 4.0))
    return closed
