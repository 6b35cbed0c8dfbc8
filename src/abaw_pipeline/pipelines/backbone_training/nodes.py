"""Nodes of backbone training."""

from __future__ import annotations

import logging
from pathlib import Path

from abaw_pipeline.artifacts import PieceMap, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.emotions import ordered
from abaw_pipeline.pipelines.files import file_hashes
from abaw_pipeline.stages import Backbones, FaceStage, Stills, SystemsStage, needed_backbones, needed_stills
from abaw_pipeline.types import Table

log = logging.getLogger(__name__)


def list_stills(
    _demo: dict[str, object],
    stills: Stills,
    backbones: Backbones,
    face: FaceStage,
    systems: SystemsStage,
    execution: Execution,
) -> tuple[Table, Table]:
    """Images of the corpora that the running systems' backbones are trained on, and all rows that were refused."""
    from abaw_pipeline.corpora.stills import list_stills as list_all

    listing, refused, notes = list_all(needed_stills(stills, backbones, face, systems), file_hashes(execution))
    for note in notes:
        log.info(note)
    return listing, refused


def read_stills(listing: Table) -> RecipeMap:
    """The images, about a thousand a piece."""
    from abaw_pipeline.corpora.stills import still_recipes

    return RecipeMap("stills", still_recipes(listing))


def train_backbones(
    listing: Table,
    stills: PieceMap,
    backbones: Backbones,
    face: FaceStage,
    systems: SystemsStage,
    execution: Execution,
    seed: int,
) -> RecipeMap:
    """Each backbone that the running systems read from, trained on stills; a killed training goes on."""
    from abaw_pipeline.backbones.training import backbone_recipe

    recipes = {}
    for name in needed_backbones(face, systems):
        settings = backbones.root[name]
        rows = listing[listing["corpus"].isin(settings.stills)]
        recipes[name] = backbone_recipe(
            settings,
            [stills.ref(key) for key in stills.asked if key[0] in settings.stills],
            ordered(rows["label"].unique()),
            seed,
            device=execution.place,
            scratch=str(Path(execution.scratch).absolute()),
        )
    return RecipeMap("backbones", recipes)
