"""Nodes of ingestion."""

from __future__ import annotations

import logging
from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.pipelines.files import file_hashes
from abaw_pipeline.stages import Corpora, CrossValidation, FusionStage
from abaw_pipeline.types import File, Table

log = logging.getLogger(__name__)


def list_clips(_demo: dict[str, Any], corpora: Corpora, execution: Execution) -> tuple[Table, Table, Table]:
    """Clips that the corpora name, with their media's content hashes; rows that were refused; remarks."""
    from abaw_pipeline.corpora.inspection import common_reasons
    from abaw_pipeline.corpora.listing import list_corpora

    listing, refused, notes = list_corpora(corpora.root, file_hashes(execution))
    for corpus, note in notes.itertuples(index=False, name=None):
        log.info("%s: %s", corpus, note)
    if listing.empty:
        why = common_reasons(refused["message"]) or "the corpora name no clips; their notes above say why"
        raise CorpusError(f"none of {len(refused)} clips can be used", hint=f"The commonest reasons: {why}")
    if (listing["subject"] == listing["clip_id"]).any():
        log.warning("subjects are unknown: folds cannot keep people apart; name them in the column 'subject'")
    return listing, refused, notes


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


def describe_clips(listing: Table, media: PieceMap) -> Table:
    """Clips whose media could be read, with times and formats."""
    from abaw_pipeline.corpora.listing import describe

    return describe(listing, {clip_id: media[clip_id] for clip_id in listing["clip_id"] if clip_id in media})


def list_frames(clips: Table) -> RecipeMap:
    """When each frame of each video is shown."""
    from abaw_pipeline.media.timeline import read_frames

    return RecipeMap(
        "frames",
        {
            clip["clip_id"]: Recipe(
                read_frames,
                {"media": File(clip["media"], clip["sha256"]), "start": clip["start"], "end": clip["end"]},
            )
            for clip in clips[clips["video"]].to_dict("records")
        },
    )


def read_frame_labels(clips: Table, frames: PieceMap, corpora: Corpora) -> RecipeMap:
    """Labels of single frames, from label files, on the frames' own times."""
    from abaw_pipeline.corpora.frame_labels import read_labels, reading

    seen = set(frames.asked)
    recipes = {}
    for clip in clips[clips["label_file"].notna()].to_dict("records"):
        arguments = {
            "labels": File(clip["label_file"], clip["label_sha256"]),
            "media": File(clip["media"], clip["sha256"]),
            "frames": frames.ref(clip["clip_id"]) if clip["clip_id"] in seen else None,
        }
        recipes[clip["clip_id"]] = Recipe(read_labels, arguments | reading(corpora.root[clip["corpus"]]))
    return RecipeMap("frame_labels", recipes)


def collect_annotations(clips: Table, frame_labels: PieceMap, corpora: Corpora) -> Table:
    """All labels, of whole clips and of frames, less those of classes that parameters leave out."""
    from abaw_pipeline.corpora.labels import dropped_classes
    from abaw_pipeline.corpora.listing import annotate

    return annotate(clips, frame_labels, dropped_classes(corpora.root))


def inspect_corpora(
    clips: Table,
    annotations: Table,
    quarantine: Table,
    media: PieceMap,
    frames: PieceMap,
    frame_labels: PieceMap,
    corpora: Corpora,
) -> Table:
    """What each corpus holds and lacks, and what of it could not be used, a row a corpus."""
    import pandas as pd

    from abaw_pipeline.corpora.inspection import inspect
    from abaw_pipeline.corpora.labels import dropped_classes
    from abaw_pipeline.corpora.listing import dropped_frames

    dropped = dropped_frames(clips, frame_labels, dropped_classes(corpora.root))
    failed = pd.concat([each.failures for each in (media, frames, frame_labels)], ignore_index=True)
    return inspect(list(corpora.root), clips, annotations, quarantine, failed, dropped)


def assign_folds(
    clips: Table,
    annotations: Table,
    cross_validation: CrossValidation,
    fusion: FusionStage,
    seed: int,
    _inspected: Table | None = None,
) -> Table:
    """Which clips train and which validate, fold by fold, checked for leaks.

    What corpora hold is told first: where no folds can be made of it, that table says why. Where fusions are to learn
    of other people of the validation side, there must be some.
    """
    from abaw_pipeline.evaluation.cross_fitting import check_others
    from abaw_pipeline.evaluation.folds import label_rows, make_folds
    from abaw_pipeline.evaluation.leaks import check_leaks

    protocol = cross_validation.protocol
    folds = make_folds(
        protocol,
        label_rows(clips, annotations),
        folds=cross_validation.folds,
        inner_folds=cross_validation.inner_folds,
        final=cross_validation.final,
        seed=seed,
    )
    check_leaks(folds, clips, annotations, skips_unknown_classes=protocol.skips_unknown_classes)
    if not cross_validation.inner_folds and fusion.learning:
        check_others(folds, clips, fusion.parts, seed=seed)
    return folds
