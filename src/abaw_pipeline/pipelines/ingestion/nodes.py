"""Nodes of ingestion."""

from __future__ import annotations

import logging
from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.parameters import Corpora, CrossValidation
from abaw_pipeline.types import File, Table

log = logging.getLogger(__name__)


def list_clips(_demo: dict[str, Any], corpora: Corpora) -> tuple[Table, Table]:
    """All clips that the corpora name, with their media's content hashes, and all rows that were refused."""
    from abaw_pipeline.corpora.listing import list_corpora

    listing, refused, notes = list_corpora(corpora.root)
    for note in notes:
        log.info(note)
    if listing.empty:
        first = refused["message"].iloc[0] if len(refused) else "the corpora name no clips"
        raise CorpusError(f"none of {len(refused)} clips can be used", hint=f"The first: {first}")
    if (listing["subject"] == listing["clip_id"]).any():
        log.warning("subjects are unknown: folds cannot keep people apart; name them in the column 'subject'")
    return listing, refused


def probe_media(listing: Table) -> RecipeMap:
    """What each clip's media file holds, from its headers."""
    from abaw_pipeline.media.facts import read_facts

    return RecipeMap(
        "media",
        {
            clip_id: Recipe(read_facts, {"file": File(path, sha256)})
            for clip_id, path, sha256 in zip(listing["clip_id"], listing["media"], listing["sha256"], strict=True)
        },
    )


def describe_clips(listing: Table, media: PieceMap) -> tuple[Table, Table]:
    """Clips whose media could be read, with times and formats, and their annotations."""
    from abaw_pipeline.corpora.listing import annotate, describe

    clips = describe(listing, {clip_id: media[clip_id] for clip_id in listing["clip_id"] if clip_id in media})
    return clips, annotate(clips)


def assign_folds(clips: Table, cross_validation: CrossValidation, seed: int) -> Table:
    """Which clips train and which validate, fold by fold, checked for leaks."""
    from abaw_pipeline.evaluation.leaks import check_leaks
    from abaw_pipeline.evaluation.protocols import make_folds

    folds = make_folds(
        cross_validation.protocol,
        clips,
        folds=cross_validation.folds,
        inner_folds=cross_validation.inner_folds,
        seed=seed,
    )
    check_leaks(folds, clips)
    return folds
