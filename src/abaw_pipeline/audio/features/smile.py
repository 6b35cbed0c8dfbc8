"""The one door to openSMILE, whose licence allows research only: an extra, never a default."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np

from abaw_pipeline.audio.features.frames import RATE
from abaw_pipeline.errors import DataError, PipelineError
from abaw_pipeline.types import DoubleArray

FeatureSet = Literal["eGeMAPSv02", "ComParE_2016"]
Level = Literal["functionals", "descriptors", "deltas"]

WINDOW, HOP = 0.060, 0.010
"""The longest frame of both sets and the step between frames (s)."""

LEAST = round(WINDOW * RATE)
"""Samples below which openSMILE answers NaN only."""


@cache
def extractor(feature_set: FeatureSet, level: Level) -> Any:
    """An openSMILE extractor, made once a process: making one takes longer than a second of sound.

    Raises:
        PipelineError: the extra `opensmile` is not installed.
    """
    try:
        import opensmile
    except ImportError as error:
        raise PipelineError(
            f"the feature set {feature_set} needs openSMILE, which is not installed",
            hint='Install it by: pip install "abaw_pipeline[opensmile]". Its licence (audEERING) allows '
            "research only; the extractor librosa_functionals does without it.",
        ) from error
    # A name that openSMILE does not know crashes the process, hence its own constants.
    sets = {"eGeMAPSv02": opensmile.FeatureSet.eGeMAPSv02, "ComParE_2016": opensmile.FeatureSet.ComParE_2016}
    levels = {
        "functionals": opensmile.FeatureLevel.Functionals,
        "descriptors": opensmile.FeatureLevel.LowLevelDescriptors,
        "deltas": opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
    }
    return opensmile.Smile(sets[feature_set], levels[level])


def rows(feature_set: FeatureSet, level: Level, samples: DoubleArray) -> DoubleArray:
    """What openSMILE makes of LEAST samples or more at 16 kHz: float64 [T, D]; undefined values are 0.

    Raises:
        DataError: openSMILE answers with undefined values only.
    """
    # openSMILE turns samples to 16 bits, where full scale would wrap around to its opposite.
    safe = np.clip(samples, -1.0, 32767 / 32768).astype(np.float32)
    values = extractor(feature_set, level).process_signal(safe, RATE).to_numpy(dtype=np.float64)
    if np.isnan(values).all(axis=1).any():
        raise DataError(f"openSMILE finds no {feature_set} {level} in {len(samples) / RATE:.3f} s of sound")
    result: DoubleArray = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    return result


def feature_names(feature_set: FeatureSet, level: Level) -> tuple[str, ...]:
    """Names as openSMILE gives them, in the order of the columns."""
    return tuple(extractor(feature_set, level).feature_names)
