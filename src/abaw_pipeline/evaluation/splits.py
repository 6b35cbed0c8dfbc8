"""Splits that keep all clips of a subject on one side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.types import DoubleArray, IntArray

FEWER = (
    "Use fewer folds (cross_validation.protocol.k, cross_validation.inner_folds, fusion.parts), or add clips of other "
    "subjects."
)
"""What to do where subjects or clips are too few to be dealt out."""

PASSES, LEAST_GAIN, MANY = 20, 1e-9, 5000
"""How often subjects are tried for a better place, what rounding cannot feign, and how many need no such trials."""


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
    _check_number(subjects, k)
    y, groups = np.asarray(labels), np.asarray(subjects)
    if np.unique(y, return_counts=True)[1].max() < k:
        raise ProtocolError(f"no class has {k} clips, so {k} parts cannot be stratified", hint=FEWER)
    _, which, sizes = np.unique(y, return_inverse=True, return_counts=True)
    who = np.unique(groups, return_inverse=True)[1]
    counts = np.zeros((who.max() + 1, len(sizes)))
    np.add.at(counts, (who, which), 1)
    part = _stratified(counts, sizes, k, seed)[who]
    if len(set(part.tolist())) < k:
        raise ProtocolError(f"the split into {k} parts left some empty", hint=FEWER)
    return part


def split_balanced(
    labels: Sequence[str], subjects: Sequence[str], strata: Mapping[str, str], k: int, *, seed: int
) -> IntArray:
    """Deal subjects to k parts with equal numbers of each kind of subject, and of similar class proportions.

    Numbers of subjects of a kind differ by at most one between parts, and so do numbers of all subjects. Within
    that, subjects are dealt one by one, those with the most uneven classes first, to the part that has
    least of their classes; then pairs change places while that helps. The result does not depend on the order of
    the clips.

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
    kind = np.unique([strata[name] for name in names], return_inverse=True)[1]
    shares = counts / counts.sum(axis=0)
    part = _dealt(shares, kind, k, seed)
    _swap(shares, kind, part, k)
    return part[who]


def _stratified(counts: DoubleArray, sizes: IntArray, k: int, seed: int) -> IntArray:
    """Parts of subjects [n], each dealt to the part that leaves classes most even, those with uneven classes first.

    The rule, its draws and its rounding are those of scikit-learn's StratifiedGroupKFold, which made this project's
    published folds; the import of that library takes longer than all the rest of a dealing.

    Args:
        counts: each subject's clips of each class, [n, n_classes].
        sizes: all clips of each class, [n_classes].
        k: parts.
        seed: of the order of subjects that are equally uneven.
    """
    order = np.arange(len(counts))
    np.random.RandomState(seed).shuffle(order)
    order = order[np.argsort(-np.std(counts[order], axis=1), kind="stable")]
    held, part = np.zeros((k, len(sizes))), np.empty(len(counts), dtype=np.int64)
    for subject in order:
        best, least, fewest = 0, np.inf, np.inf
        for place in range(k):
            held[place] += counts[subject]
            uneven = np.mean(np.std(held / sizes, axis=0))
            held[place] -= counts[subject]
            filled = held[place].sum()
            if uneven < least or (np.isclose(uneven, least) and filled < fewest):
                best, least, fewest = place, uneven, filled
        held[best] += counts[subject]
        part[subject] = best
    return part


def _dealt(shares: DoubleArray, kind: IntArray, k: int, seed: int) -> IntArray:
    """Parts of subjects [n], dealt one by one.

    Args:
        shares: each subject's share in all clips of each class, [n, n_classes].
        kind: each subject's kind, [n].
        k: parts.
        seed: of the order of subjects that are equally uneven.
    """
    places = _places(np.bincount(kind), k)
    order = np.random.default_rng(seed).permutation(len(shares))
    order = order[np.argsort(-np.round(shares[order].std(axis=1), 12), kind="stable")]
    held, part = np.zeros((k, shares.shape[1])), np.empty(len(shares), dtype=np.int64)
    for subject in order:
        # The sum of squares of all shares grows least where their product with the subject's is least.
        cost, filled = (np.round(held @ weights, 12) for weights in (shares[subject], np.ones(shares.shape[1])))
        there = np.flatnonzero(places[kind[subject]])
        chosen = there[np.lexsort((filled[there], cost[there]))[0]]
        held[chosen] += shares[subject]
        places[kind[subject], chosen] -= 1
        part[subject] = chosen
    return part


def _swap(shares: DoubleArray, kind: IntArray, part: IntArray, k: int) -> None:
    """Let two subjects of a kind change places (in `part`) as long as that makes classes more even."""
    held = np.zeros((k, shares.shape[1]))
    np.add.at(held, part, shares)
    for _ in range(PASSES if len(part) < MANY else 0):
        moved = False
        for one in range(len(part)):
            change = shares - shares[one]
            gain = -(change * (held[part[one]] - held[part] + change)).sum(axis=1)
            gain[kind != kind[one]] = 0.0
            other = int(np.argmax(np.round(gain, 12)))
            if gain[other] > LEAST_GAIN:
                held[part[one]] += change[other]
                held[part[other]] -= change[other]
                part[[one, other]] = part[[other, one]]
                moved = True
        if not moved:
            return


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
