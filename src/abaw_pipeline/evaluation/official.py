"""Folds from the split that a corpus' authors made.

Clips that they put into a test part, or into none, are in no fold.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.protocol import Protocol, by_subject, deal
from abaw_pipeline.types import IntArray, Table

PARTS = ("train", "validation")
TITLE = "official validation part"


class Official(Protocol):
    """The official split: one fold, whose training and validation sides are the authors'."""

    kind: Literal["official"] = "official"

    def deals_with(self, clips: Table) -> Table:
        """Clips of the training and of the validation part."""
        return official_clips(clips)

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """The one."""
        return (TITLE,)

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """0 for clips of the validation part.

        Raises:
            ProtocolError: the corpus has no such split, or a subject is in both parts.
        """
        check_parts(clips, where="protocol official")
        return np.where(clips["split"].isin(["validation"]), 0, -1).astype(np.int64)


class TrainFoldsAndOfficial(Protocol):
    """Folds drawn by subject within the training part, and the validation part as one more (S4: four and one).

    The last fold is the official one: all of the training part trains, the validation part validates. In each
    other fold a share of the training part validates; the rest of it trains, and so does the validation part.
    """

    kind: Literal["train_folds_and_official"] = "train_folds_and_official"
    k: int = Field(default=4, ge=2, description="Number of folds drawn within the training part.")

    def deals_with(self, clips: Table) -> Table:
        """Clips of the training and of the validation part."""
        return official_clips(clips)

    def fold_titles(self, clips: Table) -> tuple[str, ...]:
        """Where each fold's validation side is from."""
        return (*(f"drawn from the training part, {number + 1} of {self.k}" for number in range(self.k)), TITLE)

    def validation_folds(self, clips: Table, *, seed: int) -> IntArray:
        """The fold that a subject of the training part is dealt into; k for the validation part.

        Raises:
            ProtocolError: the corpus has no such split, a subject is in both parts, or the training part has
                fewer subjects than folds.
        """
        where = f"train_folds_and_official with k = {self.k}"
        check_parts(clips, where=where)
        drawn = deal(clips[clips["split"].isin(["train"])], self.k, seed=seed, where=f"{where}, training part")
        held_out = dict.fromkeys(clips.loc[clips["split"].isin(["validation"]), "subject"], self.k)
        return by_subject(clips, drawn | held_out)


def official_clips(clips: Table) -> Table:
    """Clips of the two parts; all, where none is of either, so that a check can say what is wrong."""
    chosen = clips[clips["split"].isin(PARTS)] if "split" in clips.columns else clips.iloc[:0]
    return chosen.reset_index(drop=True) if len(chosen) else clips


def check_parts(clips: Table, *, where: str) -> None:
    """Refuse clips without an official split, or one that does not keep subjects apart.

    Raises:
        ProtocolError: a part is missing, or a subject is in both.
    """
    splits = clips["split"] if "split" in clips.columns else None
    if splits is None or not set(PARTS) <= set(splits.dropna()):
        raise ProtocolError(
            "the corpus has no official training and validation part",
            where=where,
            hint="Use subject_kfold or subject_lists.",
        )
    train, validation = (set(clips.loc[splits.isin([part]), "subject"]) for part in PARTS)
    both = sorted(train & validation)
    if both:
        raise ProtocolError(f"subject {both[0]} is in training and in validation", where=where)
