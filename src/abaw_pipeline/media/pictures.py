"""Pictures of any video file on the file's own clock, those asked for as RGB."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import open_media
from abaw_pipeline.media.frames import (
    check_end,
    check_file,
    counted_times,
    frame_step,
    frame_times,
    moving_stream,
    shown_frames,
)
from abaw_pipeline.media.known import Known, known
from abaw_pipeline.media.pixels import RGB
from abaw_pipeline.media.seek import Indexed, can_seek, frames_after_key
from abaw_pipeline.types import DoubleArray, Picture

__all__ = ["decode_pictures", "first_moment", "frame_times", "on_screen"]

SLACK = 1e-6
"""A frame that begins less than this (s) after a moment is on screen at it: products of floats are not exact."""


def decode_pictures(
    path: str | Path, *, rate: float | None = None, start: float = 0.0, end: float | None = None
) -> Iterator[Picture]:
    """Every frame that is first shown within [start, end), in display order; pixels only for those chosen.

    Time counts from the container's start, as for sound, and comes from the container's timestamps: variable
    frame rates, late starts and edit lists keep their times. One pass, from the file's begin or, where that gives
    the same frames to the bit, from a key frame before the segment (media.seek); a frame is held until the next one
    is known, no more. Closing the iterator closes the file.

    With a rate, the frames on screen at the moments n / rate from the segment's start are chosen, each once. A
    frame is on screen until the next one; the last one until the segment's end, or for its own duration if
    none is given. At moments before the segment's first frame nothing is on screen.

    Pictures are upright as a player shows them, with square pixels; interlaced ones are left so, and a picture's
    size may change within a file. A frame without a timestamp follows the one before by the average duration.

    A file is damaged if a decoder refuses a packet, if its end is missing (see media.whole), or if it gives
    fewer frames than packets where each packet is one frame; damage that a decoder conceals goes unseen. The
    count is checked up to the segment's end, when the last frame has been taken; what stands before the key frame
    is then not looked at.

    Args:
        path: any file that FFmpeg reads; of several video streams the one that a player would choose.
        rate: how many moments a second (Hz) a picture is wanted for; None: of every frame.
        start: where the segment begins, in seconds from the file's start.
        end: where the segment ends, in seconds from the file's start; None is the end of the video.

    Yields:
        Pictures: index among all decoded frames of the file from 0, seconds from `start`, pixels or None.

    Raises:
        MediaError: missing, empty, damaged or truncated file, no video stream, no frame in the segment, or
            timestamps that run backwards.
    """
    if rate is not None and not 0 < rate < math.inf:
        raise MediaError(f"a rate of {rate} Hz is not possible", where=str(path))
    if not 0 <= start < math.inf or (end is not None and not start < end < math.inf):
        raise MediaError(f"the segment from {start} to {end} s is empty or lies outside the file", where=str(path))
    return _pictures(path, rate, start, end)


def _pictures(path: str | Path, rate: float | None, start: float, end: float | None) -> Iterator[Picture]:
    check_file(path)
    with open_media(path) as container:
        stream = moving_stream(container, str(path))
        to_rgb, held = RGB(stream.sample_aspect_ratio), None
        for index, frame, time in _segment(path, container, stream, start, end):
            if held is not None:
                yield _picture(held, time, rate, to_rgb)
            held = (index, frame, time)
        if held is None:
            to = "on" if end is None else f"to {end:g} s"
            raise MediaError(f"the video has no frame from {start:g} s {to}", where=str(path))
        until = end - start if end is not None else held[2] + _duration(held[1], stream, str(path))
        yield _picture(held, until, rate, to_rgb)


def _segment(
    path: str | Path, container: Any, stream: Any, start: float, end: float | None
) -> Iterator[tuple[int, Any, float]]:
    """Frames that begin within the segment: index in the file, frame, seconds from `start`; then the checks."""
    seen, last, count = known(path), 0.0, 0
    for index, frame, time in _frames(path, container, stream, start, seen):
        if end is not None and time >= end:
            break
        if time >= start:
            yield index, frame, time - start
        last, count = time, index + 1
    else:
        check_end(container, stream, last, str(path))
    _check_count(count, end, path, container, stream, seen)


def _frames(path: str | Path, container: Any, stream: Any, start: float, seen: Known) -> Iterator[Indexed]:
    """The file's frames, from its begin or, where that gives the same, from a key frame before `start` on."""
    frames = shown_frames(container, stream, str(path))
    first = next(frames, None)
    if first is None:
        return
    seen.first = first[1], first[0].interlaced_frame
    if start <= first[1] or not can_seek(container, stream, first[0]):
        yield from _counted(chain([first], frames), 0, seen)
        return
    counted_times(path, container, stream, seen)
    given = yield from frames_after_key(container, stream, start, seen, str(path))
    if given is not None:
        with open_media(path) as again:
            frames = shown_frames(again, moving_stream(again, str(path)), str(path))
            yield from _counted(frames, given, seen)


def _counted(frames: Iterable[tuple[Any, float]], given: int, seen: Known) -> Iterator[Indexed]:
    """Frames from the file's begin with their indexes, but for the first few, which were given before."""
    for index, (frame, time) in enumerate(frames):
        seen.passes(index, time)
        if index >= given:
            yield index, frame, time


def _picture(held: tuple[int, Any, float], until: float, rate: float | None, to_rgb: RGB) -> Picture:
    index, frame, time = held
    wanted = rate is None or first_moment(time, rate) < first_moment(until, rate)
    return Picture(index, time, to_rgb(frame) if wanted else None)


def first_moment(time: float, rate: float) -> int:
    """The least n with n / rate not before a time (s), which may be off by a microsecond."""
    return max(math.ceil((time - SLACK) * rate), 0)


def on_screen(times: DoubleArray, rate: float, until: float) -> npt.NDArray[np.bool_]:
    """Which frames are on screen at any of the moments n / rate, as `decode_pictures` chooses them.

    Args:
        times: float64 [n], when each frame appears (s), ascending.
        rate: moments a second (Hz).
        until: when the last frame disappears (s).

    Returns:
        bool [n].
    """
    moments = [first_moment(time, rate) for time in (*times.tolist(), until)]
    return np.diff(moments) > 0


def _duration(frame: Any, stream: Any, where: str) -> float:
    """How long the last frame is shown (s)."""
    own = Fraction(frame.duration or 0) * (frame.time_base or 0)
    return float(own if own > 0 else frame_step(stream, where))


def _check_count(count: int, end: float | None, path: str | Path, container: Any, stream: Any, seen: Known) -> None:
    """Compare the frames decoded with the packets that hold them, where each packet is one frame."""
    if seen.first is None:
        raise MediaError("the video stream has no picture", where=str(path))
    times = counted_times(path, container, stream, seen)
    if times is None:
        return
    promised = len(times) if end is None else int(np.searchsorted(times, end))
    if count != promised:
        raise MediaError(
            f"the data are damaged: {count} pictures could be decoded of {promised}",
            where=str(path),
            hint="Copy or download the file again, or re-encode it.",
        )
