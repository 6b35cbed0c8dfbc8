"""Folds of subjects: as they were published, drawn, or one a subject."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.protocol import Protocol, by_subject, deal, in_order, some
from abaw_pipeline.evaluation.subjects import SubjectId, find_subject
from abaw_pipeline.parts import split_names
from abaw_pipeline.types import IntArray, Table

logger = logging.getLogger(__name__)

Balanced = Literal["sex", "corpus"]


class SubjectLists(Protocol):
    """Published folds: the subjects that validate in each, all other labelled clips train.

    A subject is written as in the corpus (`2`, `"02"`) or with the corpus (`ravdess/02`). Subjects in no list
    train in every fold; they are named in a warning.
    """

    kind: Literal["subject_lists"] = "subject_lists"
    validation: Annotated[
        tuple[Annotated[tuple[SubjectId, ...], Field(min_length=1)], ...],
        Field(min_length=1, description="Subjects that validate, one list a fold."),
    ]

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """The subjects of each list."""
        return tuple(f"subject{'s' * (len(listed) > 1)} {some(listed, most=8)}" for listed in self.validation)

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The fold in which each clip's subject is listed.

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
        return by_subject(clips, folds)


class SubjectKFold(Protocol):
    """Folds drawn by subject, with class proportions as equal as whole subjects allow.

    Balanced folds (S3's nine sets of CREMA-D: sexes) come first: between any two of them the numbers of
    subjects of a sex, of a corpus, or of each combination of both, differ by at most one, and so do their sums.
    Inner folds are balanced in the same way.
    """

    kind: Literal["subject_kfold"] = "subject_kfold"
    k: int = Field(default=5, ge=2, description="Number of folds.")
    balance: Annotated[tuple[Balanced, ...], BeforeValidator(split_names)] = Field(
        (), description="What is dealt out evenly between folds: sex, corpus."
    )

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """Nothing to say: they are drawn."""
        return ("",) * self.k

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The fold that each clip's subject is dealt into.

        Raises:
            ProtocolError: fewer subjects than folds, or a subject of unknown sex where sexes are balanced.
        """
        where = f"subject_kfold with k = {self.k}"
        kinds = self.kinds_of_subjects(clips, where=where)
        return by_subject(clips, deal(clips, self.k, seed=seed, where=where, strata=kinds))

    def kinds_of_subjects(self, clips: Table, *, where: str) -> Mapping[str, str] | None:
        """Each subject's values of what is balanced.

        Raises:
            ProtocolError: such a value is not known of a subject.
        """
        return subject_strata(clips, self.balance, where=where) if self.balance else None


class LeaveOneSubjectOut(Protocol):
    """A fold for each subject, in the order of their names (S1's four folds of SAVEE)."""

    kind: Literal["leave_one_subject_out"] = "leave_one_subject_out"

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """The subjects.

        Raises:
            ProtocolError: there is one subject alone.
        """
        subjects = in_order(clips["subject"])
        if len(subjects) < 2:
            raise ProtocolError(
                f"subject {subjects[0]} is the only one", where="leave_one_subject_out", hint="At least 2 are needed."
            )
        return tuple(f"subject {name}" for name in subjects)

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The place of each clip's subject among all."""
        return by_subject(clips, {name: number for number, name in enumerate(in_order(clips["subject"]))})


def subject_strata(clips: Table, columns: tuple[Balanced, ...], *, where: str) -> dict[str, str]:
    """What kind of subject each one is: subject -> its values in the columns, joined.

    Args:
        clips: column subject and those named.
        columns: what counts.
        where: for messages.

    Raises:
        ProtocolError: a subject's value is unknown, or not the same in all of its clips.
    """
    strata: dict[str, str] = dict.fromkeys(clips["subject"], "")
    for column in columns:
        known: dict[str, set[str]] = {subject: set() for subject in strata}
        if column in clips.columns:
            pairs = clips[["subject", column]].dropna().drop_duplicates()
            for subject, value in zip(pairs["subject"], pairs[column], strict=True):
                known[subject].add(value)
        for wrong, what in (
            ([name for name, values in known.items() if not values], f"the {column} is not known of subjects"),
            ([name for name, values in known.items() if len(values) > 1], f"more than one {column} is given of"),
        ):
            if wrong:
                hint = f"Say it of every subject (a manifest's column {column!r}), or leave it out of balance."
                raise ProtocolError(f"{what} {some(wrong)}", where=where, hint=hint)
        strata = {subject: f"{text}/{next(iter(known[subject]))}" for subject, text in strata.items()}
    return strata
