"""Kedro datasets of the project."""

from abaw_pipeline.datasets.figure_folder import FigureFolder
from abaw_pipeline.datasets.recipe_dataset import RecipeDataset
from abaw_pipeline.datasets.result_folder import ResultFolder
from abaw_pipeline.datasets.table_dataset import TableDataset
from abaw_pipeline.datasets.text_folder import TextFolder

__all__ = ["FigureFolder", "RecipeDataset", "ResultFolder", "TableDataset", "TextFolder"]
