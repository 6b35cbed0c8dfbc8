"""When each frame of a video is shown, from its container's timestamps alone."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import open_media, origin, picture_stream
from abaw_pipeline.media.declared import sound_end
from abaw_pipeline.media.known import Known, known
from abaw_pipeline.media.whole import check_whole
from abaw_pipeline.threads import allowed_threads
from abaw_pipeline.types import DoubleArray

COUNTABLE_CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
"""Containers that time each packet in display order and say which are not shown."""

COUNTABLE_CODECS = {"av1", "ffv1", "h264", "hevc", "libdav1d", "mjpeg", "png", "prores", "vp9"}
"""Decoders that give one frame a packet there. MPEG-4 part 2 and VP8 also have packets without a frame."""


LOST_END = 1.0
"""Pictures of a Matroska file may end this much (s) before the end that it declares for them."""


def frame_times(path: str | Path) -> DoubleArray:
    """When each frame of a video is shown, in seconds from the file's origin (media.container.origin).

    Equal to the times of `decode_pictures`, frame by frame. Where each packet is one frame, only the first frame
    is decoded and the packets' timestamps are read; other files are decoded, though no picture is converted.

    Returns:
        float64 [n_frames], in display order.

    Raises:
        MediaError: missing, empty or cut file, no video stream, no frame, or, where decoding is needed, damage.
    """
    check_file(path)
    with open_media(path) as container:
        seen = known(path)
        if seen.checked is None:
            seen.checked = _all_times(path, container, seen)
        return seen.checked.copy()


def _all_times(path: str | Path, container: Any, seen: Known) -> DoubleArray:
    stream = moving_stream(container, str(path))
    frames = shown_frames(container, stream, str(path))
    first = next(frames, None)
    if first is None:
        raise MediaError("the video stream has no picture", where=str(path))
    seen.first = first[1], first[0].interlaced_frame
    times = counted_times(path, container, stream, seen)
    if times is None:
        times = np.array([first[1], *(time for _, time in frames)], np.float64)
    check_end(container, stream, float(times[-1]), str(path))
    return times


def check_file(path: str | Path) -> None:
    """Look for a missing end before anything is read; that a file is there at all is checked when it is opened.

    Raises:
        MediaError: the file holds fewer bytes than it says.
    """
    if Path(path).is_file():
        check_whole(path)


def check_end(container: Any, stream: Any, last: float, where: str) -> None:
    """Find a Matroska file whose end is overwritten, which FFmpeg leaves out in silence.

    Raises:
        MediaError: the last frame begins (`last`, s) long before the end that the file declares for its pictures.
    """
    promised = sound_end(container, stream) if "matroska" in container.format.name else None
    if promised is not None and last + LOST_END < promised:
        raise MediaError(
            f"the data are damaged: the pictures end at {last:.3f} s, the file says {float(promised):.3f} s",
            where=where,
            hint="Copy or download it again.",
        )


def moving_stream(container: Any, where: str) -> Any:
    """The stream of moving pictures that a player would choose.

    Raises:
        MediaError: the file has none.
    """
    stream = picture_stream(container)
    if stream is None:
        raise MediaError("the file has no video stream", where=where)
    return stream


def shown_frames(container: Any, stream: Any, where: str) -> Iterator[tuple[Any, float]]:
    """Each decoded frame in display order, with its time in seconds from the file's origin.

    A frame without a timestamp follows the frame before it by the stream's average frame duration; the first
    such frame stands at the origin.

    Raises:
        MediaError: timestamps that run backwards, or neither timestamps nor a frame rate.
    """
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = max(1, allowed_threads() - 1)  # who takes the frames works meanwhile
    yield from timed_frames(container, stream, container.demux(stream), where)


def timed_frames(container: Any, stream: Any, packets: Iterable[Any], where: str) -> Iterator[tuple[Any, float]]:
    """The frames that packets hold, as `shown_frames` gives them."""
    begin, before = origin(container), None
    for frame, pts in _stamped(container, stream, packets):
        if pts is not None:
            time = pts * frame.time_base - begin
        else:
            time = Fraction(0) if before is None else before + frame_step(stream, where)
        if before is not None and time < before:
            raise MediaError(
                f"the pictures' timestamps run backwards, from {float(before):.3f} to {float(time):.3f} s",
                where=where,
                hint="The file may be damaged: copy it again, remux or re-encode it.",
            )
        before = time
        yield frame, float(time)


def _stamped(container: Any, stream: Any, packets: Iterable[Any]) -> Iterator[tuple[Any, int | None]]:
    """Frames in display order with their timestamps.

    An avi file numbers its packets in the order of decoding. Where FFmpeg hands those numbers on, each frame takes
    the least of them that is left.
    """
    numbered = container.format.name == "avi" and stream.codec_context.name in {"h264", "hevc"}
    waiting: list[int] = []
    for packet in packets:
        if numbered and packet.pts is not None:
            heapq.heappush(waiting, packet.pts)
        for frame in packet.decode():
            yield frame, heapq.heappop(waiting) if waiting else frame.pts


def frame_step(stream: Any, where: str) -> Fraction:
    """Average time from one frame to the next (s).

    Raises:
        MediaError: the file does not say.
    """
    rate = stream.average_rate or stream.guessed_rate
    if not rate:
        raise MediaError("the file gives neither timestamps nor a frame rate", where=where, hint="Re-encode it.")
    return Fraction(1 / rate)


def counted_times(path: str | Path, container: Any, stream: Any, seen: Known) -> DoubleArray | None:
    """As `packet_times`, read once while a process works on a file whose first frame is known."""
    if seen.counted is None and seen.countable and seen.first is not None:
        seen.counted = packet_times(path, container, stream, *seen.first)
        seen.countable = seen.counted is not None
    return seen.counted


def packet_times(path: str | Path, container: Any, stream: Any, first: float, interlaced: bool) -> DoubleArray | None:
    """Times of the frames by the packets that hold them; None where a packet need not be a frame.

    Args:
        path: the file, opened once more.
        container: the file as it is open already.
        stream: its stream of moving pictures.
        first: when the first frame is shown (s). Packets before it depend on pictures that the file lacks.
        interlaced: whether that frame is interlaced: a packet may then be half a frame.

    Returns:
        float64 [n_frames] in display order, seconds from the file's origin.
    """
    known = container.format.name in COUNTABLE_CONTAINERS and stream.codec_context.name in COUNTABLE_CODECS
    if interlaced or not known:
        return None
    begin, times = origin(container), []
    with open_media(path) as again:
        for packet in again.demux(again.streams[stream.index]):
            if not packet.size or packet.is_discard:
                continue
            if packet.pts is None or packet.is_corrupt:
                return None
            times.append(float(packet.pts * packet.time_base - begin))
    ordered = np.sort(np.array(times, np.float64))
    return ordered[ordered >= first]
