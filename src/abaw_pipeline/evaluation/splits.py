"""Splits that keep all clips of a subject on one side."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.types import IntArray

FEWER = "Use fewer folds (cross_validation.protocol.k, cross_validation.inner_folds), or add clips of other subjects."
"""What to do where subjects or clips are too few to be dealt out."""


def split_subjects(labels: Sequence[str] | IntArray, subjects: Sequence[str], k: int, *, seed: int) -> IntArray:
    """Deal subjects to k parts of similar class proportions.

    The result depends on the subjects' names, their labels, k and the seed, not on the order of the clips.
    A class with fewer clips than parts is missing in some of them: that is no error here.

    Args:
        labels: one class a clip (names or indexes).
        subjects: who is seen or heard in each clip.
        k: parts, at least 2.
        seed: decides which of equally good subjects is dealt first.

    Returns:
        int64 [n_clips], the part 0..k-1 of each clip; no part is empty.

    Raises:
        ProtocolError: fewer subjects than parts, or too few clips to stratify.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    n_subjects = len(set(subjects))
    if not 2 <= k <= n_subjects:
        raise ProtocolError(
            f"{n_subjects} subject{'s' * (n_subjects != 1)} cannot be split into {k} parts",
            hint="At least 2 parts are needed, and at most one a subject.",
        )
    y, groups = np.asarray(labels), np.asarray(subjects)
    if np.unique(y, return_counts=True)[1].max() < k:
        raise ProtocolError(f"no class has {k} clips, so {k} parts cannot be stratified", hint=FEWER)
    part = np.full(len(y), -1, dtype=np.int64)
    splitter = StratifiedGroupKFold(n_splits=k, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Documented above: a rare class is simply missing in some parts.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for number, (_, held_out) in enumerate(splitter.split(np.zeros((len(y), 1)), y, groups)):
            part[held_out] = number
    missing = set(range(k)) - set(part.tolist())
    if missing or part.min() < 0:
        raise ProtocolError(f"the split into {k} parts left some empty", hint=FEWER)
    return part
