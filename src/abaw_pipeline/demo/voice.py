"""A source-filter voice: pulses of the vocal folds and noise, through moving resonances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from abaw_pipeline.demo.prosody import STEP, Curves, draw_curves, place
from abaw_pipeline.demo.speakers import Speaker
from abaw_pipeline.demo.styles import Style, style_of
from abaw_pipeline.demo.syllables import draw_text
from abaw_pipeline.types import DoubleArray, Waveform

ComplexArray = npt.NDArray[np.complex64]

RATE = 24000
"""Samples per second of the synthesis."""

HOP = 240
WINDOW = 2 * HOP
SPECTRUM = 4 * HOP
"""Length of the transform: a resonance may ring for a window's length beyond its window."""

BANDWIDTHS = (80.0, 100.0, 140.0, 220.0, 300.0)
"""Of the five resonances, Hz."""

BREATH = -24.0
"""Breath noise of an average neutral voice against its tone, dB."""

HISS = 0.4
"""A consonant's noise of loudness 1 against the voice's mean loudness (RMS)."""

LEVEL = -27.0
"""Loudness of an average speaker's neutral voice, dB of full scale (RMS)."""


def synthesize(
    speaker: Speaker,
    emotion: str,
    rng: np.random.Generator,
    *,
    text: Sequence[str] | None = None,
    seconds: float | None = None,
) -> Waveform:
    """Let a person say a text in an emotion.

    Args:
        speaker: who speaks.
        emotion: one of styles.DEMO_EMOTIONS.
        rng: everything that differs from one take to the next.
        text: syllables, a consonant and a vowel each; None draws them.
        seconds: length of the whole, silence around the speech included. Without a text, as many syllables
            are drawn as fit; with one, its speech must fit. None: the speech's own length.

    Returns:
        Mono sound at RATE, about LEVEL dB of full scale where the emotion and the person do not change it.

    Raises:
        KeyError: an unknown emotion or syllable.
        ValueError: the speech is longer than `seconds`.
    """
    style = style_of(speaker, emotion, rng)
    if text is None:
        room = 1.3 if seconds is None else max(0.0, seconds - max(0.0, style.pause))
        text = draw_text(rng, max(1, int(0.8 * room * speaker.rate * 2**style.rate)))
    spans = place(text, speaker, style, rng)
    curves = draw_curves(text, spans, speaker, style, rng)
    speech = _loudness(_speak(curves, speaker, style, rng), speaker, style)
    if seconds is None:
        return Waveform(speech.astype(np.float32), RATE)
    spare = round(seconds * RATE) - len(speech)
    if spare < 0:
        raise ValueError(f"{len(speech) / RATE:.2f} s of speech do not fit into {seconds:.2f} s")
    before = int(rng.integers(spare + 1))
    return Waveform(np.pad(speech, (before, spare - before)).astype(np.float32), RATE)


def _loudness(speech: DoubleArray, speaker: Speaker, style: Style) -> DoubleArray:
    decibels = LEVEL + speaker.level + style.level
    return np.asarray(speech * 10 ** (decibels / 20) / np.sqrt(np.mean(speech**2)))


def _speak(curves: Curves, speaker: Speaker, style: Style, rng: np.random.Generator) -> DoubleArray:
    """Source and filter, without regard to loudness."""
    n_samples = round(len(curves.pitch) * STEP * RATE)
    sample = np.arange(n_samples) / RATE
    grid = np.arange(len(curves.pitch)) * STEP
    voice = np.interp(sample, grid, curves.voice)
    pulses = _pulses(np.interp(sample, grid, curves.pitch), voice, max(0.1, speaker.rough + style.rough), rng)
    breath = voice * rng.normal(size=n_samples)
    hiss = np.interp(sample, grid, curves.noise) * rng.normal(size=n_samples)

    frame = np.arange(n_samples // HOP + 2) * HOP / RATE
    tract = _tract(_at(curves.formants, frame))
    band = _band(_at(curves.center[:, None], frame), _at(curves.width[:, None], frame))
    tone = _unit(_filter(pulses, tract * _folds(speaker.tilt + style.tilt)))
    air = _unit(_filter(breath, tract * _rising())) * 10 ** ((BREATH + speaker.breath + style.breath) / 20)
    return tone + air + HISS * _filter(hiss, band)


def _unit(sound: DoubleArray) -> DoubleArray:
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def _pulses(pitch: DoubleArray, voice: DoubleArray, rough: float, rng: np.random.Generator) -> DoubleArray:
    """One impulse a period, at fractional times, with jitter, shimmer and the alternation of a creaky voice."""
    phase = np.cumsum(pitch / RATE)
    times = np.interp(np.arange(1, int(phase[-1])), phase, np.arange(len(phase)))
    periods = RATE / np.interp(times, np.arange(len(pitch)), pitch)
    times = np.clip(times + periods * rng.normal(0, rough / 100, len(times)), 0, len(pitch) - 2)
    height = np.interp(times, np.arange(len(voice)), voice) * np.sqrt(periods / RATE * 100)
    height *= 1 + rng.normal(0, 0.03 * rough, len(times))
    height[::2] *= 1 - min(0.3, 0.1 * rough)
    whole = times.astype(np.int64)
    pulses = np.zeros(len(pitch))
    np.add.at(pulses, whole, height * (1 - times + whole))
    np.add.at(pulses, whole + 1, height * (times - whole))
    return pulses


def _frequencies() -> DoubleArray:
    return np.asarray(np.fft.rfftfreq(SPECTRUM, 1 / RATE), dtype=np.float64)


def _folds(tilt: float) -> DoubleArray:
    """Spectrum of a glottal pulse with the lips' radiation: rising to about 200 Hz, then falling."""
    hertz = _frequencies()
    low = hertz / np.hypot(hertz, 120.0)
    slope = (-7.0 + np.clip(tilt, -6.0, 5.5)) / 6.02
    return np.asarray(low * np.maximum(hertz / 300.0, 1.0) ** slope)


def _rising() -> DoubleArray:
    """Breath is turbulence: little below a kilohertz."""
    hertz = _frequencies()
    return np.asarray(hertz / np.hypot(hertz, 1200.0))


def _band(center: DoubleArray, width: DoubleArray) -> ComplexArray:
    """A consonant's band of noise [T, F]."""
    return np.exp(-0.5 * ((_frequencies() - center) / width) ** 2).astype(np.complex64)


def _tract(formants: DoubleArray) -> ComplexArray:
    """Frequency response [T, F] of resonances in a row, each of gain 1 at 0 Hz, as in a cascade synthesizer."""
    delay = np.exp(-2j * np.pi * _frequencies() / RATE).astype(np.complex64)
    response = np.ones((len(formants), len(delay)), dtype=np.complex64)
    for column, bandwidth in zip(formants.T, BANDWIDTHS, strict=True):
        radius = np.exp(-np.pi * bandwidth / RATE)
        first = (-2 * radius * np.cos(2 * np.pi * np.minimum(column, 11000.0) / RATE)).astype(np.float32)
        second = np.float32(radius**2)
        response *= (1 + first + second)[:, None] / (1 + (first[:, None] + second * delay) * delay)
    return np.asarray(response)


def _at(curve: DoubleArray, frame: DoubleArray) -> DoubleArray:
    grid = np.arange(len(curve)) * STEP
    return np.stack([np.interp(frame, grid, column) for column in curve.T], axis=1)


def _filter(sound: DoubleArray, response: ComplexArray) -> DoubleArray:
    """Let a sound through a moving response [T, F], by windows that overlap and add up."""
    n_frames = len(response)
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    padded = np.zeros(n_frames * HOP + HOP, dtype=np.float32)
    padded[HOP : HOP + len(sound)] = sound
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:n_frames]
    spectra = np.fft.rfft(frames * window, SPECTRUM, axis=1) * response
    pieces = np.fft.irfft(spectra, SPECTRUM, axis=1).reshape(n_frames, SPECTRUM // HOP, HOP)
    out = np.zeros((n_frames + SPECTRUM // HOP, HOP))
    for shift in range(SPECTRUM // HOP):
        out[shift : shift + n_frames] += pieces[:, shift]
    return out.ravel()[HOP : HOP + len(sound)]
