"""Nodes of the demo corpus."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from abaw_pipeline.stages import Backbones, Corpora, DemoStage, FaceStage, Stills, SystemsStage, needed_stills


def make_demo_corpus(
    demo: DemoStage, corpora: Corpora, stills: Stills, backbones: Backbones, face: FaceStage, systems: SystemsStage
) -> dict[str, Any]:
    """Write the embedded corpus, unless it is there or nothing is read from its folder; say what was done."""
    folder = Path(demo.path).absolute()
    corpora_read = [*corpora.root.values(), *needed_stills(stills, backbones, face, systems).values()]
    read = [Path(each.path).absolute() for each in corpora_read]
    if demo.settings is None or not any(path.is_relative_to(folder) for path in read):
        return {"manifest": None, "clips": 0}
    from abaw_pipeline.demo.corpus import write_demo_corpus

    return dataclasses.asdict(write_demo_corpus(Path(demo.path), demo.settings))
