"""Facts of a media file as a plain mapping, with a length even where no header tells one."""

from __future__ import annotations

import dataclasses
from typing import Any

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.decode import decode_parts
from abaw_pipeline.media.last import last_picture
from abaw_pipeline.media.probe import probe
from abaw_pipeline.types import File

RATE = 16_000
"""Samples a second (Hz) in which a length is counted that no header tells."""


def read_facts(file: File) -> dict[str, Any]:
    """The fields of `MediaInfo`; a length that no header tells is found by decoding the sound.

    Where the last picture begins after the end that the header tells, the file lasts until that picture's end.

    Raises:
        MediaError: the file cannot be read, or nothing tells how long it is.
    """
    facts = dataclasses.asdict(probe(file.path))
    if facts["duration"] is None:
        if not facts["sound"]:
            raise MediaError(
                "no header says how long it is, and it has no sound to count",
                where=file.path,
                hint="Remux it, for instance with: ffmpeg -i IN -c copy OUT.mp4",
            )
        facts["duration"] = sum(len(part.samples) for part in decode_parts(file.path, rate=RATE)) / RATE
    last = last_picture(file.path) if facts["video"] else None
    if last is not None and last[0] >= facts["duration"]:
        facts["duration"] = last[1]
    return facts
