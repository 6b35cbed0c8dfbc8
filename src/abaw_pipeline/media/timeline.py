"""When each frame of a clip is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.types import File

if TYPE_CHECKING:
    import pyarrow as pa


def read_frames(media: File, start: float, end: float) -> pa.Table:
    """Index and time of every frame that is shown first within [start, end) of a video.

    Args:
        media: file with moving pictures.
        start: seconds from the media's start.
        end: seconds from the media's start.

    Returns:
        Columns frame (int64, index among the file's decoded frames) and time (float64, seconds from `start`).

    Raises:
        MediaError: the file cannot be read, or the segment holds no frame.
    """
    import pyarrow as pa

    from abaw_pipeline.media.pictures import frame_times

    times = frame_times(media.path)
    inside = np.flatnonzero((times >= start) & (times < end))
    if not len(inside):
        raise MediaError(f"no frame from {start:g} to {end:g} s", where=media.path)
    return pa.table({"frame": inside.astype(np.int64), "time": times[inside] - start})
