"""Labels of the training sides, as they are or shuffled to show that nothing leaks."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd


def training_labels(clips: pd.DataFrame, folds: pd.DataFrame, *, permute: bool, seed: int) -> dict[str, dict[str, str]]:
    """Label of each training clip, by fold.

    Args:
        clips: columns clip_id, label.
        folds: as `protocols.make_folds` returns them.
        permute: shuffle the labels among the training clips of each outer fold. Its inner folds see the same
            shuffled labels, on both of their sides, so that what is fitted on inner folds knows no true label
            either. True labels of the validation side stay where they are scored.
        seed: of the shuffling.

    Returns:
        fold -> clip id -> label. An inner fold has all clips of its parent's training side.
    """
    truth = clips.set_index("clip_id")["label"]
    outer = {
        str(fold): truth.loc[part["clip_id"]]
        for fold, part in folds[folds["parent"].isna() & (folds["role"] == "train")].groupby("fold", sort=False)
    }
    if permute:
        outer = {fold: _shuffled(labels, f"{seed}/{fold}") for fold, labels in outer.items()}
    parents = folds.drop_duplicates("fold").set_index("fold")["parent"]
    by_fold = {str(fold): outer[str(fold) if pd.isna(parent) else str(parent)] for fold, parent in parents.items()}
    return {fold: {str(clip_id): str(label) for clip_id, label in labels.items()} for fold, labels in by_fold.items()}


def _shuffled(labels: pd.Series, stream: str) -> pd.Series:
    entropy = int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big")
    order = np.random.default_rng(entropy).permutation(len(labels))
    return pd.Series(labels.to_numpy()[order], index=labels.index)
