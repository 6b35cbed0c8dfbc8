"""Files known by content, without reading those again that cannot have changed.

A digest is remembered with the file's device, inode, size, mtime and ctime, and taken for the file's own as long as
all five stay as they were. What makes that safe is ctime: the kernel sets it to the time of now whenever content,
size, owner, mode or name of a file change, and no call sets it to anything else. So edits of the same size, mtime set
back by `touch` or `rsync -t`, another file renamed over this one, backups that are put back, and links that point
elsewhere are all noticed.

Time stamps are coarse, though: a file that is read and changed within one tick looks the same before and after. As in
git's index, such a digest is racy: it is used once, and not remembered. Remembered is what was read when ctime and
mtime were older, by MARGIN_NS, than the moment at which reading began, and were the same after reading.

Guaranteed, on file systems of this machine that keep ctime (ext4, XFS, Btrfs, ZFS, tmpfs, APFS): a file changed by
write, truncate, rename, copy or link is read again by the next run.

Not guaranteed, because nothing that the file system tells shows it:

- file systems where ctime is no time of change: FAT and exFAT, some FUSE and network file systems;
- a file server whose clock is slow by almost MARGIN_NS, and any clock that was set back meanwhile;
- a page that a program has mapped into memory, wrote to before the file was read, and writes to again before the
  kernel has put it on disk (both count as one change), and a single call of write that takes longer than MARGIN_NS;
- network file systems that answer from a cache even when a file is opened (NFS asks its server then);
- power cuts and crashes amid a write, decaying disks, and whoever writes to the device below the file system.

`FileHashes(..., reread=True)`, on the command line `--params execution.reread=true`, trusts nothing and reads all.
On Windows nothing is trusted: st_ctime is the time of creation there.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from abaw_pipeline.artifacts.hash_memory import Entries, HashMemory, Remembered, Signature

log = logging.getLogger(__name__)

MARGIN_NS = 60 * 10**9
"""How much older than its reading a file must be. Stamps of file systems in use are at most 2 s apart (FAT), the
kernel's at most 10 ms; Linux puts a dirty page on disk after 30 s; the rest is for a file server whose clock is slow.
The price: what is younger than a minute when it is read is read once more by the next run."""

KEEPS_CTIME = os.name != "nt"

SAVE_NS = 60 * 10**9
"""A run over terabytes that is killed loses no more than so long a time of reading."""

DAY_NS = 24 * 3600 * 10**9

TRIES = 2
"""How often a file is read that changes meanwhile."""

TOGETHER = 64
"""Files that a thread looks at in one go: handing them out singly costs more than looking."""


class FileChangingError(OSError):
    """A file that changes while it is read has no content to be known by."""


class Hashes:
    """Digests that are remembered.

    Args:
        memory: the file where they are; None: nowhere, and every file is read.
        reread: read every file, and remember it anew.
    """

    def __init__(self, memory: Path | None = None, *, reread: bool = False) -> None:
        self._memory = HashMemory(memory) if memory is not None and KEEPS_CTIME else None
        self._reread = reread


class FileHashes(Hashes):
    """The sha256 of files, each read at most once while it stays the same."""

    def of(self, paths: Iterable[str]) -> dict[str, str | OSError]:
        """Digests of files, in threads; each file is read from its beginning to its end by one of them.

        Args:
            paths: in any order, also repeated.

        Returns:
            Path -> hex digest, or why the file cannot be read; FileChangingError where it changed while it was read.
        """
        asked = list(dict.fromkeys(paths))
        work = _Work(self._memory)
        pool = ThreadPoolExecutor()
        try:
            if work.known and not self._reread:
                for path, signature in _unchanged(pool, asked, work.known):
                    work.take_unchanged(path, signature)
            for path, found in _read_all(pool, [path for path in asked if path not in work.results]):
                work.take(path, found)
        finally:  # what has been read is kept, however this ends
            pool.shutdown(cancel_futures=True)
            work.save()
        if asked:
            log.info(work.summary())
        return {path: work.results[path] for path in asked}


class _Reading(NamedTuple):
    """A file that has been read; whether it had been left alone for long enough to be remembered."""

    signature: Signature
    sha256: str
    settled: bool


class _Work:
    """What one call has found out, and what of it is to be remembered."""

    def __init__(self, memory: HashMemory | None) -> None:
        self.results: dict[str, str | OSError] = {}
        self.known: Entries = memory.load() if memory else {}
        self._memory = memory
        self._changes: dict[str, Remembered] = {}
        self._saved = now_ns()
        self._hashed, self._bytes, self._failed = 0, 0, 0

    def take_unchanged(self, path: str, signature: Signature) -> None:
        """A file looks as it did when it was read."""
        before = self.known[signature.text]
        self.results[path] = before.sha256
        if before.seen != (today := now_ns() // DAY_NS):
            self._changes[signature.text] = Remembered(before.sha256, today)

    def take(self, path: str, found: _Reading | OSError) -> None:
        """A file has been read, or cannot be."""
        if isinstance(found, OSError):
            self._failed += 1
            self.results[path] = found
            return
        self.results[path] = found.sha256
        self._hashed += 1
        self._bytes += found.signature.size
        before = self.known.get(found.signature.text)
        if before and before.sha256 != found.sha256:
            log.warning("%s has changed, and its time stamps have not: always set execution.reread for it", path)
        if found.settled:
            self._changes[found.signature.text] = Remembered(found.sha256, now_ns() // DAY_NS)
        if now_ns() - self._saved >= SAVE_NS:
            log.info("files: %d hashed so far (%.1f GB)", self._hashed, self._bytes / 1e9)
            self.save()

    def save(self) -> None:
        """Remember what is new."""
        if self._memory and self._changes:
            self._memory.save(self._changes, now_ns() // DAY_NS)
        self._changes, self._saved = {}, now_ns()

    def summary(self) -> str:
        """One line for the log."""
        unchanged = len(self.results) - self._hashed - self._failed
        refused = f", {self._failed} cannot be read" if self._failed else ""
        return f"files: {self._hashed} hashed ({self._bytes / 1e6:.1f} MB), {unchanged} unchanged{refused}"


def now_ns() -> int:
    """The clock that time stamps are compared with."""
    return time.time_ns()


def open_file(path: str) -> BufferedReader:
    """The one way in which files are opened here."""
    return open(path, "rb")  # noqa: PTH123 - a Path each takes longer than all else; callers close it


def look(facts: os.stat_result) -> Signature:
    """The facts of a file that count."""
    return Signature(facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def read_digest(file: BufferedReader) -> str:
    """Hex digest of all that comes from an open file."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def settled(signature: Signature, moment: int) -> bool:
    """Whether any change after a moment must have changed the signature; never where a stamp lies in the future."""
    return max(signature.mtime, signature.ctime) + MARGIN_NS <= moment


def _unchanged(pool: ThreadPoolExecutor, paths: Sequence[str], known: Entries) -> Iterator[tuple[str, Signature]]:
    """The files that look as they did when they were read, and how."""

    def look_up(group: Sequence[str]) -> list[tuple[str, Signature | None]]:
        return [(path, _known(path, known)) for path in group]

    groups = [paths[start : start + TOGETHER] for start in range(0, len(paths), TOGETHER)]
    for pairs in pool.map(look_up, groups):
        yield from ((path, signature) for path, signature in pairs if signature is not None)


def _known(path: str, known: Entries) -> Signature | None:
    """What a file looks like, where it is remembered so.

    It is opened for that: who must not read it any more gets no digest either, and NFS looks at it afresh.
    """
    try:
        with open_file(path) as file:
            now = look(os.fstat(file.fileno()))
    except OSError:
        return None  # reading it will tell why
    return now if now.text in known and settled(now, now_ns()) else None


def _read_all(pool: ThreadPoolExecutor, paths: Sequence[str]) -> Iterator[tuple[str, _Reading | OSError]]:
    """Files as they are read, the first that is done first."""
    waiting = {pool.submit(_read, path): path for path in paths}
    for future in as_completed(waiting):
        error = future.exception()
        yield waiting[future], error if isinstance(error, OSError) else future.result()


def _read(path: str) -> _Reading:
    """Read a file, and look at it before and after.

    Raises:
        FileChangingError: it changed while it was read, each time.
        OSError: it cannot be read.
    """
    for _ in range(TRIES):
        with open_file(path) as file:
            began, facts = now_ns(), os.fstat(file.fileno())
            before, sha256 = look(facts), read_digest(file)
        if not stat.S_ISREG(facts.st_mode):
            return _Reading(before, sha256, settled=False)
        if look(Path(path).stat()) == before:  # by its name: it may have been replaced, too
            return _Reading(before, sha256, settled(before, began))
    raise FileChangingError(errno.EBUSY, "it changed while it was read; is it still being written?", path)
