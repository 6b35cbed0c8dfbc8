"""From features to trained systems and their posteriors."""

from abaw_pipeline.pipelines.temporal_modeling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
