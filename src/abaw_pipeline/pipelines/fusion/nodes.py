"""Nodes of fusion."""

from __future__ import annotations

import logging

from abaw_pipeline.artifacts import PieceMap
from abaw_pipeline.emotions import ordered
from abaw_pipeline.errors import DataError
from abaw_pipeline.parameters import CrossValidation, FusionStage, SystemsStage
from abaw_pipeline.schemas import FUSION_WEIGHTS
from abaw_pipeline.types import Table

log = logging.getLogger(__name__)

OPTIMISTIC = "_optimistic"
"""Ends the name of a fusion whose weights have seen the labels that it is scored on."""


def fit_fusion(
    clips: Table,
    folds: Table,
    posteriors: PieceMap,
    fusion: FusionStage,
    systems: SystemsStage,
    cross_validation: CrossValidation,
    seed: int,
) -> Table:
    """Weights of each method, fold by fold.

    They are fitted on the fold's training side alone: its subjects are dealt into inner folds, and each inner
    fold's posteriors come from systems that were trained without it.
    """
    import pandas as pd

    from abaw_pipeline.evaluation.training_labels import training_labels
    from abaw_pipeline.fusion.align import align, fit_weights

    classes = ordered(set(clips["label"].dropna()))
    labels = training_labels(clips, folds, permute=cross_validation.permute_training_labels, seed=seed)
    truth = dict(zip(clips["clip_id"], clips["label"], strict=True))
    subjects = dict(zip(clips["clip_id"], clips["subject"], strict=True))
    tables = []
    for fold, inner in _outer_folds(folds).items():
        held_out = _gather(posteriors, fusion, systems, inner)
        scored = _gather(posteriors, fusion, systems, [fold])
        common = [name for name in held_out if name in scored]
        if not common:
            log.warning("fold %s: no system has posteriors, nothing is fused", fold)
            continue
        aligned = align({name: held_out[name] for name in common}, classes)
        for name, method in fusion.methods.items():
            table = fit_weights(method, aligned, labels[fold], subjects, classes, seed=seed)
            tables.append(table.assign(method=name, fold=fold))
        for name in fusion.optimistic:
            seen = align({member: scored[member] for member in common}, classes)
            table = fit_weights(fusion.methods[name], seen, truth, subjects, classes, seed=seed)
            tables.append(table.assign(method=name + OPTIMISTIC, fold=fold))
    return pd.concat(tables, ignore_index=True) if tables else FUSION_WEIGHTS.empty()


def apply_fusion(
    clips: Table,
    folds: Table,
    posteriors: PieceMap,
    weights: Table,
    fusion: FusionStage,
    systems: SystemsStage,
) -> Table:
    """Fused posteriors of each fold's validation clips: method, fold, clip_id, p_<emotion>."""
    import pandas as pd

    from abaw_pipeline.fusion.align import align, fuse

    classes = ordered(set(clips["label"].dropna()))
    tables = []
    for fold in _outer_folds(folds):
        scored = _gather(posteriors, fusion, systems, [fold])
        for name, table in weights[weights["fold"] == fold].groupby("method", sort=False):
            members = [each for each in scored if each in set(table["system"].dropna())]
            aligned = align({each: scored[each] for each in members}, classes)
            method = fusion.methods[str(name).removesuffix(OPTIMISTIC)]
            tables.append(fuse(method, table, aligned, classes).assign(method=name, fold=fold))
    if not tables:
        raise DataError(
            "no system gave posteriors for any fold",
            where="fused_posteriors",
            hint="The failures of sound_systems and sound_posteriors say why.",
        )
    fused = pd.concat(tables, ignore_index=True)
    return fused[["method", "fold", "clip_id", *(f"p_{name}" for name in classes)]]


def _outer_folds(folds: Table) -> dict[str, list[str]]:
    """Each fold of the protocol with its inner folds."""
    named = folds[["fold", "parent"]].drop_duplicates()
    return {
        str(fold): [str(inner) for inner in named.loc[named["parent"] == fold, "fold"]]
        for fold in named.loc[named["parent"].isna(), "fold"]
    }


def _gather(posteriors: PieceMap, fusion: FusionStage, systems: SystemsStage, folds: list[str]) -> dict[str, Table]:
    """Posteriors of each member over the given folds; a member that lacks one of them is left out."""
    import pandas as pd

    gathered = {}
    for name in fusion.chosen(systems.chosen):
        if all((name, fold) in posteriors for fold in folds):
            tables = [posteriors[name, fold].to_pandas() for fold in folds]
            gathered[name] = pd.concat(tables, ignore_index=True)
        else:
            log.warning("%s is not fused in fold %s: its posteriors failed", name, folds[0])
    return gathered
