"""Files that are on disk, not only in a cache, before anything names them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def make_durable(path: Path) -> tuple[int, str]:
    """Size and sha256 of a file that has been written, once its content is on disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
        return os.fstat(file.fileno()).st_size, checksum


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
