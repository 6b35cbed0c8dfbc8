"""Kedro datasets of the project."""

from abaw_pipeline.datasets.recipe_dataset import RecipeDataset

__all__ = ["RecipeDataset"]
