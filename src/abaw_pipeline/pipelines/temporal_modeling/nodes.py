"""Nodes of temporal modeling."""

from __future__ import annotations

from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap, Ref
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.emotions import ordered
from abaw_pipeline.parameters import VOCALS, CrossValidation, FusionStage, SystemsStage
from abaw_pipeline.systems import AnySystem
from abaw_pipeline.types import Table

ON_THE_CPU = Execution()

Sources = dict[str, PieceMap]
"""Where inputs come from: `vocals` by clip, everything else (empty name) by feature set and clip."""


def fit_face_systems(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    face_embeddings: PieceMap,
    systems: SystemsStage,
    fusion: FusionStage,
    cross_validation: CrossValidation,
    seed: int,
    execution: Execution = ON_THE_CPU,
) -> RecipeMap:
    """Each system that sees, trained on the training side of each fold; those to be fused on inner folds too."""
    sources = {"": face_embeddings}
    chosen = systems.of("face")
    recipes = _fits(clips, folds, labels_5hz, sources, chosen, systems, fusion, cross_validation, seed, execution)
    return RecipeMap("face_systems", recipes)


def fit_sound_systems(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    vocals: PieceMap,
    sound_embeddings: PieceMap,
    systems: SystemsStage,
    fusion: FusionStage,
    cross_validation: CrossValidation,
    seed: int,
    execution: Execution = ON_THE_CPU,
) -> RecipeMap:
    """Each system that hears, trained on the training side of each fold; those to be fused on inner folds too."""
    sources = {"": sound_embeddings, VOCALS: vocals}
    chosen = systems.of("sound")
    recipes = _fits(clips, folds, labels_5hz, sources, chosen, systems, fusion, cross_validation, seed, execution)
    return RecipeMap("sound_systems", recipes)


def predict_faces(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    face_embeddings: PieceMap,
    fitted: PieceMap,
    systems: SystemsStage,
    fusion: FusionStage,
    execution: Execution = ON_THE_CPU,
) -> RecipeMap:
    """Posteriors over time of each fold's validation clips, by each system that sees."""
    sources = {"": face_embeddings}
    recipes = _predictions(clips, folds, labels_5hz, sources, fitted, systems.of("face"), systems, fusion, execution)
    return RecipeMap("face_posteriors", recipes)


def predict_sound(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    vocals: PieceMap,
    sound_embeddings: PieceMap,
    fitted: PieceMap,
    systems: SystemsStage,
    fusion: FusionStage,
    execution: Execution = ON_THE_CPU,
) -> RecipeMap:
    """Posteriors over time of each fold's validation clips, by each system that hears."""
    sources = {"": sound_embeddings, VOCALS: vocals}
    recipes = _predictions(clips, folds, labels_5hz, sources, fitted, systems.of("sound"), systems, fusion, execution)
    return RecipeMap("sound_posteriors", recipes)


def _fits(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    sources: Sources,
    chosen: dict[str, AnySystem],
    systems: SystemsStage,
    fusion: FusionStage,
    cross_validation: CrossValidation,
    seed: int,
    execution: Execution,
) -> dict[tuple[str, str], Recipe]:
    from abaw_pipeline.evaluation.training_labels import label_runs, training_labels
    from abaw_pipeline.systems.recipes import fit_system

    runs = label_runs(labels_5hz)
    labels = training_labels(runs, folds, permute=cross_validation.permute_training_labels, seed=seed)
    recipes = {}
    for fold, members in _sides(folds, "train"):
        for name, system in _needed(fold, chosen, systems, fusion).items():
            usable = _usable(clips, members, system, sources)
            recipes[name, fold] = Recipe(
                fit_system,
                {
                    "system": system,
                    **_examples(usable, labels_5hz, system, sources),
                    "labels": [labels[fold][clip_id] for clip_id in usable["clip_id"]],
                    "seed": seed,
                },
                execution={"device": execution.place},
            )
    return recipes


def _predictions(
    clips: Table,
    folds: Table,
    labels_5hz: Table,
    sources: Sources,
    fitted: PieceMap,
    chosen: dict[str, AnySystem],
    systems: SystemsStage,
    fusion: FusionStage,
    execution: Execution,
) -> dict[tuple[str, str], Recipe]:
    from abaw_pipeline.systems.recipes import predict_system

    return {
        (name, fold): Recipe(
            predict_system,
            {
                "system": system,
                "fitted": fitted.ref((name, fold)),
                **_examples(_usable(clips, members, system, sources), labels_5hz, system, sources),
            },
            execution={"device": execution.place},
        )
        for fold, members in _sides(folds, "validation")
        for name, system in _needed(fold, chosen, systems, fusion).items()
    }


def _needed(
    fold: str, chosen: dict[str, AnySystem], systems: SystemsStage, fusion: FusionStage
) -> dict[str, AnySystem]:
    """Systems of a fold; an inner one is there to fit fusion on, and needs no others than are fused."""
    fused = set(fusion.chosen(systems.chosen))
    return {name: system for name, system in chosen.items() if "/" not in fold or name in fused}


def _sides(folds: Table, role: str) -> list[tuple[str, set[str]]]:
    chosen = folds[folds["role"] == role]
    return [(str(fold), set(part["clip_id"])) for fold, part in chosen.groupby("fold", sort=False)]


def _usable(clips: Table, members: set[str], system: AnySystem, sources: Sources) -> Table:
    """Clips of a fold's side for which every input is there; what is not there is told by its own failure."""
    there = {
        clip_id for clip_id in members if all(_key(name, clip_id) in _source(name, sources) for name in system.inputs)
    }
    return clips[clips["clip_id"].isin(there)]


def _examples(usable: Table, labels_5hz: Table, system: AnySystem, sources: Sources) -> dict[str, Any]:
    """Arguments that describe clips to a system's recipe."""
    refs: dict[str, list[Ref]] = {
        name: [_source(name, sources).ref(_key(name, clip_id)) for clip_id in usable["clip_id"]]
        for name in system.inputs
    }
    return {
        "clip_ids": usable["clip_id"].tolist(),
        "subjects": usable["subject"].tolist(),
        "durations": usable["duration"].tolist(),
        "classes": list(ordered(set(labels_5hz["label"]))),
        "inputs": refs,
    }


def _source(name: str, sources: Sources) -> PieceMap:
    return sources[name] if name in sources else sources[""]


def _key(name: str, clip_id: str) -> str | tuple[str, str]:
    return clip_id if name == VOCALS else (name, clip_id)
