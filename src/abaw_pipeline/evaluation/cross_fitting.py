"""Who of a validation side is judged by what was learned of whom."""

from __future__ import annotations

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import label_rows, validated_clips
from abaw_pipeline.evaluation.protocol import deal
from abaw_pipeline.evaluation.recordings import talking_together
from abaw_pipeline.types import Table


def deal_validation(folds: Table, fold: str, clips: Table, labels: Table, parts: int, *, seed: int) -> dict[str, int]:
    """People of a fold's validation side dealt into parts of similar classes: subject -> part, from 0.

    Whoever is in one recording at the same time is in one part. There are no more parts than people.

    Args:
        folds: as `make_folds` returns them.
        fold: one of the protocol's own.
        clips: CLIPS schema.
        labels: columns clip_id, label; several rows a clip where its frames are labelled.
        parts: how many, at least 2.
        seed: of the draw.

    Raises:
        ProtocolError: a single person (or group of people who talk with each other) validates.
    """
    where = f"fold {fold}, parts of its validation side"
    validation = clips[clips["clip_id"].isin(validated_clips(folds, fold))]
    together = talking_together(validation)
    rows = label_rows(validation, labels)
    rows = rows.assign(subject=rows["subject"].map(together))
    people = min(parts, rows["subject"].nunique())
    if people < 2:
        raise ProtocolError(
            "one person validates alone, so that fusions cannot learn of others",
            where=where,
            hint="Let them learn on the training side (cross_validation.inner_folds=2), or take fusions that "
            "learn nothing.",
        )
    dealt = deal(rows, people, seed=seed, where=where)
    # so sparsely annotated that no step of the labels' grid is: nothing is learned of them, in whatever part
    return {subject: dealt.get(group, 0) for subject, group in together.items()}
