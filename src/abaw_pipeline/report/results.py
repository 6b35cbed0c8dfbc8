"""A report's numbers, taken from its tables once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.measures import MEASURES, Measure
from abaw_pipeline.report import numbers, tables
from abaw_pipeline.report.inputs import ReportInput

FUSION = "fusion"


@dataclass(frozen=True)
class Results:
    """A report's numbers, taken from its tables once."""

    data: ReportInput

    @cached_property
    def settings(self) -> list[tables.Setting]:
        """All settings, the main one first; empty without metrics."""
        return tables.settings(self.data.metrics)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The main setting's results, with all systems of the study."""
        systems = [str(name) for name in self.data.systems["system"]]
        return tables.results_table(self.data.metrics, measure=self.data.measure, systems=systems)

    @cached_property
    def ranked(self) -> list[str]:
        """All systems, the best first."""
        return [str(name) for name in self.table["system"]]

    @cached_property
    def headline(self) -> str:
        """The system of the first screen: the one named by the caller or else the best; "" if there is none."""
        scored = self.table[self.table[self.data.measure].notna()]
        return self.data.headline or (str(scored["system"].iloc[0]) if len(scored) else "")

    @cached_property
    def headline_first(self) -> list[str]:
        """All systems, the headline and then the best first."""
        return sorted(self.ranked, key=lambda name: name != self.headline)

    @cached_property
    def timelines_by_clip(self) -> dict[str, pd.DataFrame]:
        """The rows of each clip's timeline."""
        return {str(clip): rows for clip, rows in self.data.timelines.groupby("clip_id", sort=False)}

    @cached_property
    def fused(self) -> set[str]:
        """Systems that are fusions of others."""
        systems = self.data.systems
        return {str(name) for name in systems[systems["kind"] == FUSION]["system"]}

    @cached_property
    def unit(self) -> str:
        """What the main results count: "clip", "frame" or another level."""
        if self.settings:
            return self.settings[0].level
        units = self.data.class_counts["unit"]
        return str(units.iloc[0]) if len(units) else "clip"

    @cached_property
    def asked(self) -> tuple[int, int]:
        """How many units of how many clips the main setting should score; zeros where that is not known."""
        if not self.settings:
            return 0, 0
        rows = self.data.asked
        rows = rows[(rows["corpus"] == self.settings[0].corpus) & (rows["unit"] == self.unit)]
        return (int(rows["units"].iloc[0]), int(rows["clips"].iloc[0])) if len(rows) else (0, 0)

    def scored_classes(self, system: str) -> pd.Series:
        """How many scored units each class has, float64 [K].

        They are counted by the truth that a system was scored on in the main setting; where its metrics do not
        tell, by its confusions, and else by the labelled units of the study.
        """
        data, classes = self.data, self.data.classes
        found = tables.class_supports(data.metrics, system, classes)
        if found.sum() == 0:
            matrix = tables.confusion_matrix(data.confusion, system, classes)
            found = pd.Series(matrix.sum(axis=1), index=[*classes])
        if found.sum() == 0:
            counts = data.class_counts[data.class_counts["unit"] == self.unit]
            found = counts.groupby("class")["clips"].sum().reindex([*classes]).fillna(0).astype(float)
        return found

    @cached_property
    def chance(self) -> dict[str, float]:
        """The ranking measure of knowing nothing: always the most frequent class, or all classes equally often.

        Each is the measure of the confusion counts that are to be expected of it.
        """
        counts, k = self.scored_classes(self.headline).to_numpy(dtype=np.float64), len(self.data.classes)
        even = f"guessing evenly (1/{k})"
        if not counts.sum():
            return {even: 1 / k} if self.data.measure in ("accuracy", "uar") else {}
        name: Measure = self.data.measure  # type: ignore[assignment]
        constant = np.zeros((k, k))
        constant[:, counts.argmax()] = counts
        return {
            "always the most frequent class": float(MEASURES[name](constant)),
            even: float(MEASURES[name](np.repeat(counts[:, None] / k, k, axis=1))),
        }

    @property
    def best_chance(self) -> float:
        """The higher of the chance levels, NaN if none is known."""
        return max(self.chance.values(), default=math.nan)

    def pooled(self, system: str, measure: str) -> float:
        """A measure of one system over all folds in the main setting, NaN where unknown."""
        row = self.table[self.table["system"] == system]
        value = float(row[measure].iloc[0]) if len(row) else math.nan
        return value if numbers.is_number(value) else math.nan
