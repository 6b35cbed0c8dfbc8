"""From corpora as they lie on disk to clips, annotations and folds."""

from abaw_pipeline.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
