"""Frames of a video from a key frame before a moment on, where they are exactly those of decoding from the begin."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import origin
from abaw_pipeline.media.frames import timed_frames
from abaw_pipeline.media.known import Known
from abaw_pipeline.types import DoubleArray

CONTAINERS = {"avi", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"}
"""Containers with an index; others guess where a moment may lie in the file."""

CODECS = {"av1", "h264", "hevc", "libdav1d", "mpeg4", "prores", "vp8", "vp9"}
"""Decoders to which nothing before a key frame matters for what is shown after it (of H.264: an IDR picture)."""

PACKED = re.compile(rb"DivX\d+[Bb](?:uild)?\d+p")
"""MPEG-4 that says so has packets with two frames, of which the decoder keeps one for later."""

LAG = Fraction(1, 2)
"""By how much (s) a frame may be shown after the moment at which its packet is decoded: in avi that is all one has."""

TRIES = 20
"""Key frames that are looked at, from the last before the moment backwards."""

Indexed = tuple[int, Any, float]
"""Index of a frame among all of the file, the frame, and when it is shown (seconds from the file's origin)."""


def can_seek(container: Any, stream: Any, first: Any) -> bool:
    """Whether frames of a stream may be sought exactly.

    Args:
        container: the file.
        stream: its moving pictures.
        first: their first frame.
    """
    known_kind = container.format.name in CONTAINERS and stream.codec_context.name in CODECS
    return known_kind and not first.interlaced_frame  # a packet may be half a frame


def frames_after_key(
    container: Any, stream: Any, start: float, seen: Known, where: str
) -> Generator[Indexed, None, int | None]:
    """Frames from the last usable key frame before a moment on, each compared with what is known of the file.

    It ends before the first frame that is not shown at exactly the time known, and gives none where no key frame can
    be sought. Who wants the rest decodes from the file's begin.

    Args:
        container: a file whose first frame was decoded: what that packet alone tells (who made the file, and so by
            which rules it is decoded) stays in the decoder.
        stream: its moving pictures.
        start: the moment (seconds from the file's origin).
        seen: what is known of the file; frames beyond that are counted on, and become known.
        where: the file, for messages.

    Returns:
        None where the file's last frame was given, else how many of the file's frames need not be given any more.
    """
    import av

    times, whole = seen.times()
    index = -1
    if not len(times):
        return 0
    start = min(start, float(times[-1]))
    try:
        for frame, time in _from_key(container, stream, start, where):
            index = index + 1 if index >= 0 else _place(time, times) if time <= start else -1
            if index < 0 or (whole and index == len(times)) or (index < len(times) and times[index] != time):
                return max(index, 0)
            seen.passes(index, time)
            yield index, frame, time
    except (av.FFmpegError, MediaError):
        return index + 1  # decoding from the begin tells what is wrong, if anything is
    return None if index + 1 >= len(times) else index + 1


def _place(time: float, times: DoubleArray) -> int:
    """Index of the frame that is shown at a time; -1 if none is known, or several."""
    first, after = np.searchsorted(times, time), np.searchsorted(times, time, side="right")
    return int(first) if after - first == 1 else -1


def _from_key(container: Any, stream: Any, start: float, where: str) -> Iterator[tuple[Any, float]]:
    """Frames with their times from a key frame on; none if none can be sought."""
    begun = False
    for frame, time in timed_frames(container, stream, _packets_from_key(container, stream, Fraction(start)), where):
        # Shown before the key frame, but decoded after it: these need frames that were left out.
        begun = begun or bool(frame.key_frame)
        if begun:
            yield frame, time


def _packets_from_key(container: Any, stream: Any, start: Fraction) -> Iterable[Any]:
    """Packets from the last usable key frame on that is shown at or before a moment (s); none if there is none."""
    import av

    to = start + origin(container)
    for _ in range(TRIES):
        try:
            container.seek(int(to // stream.time_base), stream=stream)
            packets = container.demux(stream)
            key = next(packets)
        except (av.FFmpegError, OSError, StopIteration):
            return ()
        stamps = [stamp for stamp in (key.pts, key.dts) if stamp is not None]
        if not stamps:
            return ()
        shown = max(stamps) * stream.time_base + (LAG if key.pts is None else 0)
        if shown <= start + origin(container) and _usable(key, stream):
            return chain([key], packets)
        to = min(to, min(stamps) * stream.time_base) - stream.time_base
    return ()


def _usable(packet: Any, stream: Any) -> bool:
    """Whether decoding can begin with a packet and give what it gives otherwise."""
    if not packet.is_keyframe or packet.is_corrupt:
        return False
    extra = bytes(stream.codec_context.extradata or b"")
    if stream.codec_context.name == "h264":
        return _is_idr(bytes(packet), extra)
    return stream.codec_context.name != "mpeg4" or not PACKED.search(extra + bytes(packet))


def _is_idr(packet: bytes, extra: bytes) -> bool:
    """Whether an H.264 packet holds an IDR picture (ITU-T H.264, table 7-1): no later one refers to what is before."""
    if extra[:1] != b"\x01":  # start codes
        kinds = [match[1][0] & 31 for match in re.finditer(rb"\x00\x00\x01(.)", packet, re.DOTALL)]
    else:  # sizes
        width, at, kinds = (extra[4] & 3) + 1, 0, []
        while at + width < len(packet):
            kinds.append(packet[at + width] & 31)
            at += width + int.from_bytes(packet[at : at + width], "big")
    slices = {kind for kind in kinds if 1 <= kind <= 5}
    return slices == {5}
