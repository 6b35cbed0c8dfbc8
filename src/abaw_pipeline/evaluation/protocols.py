"""Protocols: the rules that say which subjects train and which validate in each fold."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from abaw_pipeline.errors import PipelineError, ProtocolError
from abaw_pipeline.evaluation.splits import split_subjects
from abaw_pipeline.evaluation.subjects import SubjectId, find_subject
from abaw_pipeline.parts import Part
from abaw_pipeline.types import Table

logger = logging.getLogger(__name__)

Folds = str | int | Sequence[int]
COLUMNS = ["fold", "parent", "clip_id", "subject", "role"]


class SubjectLists(Part):
    """Published folds: the subjects that validate in each, all other labelled clips train.

    A subject is written as in the corpus (`2`, `"02"`) or with the corpus (`ravdess/02`). Subjects in no list
    train in every fold; they are named in a warning.
    """

    kind: Literal["subject_lists"] = "subject_lists"
    validation: Annotated[
        tuple[Annotated[tuple[SubjectId, ...], Field(min_length=1)], ...],
        Field(min_length=1, description="Subjects that validate, one list a fold."),
    ]

    @property
    def n_folds(self) -> int:
        """How many folds the lists make."""
        return len(self.validation)

    def validation_folds(self, clips: Table, *, seed: int) -> dict[str, int]:
        """The fold in which each listed subject validates.

        Args:
            clips: labelled clips with column subject.
            seed: not used; lists leave nothing to chance.

        Raises:
            ProtocolError: an unknown or ambiguous subject, or one listed twice.
        """
        known = sorted(set(clips["subject"]))
        folds: dict[str, int] = {}
        for number, listed in enumerate(self.validation):
            for wanted in listed:
                subject = find_subject(wanted, known, where=f"validation list {number}")
                if subject in folds:
                    raise ProtocolError(
                        f"subject {wanted!r} ({subject}) is listed twice",
                        where=f"validation lists {folds[subject]} and {number}",
                        hint="Each subject validates in at most one fold.",
                    )
                folds[subject] = number
        never = [subject for subject in known if subject not in folds]
        if never:
            logger.warning("In no validation list, so in training in every fold: %s", ", ".join(never))
        return folds


class SubjectKFold(Part):
    """Folds drawn by subject, with class proportions as equal as whole subjects allow."""

    kind: Literal["subject_kfold"] = "subject_kfold"
    k: int = Field(default=5, ge=2, description="Number of folds.")

    @property
    def n_folds(self) -> int:
        """How many folds there are."""
        return self.k

    def validation_folds(self, clips: Table, *, seed: int) -> dict[str, int]:
        """The fold in which each subject validates.

        Args:
            clips: labelled clips with columns subject and label.
            seed: of the draw.

        Raises:
            ProtocolError: fewer subjects than folds.
        """
        return _deal(clips, self.k, seed=seed, where=f"subject_kfold with k = {self.k}")


class Official(Part):
    """The split that the corpus' authors made: one fold, whose training and validation sides are theirs.

    Clips that they put into a test part, or into none, are in no fold.
    """

    kind: Literal["official"] = "official"

    @property
    def n_folds(self) -> int:
        """One."""
        return 1

    def validation_folds(self, clips: Table, *, seed: int) -> dict[str, int]:
        """The fold, 0, in which each subject of the validation part validates.

        Args:
            clips: labelled clips with columns subject and split.
            seed: not used; the split leaves nothing to chance.

        Raises:
            ProtocolError: the corpus has no such split, or a subject is in both parts.
        """
        splits = clips["split"] if "split" in clips.columns else None
        if splits is None or not {"train", "validation"} <= set(splits.dropna()):
            raise ProtocolError(
                "the corpus has no official training and validation part",
                where="protocol official",
                hint="Use subject_kfold or subject_lists.",
            )
        sides = {part: set(clips.loc[splits == part, "subject"]) for part in ("train", "validation")}
        both = sorted(sides["train"] & sides["validation"])
        if both:
            raise ProtocolError(f"subject {both[0]} is in training and in validation", where="protocol official")
        return dict.fromkeys(sorted(sides["validation"]), 0)


Protocol: TypeAlias = SubjectLists | SubjectKFold | Official
AnyProtocol = Annotated[Protocol, Field(discriminator="kind")]


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
        clips: columns clip_id, subject, split.
        annotations: columns clip_id, label; many rows a clip where frames are labelled.

    Returns:
        Columns clip_id, subject, split, label; shares of classes within a clip are kept to a twentieth.
    """
    counts = annotations.groupby(["clip_id", "label"], sort=True).size().rename("n").reset_index()
    total = counts.groupby("clip_id")["n"].transform("sum")
    times = (counts["n"] * total.clip(upper=20) / total).round().clip(lower=1).astype(int)
    repeated = counts.loc[counts.index.repeat(times), ["clip_id", "label"]]
    columns = [name for name in ("clip_id", "subject", "split") if name in clips.columns]
    return clips[columns].merge(repeated, on="clip_id", how="inner").reset_index(drop=True)


def make_folds(
    protocol: Protocol,
    clips: Table,
    *,
    folds: Folds = "all",
    inner_folds: int = 0,
    seed: int = 0,
) -> Table:
    """Roles of the clips in the chosen folds, and in inner folds on each fold's training side.

    A fold and its inner folds are the same whichever other folds are chosen.

    Args:
        protocol: the rule.
        clips: columns clip_id, subject, label (null: not labelled, in no fold), for `Official` also split; a clip
            with several labels has several rows, see `label_rows`.
        folds: which folds to make, see `parse_folds`.
        inner_folds: how many folds to make of the training subjects of each fold; 0: none.
        seed: of drawn folds.

    Returns:
        Columns fold (`0`, `1`, ...; inner ones `0/0`, `0/1`, ...), parent (the outer fold; null for an outer
        fold), clip_id, subject, role (`train` or `validation`).

    Raises:
        ProtocolError: no labelled clips, a clip without a subject, or folds that cannot be made.
    """
    chosen = parse_folds(folds, protocol.n_folds)
    if inner_folds < 0 or inner_folds == 1:
        raise ProtocolError("inner folds are 0 (none) or at least 2", where=f"inner_folds = {inner_folds}")
    labelled = protocol_clips(protocol, _labelled(clips))
    validates_in = protocol.validation_folds(labelled, seed=seed)
    rows = []
    for number in chosen:
        held_out = {subject for subject, fold in validates_in.items() if fold == number}
        rows.append(_roles(labelled, str(number), None, held_out))
        if inner_folds:
            rows += _inner_roles(labelled[~labelled["subject"].isin(held_out)], str(number), inner_folds, seed)
    import pandas as pd

    return pd.concat(rows, ignore_index=True)


def protocol_clips(protocol: Protocol, clips: Table) -> Table:
    """The labelled clips that a protocol deals with; the official one leaves out other parts than its two."""
    if isinstance(protocol, Official) and "split" in clips.columns:
        chosen = clips[clips["split"].isin(["train", "validation"])]
        return chosen.reset_index(drop=True) if len(chosen) else clips
    return clips


def _inner_roles(training: Table, parent: str, k: int, seed: int) -> list[Table]:
    if training.empty:
        raise ProtocolError("no clip is left to train on", where=f"fold {parent}")
    # Drawn with the same seed for each outer fold, so that choosing other folds changes nothing.
    dealt = _deal(training, k, seed=seed, where=f"inner folds of fold {parent}")
    return [
        _roles(training, f"{parent}/{inner}", parent, {name for name, part in dealt.items() if part == inner})
        for inner in range(k)
    ]


def _roles(clips: Table, fold: str, parent: str | None, held_out: set[str]) -> Table:
    import pandas as pd

    validates = clips["subject"].isin(held_out)
    table = clips[["clip_id", "subject"]].assign(
        fold=fold,
        parent=pd.array([parent] * len(clips), dtype="string"),
        role=validates.map({True: "validation", False: "train"}),
    )
    return table[COLUMNS].drop_duplicates("clip_id")


def _deal(clips: Table, k: int, *, seed: int, where: str) -> dict[str, int]:
    labels, subjects = clips["label"].astype(str).tolist(), clips["subject"].tolist()
    try:
        parts = split_subjects(labels, subjects, k, seed=seed)
    except PipelineError as error:
        raise ProtocolError(error.what, where=where, hint=error.hint) from error
    return dict(zip(subjects, parts.tolist(), strict=True))


def _labelled(clips: Table) -> Table:
    missing = {"clip_id", "subject", "label"} - set(clips.columns)
    if missing:
        raise ProtocolError(f"column {', '.join(sorted(missing))} is missing", where="clips")
    labelled = clips[clips["label"].notna()]
    if labelled.empty:
        raise ProtocolError("no clip has a label, so there is nothing to fold", where="clips")
    nobody = labelled["subject"].isna()
    if nobody.any():
        raise ProtocolError(f"clip {labelled.loc[nobody, 'clip_id'].iloc[0]!r} has no subject", where="clips")
    return labelled.reset_index(drop=True)
