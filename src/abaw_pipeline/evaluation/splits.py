"""Splits that keep all clips of a subject on one side."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

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

    _check_number(subjects, k)
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


def split_balanced(
    labels: Sequence[str], subjects: Sequence[str], strata: Mapping[str, str], k: int, *, seed: int
) -> IntArray:
    """Deal subjects to k parts with equal numbers of each kind of subject, and of similar class proportions.

    Numbers of subjects of a kind differ by at most one between parts, and so do numbers of all subjects. Within
    that, subjects are dealt one by one, those with the most uneven classes first, to the part that has
    least of their classes. The result does not depend on the order of the clips.

    Args:
        labels: one class a clip.
        subjects: who is seen or heard in each clip.
        strata: subject -> its kind, such as its sex.
        k: parts, at least 2.
        seed: decides which of equally good subjects is dealt first.

    Returns:
        int64 [n_clips], the part 0..k-1 of each clip; no part is empty.

    Raises:
        ProtocolError: fewer subjects than parts.
    """
    _check_number(subjects, k)
    names, who = np.unique(np.asarray(subjects, dtype=object).astype(str), return_inverse=True)
    classes, which = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    counts = np.bincount(who * len(classes) + which, minlength=len(names) * len(classes)).reshape(len(names), -1)
    kinds, kind = np.unique([strata[name] for name in names], return_inverse=True)
    places = _places(np.bincount(kind, minlength=len(kinds)), k)
    shares = counts / counts.sum(axis=0)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-np.round(shares[order].std(axis=1), 12), kind="stable")]
    held, part = np.zeros((k, len(classes))), np.empty(len(names), dtype=np.int64)
    for subject in order:
        # The sum of squares of all shares grows least where their product with the subject's is least.
        cost, filled = (np.round(held @ weights, 12) for weights in (shares[subject], np.ones(len(classes))))
        there = np.flatnonzero(places[kind[subject]])
        chosen = there[np.lexsort((filled[there], cost[there]))[0]]
        held[chosen] += shares[subject]
        places[kind[subject], chosen] -= 1
        part[subject] = chosen
    return part[who]


def _places(sizes: IntArray, k: int) -> IntArray:
    """How many subjects of each kind a part takes, [n_kinds, k]; one kind's remainder goes on after the last one's."""
    places = np.empty((len(sizes), k), dtype=np.int64)
    first = 0
    for kind, size in enumerate(sizes.tolist()):
        places[kind] = size // k + ((np.arange(k) - first) % k < size % k)
        first = (first + size) % k
    return places


def _check_number(subjects: Sequence[str], k: int) -> None:
    n_subjects = len(set(subjects))
    if not 2 <= k <= n_subjects:
        raise ProtocolError(
            f"{n_subjects} subject{'s' * (n_subjects != 1)} cannot be split into {k} parts",
            hint="At least 2 parts are needed, and at most one a subject.",
        )
