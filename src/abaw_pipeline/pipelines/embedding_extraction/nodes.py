"""Nodes of embedding extraction."""

from __future__ import annotations

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.pipelines.segments import segments
from abaw_pipeline.stages import FaceStage, SoundStage, SystemsStage
from abaw_pipeline.types import Table

CLIPS_A_CALL = 8
"""Clips whose faces go through a network together."""


def extract_faces(
    clips: Table,
    face_crops: PieceMap,
    face_tracks: PieceMap,
    backbones: PieceMap,
    face: FaceStage,
    systems: SystemsStage,
    execution: Execution,
) -> RecipeMap:
    """Embeddings of each annotated person's faces, by the extractors that the running systems read."""
    from abaw_pipeline.backbones.embedding import embed_faces

    crops = {clip["clip_id"]: key for key, members in segments(clips).items() for clip in members}
    return RecipeMap(
        "face_embeddings",
        {
            (name, clip_id): Recipe(
                embed_faces,
                {
                    "faces": face_crops.ref(crops[clip_id]),
                    "tracks": face_tracks.ref(clip_id),
                    "backbone": backbones.ref(face.extractors[name].backbone),
                    "extractor": face.extractors[name],
                },
                execution={"device": execution.place},
                chunk=CLIPS_A_CALL,
            )
            for name in systems.needed("face")
            for clip_id in map(str, face_tracks.asked)
        },
    )


def extract_sound(vocals: PieceMap, sound: SoundStage, systems: SystemsStage) -> RecipeMap:
    """Feature sequences of each voice, by the extractors that the running systems read."""
    from abaw_pipeline.audio.extraction import extract

    return RecipeMap(
        "sound_embeddings",
        {
            (name, clip_id): Recipe(extract, {"sound": vocals.ref(clip_id), "extractor": sound.extractors[name]})
            for name in systems.needed("sound")
            for clip_id in map(str, vocals.asked)
        },
    )
