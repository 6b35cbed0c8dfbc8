"""Names of folders for videos of any name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

REFUSED = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
"""What some file system or other does not allow in a name."""

TAKEN = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?|index\.html", re.IGNORECASE)
"""Names of devices in Windows, and the list of all videos."""

LONGEST = 120
"""Bytes of a name; file systems allow 255, and paths have limits, too."""


def folder_names(videos: Iterable[str]) -> dict[str, str]:
    """A folder for each video, named like it, that every usual file system accepts.

    Names that would be one, as where capital letters do not count, get a few characters of a hash; so does a name
    that ends as if it had got them.

    Args:
        videos: names, all different; may hold any characters.
    """
    names = {video: _plain(video) for video in videos}
    counts = Counter(_compared(name) for name in names.values())
    return {
        video: name if counts[_compared(name)] == 1 and _keeps(name) else _told_apart(name, video)
        for video, name in names.items()
    }


def _plain(video: str) -> str:
    name = REFUSED.sub("_", video).strip(" .") or "_"
    return f"_{name}" if TAKEN.fullmatch(name) else name


def _compared(name: str) -> str:
    """The same for names that some file system takes for one: capitals, and accents written in two ways."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _keeps(name: str) -> bool:
    """Whether a name is short enough, and none that another may get when it is told apart."""
    return len(name.encode()) <= LONGEST and not re.search(r"_[0-9a-f]{8}$", name, re.IGNORECASE)


def _told_apart(name: str, video: str) -> str:
    short = name.encode()[: LONGEST - 9].decode(errors="ignore").strip(" .")
    return f"{short}_{hashlib.sha256(video.encode()).hexdigest()[:8]}"
