"""Who of a validation side is judged by what was learned of whom."""

from __future__ import annotations

import hashlib

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import scored_folds, validated_clips
from abaw_pipeline.evaluation.recordings import talking_together
from abaw_pipeline.types import Table


def deal_validation(folds: Table, fold: str, clips: Table, parts: int, *, seed: int) -> dict[str, int]:
    """People of a fold's validation side dealt into parts: subject -> part, from 0.

    They are dealt by their names alone, so that nobody's labels have a say in whom his part is judged by. Numbers of
    people in two parts differ by at most one, but whoever is in one recording at the same time is in one part and
    counts as one. There are no more parts than people.

    Args:
        folds: as `make_folds` returns them.
        fold: one of the protocol's own.
        clips: CLIPS schema.
        parts: how many, at least 2.
        seed: of the draw.

    Raises:
        ProtocolError: a single person (or group of people who are in one recording at once) validates.
    """
    together = talking_together(clips[clips["clip_id"].isin(validated_clips(folds, fold))])

    def drawn(group: str) -> bytes:
        return hashlib.sha256(f"{seed}/{fold}/{group}".encode()).digest()

    groups = sorted(set(together.values()), key=drawn)
    if len(groups) < 2:
        raise ProtocolError(
            "a single person validates, so that fusions cannot learn of others (people who are in one recording at "
            "the same time count as one)",
            where=f"fold {fold}",
            hint="Let them learn on the training side (cross_validation.inner_folds=2), or take fusions that learn "
            "nothing, such as log_mean.",
        )
    part = {group: number % parts for number, group in enumerate(groups)}
    return {subject: part[group] for subject, group in together.items()}


def check_others(folds: Table, clips: Table, parts: int, *, seed: int) -> None:
    """Refuse folds in which there is nobody else to learn of.

    Raises:
        ProtocolError: see `deal_validation`.
    """
    for fold in scored_folds(folds)["fold"].unique():
        deal_validation(folds, fold, clips, parts, seed=seed)
