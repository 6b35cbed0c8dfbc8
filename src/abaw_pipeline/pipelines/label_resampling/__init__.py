"""From the posteriors of many systems to one."""

from abaw_pipeline.pipelines.label_resampling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
