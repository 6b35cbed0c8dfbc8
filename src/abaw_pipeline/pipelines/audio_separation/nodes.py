"""Nodes of audio separation."""

from __future__ import annotations

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.stages import SoundStage, SystemsStage
from abaw_pipeline.types import File, Table


def separate_vocals(clips: Table, sound: SoundStage, systems: SystemsStage) -> RecipeMap:
    """The voice of each clip that has sound, mono at 16 kHz. Without a system that hears, nothing is asked for."""
    from abaw_pipeline.audio.spleeter import Spleeter
    from abaw_pipeline.audio.vocals import make_vocals

    if isinstance(sound.separation, Spleeter) and systems.hears:
        sound.separation.check()
    return RecipeMap(
        "vocals",
        {
            clip["clip_id"]: Recipe(
                make_vocals,
                {
                    "media": File(clip["media"], clip["sha256"]),
                    "start": clip["start"],
                    "end": clip["end"],
                    "separation": sound.separation,
                },
            )
            for clip in clips[clips["sound"] & systems.hears].to_dict("records")
        },
    )
