"""From media to voices at 16 kHz."""

from abaw_pipeline.pipelines.audio_separation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
