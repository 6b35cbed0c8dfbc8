"""How many labelled clips and frames a study has, how many of them it scores, and who trains and validates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from abaw_pipeline.corpora.inspection import class_text


def annotated_units(clips: pd.DataFrame, annotations: pd.DataFrame) -> pd.DataFrame:
    """Labelled units with what they are: columns corpus, clip_id, unit ("clip" or "frame"), label."""
    corpora = clips.set_index("clip_id")["corpus"]
    return pd.DataFrame(
        {
            "corpus": annotations["clip_id"].map(corpora),
            "clip_id": annotations["clip_id"],
            "unit": annotations["frame"].isna().map({True: "clip", False: "frame"}),
            "label": annotations["label"],
        }
    )


def count_classes(units: pd.DataFrame) -> pd.DataFrame:
    """Labelled units by corpus, class and unit; their number is called clips."""
    counts = units.groupby(["corpus", "label", "unit"], sort=False).size().reset_index(name="clips")
    return counts.rename(columns={"label": "class"})[["corpus", "class", "clips", "unit"]]


def count_asked(units: pd.DataFrame, outer: pd.DataFrame) -> pd.DataFrame:
    """Annotated units on the validation sides, by corpus and unit."""
    validated = units[units["clip_id"].isin(set(outer.loc[outer["role"] == "validation", "clip_id"]))]
    groups = validated.groupby(["corpus", "unit"], sort=False)["clip_id"]
    return groups.agg(units="size", clips="nunique").reset_index()


def count_folds(outer: pd.DataFrame, units: pd.DataFrame, titles: Sequence[str] = ()) -> pd.DataFrame:
    """Subjects, clips and classes by fold and role, and what each fold holds out as far as any title says.

    Args:
        outer: folds of the protocol.
        units: labelled units, as `annotated_units` gives them; each counts by its class.
        titles: by the folds' numbers; empty ones say nothing.
    """
    sides = ["fold", "role"]
    counts = outer.groupby(sides, sort=False).agg(subjects=("subject", "nunique"), clips=("clip_id", "nunique"))
    counts = counts.reset_index()
    of_clips = units.groupby(["clip_id", "label"], sort=False).size().rename("n").reset_index()
    told = outer[[*sides, "clip_id"]].merge(of_clips, on="clip_id").groupby([*sides, "label"])["n"].sum()
    known: dict[Any, str] = {side: class_text(own.droplevel([0, 1])) for side, own in told.groupby(level=[0, 1])}
    counts["classes"] = [known.get(side) for side in zip(counts["fold"], counts["role"], strict=True)]
    if any(titles):
        counts.insert(1, "held_out", [titles[int(fold)] for fold in counts["fold"]])
    return counts
