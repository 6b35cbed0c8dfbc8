"""A changed file is never missed, and an unchanged one is not read twice."""

import hashlib
import logging
import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from abaw_pipeline.artifacts import file_hashes
from abaw_pipeline.artifacts.file_hashes import MARGIN_NS, FileChangingError, FileHashes
from abaw_pipeline.artifacts.hash_memory import HashMemory

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nothing is remembered there")

HOUR_NS = 3600 * 10**9


class Bench:
    """A folder of files, a clock that may be ahead, and a count of what is read."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder, self.ahead, self.reads = folder / "media", HOUR_NS, Counter()
        self.folder.mkdir()
        self.memory = folder / "memory" / "hashes.json"
        self.while_reading = lambda path: None
        monkeypatch.setattr(file_hashes, "now_ns", lambda: time.time_ns() + self.ahead)
        monkeypatch.setattr(file_hashes, "read_digest", self._read)
        self._whole = file_hashes.read_digest

    def _read(self, file):
        self.reads[Path(file.name).name] += 1
        digest = hashlib.sha256(file.read()).hexdigest()
        self.while_reading(Path(file.name))
        return digest

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        self.tick()
        return path

    def tick(self):
        """Wait until what changes now gets other time stamps than what changed before."""
        probe = self.folder.parent / "probe"
        probe.write_bytes(b"")
        before = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns == before:
            probe.write_bytes(b"")

    def hash(self, *paths, **options):
        """Digests by a fresh object, as another run has it; what was read for them."""
        self.reads.clear()
        found = FileHashes(self.memory, **options).of(map(str, paths))
        assert list(found) == list(dict.fromkeys(map(str, paths)))
        return list(found.values())


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch)


def true(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_an_unchanged_file_is_not_read_again(bench):
    paths = [bench.write("a.mp4", b"aaaa"), bench.write("b.mp4", b"bbbb")]
    assert bench.hash(*paths) == [true(path) for path in paths]
    assert bench.reads == {"a.mp4": 1, "b.mp4": 1}
    assert bench.hash(*paths) == [true(path) for path in paths]
    assert not bench.reads


def test_a_file_is_known_in_a_folder_that_was_moved_and_by_a_link(bench):
    path = bench.write("a.mp4", b"aaaa")
    bench.hash(path)
    moved = bench.folder.rename(bench.folder.with_name("moved"))
    (moved.parent / "link").symlink_to(moved / "a.mp4")
    assert bench.hash(moved / "a.mp4", moved.parent / "link") == [true(moved / "a.mp4")] * 2
    assert not bench.reads


def _same_size_and_mtime(path):
    facts = path.stat()
    with path.open("r+b") as file:
        file.write(b"x")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_mtime_ns == facts.st_mtime_ns


def _another_renamed_over_it(path):
    other = path.with_name("other")
    other.write_bytes(b"x" * path.stat().st_size)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.rename(path)


def _backup_put_back(path):
    backup = path.with_name("backup")
    shutil.copy2(path, backup)
    with backup.open("r+b") as file:
        file.write(b"o")
    os.utime(backup, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    path.unlink()
    shutil.copy2(backup, path)


def _appended(path):
    with path.open("ab") as file:
        file.write(b"x")


def _cut(path):
    os.truncate(path, 2)


CHANGES = [_same_size_and_mtime, _another_renamed_over_it, _backup_put_back, _appended, _cut]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_file_is_read_again_and_its_neighbour_is_not(bench, change):
    paths = [bench.write("a.mp4", b"aaaa"), bench.write("b.mp4", b"bbbb")]
    before = bench.hash(*paths)
    change(paths[0])
    assert bench.hash(*paths) == [true(path) for path in paths] != before
    assert bench.reads == {"a.mp4": 1}
    bench.hash(*paths)
    assert not bench.reads


def test_a_link_that_points_elsewhere_is_another_file(bench):
    one, other = bench.write("one", b"aaaa"), bench.write("other", b"bbbb")
    link = bench.folder / "link"
    link.symlink_to(one)
    assert bench.hash(link) == [true(one)]
    link.unlink()
    link.symlink_to(other)
    assert bench.hash(link) == [true(other)]


def test_a_young_file_is_not_remembered(bench):
    """It might still change within the tick of its time stamps."""
    path = bench.write("a.mp4", b"aaaa")
    bench.ahead = 0
    for _ in range(2):
        assert bench.hash(path) == [true(path)]
        assert bench.reads == {"a.mp4": 1}


@pytest.mark.parametrize(("age", "missed"), [(0, False), (MARGIN_NS - 1, False), (MARGIN_NS, True)])
def test_an_edit_within_the_tick_is_seen_however_coarse_up_to_the_margin(bench, monkeypatch, age, missed):
    """All time stamps stay as they are: a tick without end. Older than the margin it would be missed, by design."""
    path = bench.write("a.mp4", b"aaaa")
    facts, look = path.stat(), file_hashes.look
    stamps = {"mtime": facts.st_mtime_ns, "ctime": facts.st_mtime_ns}
    monkeypatch.setattr(file_hashes, "look", lambda facts: look(facts)._replace(**stamps))
    clock = [facts.st_mtime_ns + age]
    monkeypatch.setattr(file_hashes, "now_ns", lambda: clock[0])
    bench.hash(path)
    path.write_bytes(b"bbbb")
    clock[0] += HOUR_NS  # what was racy then looks settled now
    assert (bench.hash(path) != [true(path)]) == missed


@pytest.mark.parametrize("stamp", ["mtime", "ctime"])
def test_a_time_stamp_in_the_future_is_never_trusted(bench, monkeypatch, stamp):
    path, look = bench.write("a.mp4", b"aaaa"), file_hashes.look
    future = time.time_ns() + 10 * HOUR_NS
    monkeypatch.setattr(file_hashes, "look", lambda facts: look(facts)._replace(**{stamp: future}))
    for _ in range(2):
        bench.hash(path)
        assert bench.reads == {"a.mp4": 1}


def test_with_a_clock_that_was_set_back_nothing_is_trusted(bench):
    path = bench.write("a.mp4", b"aaaa")
    bench.hash(path)
    bench.ahead = -HOUR_NS
    bench.hash(path)
    assert bench.reads == {"a.mp4": 1}


def test_where_ctime_is_something_else_nothing_is_remembered(bench, monkeypatch):
    monkeypatch.setattr(file_hashes, "KEEPS_CTIME", False)
    path = bench.write("a.mp4", b"aaaa")
    for _ in range(2):
        assert bench.hash(path) == [true(path)]
        assert bench.reads == {"a.mp4": 1}
    assert not bench.memory.parent.exists()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_changes_while_it_is_read_is_read_once_more(bench, change):
    path = bench.write("a.mp4", b"aaaa")
    changes = [change]
    bench.while_reading = lambda path: changes.pop()(path) if changes else None
    assert bench.hash(path) == [true(path)]
    assert bench.reads == {"a.mp4": 2}


def test_a_file_that_never_rests_is_said_to_be_so(bench):
    path = bench.write("a.mp4", b"aaaa")
    other = bench.write("b.mp4", b"b")
    bench.while_reading = lambda path: _appended(path) if path.name == "a.mp4" else None
    problem, digest = bench.hash(path, other)
    assert isinstance(problem, FileChangingError)
    assert "changed while it was read" in problem.strerror
    assert digest == true(other)


def test_who_must_not_read_a_file_any_more_gets_no_digest(bench, monkeypatch):
    path = bench.write("a.mp4", b"aaaa")
    bench.hash(path)

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(file_hashes, "open_file", refuse)
    (problem,) = bench.hash(path)
    assert isinstance(problem, PermissionError)


def test_a_file_that_is_gone_is_told_and_the_others_go_on(bench):
    path, other = bench.write("a.mp4", b"aaaa"), bench.write("b.mp4", b"b")
    bench.hash(path, other)
    path.unlink()
    problem, digest = bench.hash(path, other, path)
    assert isinstance(problem, FileNotFoundError)
    assert digest == true(other)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no devices here")
def test_what_is_no_regular_file_is_not_remembered(bench):
    for _ in range(2):
        assert bench.hash("/dev/null") == [hashlib.sha256().hexdigest()]
        assert bench.reads == {"null": 1}


def test_rereading_trusts_nothing_and_tells_where_time_stamps_lie(bench, monkeypatch, caplog):
    paths = [bench.write("a.mp4", b"aaaa"), bench.write("b.mp4", b"bbbb")]
    look, stamp = file_hashes.look, time.time_ns()
    monkeypatch.setattr(file_hashes, "look", lambda facts: look(facts)._replace(mtime=stamp, ctime=stamp))
    bench.hash(*paths)
    paths[0].write_bytes(b"cccc")
    assert bench.hash(paths[0]) != [true(paths[0])]  # such a file system is what the parameter is for
    caplog.clear()
    assert bench.hash(*paths, reread=True) == [true(path) for path in paths]
    assert bench.reads == {"a.mp4": 1, "b.mp4": 1}
    (warning,) = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert "a.mp4 has changed, and its time stamps have not" in warning
    assert bench.hash(*paths) == [true(path) for path in paths]
    assert not bench.reads


def test_an_interrupted_call_keeps_what_it_has_read(bench, monkeypatch):
    paths = [bench.write(f"{index}.mp4", b"x") for index in range(3)]
    seen = bench.hash(paths[0])
    taken, take = threading.Event(), file_hashes._Work.take

    def take_and_tell(work, path, found):
        take(work, path, found)
        taken.set()

    def interrupt(path):
        if path.name == "2.mp4":
            taken.wait()
            raise KeyboardInterrupt

    monkeypatch.setattr(file_hashes._Work, "take", take_and_tell)
    bench.while_reading = interrupt
    with pytest.raises(KeyboardInterrupt):
        bench.hash(*paths)
    bench.while_reading = lambda path: None
    assert bench.hash(*paths) == seen * 3
    assert "0.mp4" not in bench.reads
    assert "1.mp4" not in bench.reads


def test_a_long_call_saves_on_its_way(bench, monkeypatch):
    saves = []
    monkeypatch.setattr(HashMemory, "save", lambda memory, changes, today: saves.append(len(changes)))
    monkeypatch.setattr(file_hashes, "SAVE_NS", 0)
    bench.hash(*(bench.write(f"{index}.mp4", b"x") for index in range(3)))
    assert saves == [1, 1, 1]


def test_one_line_says_what_was_done(bench, caplog):
    caplog.set_level(logging.INFO)
    path, gone = bench.write("a.mp4", b"aaaa"), bench.folder / "gone"
    bench.hash(path)
    bench.hash(path, bench.write("b.mp4", b"b" * 100_000), gone)
    assert [record.getMessage() for record in caplog.records] == [
        "files: 1 hashed (0.0 MB), 0 unchanged",
        "files: 1 hashed (0.1 MB), 1 unchanged, 1 cannot be read",
    ]


def test_nothing_is_needed_to_hash_files(bench):
    """From a notebook: no place to remember, no project, an odd name."""
    path = bench.write(os.fsdecode(b"\xff.mp4"), b"aaaa")
    assert FileHashes().of([str(path), str(path)]) == {str(path): true(path)}
    assert FileHashes().of([]) == {}
    assert bench.reads == {path.name: 1}


def test_the_digest_is_that_of_all_of_a_large_file(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(os.urandom(3_000_001))
    assert FileHashes().of([str(path)]) == {str(path): true(path)}
