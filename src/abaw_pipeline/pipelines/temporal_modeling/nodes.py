"""Nodes of temporal modeling."""

from __future__ import annotations

from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap, Ref
from abaw_pipeline.emotions import ordered
from abaw_pipeline.parameters import VOCALS, CrossValidation, FusionStage, SystemsStage
from abaw_pipeline.systems import SoundSystem
from abaw_pipeline.types import Table


def fit_sound_systems(
    clips: Table,
    folds: Table,
    vocals: PieceMap,
    embeddings: PieceMap,
    stage: SystemsStage,
    fusion: FusionStage,
    cross_validation: CrossValidation,
    seed: int,
) -> RecipeMap:
    """Each system, trained on the training side of each fold; systems to be fused on the inner folds too."""
    from abaw_pipeline.evaluation.training_labels import training_labels
    from abaw_pipeline.systems.recipes import fit_system

    recipes = {}
    labels = training_labels(clips, folds, permute=cross_validation.permute_training_labels, seed=seed)
    for fold, members in _sides(folds, "train"):
        for name, system in _needed(fold, stage, fusion).items():
            usable = _usable(clips, members, tuple(system.inputs), vocals, embeddings)
            recipes[name, fold] = Recipe(
                fit_system,
                {
                    "system": system,
                    **_examples(clips, usable, tuple(system.inputs), vocals, embeddings),
                    "labels": [labels[fold][clip_id] for clip_id in usable["clip_id"]],
                    "seed": seed,
                },
            )
    return RecipeMap("sound_systems", recipes)


def predict_sound(
    clips: Table,
    folds: Table,
    vocals: PieceMap,
    embeddings: PieceMap,
    systems: PieceMap,
    stage: SystemsStage,
    fusion: FusionStage,
) -> RecipeMap:
    """Posteriors over time of each fold's validation clips, by each system trained on that fold."""
    from abaw_pipeline.systems.recipes import predict_system

    recipes = {}
    for fold, members in _sides(folds, "validation"):
        for name, system in _needed(fold, stage, fusion).items():
            usable = _usable(clips, members, tuple(system.inputs), vocals, embeddings)
            recipes[name, fold] = Recipe(
                predict_system,
                {
                    "system": system,
                    "fitted": systems.ref((name, fold)),
                    **_examples(clips, usable, tuple(system.inputs), vocals, embeddings),
                },
            )
    return RecipeMap("sound_posteriors", recipes)


def _needed(fold: str, stage: SystemsStage, fusion: FusionStage) -> dict[str, SoundSystem]:
    """Systems of a fold; an inner one is there to fit fusion on, and needs no others than are fused."""
    names = fusion.chosen(stage.chosen) if "/" in fold else stage.chosen
    return {name: stage.chosen[name] for name in names}


def _sides(folds: Table, role: str) -> list[tuple[str, set[str]]]:
    chosen = folds[folds["role"] == role]
    return [(str(fold), set(part["clip_id"])) for fold, part in chosen.groupby("fold", sort=False)]


def _usable(clips: Table, members: set[str], inputs: tuple[str, ...], vocals: PieceMap, embeddings: PieceMap) -> Table:
    """Clips of a fold's side for which every input is there; what is not there is told by its own failure."""
    there = {
        clip_id
        for clip_id in members
        if all(_key(name, clip_id) in _source(name, vocals, embeddings) for name in inputs)
    }
    return clips[clips["clip_id"].isin(there)]


def _examples(
    clips: Table, usable: Table, inputs: tuple[str, ...], vocals: PieceMap, embeddings: PieceMap
) -> dict[str, Any]:
    """Arguments that describe clips to a system's recipe."""
    refs: dict[str, list[Ref]] = {
        name: [_source(name, vocals, embeddings).ref(_key(name, clip_id)) for clip_id in usable["clip_id"]]
        for name in inputs
    }
    return {
        "clip_ids": usable["clip_id"].tolist(),
        "subjects": usable["subject"].tolist(),
        "durations": usable["duration"].tolist(),
        "classes": list(ordered(set(clips["label"].dropna()))),
        "inputs": refs,
    }


def _source(name: str, vocals: PieceMap, embeddings: PieceMap) -> PieceMap:
    return vocals if name == VOCALS else embeddings


def _key(name: str, clip_id: str) -> str | tuple[str, str]:
    return clip_id if name == VOCALS else (name, clip_id)
