"""Nodes of fusion."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from abaw_pipeline.fusion.align import Aligned
    from abaw_pipeline.fusion.contract import FusionMethod

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

    Methods are fitted on the fold's training side alone: its subjects are dealt into inner folds, and each inner
    fold's posteriors come from systems that were trained without it. In fold `final`, which validates nothing,
    they are fitted on what the protocol's folds have validated, and had trained the class of.
    """
    from abaw_pipeline.evaluation.folds import FINAL, of_trained_classes, trained_classes, validated_clips
    from abaw_pipeline.evaluation.training_labels import label_runs, training_labels
    from abaw_pipeline.evaluation.units import training_units
    from abaw_pipeline.fusion.align import align

    classes = ordered(labels_5hz["label"].unique())
    true = label_runs(labels_5hz)
    trained = training_labels(true, folds, permute=cross_validation.permute_training_labels, seed=seed)
    taught = trained_classes(folds, labels_5hz)
    whole = set(clips.loc[clips["label"].notna(), "clip_id"])
    subjects = dict(zip(clips["clip_id"], clips["subject"], strict=True))
    maps = (face_posteriors, sound_posteriors)
    methods = _made(fusion, systems)
    fits: list[_Fit] = []
    for fold, inner in _fitting_folds(folds).items():
        held_out = _gather(maps, fusion, systems, inner)
        scored = held_out if fold == FINAL else _gather(maps, fusion, systems, [fold])
        common = [name for name in held_out if name in scored]
        if not common:
            log.warning("fold %s: no system has posteriors, nothing is fused", fold)
            continue
        members = {name: fusion.fused_by(name, common) for name in methods}
        known = validated_clips(folds) if fold == FINAL else set(trained[fold])
        units = training_units(trained[fold], known, labels.steps_a_second, whole)
        if fold == FINAL:
            units = of_trained_classes(units, folds, taught)
        aligned = align({name: held_out[name] for name in common}, units, classes)
        fits.extend(_fit_each(methods, members, aligned, subjects, classes, fold, seed))
        if fold != FINAL and fusion.optimistic:
            units = training_units(true, validated_clips(folds, fold), labels.steps_a_second, whole)
            units = of_trained_classes(units, folds, taught)
            seen = align({name: scored[name] for name in common}, units, classes)
            optimistic = {name: methods[name] for name in fusion.optimistic if name in methods}
            fits.extend(_fit_each(optimistic, members, seen, subjects, classes, fold, seed, ends=OPTIMISTIC))
    return _tables(fits)


def _made(fusion: FusionStage, systems: SystemsStage) -> dict[str, FusionMethod]:
    """The methods whose members run; the others are told."""
    made: dict[str, FusionMethod] = {**fusion.made(systems.chosen)}
    for name in fusion.methods:
        if name not in made:
            log.warning("fusion %s is left out: not all systems that it names run", name)
    return made


class _Fit(NamedTuple):
    """What a method has learned in a fold."""

    method: str
    fold: str
    weights: Table
    facts: dict[str, Any]


def _fit_each(
    methods: Mapping[str, FusionMethod],
    members: Mapping[str, list[str]],
    aligned: Aligned,
    subjects: Mapping[str, str],
    classes: tuple[str, ...],
    fold: str,
    seed: int,
    ends: str = "",
) -> Iterator[_Fit]:
    """What each method learns; in fold `final`, of those for which enough has been validated.

    Raises:
        DataError: of another fold, naming it and the method.
    """
    from abaw_pipeline.evaluation.folds import FINAL
    from abaw_pipeline.fusion.align import fit_method

    for name, method in methods.items():
        if not members[name]:
            log.warning("fold %s: none of what fusion %s fuses has posteriors", fold, name)
            continue
        known = aligned.of(members[name])
        if known.units.empty:
            log.warning("fold %s: nothing that fusion %s fuses says anything of a labelled moment", fold, name)
            continue
        try:
            weights, facts = fit_method(method, known, subjects, classes, seed=seed)
        except DataError as error:
            if fold != FINAL:
                where = f"fold {fold}, fusion {name}" + (f", {error.where}" if error.where else "")
                raise DataError(error.what, where=where, hint=error.hint) from error
            # one fold of many may validate a single person, or not all classes; its results do not hang on this
            log.warning("fold %s: no fusion %s, as too little has been validated: %s", fold, name, error)
            continue
        yield _Fit(name + ends, fold, weights, facts)


def _tables(fits: list[_Fit]) -> tuple[Table, Table]:
    import pandas as pd

    if not fits:
        return FUSION_WEIGHTS.empty(), FUSION_FITS.empty()
    weights = [each.weights.assign(method=each.method, fold=each.fold) for each in fits]
    facts = [{"method": each.method, "fold": each.fold, **each.facts} for each in fits]
    return pd.concat(weights, ignore_index=True), pd.DataFrame(facts)


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

    classes = ordered(labels_5hz["label"].unique())
    tables = []
    for fold in scored_folds(folds)["fold"].unique():
        scored = _gather((face_posteriors, sound_posteriors), fusion, systems, [fold])
        units = decided_units(clips, frames, validated_clips(folds, fold))
        aligned = align(scored, units, classes)
        for fit in fits[fits["fold"] == fold].to_dict("records"):
            name = str(fit["method"])
            own = weights[(weights["fold"] == fold) & (weights["method"] == name)]
            method = fusion.methods[name.removesuffix(OPTIMISTIC)]
            fused = fuse(method, own, fit, aligned.of(members_of(fit)), classes)
            tables.append(fused.assign(method=name, fold=fold))
    if not tables:
        raise DataError(
            "no system gave posteriors for any fold",
            where="fused_posteriors",
            hint="The failures of the systems and of their posteriors say why.",
        )
    fused = pd.concat(tables, ignore_index=True)
    return fused[["method", "fold", *UNIT, *(f"p_{name}" for name in classes)]]


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


def _gather(
    maps: tuple[PieceMap, ...], fusion: FusionStage, systems: SystemsStage, folds: list[str]
) -> dict[str, Table]:
    """Posteriors of each member over the given folds; a member that lacks one of them is left out."""
    import pandas as pd

    gathered = {}
    for name in fusion.chosen(systems.chosen):
        posteriors = next((each for each in maps if all((name, fold) in each for fold in folds)), None)
        if posteriors is None:
            log.warning("%s is not fused in fold %s: its posteriors failed", name, folds[0])
            continue
        tables = [posteriors[name, fold].to_pandas() for fold in folds]
        gathered[name] = pd.concat(tables, ignore_index=True)
    return gathered
