"""When the last picture of a video begins and ends, whatever its header says."""

from __future__ import annotations

from pathlib import Path

from abaw_pipeline.media.container import open_media, origin, picture_stream

FAR = 2**40
"""Beyond the end of any stream, in its own units of time."""


def last_picture(path: str | Path) -> tuple[float, float] | None:
    """Seconds from the file's origin at which its last picture begins and ends.

    Only the packets behind the last point at which decoding can start are looked at; nothing is decoded. Of a transport
    stream, read so, the very last picture may stay unseen.

    Returns:
        None where the file cannot be read from its end, or its packets have no times.

    Raises:
        MediaError: missing or empty file, or no media.
    """
    import av

    with open_media(path) as container:
        stream = picture_stream(container)
        if stream is None:
            return None
        try:
            container.seek(FAR, stream=stream)
            packets = [
                each for each in container.demux(stream) if each.size and each.pts is not None and not each.is_discard
            ]
        except (av.FFmpegError, OSError):
            return None
        if not packets:
            return None
        last = max(packets, key=lambda packet: packet.pts)
        begin = float(last.pts * last.time_base - origin(container))
        lasts = float(last.duration * last.time_base) if last.duration else 0.0
        return begin, begin + (lasts or float(1 / (stream.average_rate or 1000)))
