"""Where the boxes of each clip come from, counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

ORIGINS = ("detected", "interpolated", "nearest", "missing")
COLUMNS = ["clip_id", "frames", *ORIGINS, "people", "crops"]


def face_facts(clips: Mapping[str, tuple[Any, Any]]) -> pd.DataFrame:
    """One row a clip.

    Args:
        clips: clip id -> (its face_tracks, a reference to the face_crops of its stretch of video).

    Returns:
        Columns clip_id, frames, the frames by origin of their box, people (tracks seen in the stretch), crops (of the
        clip's own person).
    """
    rows = []
    for clip_id, (tracks, crops) in clips.items():
        origin = tracks.column("origin").to_pandas()
        own = tracks.column("crop").drop_null().unique()
        seen = _column(crops, "track")
        counts = origin.value_counts()
        numbers = [int(counts.get(name, 0)) for name in ORIGINS]
        rows.append((clip_id, tracks.num_rows, *numbers, len(seen.drop_null().unique()), len(own)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _column(ref: Any, name: str) -> Any:
    """One column of a piece; of a stored one, nothing else is read."""
    import pyarrow.parquet as pq

    return pq.read_table(ref.path, columns=[name])[name] if ref.path else ref.read()[name]
