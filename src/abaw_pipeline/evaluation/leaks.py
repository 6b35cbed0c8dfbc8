"""Proof that no fold shows its validation side to what it trains."""

from __future__ import annotations

import logging

import pandas as pd

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import FINAL
from abaw_pipeline.evaluation.protocol import some
from abaw_pipeline.evaluation.recordings import check_recordings, takes_by_clip, twins

log = logging.getLogger(__name__)

UNKNOWN_TO_FUSION = "fusion weights will not know"
"""What becomes of a class that an inner fold validates and does not train."""


def check_leaks(
    folds: pd.DataFrame, clips: pd.DataFrame, annotations: pd.DataFrame, *, skips_unknown_classes: bool = False
) -> None:
    """Refuse folds that would let validation data into training.

    Args:
        folds: as `folds.make_folds` returns them.
        clips: columns clip_id, subject; also media, sha256 (of its content), start, end (seconds; null: from the
            beginning, to the end) where it is known which stretch of which file a clip is.
        annotations: columns clip_id, label; several rows a clip where its frames are labelled.
        skips_unknown_classes: whether frames of classes that a fold's training lacks are not scored; see `Protocol`.

    Raises:
        ProtocolError: naming the fold and the clips or subjects: an unknown or unlabelled clip, a clip twice
            or a subject on both sides, stretches of one file or of its copies that overlap across the sides
            (stretches that do not, and what looks like another form of the same take, are warnings), an empty side, a
            class that is validated but never trained (in an inner fold, where few videos may not hold all
            classes, a warning), a fold `final` that holds something back, or an inner fold that holds anything
            but its parent's training clips.
    """
    folds, clips = _plain_texts(folds), _plain_texts(clips)
    known = _known_clips(folds, clips, annotations)
    takes = takes_by_clip(known)
    labels = _labels_by_clip(annotations)
    parts = {str(name): part for name, part in folds.groupby("fold", sort=False)}
    for name, fold in parts.items():
        where = f"fold {name}"
        _check_clips(fold, where)
        if name == FINAL:
            _check_final(fold, where)
            continue
        joined = fold[["clip_id", "role"]].merge(known, on="clip_id", how="left")
        train, validation = joined[joined["role"] == "train"], joined[joined["role"] == "validation"]
        _check_sides(train, validation, where)
        inner = bool(fold["parent"].notna().any())
        skipped = "is not scored" if skips_unknown_classes else ""
        _check_classes(train, validation, labels, where, UNKNOWN_TO_FUSION if inner else skipped)
        if "media" in joined.columns:
            shared = check_recordings(train, validation, where)
            if not inner:
                _warn(shared, twins(train, validation, takes), where)
        for parent in fold["parent"].dropna().unique():
            _check_inner(fold, parts.get(str(parent), folds.iloc[:0]), where, str(parent))


def _known_clips(folds: pd.DataFrame, clips: pd.DataFrame, annotations: pd.DataFrame) -> pd.DataFrame:
    repeated = clips.loc[clips["clip_id"].duplicated(), "clip_id"]
    if len(repeated):
        raise ProtocolError(f"clips are listed twice: {some(repeated)}", where="clips")
    labelled = clips[clips["clip_id"].isin(annotations["clip_id"])]
    strange = folds.loc[~folds["clip_id"].isin(labelled["clip_id"]), "clip_id"]
    if len(strange):
        raise ProtocolError(f"clips are unknown or have no label: {some(strange)}", where="folds")
    named = folds.merge(labelled[["clip_id", "subject"]], on="clip_id", suffixes=("", "_of_clip"))
    differ = named.loc[named["subject"] != named["subject_of_clip"], "clip_id"]
    if len(differ):
        raise ProtocolError(f"folds and clips name different subjects: {some(differ)}", where="folds")
    return labelled


def _plain_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Texts as Python's own, since each is looked at many times and pandas makes them anew each time."""
    texts = [name for name, kind in table.dtypes.items() if isinstance(kind, pd.StringDtype)]
    return table.astype(dict.fromkeys(texts, object))


def _labels_by_clip(annotations: pd.DataFrame) -> dict[str, set[str]]:
    pairs = annotations[["clip_id", "label"]].drop_duplicates()
    labels: dict[str, set[str]] = {}
    for clip_id, label in zip(pairs["clip_id"], pairs["label"], strict=True):
        labels.setdefault(str(clip_id), set()).add(label)
    return labels


def _check_clips(fold: pd.DataFrame, where: str) -> None:
    repeated = fold.loc[fold["clip_id"].duplicated(), "clip_id"]
    if len(repeated):
        raise ProtocolError(f"clips have more than one role: {some(repeated)}", where=where)
    roles = set(fold["role"]) - {"train", "validation"}
    if roles:
        raise ProtocolError(f"roles are train and validation, not {some(roles)}", where=where)


def _check_final(fold: pd.DataFrame, where: str) -> None:
    held_out = fold.loc[fold["role"] != "train", "clip_id"]
    if len(held_out) or fold.empty:
        raise ProtocolError(f"everything trains in it, but not: {some(held_out) or 'anything'}", where=where)


def _check_sides(train: pd.DataFrame, validation: pd.DataFrame, where: str) -> None:
    for side, role in ((train, "training"), (validation, "validation")):
        if side.empty:
            raise ProtocolError(f"the {role} side is empty", where=where)
    both = set(train["subject"]) & set(validation["subject"])
    if both:
        raise ProtocolError(f"subjects are on both sides: {some(both)}", where=where)


def _check_classes(
    train: pd.DataFrame, validation: pd.DataFrame, labels: dict[str, set[str]], where: str, excuse: str
) -> None:
    """Refuse classes that nobody trains, unless there is an excuse: what becomes of such a class."""
    trained, validated = (set().union(*(labels[each] for each in side["clip_id"])) for side in (train, validation))
    untrained = validated - trained
    strangers = [each for each in validation["clip_id"] if labels[each] <= untrained] if untrained else []
    if untrained and (excuse == UNKNOWN_TO_FUSION or (excuse and not strangers)):
        log.warning("%s: no training clip has %s, which %s", where, some(untrained), excuse)
    elif untrained:
        raise ProtocolError(
            f"classes are validated but no training clip has them: {some(untrained)}",
            where=where,
            hint="Use fewer folds, or leave these classes out.",
        )


def _warn(shared: list[str], alike: list[str], where: str) -> None:
    """Say what may be a leak: files of different people may well be called the same and be as long."""
    if shared:
        log.warning("%s: different stretches of the same files train and validate: %s", where, some(shared))
    if alike:
        log.warning(
            "%s: validation clips may be other forms of training clips (same file name and length): %s. "
            "If they are, give both the same subject.",
            where,
            some(alike),
        )


def _check_inner(fold: pd.DataFrame, parent: pd.DataFrame, where: str, parent_name: str) -> None:
    if parent.empty:
        raise ProtocolError(f"its parent, fold {parent_name}, does not exist", where=where)
    training = parent.loc[parent["role"] == "train", "clip_id"]
    outside = fold.loc[~fold["clip_id"].isin(training), "clip_id"]
    if len(outside):
        raise ProtocolError(
            f"clips do not belong to the training side of fold {parent_name}: {some(outside)}", where=where
        )
