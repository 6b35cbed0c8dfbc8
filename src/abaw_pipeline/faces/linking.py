"""Tracks of one person, before and after a gap or a cut."""

from __future__ import annotations

import numpy as np

from abaw_pipeline.types import DoubleArray, IntArray


def link_tracks(
    tracks: IntArray, moments: IntArray, known: IntArray, identities: DoubleArray, threshold: float
) -> dict[int, int]:
    """Put together tracks of one person: the most similar two first, then again with their common mean.

    Two tracks that are seen in one frame are never one person's, and nor are groups that hold such two.

    Args:
        tracks: int64 [n], the track of each face, interpolated ones too.
        moments: int64 [n], which frame each of them is in.
        known: int64 [m], tracks that have an identity.
        identities: float64 [m, D], the sum of each one's identity vectors, which are of length 1.
        threshold: cosine of mean identities above which two are one person.

    Returns:
        Track -> person; a person bears the number of the earliest of its tracks.
    """
    names = np.unique(tracks)
    sums = np.zeros((len(names), identities.shape[1]))
    sums[np.searchsorted(names, known)] = identities
    apart = _together(np.searchsorted(names, tracks), moments, len(names))
    group = np.arange(len(names))
    cosines = _cosines(sums, sums)
    cosines[apart] = -np.inf
    while len(names) > 1:
        first, second = sorted(np.unravel_index(int(np.argmax(cosines)), cosines.shape))
        if not cosines[first, second] > threshold:
            break
        group[group == second] = first
        sums[first] += sums[second]
        apart[first] |= apart[second]
        apart[:, first] |= apart[:, second]
        cosines[second], cosines[:, second] = -np.inf, -np.inf
        apart[second], apart[:, second] = True, True
        row = np.where(apart[first], -np.inf, _cosines(sums[[first]], sums)[0])
        cosines[first], cosines[:, first] = row, row
    return {int(name): int(names[member]) for name, member in zip(names, group, strict=True)}


def _together(rows: IntArray, moments: IntArray, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which tracks share a frame; each does so with itself."""
    shared = np.eye(count, dtype=bool)
    order = np.argsort(moments, kind="stable")
    for members in np.split(rows[order], np.flatnonzero(np.diff(moments[order])) + 1):
        shared[np.ix_(members, members)] = True
    return shared


def _cosines(first: DoubleArray, second: DoubleArray) -> DoubleArray:
    """Cosines of each pair of vectors; 0 with a vector of length 0."""
    lengths = np.linalg.norm(first, axis=1)[:, None] * np.linalg.norm(second, axis=1)[None]
    cosines: DoubleArray = np.divide(first @ second.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return cosines
