"""Makes the embedded demo corpus."""

from abaw_pipeline.pipelines.demo_corpus.pipeline import create_pipeline

__all__ = ["create_pipeline"]
