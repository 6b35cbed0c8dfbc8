"""What is remembered of files between runs: one JSON file that is whole, or ignored."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from filelock import FileLock

from abaw_pipeline.artifacts.durable import sync_folder

log = logging.getLogger(__name__)

VERSION = 1
"""Of the layout, and of the rule by which an entry may be trusted: raised when either changes."""

KEPT_DAYS = 90
"""What no run has asked for in so many days is forgotten: the file is gone, has changed, or is not used any more."""

LOCK_S = 30.0
"""How long to wait for another run that saves, which takes it a second."""


class Signature(NamedTuple):
    """What a file system tells of a file without reading it; times in nanoseconds since 1970."""

    device: int
    inode: int
    size: int
    mtime: int
    ctime: int

    @property
    def text(self) -> str:
        """All of it, as the memory has it."""
        return ":".join(map(str, self))


class Remembered(NamedTuple):
    """What is remembered of a file that looked in a certain way.

    Attributes:
        sha256: hex digest of its content.
        seen: day (since 1970) on which a run last asked for it.
    """

    sha256: str
    seen: int


Entries: TypeAlias = Mapping[str, Remembered]
"""Files by the text of their signature. Paths do not count: a corpus in a folder that is moved is still known."""


class HashMemory:
    """A JSON file with an entry a file.

    Its first line has the version and the sha256 of the second, so that a flipped bit cannot become a wrong digest.
    JSON and not Parquet: 100,000 entries were parsed in some 0.3 s either way, and JSON imports nothing.

    Args:
        path: the file; its folder is made when something is saved.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, Remembered]:
        """All entries; none where there is no file, or one that cannot be used, which is logged."""
        try:
            head, _, body = self._path.read_bytes().partition(b"\n")
            _check(head, body)
            return {text: Remembered(*entry) for text, entry in json.loads(body).items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("%s cannot be used (%s): what it is about is read again", self._path, error)
            return {}

    def save(self, changes: Entries, today: int) -> None:
        """Lay changes over what is on disk, whoever wrote that, and drop what nobody has asked for in KEPT_DAYS.

        A folder that cannot be written to is logged and is no error: what is lost is only the time to read again.

        Args:
            changes: new or renewed entries.
            today: day since 1970.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=LOCK_S):
                entries = {**self.load(), **changes}
                self._write({text: each for text, each in entries.items() if each.seen > today - KEPT_DAYS})
        except OSError as error:  # the lock's Timeout is one, too
            log.warning("%s cannot be written (%s): the next run reads these files again", self._path, error)

    def _write(self, entries: Entries) -> None:
        body = json.dumps(entries, separators=(",", ":")).encode()
        head = json.dumps({"version": VERSION, "sha256": hashlib.sha256(body).hexdigest()}).encode()
        aside = self._path.with_suffix(".part")  # one name for all: who writes holds the lock
        with aside.open("wb") as file:
            file.writelines((head, b"\n", body))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        sync_folder(self._path.parent)


def _check(head: bytes, body: bytes) -> None:
    """Refuse what this code did not write, and what is not as it was written.

    Raises:
        ValueError: why; also that the head is no JSON.
    """
    facts = json.loads(head)
    if not isinstance(facts, dict) or facts.get("version") != VERSION:
        raise ValueError("another version")
    if facts.get("sha256") != hashlib.sha256(body).hexdigest():
        raise ValueError("damaged")
