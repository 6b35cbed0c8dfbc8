"""How long work on media took, in seconds of work a second of media (S0, Table 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from abaw_pipeline.evaluation.folds import scored_folds

SEPARATOR = " + "
"""Joins the clips that share a stretch of media, in keys of what was found in it."""


def media_seconds(
    keys: list[Any], durations: Mapping[str, float], validated: Mapping[str, float]
) -> tuple[float | None, list[bool]]:
    """How much media some pieces were about, and which of the pieces count.

    Args:
        keys: of the pieces: a clip, clips joined by SEPARATOR, (extractor, clip), or (system, fold).
        durations: clip id -> seconds.
        validated: fold of the protocol -> seconds of its validation clips.

    Returns:
        seconds of media, each clip or fold once, None where the keys name neither; and for each piece whether it is
        about such media. Inner folds are there for training and do not count.
    """
    last = [key[-1] if isinstance(key, tuple) else key for key in keys]
    if not keys:
        return None, []
    clips = [str(each).split(SEPARATOR)[0] for each in last]
    if all(clip in durations for clip in clips):
        return sum(durations[clip] for clip in dict.fromkeys(clips)), [True] * len(keys)
    counted = [str(each) in validated for each in last]
    folds = dict.fromkeys(str(each) for each, counts in zip(last, counted, strict=True) if counts)
    return (sum(validated[fold] for fold in folds), counted) if folds else (None, counted)


def validated_seconds(clips: pd.DataFrame, folds: pd.DataFrame) -> dict[str, float]:
    """Seconds of the validation clips of each fold of the protocol."""
    outer = scored_folds(folds)
    outer = outer[outer["role"] == "validation"]
    seconds = outer["clip_id"].map(clips.set_index("clip_id")["duration"])
    return {str(fold): float(part.sum()) for fold, part in seconds.groupby(outer["fold"])}


SEEING = ("face_crops", "face_tracks", "face_embeddings", "face_posteriors")
HEARING = ("vocals", "sound_embeddings", "sound_posteriors")
BEFORE = ("media", "frames")
"""Stages of inference: what sight needs, what sound needs, and what both wait for."""


def inference_rates(stages: pd.DataFrame) -> tuple[float, float] | None:
    """Seconds of inference a second of media: one stage after another, and sight and sound side by side (S0, Table 9).

    Args:
        stages: columns artifact, per_second (null: on no media, or unknown). Training is not among the stages counted.

    Returns:
        Sequential and parallel; None unless something of sight or sound is known. Stages whose time is unknown, as
        another run made their pieces, count as nothing.
    """
    known = {
        str(name): float(rate)
        for name, rate in zip(stages["artifact"], pd.to_numeric(stages["per_second"]), strict=True)
        if pd.notna(rate)
    }
    before, seeing, hearing = (sum(known.get(name, 0.0) for name in names) for names in (BEFORE, SEEING, HEARING))
    if not seeing and not hearing:
        return None
    return before + seeing + hearing, before + max(seeing, hearing)
