"""Any sequence of changes, hashes, pauses and damage: a digest is the file's own, and no settled file is read twice.

Files are real; time is not. It stands still unless a rule lets it pass, and time stamps are as coarse as those of the
coarsest file systems (2 s), so that changes which no stamp shows are the rule and not the exception.
"""

import hashlib
import os
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from abaw_pipeline.artifacts import file_hashes, hash_memory
from abaw_pipeline.artifacts.file_hashes import MARGIN_NS, FileHashes
from abaw_pipeline.artifacts.hash_memory import Signature

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nothing is remembered there")

SECOND = 10**9
TICK = 2 * SECOND
NAMES = st.sampled_from(["a", "b", "c"])
BYTES = st.sampled_from([b"x", b"y"])
PAUSES = st.sampled_from([1, TICK, MARGIN_NS - 1, MARGIN_NS, MARGIN_NS + TICK, 86400 * SECOND])


class Files(RuleBasedStateMachine):
    """Three names in a folder, and a memory beside them."""

    def __init__(self):
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name) / "media"
        self.folder.mkdir()
        self.memory = self.folder.parent / "hashes.json"
        self.now = 1_700_000_000 * SECOND
        self.ctimes = {}
        self.reads = Counter()
        self.meanwhile = []
        self.patches = [
            mock.patch.object(file_hashes, "now_ns", lambda: self.now),
            mock.patch.object(file_hashes, "look", self._look),
            mock.patch.object(file_hashes, "read_digest", self._read),
            mock.patch.object(hash_memory, "sync_folder", lambda folder: None),  # durable is slow
            mock.patch.object(os, "fsync", lambda descriptor: None),
        ]
        for each in self.patches:
            each.start()
        for name in "abc":
            self.create(name, b"x")

    def teardown(self):
        for each in self.patches:
            each.stop()
        self.place.cleanup()

    def _look(self, facts):
        inode = (facts.st_dev, facts.st_ino)
        return Signature(*inode, facts.st_size, facts.st_mtime_ns, self.ctimes[inode])

    def _read(self, file):
        self.reads[file.name] += 1
        digest = hashlib.sha256(file.read()).hexdigest()
        while self.meanwhile:
            self.meanwhile.pop()()
        return digest

    def _path(self, name):
        return self.folder / name

    def _changed(self, path, mtime=None):
        """Set the time stamps of what has just been changed, as a coarse file system would."""
        stamp = self.now // TICK * TICK
        facts = path.stat()
        os.utime(path, ns=(0, stamp if mtime is None else mtime))
        self.ctimes[facts.st_dev, facts.st_ino] = stamp

    def _paths(self):
        return [str(path) for path in sorted(self.folder.iterdir()) if path.exists()]

    def _settled(self, path):
        facts = self._look(Path(path).stat())
        return max(facts.mtime, facts.ctime) + MARGIN_NS <= self.now

    @rule(name=NAMES, content=BYTES)
    def create(self, name, content):
        path = self._path(name)
        path.unlink(missing_ok=True)
        path.write_bytes(content * 4)
        self._changed(path)

    @rule(name=NAMES, restore=st.booleans())
    def edit_in_place(self, name, restore):
        path = self._path(name)
        if path.exists():
            mtime = path.stat().st_mtime_ns
            with path.open("r+b") as file:
                before = file.read()
                file.seek(0)
                file.write(before.translate(bytes.maketrans(b"xy", b"yx")))
            self._changed(path, mtime if restore else None)

    @rule(name=NAMES, size=st.integers(0, 6))
    def resize(self, name, size):
        path = self._path(name)
        if path.exists():
            os.truncate(path, size)
            self._changed(path)

    @rule(name=NAMES, days=st.integers(-2, 2))
    def touch(self, name, days):
        path = self._path(name)
        if path.exists():
            self._changed(path, self.now + days * 86400 * SECOND)

    @rule(one=NAMES, other=NAMES)
    def rename(self, one, other):
        source = self._path(one)
        if one != other and source.exists() and not source.is_symlink():
            source.rename(self._path(other))
            self._changed(self._path(other), self._path(other).stat().st_mtime_ns)

    @rule(one=NAMES, other=NAMES, hard=st.booleans())
    def link(self, one, other, hard):
        source, target = self._path(one), self._path(other)
        if one != other and source.exists() and not source.is_symlink():
            target.unlink(missing_ok=True)
            if hard:
                target.hardlink_to(source)
                self._changed(source, source.stat().st_mtime_ns)
            else:
                target.symlink_to(source)

    @rule(pause=PAUSES)
    def wait(self, pause):
        self.now += pause

    @rule(where=st.floats(0, 1, exclude_max=True))
    @precondition(lambda self: self.memory.exists())
    def damage_the_memory(self, where):
        content = bytearray(self.memory.read_bytes())
        content[int(where * len(content))] ^= 1
        self.memory.write_bytes(content)

    @rule(reread=st.booleans())
    def hash(self, reread):
        paths = self._paths()
        found = FileHashes(self.memory, reread=reread).of(paths)
        assert found == {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths}
        self.reads.clear()
        assert FileHashes(self.memory).of(paths) == found
        assert self.reads == {path: 1 for path in paths if not self._settled(path)}

    @rule(name=NAMES, before=st.booleans(), during=st.booleans(), pause=PAUSES)
    def hash_and_edit_within_a_tick(self, name, before, during, pause):
        """No stamp shows the second edit if there was one before in the tick."""
        if before:
            self.edit_in_place(name, restore=False)
        if during:
            self.meanwhile.append(lambda: self.edit_in_place(name, restore=True))
        FileHashes(self.memory).of(self._paths())
        if self.meanwhile or not during:  # nothing was read, so nobody has edited yet
            self.meanwhile.clear()
            self.edit_in_place(name, restore=True)
        self.wait(pause)


TestFiles = Files.TestCase
TestFiles.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.long
def test_many_more():
    many = settings(max_examples=500, stateful_step_count=50, deadline=None)
    run_state_machine_as_test(Files, settings=many)
