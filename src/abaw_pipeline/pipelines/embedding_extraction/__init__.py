"""From voices to feature sequences."""

from abaw_pipeline.pipelines.embedding_extraction.pipeline import create_pipeline

__all__ = ["create_pipeline"]
