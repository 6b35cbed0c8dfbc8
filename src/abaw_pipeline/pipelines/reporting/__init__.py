"""From posteriors to measures, tables, figures and the report."""

from abaw_pipeline.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
