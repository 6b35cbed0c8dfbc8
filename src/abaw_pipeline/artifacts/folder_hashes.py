"""Folders of many small files known by content, with one entry a folder in what is remembered.

A corpus of video has millions of crops. Each is looked at in every run, and read only where one of its folder has
changed. What is trusted, and what is not, is as `file_hashes` has it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from abaw_pipeline.artifacts import file_hashes
from abaw_pipeline.artifacts.file_hashes import DAY_NS, TRIES, FileChangingError, Hashes, settled
from abaw_pipeline.artifacts.hash_memory import Remembered, Signature

log = logging.getLogger(__name__)


class FolderHashes(Hashes):
    """The sha256 of folders: of the names and contents of the files in them, not deeper, hidden ones left out."""

    def of(self, folders: Iterable[str]) -> dict[str, str | OSError]:
        """Digests of folders.

        Args:
            folders: in any order, also repeated.

        Returns:
            Folder -> hex digest, or why it cannot be read; FileChangingError where it changed while it was read.
        """
        known = self._memory.load() if self._memory and not self._reread else {}
        today = file_hashes.now_ns() // DAY_NS
        results: dict[str, str | OSError] = {}
        changes: dict[str, Remembered] = {}
        try:
            for folder in dict.fromkeys(folders):
                try:
                    results[folder] = _digest(folder, known, changes, today)
                except OSError as error:
                    results[folder] = error
        finally:  # what has been read is kept, however this ends
            if self._memory and changes:
                self._memory.save(changes, today)
        return results


def _digest(folder: str, known: Mapping[str, Remembered], changes: dict[str, Remembered], today: int) -> str:
    """Digest of a folder; into `changes` goes what is to be remembered.

    Raises:
        FileChangingError: it changed while it was read, each time.
        OSError: it cannot be listed, or a file cannot be read.
    """
    for _ in range(TRIES):
        began, before = file_hashes.now_ns(), _looks(folder)
        text, old = _text(before), all(settled(each, began) for each in before.values())
        if old and text in known:
            sha256 = known[text].sha256
        else:
            sha256 = _read(folder, list(before))
            if _looks(folder) != before:
                continue
        if old and (text not in known or known[text].seen != today):
            changes[text] = Remembered(sha256, today)
        return sha256
    raise FileChangingError(errno.EBUSY, "it changed while it was read; is it still being written?", folder)


def _looks(folder: str) -> dict[str, Signature]:
    """What the file system tells of each file, by name."""
    with os.scandir(folder) as entries:
        files = sorted((each for each in entries if not each.name.startswith(".")), key=lambda each: each.name)
        return {each.name: file_hashes.look(each.stat()) for each in files if each.is_file()}


def _text(looks: Mapping[str, Signature]) -> str:
    return f"folder:{_combined((each.text, name) for name, each in looks.items())}"


def _read(folder: str, names: list[str]) -> str:
    """Digest of names and contents, read in threads."""

    def content(name: str) -> str:
        with file_hashes.open_file(f"{folder}/{name}") as file:
            return file_hashes.read_digest(file)

    with ThreadPoolExecutor() as pool:
        sha256 = _combined(zip(pool.map(content, names), names, strict=True))
    log.info("folder %s: %d files hashed", folder, len(names))
    return sha256


def _combined(facts: Iterable[tuple[str, str]]) -> str:
    """Digest of what is known of files, each with its name; no name holds the separator."""
    whole = hashlib.sha256()
    for fact, name in facts:
        whole.update(f"{fact} ".encode() + os.fsencode(name) + b"\0")
    return whole.hexdigest()
