"""From the posteriors of many systems to one."""

from abaw_pipeline.pipelines.backbone_training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
