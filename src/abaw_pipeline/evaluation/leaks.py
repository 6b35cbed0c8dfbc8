"""Proof that no fold shows its validation side to what it trains."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import FINAL
from abaw_pipeline.evaluation.numbering import Flags, Names, numbered, places
from abaw_pipeline.evaluation.protocol import some
from abaw_pipeline.evaluation.recordings import Recordings
from abaw_pipeline.types import IntArray

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
    known = KnownClips.of(clips, annotations)
    parts = _parts(folds, known)
    for name, fold in parts.items():
        where = f"fold {name}"
        _check_clips(fold, known, where)
        if name == FINAL:
            _check_final(fold, known, where)
            continue
        train, validation = fold.side("train"), fold.side("validation")
        _check_sides(train, validation, known, where)
        skipped = "is not scored" if skips_unknown_classes else ""
        _check_classes(train, validation, known, where, UNKNOWN_TO_FUSION if fold.parents else skipped)
        if known.recordings is not None:
            shared = known.recordings.check(train, validation, where)
            if not fold.parents:
                _warn(shared, known.recordings.twins(train, validation), where)
        for parent in fold.parents:
            _check_inner(fold, parts.get(parent), known, where, parent)


@dataclass(frozen=True)
class KnownClips:
    """Clips that have a label, with all that is asked of them in each fold as numbers.

    Attributes:
        names: clip_id of each.
        subjects: names of all subjects.
        subject: each clip's place among them, int64 [n_clips].
        classes: names of all classes.
        labels: which of them each clip has, bool [n_clips, n_classes].
        recordings: which files the clips are from; None if that is not known.
    """

    names: Names
    subjects: Names
    subject: IntArray
    classes: Names
    labels: Flags
    recordings: Recordings | None

    @classmethod
    def of(cls, clips: pd.DataFrame, annotations: pd.DataFrame) -> KnownClips:
        """The labelled ones among clips.

        Raises:
            ProtocolError: a clip is listed twice.
        """
        repeated = clips.loc[clips["clip_id"].duplicated(), "clip_id"]
        if len(repeated):
            raise ProtocolError(f"clips are listed twice: {some(repeated)}", where="clips")
        labelled = clips[clips["clip_id"].isin(annotations["clip_id"].unique())].reset_index(drop=True)
        subject, subjects = numbered(labelled["subject"])
        label, classes = numbered(annotations["label"])
        names = np.asarray(labelled["clip_id"], dtype=object)
        clip = places(annotations["clip_id"], names)
        labels = np.zeros((len(labelled), len(classes)), bool)
        labels[clip[clip >= 0], label[clip >= 0]] = True
        recordings = Recordings.of(labelled, subject) if "media" in labelled.columns else None
        return cls(names, subjects, subject, classes, labels, recordings)


@dataclass(frozen=True)
class Part:
    """A fold's rows: places of its clips among those known, and each one's role by number."""

    clips: IntArray
    role: IntArray
    roles: Names
    parents: tuple[str, ...]

    def side(self, role: str) -> IntArray:
        """The clips of a role."""
        taken: IntArray = self.clips[self.roles[self.role] == role]
        return taken


def _parts(folds: pd.DataFrame, known: KnownClips) -> dict[str, Part]:
    """Folds by name, in the order in which they come.

    Raises:
        ProtocolError: a clip that is not known, or under another subject.
    """
    clip = places(folds["clip_id"], known.names)
    strange = folds.loc[clip < 0, "clip_id"]
    if len(strange):
        raise ProtocolError(f"clips are unknown or have no label: {some(strange)}", where="folds")
    subject = places(folds["subject"], known.subjects)
    differ = folds.loc[subject != known.subject[clip], "clip_id"]
    if len(differ):
        raise ProtocolError(f"folds and clips name different subjects: {some(differ)}", where="folds")
    fold, names = numbered(folds["fold"])
    role, roles = numbered(folds["role"])
    parent, parents = numbered(folds["parent"])
    rows = np.split(np.argsort(fold, kind="stable"), np.cumsum(np.bincount(fold, minlength=len(names))))[:-1]
    above = [tuple(map(str, parents[sorted(set(parent[at].tolist()) - {-1})])) for at in rows]
    return {str(name): Part(clip[at], role[at], roles, of) for name, at, of in zip(names, rows, above, strict=True)}


def _check_clips(fold: Part, known: KnownClips, where: str) -> None:
    times = np.bincount(fold.clips)
    if times.max(initial=0) > 1:
        raise ProtocolError(
            f"clips have more than one role: {some(known.names[np.flatnonzero(times > 1)])}", where=where
        )
    roles = set(fold.roles[np.unique(fold.role)]) - {"train", "validation"}
    if roles:
        raise ProtocolError(f"roles are train and validation, not {some(roles)}", where=where)


def _check_final(fold: Part, known: KnownClips, where: str) -> None:
    held_out = known.names[fold.side("validation")]
    if len(held_out):
        raise ProtocolError(f"everything trains in it, but not: {some(held_out)}", where=where)


def _check_sides(train: IntArray, validation: IntArray, known: KnownClips, where: str) -> None:
    for side, role in ((train, "training"), (validation, "validation")):
        if not len(side):
            raise ProtocolError(f"the {role} side is empty", where=where)
    both = np.intersect1d(known.subject[train], known.subject[validation])
    if len(both):
        raise ProtocolError(f"subjects are on both sides: {some(known.subjects[both])}", where=where)


def _check_classes(train: IntArray, validation: IntArray, known: KnownClips, where: str, excuse: str) -> None:
    """Refuse classes that nobody trains, unless there is an excuse: what becomes of such a class."""
    trained, held_out = known.labels[train].any(axis=0), known.labels[validation]
    untrained = known.classes[held_out.any(axis=0) & ~trained]
    strangers = ~held_out[:, trained].any(axis=1)
    if len(untrained) and (excuse == UNKNOWN_TO_FUSION or (excuse and not strangers.any())):
        log.warning("%s: no training clip has %s, which %s", where, some(untrained), excuse)
    elif len(untrained):
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


def _check_inner(fold: Part, parent: Part | None, known: KnownClips, where: str, parent_name: str) -> None:
    if parent is None:
        raise ProtocolError(f"its parent, fold {parent_name}, does not exist", where=where)
    trains = np.zeros(len(known.names), bool)
    trains[parent.side("train")] = True
    outside = known.names[fold.clips[~trains[fold.clips]]]
    if len(outside):
        raise ProtocolError(
            f"clips do not belong to the training side of fold {parent_name}: {some(outside)}", where=where
        )
