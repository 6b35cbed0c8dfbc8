"""Tells a file that was cut short: by the sizes that its own structure gives, whatever its counts of frames say."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.declared import UNKNOWN_SIZES

MP4_FIRST = {b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"pnot"}
"""Types of box that a file of the MP4 family (mp4, m4v, mov, 3gp) begins with."""

MP4_NEEDED = {b"moov", b"mdat", b"moof"}
"""Boxes that hold pictures and sound or say where they are; other trailing bytes may be anything."""

RIFF_SLACK = 8
"""Some programs count the first eight bytes of an avi file into its size."""


def check_whole(path: str | Path) -> None:
    """Compare a file's size with the size that its outermost structure declares.

    Known for mp4, mov, avi, mkv and webm. Recordings that were never closed declare none and pass, as do other
    containers (mpeg, ts, flv, ogg): of these nothing tells a missing end.

    Raises:
        MediaError: the file holds fewer bytes than it says.
    """
    file = Path(path)
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(12)
        stream.seek(0)
        wanted = 0
        if head[4:8] in MP4_FIRST:
            wanted = _mp4_end(stream, size)
        elif head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            wanted = _avi_end(stream, size) - RIFF_SLACK
        elif head[:4] == b"\x1a\x45\xdf\xa3":
            wanted = _matroska_end(stream)
    if wanted > size:
        raise MediaError(
            f"the file is cut short: {size} of {wanted} bytes", where=str(path), hint="Copy or download it again."
        )


def _mp4_end(stream: BinaryIO, size: int) -> int:
    """Where the last box that matters ends."""
    at = end = 0
    while at < size:
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        if length < 8:  # 0: as far as the file goes
            break
        at += length
        end = at if kind in MP4_NEEDED else end
    return end


def _avi_end(stream: BinaryIO, size: int) -> int:
    """Where the last RIFF chunk ends; files beyond a gigabyte have several."""
    at = 0
    while at < size:
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8 or head[:4] != b"RIFF":
            break
        length = struct.unpack("<I", head[4:])[0]
        if length in UNKNOWN_SIZES:
            break
        at += 8 + length + length % 2
    return at


def _matroska_end(stream: BinaryIO) -> int:
    """Where the segment ends; 0 if it declares no size."""
    stream.seek(4)
    header = _vint(stream)
    if header is None:
        return 0
    stream.seek(header, 1)
    if stream.read(4) != b"\x18\x53\x80\x67":
        return 0
    length = _vint(stream)
    return 0 if length is None else stream.tell() + length


def _vint(stream: BinaryIO) -> int | None:
    """An EBML element's size (RFC 8794, section 4); None if it is unknown or unreadable."""
    first = stream.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    rest = stream.read(width - 1)
    if len(rest) < width - 1:
        return None
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + rest, "big")
    return None if value == (1 << 7 * width) - 1 else value
