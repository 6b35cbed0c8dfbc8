"""Artifacts with recipes: maps from a key to a piece that is computed once, stored whole, and found again.

Nothing here knows Kedro or emotions. `RecipeMap` is what a node returns; `PieceStore` keeps pieces by
fingerprint; `compute_pieces` makes what is missing; `StoredMap` reads it back.
"""

from abaw_pipeline.artifacts.keys import Key
from abaw_pipeline.artifacts.maps import PieceMap, RecipeMap, StoredMap
from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.refs import BlockedError, LostPieceError, Ref
from abaw_pipeline.artifacts.shards import shard
from abaw_pipeline.artifacts.witness import watch

__all__ = ["BlockedError", "Key", "LostPieceError", "PieceMap", "Recipe", "RecipeMap", "Ref", "StoredMap", "shard"]

watch()
