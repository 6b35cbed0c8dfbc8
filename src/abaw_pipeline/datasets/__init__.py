"""Kedro datasets of the project."""

from abaw_pipeline.datasets.recipe_dataset import RecipeDataset
from abaw_pipeline.datasets.text_folder import TextFolder

__all__ = ["RecipeDataset", "TextFolder"]
