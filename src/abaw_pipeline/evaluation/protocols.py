"""Protocols: the rules that say which subjects train and which validate in each fold."""

from __future__ import annotations

import logging
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
        return deal(clips, self.k, seed=seed, where=f"subject_kfold with k = {self.k}")


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


def deal(clips: Table, k: int, *, seed: int, where: str) -> dict[str, int]:
    """Subjects dealt into k parts with class proportions as equal as whole subjects allow: subject -> part.

    Args:
        clips: labelled clips with columns subject and label.
        k: how many parts.
        seed: of the draw.
        where: what the parts are for, for messages.

    Raises:
        ProtocolError: fewer subjects than parts.
    """
    labels, subjects = clips["label"].astype(str).tolist(), clips["subject"].tolist()
    try:
        parts = split_subjects(labels, subjects, k, seed=seed)
    except PipelineError as error:
        raise ProtocolError(error.what, where=where, hint=error.hint) from error
    return dict(zip(subjects, parts.tolist(), strict=True))
