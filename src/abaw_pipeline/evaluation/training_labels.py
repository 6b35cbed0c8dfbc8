"""Labels of the training sides, as they are or shuffled to show that nothing leaks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Runs = dict[str, list[Any]]
"""What a clip is labelled with over time: equally long lists `start`, `end` (seconds) and `label`."""

NOTHING: Runs = {"start": [], "end": [], "label": []}
"""Of a clip so sparsely annotated that no step of the grid has a label."""

TOUCHING = 1e-6
"""Rows that lie closer (s) follow each other without a gap."""


def label_runs(labels: pd.DataFrame) -> dict[str, Runs]:
    """Labels over time, each stretch of one label as one row.

    Args:
        labels: LABELS schema, in order of time within a clip.

    Returns:
        clip id -> lists of starts, ends and labels; stretches without a label are left out.
    """
    if labels.empty:
        return {}
    clip, label = labels["clip_id"].to_numpy(dtype=object), labels["label"].to_numpy(dtype=object)
    start, end = labels["start"].to_numpy(dtype=np.float64), labels["end"].to_numpy(dtype=np.float64)
    same = (clip[1:] == clip[:-1]) & (label[1:] == label[:-1]) & (np.abs(start[1:] - end[:-1]) < TOUCHING)
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    last = np.append(first[1:], len(labels)) - 1
    runs: dict[str, Runs] = {}
    for one, other in zip(first, last, strict=True):
        run = runs.setdefault(str(clip[one]), {"start": [], "end": [], "label": []})
        run["start"].append(float(start[one]))
        run["end"].append(float(end[other]))
        run["label"].append(str(label[one]))
    return runs


def training_labels(
    runs: Mapping[str, Runs], folds: pd.DataFrame, *, permute: bool, seed: int
) -> dict[str, dict[str, Runs]]:
    """Labels over time of each training clip, by fold.

    Args:
        runs: clip id -> its labels, see `label_runs`.
        folds: as `folds.make_folds` returns them.
        permute: shuffle the labels among all stretches of the training clips of each outer fold. Its inner folds
            see the same shuffled labels, on both of their sides, so that what is fitted on inner folds knows no
            true label either. True labels of the validation side stay where they are scored.
        seed: of the shuffling.

    Returns:
        fold -> clip id -> labels. An inner fold has all clips of its parent's training side.
    """
    outer = {
        str(fold): {str(clip_id): runs.get(str(clip_id), NOTHING) for clip_id in part["clip_id"]}
        for fold, part in folds[folds["parent"].isna() & (folds["role"] == "train")].groupby("fold", sort=False)
    }
    if permute:
        outer = {fold: shuffled(labels, f"{seed}/{fold}") for fold, labels in outer.items()}
    parents = folds.drop_duplicates("fold").set_index("fold")["parent"]
    return {str(fold): outer[str(fold) if pd.isna(parent) else str(parent)] for fold, parent in parents.items()}


def shuffled(labels: Mapping[str, Runs], stream: str) -> dict[str, Runs]:
    """The same stretches with the labels of all of them shuffled.

    Args:
        labels: clip id -> its labels.
        stream: names the draw.
    """
    entropy = int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big")
    every = [label for run in labels.values() for label in run["label"]]
    order = np.random.default_rng(entropy).permutation(len(every))
    mixed = iter([every[index] for index in order])
    return {clip_id: {**run, "label": [next(mixed) for _ in run["label"]]} for clip_id, run in labels.items()}
