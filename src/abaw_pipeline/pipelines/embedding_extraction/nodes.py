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
    crops = {clip["clip_id"]: key for key, members in segments(clips).items() for clip in members}
    pictured = {clip_id: crops[clip_id] for clip_id in map(str, face_tracks.asked)}
    return embed_tracks(pictured, face_crops, face_tracks, backbones, face, systems, execution)


def embed_tracks(
    pictured: dict[str, str],
    face_crops: PieceMap,
    face_tracks: PieceMap,
    backbones: PieceMap,
    face: FaceStage,
    systems: SystemsStage,
    execution: Execution,
) -> RecipeMap:
    """Embeddings of the faces on some tracks, by (extractor, track's key).

    Args:
        pictured: key of a track -> key of the stretch of video whose crops show it.
        face_crops: stretch of video -> everybody's faces.
        face_tracks: key of a track -> one person's frames.
        backbones: by name.
        face: the extractors.
        systems: those that run; extractors that none of them reads are left out.
        execution: where networks run.
    """
    from abaw_pipeline.backbones.crops import FOLLOWED, MOMENTS, PICTURED
    from abaw_pipeline.backbones.embedding import embed_faces

    return RecipeMap(
        "face_embeddings",
        {
            (name, key): Recipe(
                embed_faces,
                {
                    "moments": face_crops.ref(stretch).in_parts(MOMENTS),
                    "faces": face_crops.ref(stretch).in_parts(PICTURED),
                    "tracks": face_tracks.ref(key).in_parts(FOLLOWED),
                    "backbone": backbones.ref(face.extractors[name].backbone),
                    "extractor": face.extractors[name],
                },
                execution={"device": execution.place},
                chunk=CLIPS_A_CALL,
            )
            for name in systems.needed("face")
            for key, stretch in pictured.items()
        },
    )


def extract_sound(vocals: PieceMap, sound: SoundStage, systems: SystemsStage) -> RecipeMap:
    """Feature sequences of each voice, by the extractors that the running systems read."""
    from abaw_pipeline.audio.extraction import extract

    return RecipeMap(
        "sound_embeddings",
        {
            (name, clip_id): Recipe(
                extract, {"sound": vocals.ref(clip_id).in_parts(), "extractor": sound.extractors[name]}
            )
            for name in systems.needed("sound")
            for clip_id in map(str, vocals.asked)
        },
    )
