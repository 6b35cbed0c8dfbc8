"""Writing pictures and sound as MP4."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.demo.encode import BIT_RATE
from abaw_pipeline.errors import MediaError
from abaw_pipeline.types import ByteArray, DoubleArray

QUALITY = {
    "preset": "superfast",
    "crf": "23",
    "flags": "+bitexact",
    "g": "50",
    "threads": "1",
    "x264-params": "threads=1",
}
"""One thread: with more of them, the same pictures may give other bytes on another machine."""

QUARTER_TURN = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 360 << 16, 0, 1 << 30)
"""Matrix of a track that a player turns clockwise by 90 degrees."""


def write_video(
    path: Path,
    pictures: Iterable[ByteArray],
    steps: Iterable[int],
    unit: Fraction,
    sound: DoubleArray | None,
    rate: int,
    *,
    turned: bool = False,
) -> None:
    """Write H.264 and AAC; the same pictures and samples give the same bytes.

    Args:
        path: where; what the file is does not depend on its suffix.
        pictures: uint8 [height, width, 3], one size, upright.
        steps: when each is shown, in units, ascending from 0.
        unit: seconds.
        sound: [channels, n], within -1..1; None writes no sound stream.
        rate: of the sound, Hz.
        turned: keep the pictures lying on their side, with the note that players turn them.

    Raises:
        MediaError: this build of FFmpeg lacks a codec.
    """
    import av

    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as output:
        try:
            seen = output.add_stream("libx264", rate=ceil(1 / unit) if unit > Fraction(1, 200) else 30)
            heard = None if sound is None else output.add_stream("aac", rate=rate, layout=_layout(sound))
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError("this FFmpeg cannot write H.264 and AAC.", where=path.name) from error
        seen.pix_fmt, seen.codec_context.options, seen.codec_context.time_base = "yuv420p", QUALITY, unit
        if heard is not None and sound is not None:
            heard.bit_rate, heard.codec_context.options = BIT_RATE * len(sound), {"flags": "+bitexact"}
        _encode(output, seen, heard, (np.rot90(p) if turned else p for p in pictures), steps, unit, sound, rate)
    if turned:
        _turn(path)


def _layout(sound: DoubleArray) -> str:
    return "mono" if len(sound) == 1 else "stereo"


def _encode(
    output: Any,
    seen: Any,
    heard: Any,
    pictures: Iterable[ByteArray],
    steps: Iterable[int],
    unit: Fraction,
    sound: DoubleArray | None,
    rate: int,
) -> None:
    import av

    first = True
    for pixels, step in zip(pictures, steps, strict=True):
        if first:
            seen.height, seen.width = pixels.shape[:2]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        frame.pts, frame.time_base = step, unit
        packets = seen.encode(frame)
        if first and heard is not None and sound is not None:
            # The muxer waits for both streams and sorts them by time: a clip's sound is small enough to wait.
            samples = np.ascontiguousarray(sound, dtype=np.float32)
            whole = av.AudioFrame.from_ndarray(samples, format="fltp", layout=_layout(sound))
            whole.sample_rate, whole.time_base, whole.pts = rate, Fraction(1, rate), 0
            output.mux([*heard.encode(whole), *heard.encode(None)])
        first = False
        output.mux(packets)
    output.mux(seen.encode(None))


def _turn(path: Path) -> None:
    """Give the first track, the pictures, the matrix of a quarter turn (ISO/IEC 14496-12, track header box)."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = QUARTER_TURN
    path.write_bytes(data)
