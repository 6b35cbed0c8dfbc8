"""From any video to posteriors, an annotated video and a page."""

from abaw_pipeline.pipelines.inference.pipeline import create_pipeline

__all__ = ["create_pipeline"]
