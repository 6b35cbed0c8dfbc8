"""Names of folders for videos of any name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

REFUSED = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
"""What some file system or other does not allow in a name."""

LONGEST = 120
"""Bytes of a name; file systems allow 255, and paths have limits, too."""


def folder_names(videos: Iterable[str]) -> dict[str, str]:
    """A folder for each video, named like it, that every usual file system accepts.

    Names that would be one, as where capital letters do not count, get a few characters of a hash.

    Args:
        videos: names, all different; may hold any characters.
    """
    names = {video: _plain(video) for video in videos}
    counts: dict[str, int] = {}
    for name in names.values():
        counts[name.casefold()] = counts.get(name.casefold(), 0) + 1
    return {
        video: name if counts[name.casefold()] == 1 and len(name.encode()) <= LONGEST else _told_apart(name, video)
        for video, name in names.items()
    }


def _plain(video: str) -> str:
    return REFUSED.sub("_", video).strip(" .") or "_"


def _told_apart(name: str, video: str) -> str:
    short = name.encode()[: LONGEST - 9].decode(errors="ignore").strip(" .")
    return f"{short}_{hashlib.sha256(video.encode()).hexdigest()[:8]}"
