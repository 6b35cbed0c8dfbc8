"""A changed folder is never missed, and an unchanged one is not read twice."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from abaw_pipeline.artifacts import file_hashes
from abaw_pipeline.artifacts.file_hashes import FileChangingError, read_digest
from abaw_pipeline.artifacts.folder_hashes import FolderHashes
from abaw_pipeline.artifacts.hash_memory import HashMemory

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nothing is remembered there")

HOUR_NS = 3600 * 10**9


class Bench:
    """A folder of crops, a clock that may be ahead, and a count of what is read."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.memory = root / "crops", root / "memory" / "hashes.json"
        self.folder.mkdir()
        for number in (1, 2, 3):
            self.write(f"0000{number}.jpg", b"crop %d" % number)
        self.reads, self.ahead, self.while_reading = Counter(), HOUR_NS, lambda: None
        monkeypatch.setattr(file_hashes, "now_ns", lambda: time.time_ns() + self.ahead)
        monkeypatch.setattr(file_hashes, "read_digest", self._read)

    def _read(self, file):
        self.reads[Path(file.name).name] += 1
        digest = read_digest(file)
        self.while_reading()
        return digest

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def hash(self, folder: Path | None = None, **options: bool) -> str | OSError:
        """The digest by a fresh object, as another run has it."""
        self.reads.clear()
        path = str(folder or self.folder)
        return FolderHashes(self.memory, **options).of([path, path])[path]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_an_unchanged_folder_is_read_once_and_remembered_as_one_entry(bench: Bench) -> None:
    first = bench.hash()
    assert bench.reads == {"00001.jpg": 1, "00002.jpg": 1, "00003.jpg": 1}
    assert bench.hash() == first and not bench.reads
    assert len(HashMemory(bench.memory).load()) == 1


def test_without_memory_the_digest_is_the_same(bench: Bench) -> None:
    assert FolderHashes().of([str(bench.folder)]) == {str(bench.folder): bench.hash()}


def test_a_copy_elsewhere_has_the_same_digest(bench: Bench, tmp_path: Path) -> None:
    shutil.copytree(bench.folder, tmp_path / "copy")
    assert bench.hash(tmp_path / "copy") == bench.hash()


def rename(folder: Path) -> None:
    (folder / "00003.jpg").rename(folder / "00004.jpg")


def swap(folder: Path) -> None:
    """Same names, sizes and contents, but each the other's."""
    for old, new in (("00001", "x"), ("00002", "00001"), ("x", "00002")):
        (folder / f"{old}.jpg").rename(folder / f"{new}.jpg")


def edit_and_hide_it(folder: Path) -> None:
    before = (folder / "00002.jpg").stat()
    (folder / "00002.jpg").write_bytes(b"crop 9")
    os.utime(folder / "00002.jpg", ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "edited": edit_and_hide_it,
    "renamed": rename,
    "swapped": swap,
    "removed": lambda folder: (folder / "00003.jpg").unlink(),
    "added": lambda folder: (folder / "00004.jpg").write_bytes(b"crop 4"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_gives_another_digest(bench: Bench, change) -> None:
    before = bench.hash()
    time.sleep(0.02)  # another tick of the kernel's clock
    change(bench.folder)
    assert bench.hash() != before


def test_hidden_files_and_folders_within_do_not_count(bench: Bench) -> None:
    before = bench.hash()
    bench.write(".DS_Store", b"x")
    (bench.folder / "deeper").mkdir()
    assert bench.hash() == before and not bench.reads


def test_young_files_are_read_again_and_not_remembered(bench: Bench) -> None:
    bench.ahead = 0
    first = bench.hash()
    assert bench.hash() == first and bench.reads.total() == 3
    assert not bench.memory.exists()


def test_reread_reads_all(bench: Bench) -> None:
    first = bench.hash()
    assert bench.hash(reread=True) == first and bench.reads.total() == 3


def test_a_folder_that_changes_while_it_is_read_has_no_digest(bench: Bench) -> None:
    bench.while_reading = lambda: bench.write("00001.jpg", b"x" * time.time_ns().bit_length() + os.urandom(4))
    assert isinstance(bench.hash(), FileChangingError)
    assert not bench.memory.exists()


def test_a_folder_that_is_not_there_is_told_and_the_rest_goes_on(bench: Bench) -> None:
    found = FolderHashes(bench.memory).of(["/nowhere/at/all", str(bench.folder)])
    assert isinstance(found["/nowhere/at/all"], FileNotFoundError)
    assert isinstance(found[str(bench.folder)], str)
