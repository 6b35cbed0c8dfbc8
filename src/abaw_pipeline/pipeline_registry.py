"""Which pipelines `kedro run` knows."""

from __future__ import annotations

import importlib
import pkgutil

from kedro.pipeline import Pipeline

import abaw_pipeline.pipelines


def register_pipelines() -> dict[str, Pipeline]:
    """Every package below `pipelines/` by its name; `__default__` is the whole chain of a study.

    Inference is about other media than a study's and stands beside it.

    Ingestion alone begins with the demo corpus, which does nothing for any other corpus. Kedro's own finder is not
    used: for `--pipeline` it loads only what is named, and then nothing could tell which pipeline makes an input
    that is missing.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(abaw_pipeline.pipelines.__path__) if module.ispkg)
    found = {name: importlib.import_module(f"abaw_pipeline.pipelines.{name}").create_pipeline() for name in names}
    found["ingestion"] = found["demo_corpus"] + found["ingestion"]
    study = [each for name, each in found.items() if name != "inference"]
    return {"__default__": sum(study, Pipeline([])), **found}
