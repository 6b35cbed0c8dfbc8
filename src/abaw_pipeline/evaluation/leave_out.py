"""Folds that hold out a recording session or a corpus as a whole."""

from __future__ import annotations

import logging
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.protocol import Protocol, in_order, need_column, some
from abaw_pipeline.parts import NameList, unknown_name
from abaw_pipeline.types import IntArray, Table

logger = logging.getLogger(__name__)

NO_SESSION = (
    "Name it for every clip (a manifest's column 'session'), or take another protocol: few corpora have sessions."
)

Session = tuple[str, str]
"""Corpus and session: two corpora may both have a session 1."""


class LeaveOneSessionOut(Protocol):
    """A fold for each recording session, corpus by corpus (S1's folds of IEMOCAP and RAMAS).

    Subjects who come back in another session would be on both sides: that is refused, or their other clips are
    left out of training while they validate.
    """

    left_out: ClassVar[str] = "from other sessions of people who validate"

    kind: Literal["leave_one_session_out"] = "leave_one_session_out"
    returning_subjects: Literal["refuse", "leave_out"] = Field(
        "refuse", description="who comes in several sessions: refused, or left out of training while validating"
    )

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """The sessions, with their corpus where there are several.

        Raises:
            ProtocolError: a clip has no session, or there is one session alone.
        """
        sessions = _sessions(clips)
        several = len({corpus for corpus, _ in sessions}) > 1
        return tuple(f"session {name} of {corpus}" if several else f"session {name}" for corpus, name in sessions)

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The place of each clip's session among all.

        Raises:
            ProtocolError: a clip has no session, there is one alone, or a subject is in several.
        """
        fold_of = {session: number for number, session in enumerate(_sessions(clips))}
        if self.returning_subjects == "refuse":
            self._check_subjects(clips)
        return np.array([fold_of[session] for session in _session_of_rows(clips)], dtype=np.int64)

    def _check_subjects(self, clips: Table) -> None:
        homes: dict[str, set[Session]] = {}
        for subject, session in zip(clips["subject"], _session_of_rows(clips), strict=True):
            homes.setdefault(subject, set()).add(session)
        back = [subject for subject, sessions in homes.items() if len(sessions) > 1]
        if back:
            raise ProtocolError(
                f"subjects are in more than one session: {some(back)}",
                where=self.kind,
                hint="With returning_subjects: leave_out, their clips of other sessions do not train while they "
                "validate; or use leave_one_subject_out or subject_kfold.",
            )


class LeaveOneCorpusOut(Protocol):
    """A fold for each corpus: it validates, all others train (S1).

    Corpora may have different classes. Training keeps all of its classes. Of the corpus that validates, only
    classes that training has are scored: clips without any are left out of that fold, and frames of others are passed
    over, as warnings and the report say. A class that training has and the validating corpus lacks may be
    predicted, and is then wrong.
    """

    left_out: ClassVar[str] = "with classes alone that no training clip has"
    skips_unknown_classes: ClassVar[bool] = True

    kind: Literal["leave_one_corpus_out"] = "leave_one_corpus_out"
    validation: Literal["all"] | NameList = Field(
        "all", description="corpora that validate, one a fold, in this order; others only train; all: each, by name"
    )

    @field_validator("validation")
    @classmethod
    def _named_once(cls, names: Literal["all"] | tuple[str, ...]) -> Literal["all"] | tuple[str, ...]:
        if not names:
            raise ValueError("no corpus validates")
        if names != "all" and len(set(names)) < len(names):
            raise ValueError("a corpus is named twice")
        return names

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """The corpora that validate.

        Raises:
            ProtocolError: there is one corpus alone, or an unknown one is named.
        """
        return tuple(f"corpus {name}" for name in self._validating(clips))

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The place of each clip's corpus among those that validate.

        Raises:
            ProtocolError: there is one corpus alone, or an unknown one is named.
        """
        fold_of = {name: number for number, name in enumerate(self._validating(clips))}
        return np.array([fold_of.get(name, -1) for name in clips["corpus"]], dtype=np.int64)

    def scored(self, train: Table, validation: Table) -> Table:
        """Rows of clips that have any class that training has.

        Raises:
            ProtocolError: no clip is left.
        """
        known = set(validation.loc[validation["label"].isin(set(train["label"])), "clip_id"])
        rest, strange = (validation[validation["clip_id"].isin(known) == there] for there in (True, False))
        if strange.empty:
            return validation
        what = f"corpus {validation['corpus'].iloc[0]} has clips {self.left_out}: {some(strange['label'])}"
        if rest.empty:
            raise ProtocolError(f"{what}, and no others", where=self.kind, hint="Let it only train: validation: [...].")
        logger.warning("%s; %d clips are not scored", what, strange["clip_id"].nunique())
        return rest

    def _validating(self, clips: Table) -> list[str]:
        need_column(clips, "corpus", where=self.kind, hint="")
        known = in_order(clips["corpus"])
        if len(known) < 2:
            raise ProtocolError(
                f"corpus {known[0]} is the only one with labelled clips", where=self.kind, hint="At least 2 are needed."
            )
        named = known if self.validation == "all" else list(self.validation)
        for name in named:
            if name not in known:
                raise ProtocolError(unknown_name(name, known, "corpus with labelled clips"), where=self.kind)
        return named


def _sessions(clips: Table) -> list[Session]:
    where = "leave_one_session_out"
    need_column(clips, "session", where=where, hint=NO_SESSION)
    found = set(_session_of_rows(clips))
    if len(found) < 2:
        raise ProtocolError(
            f"session {next(iter(found))[1]} is the only one", where=where, hint="At least 2 are needed."
        )
    corpora = in_order(corpus for corpus, _ in found)
    return [(corpus, name) for corpus in corpora for name in in_order(name for one, name in found if one == corpus)]


def _session_of_rows(clips: Table) -> list[Session]:
    corpora = clips["corpus"] if "corpus" in clips.columns else [""] * len(clips)
    return list(zip(corpora, map(str, clips["session"]), strict=True))
