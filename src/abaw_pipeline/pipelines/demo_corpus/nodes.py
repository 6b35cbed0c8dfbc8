"""Nodes of the demo corpus."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from abaw_pipeline.parameters import DemoStage


def make_demo_corpus(demo: DemoStage) -> dict[str, Any]:
    """Write the embedded corpus, unless it is there or another corpus is used; say what was done."""
    if demo.settings is None:
        return {"manifest": None, "clips": 0}
    from abaw_pipeline.demo.corpus import write_demo_corpus

    return dataclasses.asdict(write_demo_corpus(Path(demo.path), demo.settings))
