"""Which clips train and which validate in each fold, in its inner folds, and in fold `final`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.protocol import Folds, Protocol, by_subject, deal, some
from abaw_pipeline.types import IntArray, Table

if TYPE_CHECKING:
    from pandas import Index

log = logging.getLogger(__name__)

COLUMNS = ["fold", "parent", "clip_id", "subject", "role"]

KNOWN = ("clip_id", "subject", "corpus", "session", "sex", "split", "media", "sha256", "start", "end")
"""What protocols may go by, beside labels; and, of the last four, what tells people who are in a recording at once."""

FINAL = "final"
"""The fold that trains on everything the protocol deals with and validates nothing; for use on other media."""


def scored_folds(folds: Table) -> Table:
    """Rows of the protocol's own folds: neither inner ones nor fold `final`.

    Args:
        folds: as `make_folds` returns them.
    """
    return folds[folds["parent"].isna() & (folds["fold"] != FINAL)]


def validated_clips(folds: Table, fold: str | None = None) -> set[str]:
    """Clips that validate in one fold, or in any of the protocol's own folds."""
    rows = scored_folds(folds) if fold is None else folds[folds["fold"] == fold]
    return set(rows.loc[rows["role"] == "validation", "clip_id"])


def parse_folds(folds: Folds, n_folds: int) -> tuple[int, ...]:
    """Numbers of the chosen folds, in ascending order.

    Args:
        folds: `all`, one number, numbers joined by `+` (a comma would split the command line), or a list.
        n_folds: how many the protocol has.

    Raises:
        ProtocolError: not a fold, a fold twice, or none.
    """
    where = f"folds = {folds!r}"
    if isinstance(folds, str):
        if folds.strip() == "all":
            return tuple(range(n_folds))
        parts = [part.strip() for part in folds.split("+")]
        if not all(re.fullmatch(r"[0-9]+", part) for part in parts):
            raise ProtocolError("this names no folds", where=where, hint="Write all, 0, or 0+2.")
        numbers = [int(part) for part in parts]
    else:
        numbers = [folds] if isinstance(folds, int) else list(folds)
    if not numbers:
        raise ProtocolError("no fold is chosen", where=where, hint="Write all, 0, or 0+2.")
    for number in numbers:
        if isinstance(number, bool) or not 0 <= number < n_folds:
            raise ProtocolError(
                f"there is no fold {number} of {n_folds}", where=where, hint=f"Folds are 0 to {n_folds - 1}."
            )
    if len(set(numbers)) < len(numbers):
        raise ProtocolError("a fold is named twice", where=where)
    return tuple(sorted(numbers))


def label_rows(clips: Table, annotations: Table) -> Table:
    """What folds are balanced by: a row for each label that a clip has, at most some twenty of a clip.

    Args:
        clips: columns clip_id, subject; as far as known corpus, session, sex, split.
        annotations: columns clip_id, label; many rows a clip where frames are labelled.

    Returns:
        These columns and label; shares of classes within a clip are kept to a twentieth.
    """
    counts = annotations.groupby(["clip_id", "label"], sort=True).size().rename("n").reset_index()
    total = counts.groupby("clip_id")["n"].transform("sum")
    times = (counts["n"] * total.clip(upper=20) / total).round().clip(lower=1).astype(int)
    repeated = counts.loc[counts.index.repeat(times), ["clip_id", "label"]]
    columns = [name for name in KNOWN if name in clips.columns]
    return clips[columns].merge(repeated, on="clip_id", how="inner").reset_index(drop=True)


def make_folds(
    protocol: Protocol,
    clips: Table,
    *,
    folds: Folds = "all",
    inner_folds: int = 0,
    final: bool = False,
    seed: int = 0,
) -> Table:
    """Roles of the clips in the chosen folds, and in inner folds on each fold's training side.

    A fold and its inner folds are the same whichever other folds are chosen.

    Args:
        protocol: the rule.
        clips: columns clip_id, subject, label (null: not labelled, in no fold), and what the protocol goes by
            (corpus, session, sex, split); a clip with several labels has several rows, see `label_rows`.
        folds: which folds to make, see `parse_folds`.
        inner_folds: how many folds to make of the training subjects of each fold; 0: none.
        final: whether to add fold `final`, in which everything trains.
        seed: of drawn folds.

    Returns:
        Columns fold (`0`, `1`, ...; inner ones `0/0`, `0/1`, ...; `final`), parent (the outer fold; null for an outer
        fold), clip_id, subject, role (`train` or `validation`). A clip that a fold leaves out has no row there.

    Raises:
        ProtocolError: no labelled clips, a clip without a subject, no such fold, or folds that cannot be made.
    """
    if inner_folds < 0 or inner_folds == 1:
        raise ProtocolError("inner folds are 0 (none) or at least 2", where=f"inner_folds = {inner_folds}")
    labelled = protocol_clips(protocol, clips)
    _tell_unused(clips, labelled)
    chosen = parse_folds(folds, protocol.n_folds(labelled))
    validates_in = protocol.validation_folds(labelled, seed=seed)
    tables = []
    for number in chosen:
        train, validation = _sides(protocol, labelled, validates_in, number)
        tables.append(_roles(labelled, str(number), None, train, validation))
        if inner_folds:
            tables += _inner_roles(protocol, labelled.loc[train], str(number), inner_folds, seed)
    if final:
        tables.append(_roles(labelled, FINAL, None, labelled.index, labelled.index[:0]))
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def protocol_clips(protocol: Protocol, clips: Table) -> Table:
    """The labelled clips that a protocol deals with.

    Args:
        protocol: the rule.
        clips: as for `make_folds`.

    Raises:
        ProtocolError: no labelled clips, or a clip without a subject.
    """
    return protocol.deals_with(_labelled(clips)).reset_index(drop=True)


def left_out(protocol: Protocol, clips: Table, folds: Table) -> dict[str, list[str]]:
    """Clips that neither train nor validate in a fold of the protocol although they are labelled: fold -> clip ids.

    Args:
        protocol: the rule.
        clips: as for `make_folds`.
        folds: as it returns them.
    """
    known = dict.fromkeys(protocol_clips(protocol, clips)["clip_id"])
    taken = {str(fold): set(part["clip_id"]) for fold, part in scored_folds(folds).groupby("fold", sort=False)}
    missing = {fold: [name for name in known if name not in there] for fold, there in taken.items()}
    return {fold: names for fold, names in missing.items() if names}


def trained_classes(folds: Table, annotations: Table) -> dict[str, set[str]]:
    """Classes of the training side of each of the protocol's own folds; a system can be asked for no others.

    Args:
        folds: as `make_folds` returns them.
        annotations: columns clip_id, label.
    """
    outer = scored_folds(folds)
    pairs = annotations[["clip_id", "label"]].drop_duplicates()
    trained = outer.loc[outer["role"] == "train", ["fold", "clip_id"]].merge(pairs, on="clip_id")
    return {str(fold): set(labels) for fold, labels in trained.groupby("fold", sort=False)["label"]}


def of_trained_classes(units: Table, folds: Table, trained: Mapping[str, set[str]]) -> Table:
    """Labelled units of clips that validate, of classes that their fold has trained.

    Args:
        units: columns clip_id, label, a row a clip, a frame or a moment.
        folds: as `make_folds` returns them.
        trained: as `trained_classes` gives them.
    """
    outer = scored_folds(folds)
    validation = outer[outer["role"] == "validation"]
    known = {
        clip_id: trained.get(str(fold), set())
        for clip_id, fold in zip(validation["clip_id"], validation["fold"], strict=True)
    }
    pairs = zip(units["clip_id"], units["label"], strict=True)
    chosen = np.array([label in known.get(clip_id, ()) for clip_id, label in pairs], dtype=bool)
    return units[chosen].reset_index(drop=True)


def _tell_unused(clips: Table, dealt: Table) -> None:
    """Say of labelled clips that a protocol does not deal with: none of them would be missed otherwise."""
    unused = clips.loc[clips["label"].notna() & ~clips["clip_id"].isin(dealt["clip_id"].unique()), "clip_id"]
    if len(unused):
        names = set(unused)
        log.info(
            "%d labelled clips are in no fold, as the protocol does not deal with them: %s", len(names), some(names)
        )


def _sides(protocol: Protocol, clips: Table, validates_in: IntArray, number: int) -> tuple[Index, Index]:
    """Rows of a fold's training and of its validation side."""
    validation = clips[validates_in == number]
    people = clips["subject"].isin(set(validation["subject"]))
    train = clips[~people]
    returning = clips.loc[people.to_numpy() & (validates_in != number), "clip_id"].nunique()
    if returning:
        log.warning("fold %d: %d clips of people who validate are left out of training", number, returning)
    return train.index, protocol.scored(train, validation).index


def _inner_roles(protocol: Protocol, training: Table, parent: str, k: int, seed: int) -> list[Table]:
    from abaw_pipeline.evaluation.recordings import talking_together

    if training.empty:
        raise ProtocolError("no clip is left to train on", where=f"fold {parent}")
    where = f"inner folds of fold {parent}"
    # Whoever talks with somebody at the same time shares the recording: whatever the protocol, both are on one side.
    together = talking_together(training)
    groups = training.assign(subject=training["subject"].map(together))
    kinds = _kinds_of_groups(protocol.kinds_of_subjects(training, where=where), together)
    # Drawn with the same seed for each outer fold, so that choosing other folds changes nothing.
    dealt = by_subject(groups, deal(groups, k, seed=seed, where=where, strata=kinds))
    return [
        _roles(training, f"{parent}/{inner}", parent, training.index[dealt != inner], training.index[dealt == inner])
        for inner in range(k)
    ]


def _kinds_of_groups(kinds: Mapping[str, str] | None, together: Mapping[str, str]) -> dict[str, str] | None:
    """Kinds of people who are one group (subject -> group), joined."""
    if kinds is None:
        return None
    members: dict[str, list[str]] = {}
    for subject, group in together.items():
        members.setdefault(group, []).append(kinds[subject])
    return {group: " + ".join(sorted(found)) for group, found in members.items()}


def _roles(clips: Table, fold: str, parent: str | None, train: Index, validation: Index) -> Table:
    import pandas as pd

    taken = clips.loc[clips.index.isin(train.union(validation)), ["clip_id", "subject"]]
    table = taken.assign(
        fold=fold,
        parent=pd.array([parent] * len(taken), dtype="string"),
        role=np.where(taken.index.isin(validation), "validation", "train"),
    )
    return table[COLUMNS].drop_duplicates("clip_id")


def _labelled(clips: Table) -> Table:
    missing = {"clip_id", "subject", "label"} - set(clips.columns)
    if missing:
        raise ProtocolError(f"column {', '.join(sorted(missing))} is missing", where="clips")
    labelled = clips[clips["label"].notna()]
    if labelled.empty:
        raise ProtocolError(
            "no clip and no frame has a label that can be used, so there is nothing to fold",
            where="clips",
            hint="The table of corpora and the failures of frame_labels say what is wrong with labels; without labels, "
            "stop at --to-outputs=face_embeddings,sound_embeddings.",
        )
    nobody = labelled["subject"].isna()
    if nobody.any():
        raise ProtocolError(f"clip {labelled.loc[nobody, 'clip_id'].iloc[0]!r} has no subject", where="clips")
    return labelled.reset_index(drop=True)
