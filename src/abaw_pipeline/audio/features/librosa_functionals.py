"""Functionals of a whole clip: the embedded counterpart of openSMILE's sets, free of their licence."""

from __future__ import annotations

from typing import Literal

import numpy as np

from abaw_pipeline.audio.features.descriptors import NAMES as DESCRIPTORS
from abaw_pipeline.audio.features.descriptors import VOICE, WINDOW, descriptors
from abaw_pipeline.audio.features.frames import checked, whole_clip
from abaw_pipeline.audio.features.functionals import NAMES as FUNCTIONALS
from abaw_pipeline.audio.features.functionals import deltas, functionals, smoothed
from abaw_pipeline.audio.features.over_windows import OverWindows
from abaw_pipeline.types import DoubleArray, FeatureSequence, Waveform

ACTIVE = 30.0
"""Frames this much (dB) below the loudest one are pauses."""

PERIODIC = 0.55
"""Strength of the period from which a frame is voiced."""

LEAST_VOICED = 3
"""With fewer voiced frames than these, all active frames stand for them; `voiced_share` then tells it."""

RHYTHM: tuple[str, ...] = (
    *("voiced_share", "active_share", "voiced_runs", "run_mean", "run_std", "run_max"),
    *("frames", "spoken_frames", "spoken_voiced_share", "runs_per_frame"),
)


class LibrosaFunctionals(OverWindows):
    """One row a clip or window: 25 functionals of 48 descriptors of the voice, and its rhythm.

    Descriptors and their deltas are taken from the first to the last frame within 30 dB of the loudest one;
    descriptors, and pitch's deltas, also over voiced frames alone. Ends without speech thus count for nothing
    but length. Everything is defined for any sound: see `functionals` for constants, LEAST_VOICED for sounds
    without voice.
    """

    kind: Literal["librosa_functionals"] = "librosa_functionals"

    def names(self) -> tuple[str, ...]:
        """One name a feature: <what>_<functional>, then the rhythm."""
        spoken = [f"{name}_{f}" for f in FUNCTIONALS for name in DESCRIPTORS]
        moving = [f"{name}_delta_{f}" for f in FUNCTIONALS for name in DESCRIPTORS]
        voiced = [f"{name}_voiced_{f}" for f in FUNCTIONALS for name in DESCRIPTORS]
        gliding = [f"{name}_delta_voiced_{f}" for f in FUNCTIONALS for name in VOICE]
        return (*spoken, *moving, *voiced, *gliding, *RHYTHM)

    def whole(self, sound: Waveform) -> FeatureSequence:
        """One row, float32 [1, D]; a sound shorter than 25 ms is zero-padded to that.

        Raises:
            DataError: no samples, not finite, or not 16 kHz.
        """
        curves = smoothed(descriptors(checked(sound, least=WINDOW)))
        moving = deltas(curves)
        level, strength = curves[DESCRIPTORS.index("level")], curves[DESCRIPTORS.index("strength")]
        active = level > level.max() - ACTIVE
        voiced = active & (strength > PERIODIC)
        begin, end = np.flatnonzero(active)[[0, -1]] + [0, 1]
        chosen = voiced if voiced.sum() >= LEAST_VOICED else active
        row = [
            functionals(curves[:, begin:end]).ravel(),
            functionals(moving[:, begin:end]).ravel(),
            functionals(curves[:, chosen]).ravel(),
            functionals(moving[: len(VOICE), chosen]).ravel(),
            _rhythm(active, voiced, int(end - begin)),
        ]
        return whole_clip(np.concatenate(row), sound)


def _rhythm(
    active: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    voiced: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    spoken: int,
) -> DoubleArray:
    """Shares, and lengths in frames of the runs of voiced frames (0 if there is none)."""
    edges = np.diff(voiced.astype(np.int64), prepend=0, append=0)
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    lengths = runs if len(runs) else np.zeros(1)
    shares = [voiced.mean(), active.mean()]
    shape = [len(runs), lengths.mean(), lengths.std(), lengths.max()]
    return np.array([*shares, *shape, len(voiced), spoken, voiced.sum() / spoken, len(runs) / spoken])
