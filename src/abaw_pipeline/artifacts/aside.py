"""What writers leave behind: files below a store's `.aside` that never got their names, as their process died."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

ASIDE = ".aside"
"""Folder below a store in which files are written before they get their names."""

FORSAKEN = 24 * 3600.0
"""Seconds without a write after which a file that another machine writes counts as left behind. A container's name
dies with it, so whether its process still runs cannot be asked."""

_NAME = re.compile(r"(?P<host>.+)-(?P<process>\d+)-[0-9a-f]+\.\w+")


def aside_name(suffix: str) -> str:
    """A new name for a file that this process writes; it tells whose the file is."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}{suffix}"


def abandoned(store: Path, *, others: bool = False) -> Iterator[Path]:
    """Files aside whose writers no longer run on this machine.

    Args:
        store: folder of pieces.
        others: also files of other machines which nobody has written to for a day.
    """
    host, folder = socket.gethostname(), store / ASIDE
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        found = _NAME.fullmatch(path.name)
        if found is None or path.is_symlink() or not path.is_file():
            continue
        if found["host"] == host:
            if not _runs(int(found["process"])):
                yield path
        elif others and time.time() - path.stat().st_mtime > FORSAKEN:
            yield path


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
