"""Everybody who is seen in a video, told apart, and which of them are seen for long enough to be judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.persons import MainPerson, follow_rows, persons_of
from abaw_pipeline.faces.seen import Seen, read_seen
from abaw_pipeline.types import IntArray

if TYPE_CHECKING:
    import pyarrow as pa

    from abaw_pipeline.faces.settings import Faces


def list_people(faces: Iterable[pa.Table], settings: Faces, least: int) -> pa.Table:
    """Persons of a video, the most present first.

    Tracks are linked into persons by identity; presence is the sum of box heights over the sampled frames, as
    `faces.persons.MainPerson` has it.

    Args:
        faces: parts of a piece of face_crops, with the columns `faces.seen.KNOWN` at least; read more than once.
        settings: of the study; its rule of linking, or that of `MainPerson` where it has none.
        least: detected faces that a person must have to be judged; in a video of fewer sampled frames, all.

    Returns:
        Columns person (int32, from 1), tracks (list of int32), first, last (float64, seconds), faces (int64,
        detected ones), height (float64, median pixels), judged (bool). No row where nobody is seen.
    """
    import pyarrow as pa

    seen = read_seen(faces)
    names = persons_of(faces, seen, _threshold(settings))
    heights = seen.boxes[:, 3] - seen.boxes[:, 1]
    rows = [np.flatnonzero(names == name) for name in np.unique(names)]
    rows = [rows[at] for at in np.argsort([-heights[own].sum() for own in rows], kind="stable")]
    sampled = int(seen.sampled.sum())
    counts = [int(seen.detected[own].sum()) for own in rows]
    times = [seen.times[seen.at[own]] for own in rows]
    return pa.table(
        {
            "person": pa.array(range(1, len(rows) + 1), pa.int32()),
            "tracks": pa.array([np.unique(seen.tracks[own]).tolist() for own in rows], pa.list_(pa.int32())),
            "first": pa.array([float(each[0]) for each in times], pa.float64()),
            "last": pa.array([float(each[-1]) for each in times], pa.float64()),
            "faces": pa.array(counts, pa.int64()),
            "height": pa.array([float(np.median(heights[own])) for own in rows], pa.float64()),
            "judged": pa.array([count >= min(least, sampled) for count in counts], pa.bool_()),
        }
    )


def follow_person(faces: Iterable[pa.Table], tracks: list[int], settings: Faces) -> pa.Table:
    """Where one person is in every frame of a video.

    Args:
        faces: parts of a piece of face_crops, with the columns `faces.seen.SEEN` at least.
        tracks: the person's, as `list_people` names them.
        settings: what gaps are bridged.

    Returns:
        As `faces.persons.choose_person`: frame, time, x1 to y2, origin, track, score, crop.

    Raises:
        DataError: none of the tracks is there.
    """
    seen = read_seen(faces)
    rows = np.flatnonzero(np.isin(seen.tracks, tracks))
    if not len(rows):
        raise DataError(f"no face on the tracks {tracks}", where="people of a video")
    return follow_rows(seen, _one_a_frame(seen, rows), settings, joins=True)


def _one_a_frame(seen: Seen, rows: IntArray) -> IntArray:
    """Linked tracks never share a frame in which both are detected, but one may be interpolated: the other counts."""
    ranked = rows[np.lexsort((~seen.detected[rows], seen.at[rows]))]
    _, first = np.unique(seen.at[ranked], return_index=True)
    return ranked[first]


def _threshold(settings: Faces) -> float:
    rule = settings.person if isinstance(settings.person, MainPerson) else MainPerson()
    return rule.threshold
