"""Where somebody speaks: voice activity by Silero VAD, whose network comes with its package."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from abaw_pipeline.types import Waveform

if TYPE_CHECKING:
    import pyarrow as pa

RATE = 16_000
SHORTEST = 0.25
"""Seconds; shorter stretches are taken for noise."""


def find_voice(sound: Waveform) -> pa.Table:
    """Stretches in which a voice is heard.

    Silero VAD with its own settings but for the shortest stretch (0.25 s); stretches that a pause of less than
    0.1 s parts are one.

    Args:
        sound: 16 kHz.

    Returns:
        Columns start, end (float64, seconds), ascending, not overlapping; no row where nobody speaks.

    Raises:
        ValueError: sound at another rate.
    """
    import pyarrow as pa
    import torch
    from silero_vad import get_speech_timestamps

    if sound.rate != RATE:
        raise ValueError(f"voices are found at {RATE} Hz, not at {sound.rate} Hz")
    samples = torch.from_numpy(sound.samples)
    found = get_speech_timestamps(samples, _model(), sampling_rate=RATE, min_speech_duration_ms=int(1000 * SHORTEST))
    times = {side: [stretch[side] / RATE for stretch in found] for side in ("start", "end")}
    return pa.table({side: pa.array(values, pa.float64()) for side, values in times.items()})


@functools.lru_cache(maxsize=1)
def _model() -> Any:
    from silero_vad import load_silero_vad

    return load_silero_vad(onnx=True)
