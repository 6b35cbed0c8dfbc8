"""Which pipelines `kedro run` knows."""

from __future__ import annotations

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """All pipelines by name; `__default__` is the whole chain.

    Ingestion alone begins with the demo corpus, which does nothing for any other corpus.
    """
    pipelines = find_pipelines(raise_errors=True)
    pipelines["ingestion"] = pipelines["demo_corpus"] + pipelines["ingestion"]
    pipelines["__default__"] = sum(pipelines.values(), Pipeline([]))
    return pipelines
