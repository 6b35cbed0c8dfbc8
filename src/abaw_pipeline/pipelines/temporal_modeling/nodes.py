"""Nodes of temporal modeling."""

from __future__ import annotations

from abaw_pipeline.artifacts import PieceMap, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.pipelines.temporal_modeling.modeling import Modeling
from abaw_pipeline.stages import VOCALS, CrossValidation, FusionStage, SystemsStage
from abaw_pipeline.types import Table

ON_THE_CPU = Execution()


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
    modeling = Modeling(clips, folds, labels_5hz, sources, "face", systems, fusion, execution.place)
    return RecipeMap("face_systems", modeling.fits(cross_validation, seed))


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
    modeling = Modeling(clips, folds, labels_5hz, sources, "sound", systems, fusion, execution.place)
    return RecipeMap("sound_systems", modeling.fits(cross_validation, seed))


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
    modeling = Modeling(clips, folds, labels_5hz, sources, "face", systems, fusion, execution.place)
    return RecipeMap("face_posteriors", modeling.predictions(fitted))


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
    modeling = Modeling(clips, folds, labels_5hz, sources, "sound", systems, fusion, execution.place)
    return RecipeMap("sound_posteriors", modeling.predictions(fitted))
