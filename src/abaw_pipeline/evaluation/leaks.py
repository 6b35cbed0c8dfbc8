"""Proof that no fold shows its validation side to what it trains."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import pandas as pd

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import FINAL
from abaw_pipeline.types import DoubleArray

log = logging.getLogger(__name__)


def check_leaks(folds: pd.DataFrame, clips: pd.DataFrame, annotations: pd.DataFrame) -> None:
    """Refuse folds that would let validation data into training.

    Args:
        folds: as `protocols.make_folds` returns them.
        clips: columns clip_id, subject; also media, start, end (seconds; null: from the beginning, to the end)
            where it is known which stretch of which file a clip is.
        annotations: columns clip_id, label; several rows a clip where its frames are labelled.

    Raises:
        ProtocolError: naming the fold and the clips or subjects: an unknown or unlabelled clip, a clip twice
            or a subject on both sides, stretches of one file that overlap across the sides, an empty side, a
            class that is validated but never trained (in an inner fold, where few videos may not hold all
            classes, a warning), a fold `final` that holds something back, or an inner fold that holds anything
            but its parent's training clips.
    """
    known = _known_clips(folds, clips, annotations)
    labels = {str(clip_id): set(part) for clip_id, part in annotations.groupby("clip_id")["label"]}
    for name, fold in folds.groupby("fold", sort=False):
        where = f"fold {name}"
        _check_clips(fold, where)
        if name == FINAL:
            _check_final(fold, where)
            continue
        joined = fold[["clip_id", "role"]].merge(known, on="clip_id", how="left")
        train, validation = joined[joined["role"] == "train"], joined[joined["role"] == "validation"]
        _check_sides(train, validation, where)
        _check_classes(train, validation, labels, where, inner=bool(fold["parent"].notna().any()))
        if "media" in joined.columns:
            _check_media(train, validation, where)
        for parent in fold["parent"].dropna().unique():
            _check_inner(fold, folds[folds["fold"] == parent], where, str(parent))


def _known_clips(folds: pd.DataFrame, clips: pd.DataFrame, annotations: pd.DataFrame) -> pd.DataFrame:
    repeated = clips.loc[clips["clip_id"].duplicated(), "clip_id"]
    if len(repeated):
        raise ProtocolError(f"clips are listed twice: {_some(repeated)}", where="clips")
    labelled = clips[clips["clip_id"].isin(annotations["clip_id"])]
    strange = folds.loc[~folds["clip_id"].isin(labelled["clip_id"]), "clip_id"]
    if len(strange):
        raise ProtocolError(f"clips are unknown or have no label: {_some(strange)}", where="folds")
    named = folds.merge(labelled[["clip_id", "subject"]], on="clip_id", suffixes=("", "_of_clip"))
    differ = named.loc[named["subject"] != named["subject_of_clip"], "clip_id"]
    if len(differ):
        raise ProtocolError(f"folds and clips name different subjects: {_some(differ)}", where="folds")
    return labelled


def _check_clips(fold: pd.DataFrame, where: str) -> None:
    repeated = fold.loc[fold["clip_id"].duplicated(), "clip_id"]
    if len(repeated):
        raise ProtocolError(f"clips have more than one role: {_some(repeated)}", where=where)
    roles = set(fold["role"]) - {"train", "validation"}
    if roles:
        raise ProtocolError(f"roles are train and validation, not {_some(roles)}", where=where)


def _check_final(fold: pd.DataFrame, where: str) -> None:
    held_out = fold.loc[fold["role"] != "train", "clip_id"]
    if len(held_out) or fold.empty:
        raise ProtocolError(f"everything trains in it, but not: {_some(held_out) or 'anything'}", where=where)


def _check_sides(train: pd.DataFrame, validation: pd.DataFrame, where: str) -> None:
    for side, role in ((train, "training"), (validation, "validation")):
        if side.empty:
            raise ProtocolError(f"the {role} side is empty", where=where)
    both = set(train["subject"]) & set(validation["subject"])
    if both:
        raise ProtocolError(f"subjects are on both sides: {_some(both)}", where=where)


def _check_classes(
    train: pd.DataFrame, validation: pd.DataFrame, labels: dict[str, set[str]], where: str, *, inner: bool
) -> None:
    trained, validated = (set().union(*(labels[each] for each in side["clip_id"])) for side in (train, validation))
    untrained = validated - trained
    if untrained and inner:
        log.warning("%s: no training clip has %s, which fusion weights will not know", where, _some(untrained))
    elif untrained:
        raise ProtocolError(
            f"classes are validated but no training clip has them: {_some(untrained)}",
            where=where,
            hint="Use fewer folds, or leave these classes out.",
        )


def _check_media(train: pd.DataFrame, validation: pd.DataFrame, where: str) -> None:
    shared = set(train["media"].dropna()) & set(validation["media"].dropna())
    for media in sorted(shared):
        train_ids, start, end = _stretch(train[train["media"] == media])
        held_out_ids, held_out_start, held_out_end = _stretch(validation[validation["media"] == media])
        overlap = (start[:, None] < held_out_end) & (held_out_start < end[:, None])
        if overlap.any():
            i, j = np.argwhere(overlap)[0]
            raise ProtocolError(
                f"clips {train_ids[i]!r} (train) and {held_out_ids[j]!r} (validation) overlap in {media}",
                where=where,
                hint="Give people of one recording the same subject, or keep the recording on one side.",
            )


def _stretch(clips: pd.DataFrame) -> tuple[list[str], DoubleArray, DoubleArray]:
    """Names, starts and ends of clips of one file; what is not known reaches to infinity."""
    unknown = pd.Series(np.nan, index=clips.index)
    start = clips.get("start", unknown).astype("float64").fillna(-np.inf).to_numpy()
    end = clips.get("end", unknown).astype("float64").fillna(np.inf).to_numpy()
    return clips["clip_id"].tolist(), np.asarray(start, np.float64), np.asarray(end, np.float64)


def _check_inner(fold: pd.DataFrame, parent: pd.DataFrame, where: str, parent_name: str) -> None:
    if parent.empty:
        raise ProtocolError(f"its parent, fold {parent_name}, does not exist", where=where)
    training = parent.loc[parent["role"] == "train", "clip_id"]
    outside = fold.loc[~fold["clip_id"].isin(training), "clip_id"]
    if len(outside):
        raise ProtocolError(
            f"clips do not belong to the training side of fold {parent_name}: {_some(outside)}", where=where
        )


def _some(names: Iterable[object], most: int = 5) -> str:
    listed = sorted({str(name) for name in names})
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + rest
