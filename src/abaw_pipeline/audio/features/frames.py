"""What all sound extractors share: the check of their input, frames, and the frames' spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, FeatureSequence, FloatArray, Waveform

RATE = 16_000
"""Samples per second (Hz) that every extractor expects: the rate of all five systems' sound (S0 to S4)."""

BLOCK = 8192
"""Frames worked on at once, so that memory stays flat however long a sound is."""


def checked(sound: Waveform, *, least: int = 1) -> DoubleArray:
    """Samples as float64 [n_samples], zero-padded at their end to `least` samples.

    Raises:
        DataError: no samples, not one channel, not finite, or another rate than 16 kHz.
    """
    _check_rate(sound.rate)
    if sound.samples.ndim != 1:
        raise DataError(f"samples of shape {sound.samples.shape} where one channel is expected")
    _check_length(len(sound.samples))
    samples = np.asarray(sound.samples, dtype=np.float64)
    if not np.isfinite(samples).all():
        raise DataError("the sound has samples that are not finite numbers")
    return np.pad(samples, (0, max(least - len(samples), 0)))


def _check_rate(rate: int) -> None:
    if rate != RATE:
        raise DataError(f"sound at {rate} Hz instead of {RATE} Hz", hint=f"Decode it at {RATE} Hz.")


def _check_length(n_samples: int) -> None:
    if n_samples == 0:
        raise DataError("the sound has no samples", hint="Leave the clip out, or check its times.")


def count_frames(n_samples: int, window: int, hop: int) -> int:
    """How many whole frames fit."""
    return 1 + (n_samples - window) // hop


def frame_blocks(samples: DoubleArray, window: int, hop: int) -> Iterator[DoubleArray]:
    """Whole frames of `window` samples every `hop` samples, as views [at most BLOCK, window]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    for begin in range(0, len(frames), BLOCK):
        yield frames[begin : begin + BLOCK]


def frame_parts(sound: Iterable[Waveform], window: int, hop: int, at_once: int) -> Iterator[tuple[FloatArray, float]]:
    """Whole frames of a sound in parts, a few at a time; a sound shorter than a frame is zero-padded to one.

    Yields:
        Frames, float32 [at most `at_once`, window], and how much of the sound (s) is known by then: more than reaches
        the end of the last of them, or all.

    Raises:
        DataError: no samples, not one channel, not finite, or another rate than 16 kHz.
    """
    tape = Tape(sound)
    _check_rate(tape.rate)
    size, at = (at_once - 1) * hop + window, 0
    while len(held := tape.take(at, at + size + 1)) > size:
        yield np.lib.stride_tricks.sliding_window_view(held[:size], window)[::hop], tape.reached / tape.rate
        at += at_once * hop
    _check_length(tape.reached)
    if not at:
        held = np.pad(held, (0, max(window - len(held), 0)))
    if len(held) >= window:
        yield np.lib.stride_tricks.sliding_window_view(held, window)[::hop], tape.reached / tape.rate


def framewise(values: DoubleArray, known: float, *, window: float, hop: float, first: int = 0) -> FeatureSequence:
    """Rows [T, D] with the spans of their frames: from i * hop to a window later (s), clipped to the sound.

    Rows that would begin after the sound (in what was padded) are left out.

    Args:
        values: a row a frame.
        known: how long the sound is (s), at least as far as these frames go.
        window: length of a frame (s).
        hop: from one frame to the next (s).
        first: number of the first of these frames.
    """
    start = np.arange(first, first + len(values), dtype=np.float64) * hop
    start = start[start < known]
    return FeatureSequence(start, np.minimum(start + window, known), _finite(values[: len(start)]))


def whole_clip(row: DoubleArray, sound: Waveform) -> FeatureSequence:
    """One row [D] that describes the whole sound."""
    return FeatureSequence(np.zeros(1), np.array([sound.duration]), _finite(row[None]))


def hann(length: int) -> DoubleArray:
    """Periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length, dtype=np.float64) / length)


def _finite(values: DoubleArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    single = values.astype(np.float32)
    if not np.isfinite(single).all():
        raise DataError("a feature is not a finite number", hint="Are samples far beyond -1..1?")
    return single
