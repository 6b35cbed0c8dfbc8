"""Nodes of fusion."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from abaw_pipeline.artifacts import PieceMap
from abaw_pipeline.emotions import ordered
from abaw_pipeline.errors import DataError
from abaw_pipeline.schemas import FUSION_FITS, FUSION_WEIGHTS
from abaw_pipeline.stages import (
    CrossValidation,
    EvaluationStage,
    FusionStage,
    LabelStage,
    SystemsStage,
)
from abaw_pipeline.types import OPTIMISTIC, Table

if TYPE_CHECKING:
    from abaw_pipeline.pipelines.fusion.fitting import Fit

log = logging.getLogger(__name__)


def fit_fusion(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    face_posteriors: PieceMap,
    sound_posteriors: PieceMap,
    fusion: FusionStage,
    systems: SystemsStage,
    labels: LabelStage,
    cross_validation: CrossValidation,
    seed: int,
) -> tuple[Table, Table]:
    """What each method learns, fold by fold: weights, and facts of each fit with its model, if it is one.

    See `fitting.Learning` on whose decisions they learn. None of those that are scored are among them.
    """
    from abaw_pipeline.pipelines.fusion.fitting import Learning

    learning = Learning(
        clips,
        folds,
        labels_5hz,
        (face_posteriors, sound_posteriors),
        fusion,
        systems,
        labels.steps_a_second,
        cross_validation.permute_training_labels,
        seed,
    )
    return _tables([fit for fold, inner in _fitting_folds(folds).items() for fit in learning.of(fold, inner)])


def _tables(fits: list[Fit]) -> tuple[Table, Table]:
    import pandas as pd

    if not fits:
        return FUSION_WEIGHTS.empty(), FUSION_FITS.empty()
    named = [{"method": each.method, "fold": each.fold, "part": each.part} for each in fits]
    weights = [each.weights.assign(**own) for own, each in zip(named, fits, strict=True)]
    facts = pd.DataFrame([{**own, **each.facts} for own, each in zip(named, fits, strict=True)])
    return FUSION_WEIGHTS.validate(pd.concat(weights, ignore_index=True)), FUSION_FITS.validate(facts)


def apply_fusion(
    clips: Table,
    folds: Table,
    frames: PieceMap,
    labels_5hz: Table,
    face_posteriors: PieceMap,
    sound_posteriors: PieceMap,
    weights: Table,
    fits: Table,
    fusion: FusionStage,
    systems: SystemsStage,
) -> Table:
    """Fused posteriors of each fold's validation clips: method, fold, clip_id, frame, time, p_<emotion>."""
    import pandas as pd

    from abaw_pipeline.evaluation.folds import scored_folds, validated_clips
    from abaw_pipeline.evaluation.units import decided_units
    from abaw_pipeline.fusion.align import UNIT, align, fuse, members_of
    from abaw_pipeline.pipelines.fusion.fitting import gather

    classes = ordered(labels_5hz["label"].unique())
    tables = []
    for fold in scored_folds(folds)["fold"].unique():
        scored = gather((face_posteriors, sound_posteriors), fusion, systems, [fold])
        units = decided_units(clips, frames, validated_clips(folds, fold))
        aligned = align(scored, units, classes)
        for fit in fits[fits["fold"] == fold].to_dict("records"):
            name = str(fit["method"])
            own = weights[(weights["fold"] == fold) & (weights["method"] == name)]
            own = own[own["part"].isna() if pd.isna(fit["part"]) else own["part"] == fit["part"]]
            method = fusion.methods[name.removesuffix(OPTIMISTIC)]
            asked = aligned if pd.isna(fit["people"]) else aligned.among(_clips_of(json.loads(fit["people"]), clips))
            fused = fuse(method, own, fit, asked.of(members_of(fit)), classes)
            tables.append(fused.assign(method=name, fold=fold))
    if not tables:
        raise DataError(
            "no system gave posteriors for any fold",
            where="fused_posteriors",
            hint="The failures of the systems and of their posteriors say why.",
        )
    fused = pd.concat(tables, ignore_index=True)
    return fused[["method", "fold", *UNIT, *(f"p_{name}" for name in classes)]]


def _clips_of(people: list[str], clips: Table) -> set[str]:
    return set(clips.loc[clips["subject"].isin(people), "clip_id"])


def write_submission(
    clips: Table, folds: Table, frames: PieceMap, labels_5hz: Table, fused: Table, evaluation: EvaluationStage
) -> dict[str, str]:
    """A challenge file for each validation clip that is decided frame by frame."""
    from abaw_pipeline.evaluation.submission import submission_files

    classes = ordered(labels_5hz["label"].unique())
    # One that has seen the labels of the clips to be decided is never handed in.
    methods = [name for name in dict.fromkeys(fused["method"]) if not name.endswith(OPTIMISTIC)]
    wanted = [name for name in (evaluation.submission, evaluation.headline) if name in methods]
    method = [*wanted, *methods][0]
    chosen = fused[fused["method"] == method]
    submitted = _submitted(clips, folds, frames)
    if submitted:
        log.info("submission: %d files, decided by %s", len(submitted), method)
    return submission_files(chosen, submitted, classes, labels_5hz[~labels_5hz["clip_id"].isin(set(submitted))])


def validate_submission(
    submission: dict[str, Any], clips: Table, folds: Table, frames: PieceMap, labels_5hz: Table
) -> Table:
    """What is wrong with the challenge files as they lie there: file, clip_id, frames, problem (null: nothing)."""
    from abaw_pipeline.evaluation.submission import check_submission

    texts = {name: value() if callable(value) else value for name, value in submission.items()}
    check = check_submission(texts, _submitted(clips, folds, frames), ordered(labels_5hz["label"].unique()))
    for row in check[check["problem"].notna()].itertuples():
        log.warning("submission file %s: %s", row.file, row.problem)
    return check


def _submitted(clips: Table, folds: Table, frames: PieceMap) -> dict[str, Any]:
    """Frames of the validation clips that are decided frame by frame."""
    from abaw_pipeline.evaluation.folds import validated_clips

    validated = validated_clips(folds)
    timed = clips.loc[clips["label"].isna(), "clip_id"]
    return {str(clip_id): frames[clip_id] for clip_id in timed if clip_id in validated and clip_id in frames}


def _fitting_folds(folds: Table) -> dict[str, list[str]]:
    """Each fold with the folds whose held-out posteriors its weights are fitted on."""
    from abaw_pipeline.evaluation.folds import FINAL, scored_folds

    named = folds[["fold", "parent"]].drop_duplicates()
    scored = scored_folds(named)["fold"].tolist()
    found = {str(fold): named.loc[named["parent"] == fold, "fold"].tolist() for fold in scored}
    return found | ({FINAL: scored} if FINAL in set(named["fold"]) else {})
