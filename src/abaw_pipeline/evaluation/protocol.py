"""What every protocol is: a rule that says which clips train and which validate in each fold."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from abaw_pipeline.errors import PipelineError, ProtocolError
from abaw_pipeline.evaluation.splits import split_balanced, split_subjects
from abaw_pipeline.parts import Part
from abaw_pipeline.types import IntArray, Table

Folds = str | int | Sequence[int]


class Protocol(Part):
    """A rule that makes folds.

    Its methods are given labelled clips: columns clip_id, subject, label, and as far as known corpus, session, sex,
    split. A clip with several labels has several rows, see `folds.label_rows`. In each fold everything trains
    that does not validate, except for clips of subjects that validate.

    Attributes:
        left_out: of clips that are neither trained on nor scored in a fold, what they are; empty: there are none.
        skips_unknown_classes: whether frames of classes that no training clip of a fold has are merely not scored;
            else they are an error.
    """

    left_out: ClassVar[str] = ""
    skips_unknown_classes: ClassVar[bool] = False

    def deals_with(self, clips: Table) -> Table:
        """The clips that take part in any fold, and in fold `final`; all, unless a protocol says otherwise."""
        return clips

    @abstractmethod
    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """What each fold holds out, in words; empty text where there is no more to say than that it was drawn.

        Args:
            clips: those that the protocol deals with.

        Raises:
            ProtocolError: the clips make no such folds.
        """

    def n_folds(self, clips: Table) -> int:
        """How many folds the clips make.

        Args:
            clips: those that the protocol deals with.

        Raises:
            ProtocolError: the clips make no such folds.
        """
        return len(self.fold_titles(clips))

    @abstractmethod
    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The fold in which each clip validates.

        Depends on names, labels and the seed, not on the order of rows.

        Args:
            clips: those that the protocol deals with.
            seed: of what is drawn.

        Returns:
            int64 [n_rows], -1 where a clip validates in no fold; the same for all rows of a clip.

        Raises:
            ProtocolError: the clips make no such folds.
        """

    def kinds_of_subjects(self, clips: Table, *, where: str) -> Mapping[str, str] | None:
        """What inner folds, too, deal out evenly: subject -> its kind, see `deal`; None: nothing but classes.

        Args:
            clips: those of a fold's training side.
            where: for messages.
        """
        return None

    def scored(self, train: Table, validation: Table) -> Table:
        """The validation rows of a fold that are scored; all, unless a protocol says otherwise.

        Args:
            train: rows of the fold's training side.
            validation: rows of the fold's validation side.
        """
        return validation


def by_subject(clips: Table, folds: Mapping[str, int]) -> IntArray:
    """The fold of each row's subject, int64 [n_rows]; -1 where it has none."""
    return np.array([folds.get(subject, -1) for subject in clips["subject"]], dtype=np.int64)


def deal(clips: Table, k: int, *, seed: int, where: str, strata: Mapping[str, str] | None = None) -> dict[str, int]:
    """Subjects dealt into k parts with class proportions as equal as whole subjects allow: subject -> part.

    Args:
        clips: labelled clips with columns subject and label.
        k: how many parts.
        seed: of the draw.
        where: what the parts are for, for messages.
        strata: subject -> its kind; numbers of subjects of a kind differ by at most one between parts.

    Raises:
        ProtocolError: fewer subjects than parts.
    """
    labels, subjects = clips["label"].astype(str).tolist(), clips["subject"].tolist()
    try:
        if strata is None:
            parts = split_subjects(labels, subjects, k, seed=seed)
        else:
            parts = split_balanced(labels, subjects, strata, k, seed=seed)
    except PipelineError as error:
        raise ProtocolError(error.what, where=where, hint=error.hint) from error
    return dict(zip(subjects, parts.tolist(), strict=True))


def need_column(clips: Table, column: str, *, where: str, hint: str) -> None:
    """Refuse clips of which one or all lack what a protocol goes by.

    Raises:
        ProtocolError: naming some of the clips.
    """
    unknown = clips["clip_id"] if column not in clips.columns else clips.loc[clips[column].isna(), "clip_id"]
    if len(unknown):
        raise ProtocolError(f"clips have no {column}: {some(unknown)}", where=where, hint=hint)


def in_order(names: Iterable[str]) -> list[str]:
    """Different names in the order in which people count: `2` before `10`."""
    return sorted(set(names), key=_counting)


def some(names: Iterable[object], most: int = 5) -> str:
    """The first few names, and how many there are beyond."""
    listed = in_order(str(name) for name in names)
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + rest


def _counting(name: str) -> tuple[list[str | int], str]:
    pieces = re.split(r"([0-9]+)", name)
    # Text and digits alternate, so that like is compared with like.
    return [int(piece) if place % 2 else piece.casefold() for place, piece in enumerate(pieces)], name
