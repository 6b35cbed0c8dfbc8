"""From syllables to curves over time: pitch, loudness, resonances, noises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abaw_pipeline.demo.speakers import Speaker
from abaw_pipeline.demo.styles import Style
from abaw_pipeline.demo.syllables import CONSONANTS, UPPER_FORMANTS, VOWELS
from abaw_pipeline.types import DoubleArray

STEP = 0.005
"""Seconds between two values of a curve."""

RELEASE = 0.05
"""Seconds in which the voice dies away."""

TREMOR = 5.5
"""Hz."""


@dataclass(frozen=True)
class Span:
    """Where one syllable lies: its consonant from `onset` to `vowel`, its vowel from there to `end`, seconds."""

    onset: float
    vowel: float
    end: float


@dataclass(frozen=True)
class Curves:
    """What the voice does, one value each STEP seconds.

    Attributes:
        pitch: Hz [T].
        voice: loudness of the vocal folds [T], 1 in a plain vowel.
        noise: loudness of a consonant's noise [T].
        center: middle of that noise's band, Hz [T].
        width: half width of that band, Hz [T].
        formants: Hz [T, 5].
    """

    pitch: DoubleArray
    voice: DoubleArray
    noise: DoubleArray
    center: DoubleArray
    width: DoubleArray
    formants: DoubleArray


def place(text: Sequence[str], speaker: Speaker, style: Style, rng: np.random.Generator) -> list[Span]:
    """Give each syllable its time, with at most one pause and a longer last syllable."""
    base = 1 / (speaker.rate * 2**style.rate)
    lengths = base * np.exp(rng.normal(0, 0.12, len(text)))
    lengths[-1] *= 1.3
    pause_at = int(rng.integers(1, len(text))) if len(text) > 1 else 0
    spans, time = [], 0.0
    for index, (syllable, length) in enumerate(zip(text, lengths, strict=True)):
        if index == pause_at and index:
            time += max(0.0, style.pause)
        consonant = min(CONSONANTS[syllable[0]].seconds, 0.45 * length)
        spans.append(Span(time, time + consonant, time + float(length)))
        time = spans[-1].end
    return spans


def draw_curves(
    text: Sequence[str], spans: Sequence[Span], speaker: Speaker, style: Style, rng: np.random.Generator
) -> Curves:
    """All curves of an utterance, from time 0 to shortly after the last syllable."""
    time = np.arange(round((spans[-1].end + RELEASE) / STEP), dtype=np.float64) * STEP
    stress = rng.normal(size=len(spans))
    noise, center, width = _noises(text, spans, time)
    return Curves(
        pitch=_pitch(spans, time, speaker, style, stress, rng),
        voice=_voice(text, spans, time, stress),
        noise=noise,
        center=center,
        width=width,
        formants=_formants(text, spans, time, speaker.tract * 2 ** (style.formants / 12)),
    )


def _pitch(
    spans: Sequence[Span],
    time: DoubleArray,
    speaker: Speaker,
    style: Style,
    stress: DoubleArray,
    rng: np.random.Generator,
) -> DoubleArray:
    """Declination, a peak on stressed vowels, a last syllable that rises or falls, tremor, slow drift."""
    whole, last = spans[-1].end, spans[-1]
    middles = [(span.vowel + span.end) / 2 for span in spans]
    accents = np.interp(time, middles, stress * speaker.span * 2**style.span)
    slope = (style.slope - 1.5) * (time / whole - 0.5)
    final = style.final * np.clip((time - last.vowel) / (last.end - last.vowel), 0, 1)
    tremor = max(0.0, style.tremor) * np.sin(2 * np.pi * (TREMOR * time + rng.uniform()))
    drift = smooth(rng.normal(0, 1.0, len(time)), 0.1)
    semitones = style.pitch + _smooth_edges(accents) + slope + final + tremor + drift
    return np.clip(speaker.pitch * 2 ** (semitones / 12), 55.0, 620.0)


def _voice(text: Sequence[str], spans: Sequence[Span], time: DoubleArray, stress: DoubleArray) -> DoubleArray:
    loud = np.zeros(len(time))
    for syllable, span, weight in zip(text, spans, stress, strict=True):
        loud[(time >= span.onset) & (time < span.vowel)] = CONSONANTS[syllable[0]].voice
        vowel = (time >= span.vowel) & (time < span.end)
        # A vowel swells and ebbs; a stressed one is louder.
        phase = (time[vowel] - span.vowel) / (span.end - span.vowel)
        loud[vowel] = 10 ** (1.5 * weight / 20) * (1 - 0.6 * phase**3)
    return smooth(loud, 0.025)


def _noises(
    text: Sequence[str], spans: Sequence[Span], time: DoubleArray
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    loud, center, width = np.zeros(len(time)), np.full(len(time), 3000.0), np.full(len(time), 1000.0)
    for syllable, span in zip(text, spans, strict=True):
        sound = CONSONANTS[syllable[0]]
        begin = max(span.onset, span.vowel - 0.025) if sound.burst else span.onset
        there = (time >= span.onset) & (time < span.vowel + 0.02)
        center[there], width[there] = sound.center, sound.width
        loud[(time >= begin) & (time < span.vowel)] = sound.noise
    return smooth(loud, 0.012), center, width


def _formants(text: Sequence[str], spans: Sequence[Span], time: DoubleArray, factor: float) -> DoubleArray:
    """Each vowel's resonances, gliding into the next within about 60 ms."""
    targets = np.array([[*VOWELS[syllable[1]], *UPPER_FORMANTS] for syllable in text])
    which = np.searchsorted([span.onset for span in spans], time, side="right") - 1
    steps = targets[np.maximum(which, 0)]
    return factor * np.stack([_smooth_edges(column, 0.06) for column in steps.T], axis=1)


def smooth(curve: DoubleArray, seconds: float) -> DoubleArray:
    """A curve without its corners: a Hann-weighted mean, of which the outside counts as zero."""
    window = np.hanning(max(3, round(2 * seconds / STEP) | 1))
    full = np.convolve(curve, window / window.sum())
    half = len(window) // 2
    return full[half : half + len(curve)]


def _smooth_edges(curve: DoubleArray, seconds: float = 0.05) -> DoubleArray:
    """The same, with the first and the last value going on outside."""
    pad = round(seconds / STEP) + 1
    return smooth(np.pad(curve, pad, mode="edge"), seconds)[pad:-pad]
