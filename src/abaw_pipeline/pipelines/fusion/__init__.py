"""From the posteriors of many systems to one."""

from abaw_pipeline.pipelines.fusion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
