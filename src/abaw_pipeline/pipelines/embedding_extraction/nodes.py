"""Nodes of embedding extraction."""

from __future__ import annotations

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.parameters import SoundStage, SystemsStage


def extract_sound(vocals: PieceMap, sound: SoundStage, systems: SystemsStage) -> RecipeMap:
    """Feature sequences of each voice, by the extractors that the running systems read."""
    from abaw_pipeline.audio.extraction import extract

    return RecipeMap(
        "sound_embeddings",
        {
            (name, clip_id): Recipe(extract, {"sound": vocals.ref(clip_id), "extractor": sound.extractors[name]})
            for name in systems.needed()
            for clip_id in map(str, vocals.asked)
        },
    )
