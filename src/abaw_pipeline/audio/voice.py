"""Where somebody speaks: voice activity by Silero VAD, whose network comes with its package."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.types import Waveform

if TYPE_CHECKING:
    import pyarrow as pa

RATE = 16_000
WINDOW = 512
"""Samples of which the network says at once whether they hold a voice."""

SHORTEST = 0.25
"""Seconds; shorter stretches are taken for noise."""


def find_voice(sound: Iterable[Waveform]) -> pa.Table:
    """Stretches in which a voice is heard.

    Silero VAD with its own settings but for the shortest stretch (0.25 s); stretches that a pause of less than
    0.1 s parts are one. Kept of each 32 ms of the sound is one number.

    Args:
        sound: parts that follow each other, 16 kHz.

    Returns:
        Columns start, end (float64, seconds), ascending, not overlapping; no row where nobody speaks.

    Raises:
        ValueError: sound at another rate, or no part.
        DataError: samples that are not finite.
    """
    import pyarrow as pa
    from silero_vad import get_speech_timestamps_from_probs

    tape = Tape(sound)
    if tape.rate != RATE:
        raise ValueError(f"voices are found at {RATE} Hz, not at {tape.rate} Hz")
    found = get_speech_timestamps_from_probs(
        _probabilities(tape),
        sampling_rate=RATE,
        min_speech_duration_ms=int(1000 * SHORTEST),
        audio_length_samples=tape.reached,
    )
    times = {side: [stretch[side] / RATE for stretch in found] for side in ("start", "end")}
    return pa.table({side: pa.array(values, pa.float64()) for side, values in times.items()})


def _probabilities(tape: Tape) -> list[float]:
    """How likely a voice is in each window of a sound to its end, the last one filled with zeros."""
    import torch

    found: list[float] = []
    model = _model()
    model.reset_states()
    with torch.no_grad():
        while len(samples := tape.take(len(found) * WINDOW, (len(found) + 1) * WINDOW)):
            window = np.zeros(WINDOW, np.float32)
            window[: len(samples)] = samples
            found.append(model(torch.from_numpy(window), RATE).item())
    return found


@functools.lru_cache(maxsize=1)
def _model() -> Any:
    from silero_vad import load_silero_vad

    return load_silero_vad(onnx=True)
