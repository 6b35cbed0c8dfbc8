"""Where the boxes of each clip come from, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

ORIGINS = ("detected", "interpolated", "nearest", "missing")
COLUMNS = ["clip_id", "frames", *ORIGINS, "people", "crops"]


def face_facts(clips: Mapping[str, tuple[Iterable[pa.Table], Iterable[pa.Table]]]) -> pd.DataFrame:
    """One row a clip.

    Args:
        clips: clip id -> (parts of its face_tracks with the columns origin and crop, parts of the face_crops of its
            stretch of video with the column track).

    Returns:
        Columns clip_id, frames, the frames by origin of their box, people (tracks seen in the stretch), crops (of the
        clip's own person).
    """
    rows = []
    for clip_id, (tracks, crops) in clips.items():
        origins: Counter[str] = Counter()
        own: set[int] = set()
        for part in tracks:
            origins.update(part.column("origin").to_pylist())
            own.update(part.column("crop").drop_null().unique().to_pylist())
        people = {track for part in crops for track in part.column("track").drop_null().unique().to_pylist()}
        rows.append((clip_id, origins.total(), *(origins[name] for name in ORIGINS), len(people), len(own)))
    return pd.DataFrame(rows, columns=COLUMNS)
