"""How much sound a file's header promises: what is missing at its end was cut off."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import origin

GUESSING_FORMATS = {"aac", "ac3", "amr", "eac3", "dts", "loas", "mpeg", "mpegts"}
"""Formats without a length in their header: FFmpeg guesses it from bit rate or timestamps."""

UNKNOWN_SIZES = {0, 0xFFFFFFFF}
"""What recorders that cannot seek back leave in a wav file's header."""


def sound_end(container: Any, stream: Any) -> Fraction | None:
    """When the sound ends by the header, in seconds from the file's origin; None if it does not say."""
    begin: Fraction = Fraction(stream.start_time or 0) * stream.time_base - origin(container)
    if container.format.name in GUESSING_FORMATS or _mp3_without_frame_count(container, stream):
        return None
    if stream.duration is not None:
        return begin + Fraction(stream.duration * stream.time_base)
    tagged = _clock(stream.metadata.get("DURATION", ""))
    if tagged is not None:
        # Matroska's tag counts from zero on the file's clock, not from the stream's first sample.
        return tagged - origin(container)
    alone = len(container.streams) == 1 and container.duration is not None
    return Fraction(container.duration, 1_000_000) if alone else None


def tolerance(stream: Any) -> float:
    """How much of the promised sound may be missing (seconds).

    Lossless sound has an exact count, up to the millisecond in which some containers count. Encoders of lossy
    sound add and cut up to about two blocks of it, and their containers round.
    """
    name = stream.codec_context.name
    return 0.002 if name == "flac" or name.startswith("pcm_") else 0.1


def check_wav_size(path: Path) -> None:
    """FFmpeg shortens the length of a cut wav file in silence, so its header is compared with its size here.

    Raises:
        MediaError: the file holds fewer bytes of sound than its header says.
    """
    with path.open("rb") as file:
        if file.read(4) not in {b"RIFF", b"RF64"} or len(file.read(8)) < 8:
            return
        size = _data_chunk_size(file)
        here = file.tell()
    held = path.stat().st_size - here
    if size is not None and held < size:
        raise MediaError(
            f"the file is cut short: {held} of {size} bytes of sound",
            where=str(path),
            hint="Copy or download it again.",
        )


def _data_chunk_size(file: BinaryIO) -> int | None:
    """Bytes that the chunk of sound should hold, the file standing at its begin; None if it is not known."""
    large: int | None = None
    while len(head := file.read(8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            return large if size in UNKNOWN_SIZES else size
        if name == b"ds64":
            body = file.read(size)
            large = struct.unpack_from("<Q", body, 8)[0] if len(body) >= 16 else None
            continue
        file.seek(size + size % 2, 1)
    return None


def _mp3_without_frame_count(container: Any, stream: Any) -> bool:
    # The header frame that counts the frames also gives the encoder's delay, seen as a late start.
    return container.format.name == "mp3" and not stream.start_time


def _clock(text: str) -> Fraction | None:
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
