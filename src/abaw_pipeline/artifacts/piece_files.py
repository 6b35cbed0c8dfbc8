"""The files of pieces. A name says what the piece is made of and what it holds, so that damage can be told."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

DAMAGED = ".damaged"
"""Folder below a store into which damaged files are moved; nothing reads them."""

_NAME = re.compile(r"(?P<fingerprint>[0-9a-f]{32})-(?P<checksum>[0-9a-f]{16})(?P<suffix>\.\w+)")


class DamagedFileError(Exception):
    """A file that holds something else than its name says."""


def piece_name(fingerprint: str, checksum: str, suffix: str) -> str:
    """Path of a piece below its store, from its fingerprint and the sha256 of its content (hex)."""
    return f"{fingerprint[:2]}/{fingerprint}-{checksum[:16]}{suffix}"


def parse_name(name: str) -> tuple[str, str] | None:
    """Fingerprint and the beginning of the checksum that a file's name gives; None for other names."""
    found = _NAME.fullmatch(name)
    return None if found is None else (found["fingerprint"], found["checksum"])


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a piece's file holds what its name says; reads all of it."""
    parsed = parse_name(path.name)
    return parsed is not None and sha256_of(path).startswith(parsed[1])


def check_once(path: str) -> None:
    """Make sure that a piece's file is whole: once a process, and again when the file is no longer the same.

    A damaged file is moved aside, so that the next run makes the piece again.

    Raises:
        DamagedFileError: it is not.
        FileNotFoundError: it is not there.
    """
    status = Path(path).stat()
    if not _is_whole(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns):
        raise DamagedFileError(set_aside(Path(path)))


@lru_cache(maxsize=1 << 16)
def _is_whole(path: str, *_status: int) -> bool:
    return is_whole(Path(path))


def set_aside(path: Path) -> str:
    """Move a damaged file out of the way; what was done, in words."""
    folder = path.parent.parent / DAMAGED
    try:
        folder.mkdir(exist_ok=True)
        path.replace(folder / path.name)
    except FileNotFoundError:
        return f"{path} was damaged, and another process has moved it aside"
    except OSError as error:
        return f"{path} is damaged and could not be moved aside ({error.strerror}): remove it"
    return f"{path} was damaged (its checksum differs) and is now in {folder}"
