import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest, write_manifest
from abaw_pipeline.artifacts.store import PieceStore

PRINT = "ab" + "0" * 30


def test_write_and_read_back(store):
    written = store.write(PRINT, [1, 2, 3])
    assert written.path == f"ab/{PRINT}-{written.sha256[:16]}.json"
    assert written.rows == 3
    content = store.path(written.path).read_bytes()
    assert (content, written.bytes) == (b"[1, 2, 3]", 9)
    assert store.present() == {PRINT: {written.path: 9}}
    assert store.adopt(written.path) == written


def test_a_store_that_was_never_written_to_is_empty(store):
    assert store.present() == {}
    assert store.sweep() == 0


class Halfway:
    """A format that dies in the middle of a file."""

    suffix, generation = ".half", 1

    def write(self, value, path):
        path.write_bytes(b"half")
        raise value

    def read(self, path):
        raise NotImplementedError

    def count(self, path):
        return 0


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_write_that_raises_leaves_nothing(tmp_path, error):
    store = PieceStore(str(tmp_path), f"{__name__}:Halfway")
    with pytest.raises(type(error)):
        store.write(PRINT, error)
    assert store.present() == {}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_write_that_raises_leaves_the_earlier_piece(store):
    written = store.write(PRINT, [1])
    with pytest.raises(TypeError):
        store.write(PRINT, [object()])
    assert store.adopt(written.path) == written


def test_sweep_removes_what_dead_writers_left_and_nothing_else(store):
    written = store.write(PRINT, [1])
    aside = store.path(".aside")
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    host = socket.gethostname()
    left = aside / f"{host}-{int(dead.stdout)}-00.json"
    kept = [aside / f"{host}-{os.getpid()}-00.json", aside / "elsewhere-99999999-00.json", aside / f"{host}-x"]
    for path in (left, *kept):
        path.touch()
    assert store.sweep() == 1
    assert not left.exists()
    assert all(path.exists() for path in kept)
    assert store.path(written.path).exists()


def test_what_lies_aside_is_not_a_piece(store):
    store.write(PRINT, [1])
    (store.path(".aside") / "host-1-00.json").touch()
    (store.path("note.txt")).touch()
    assert len(store.present()) == 1


def test_content_is_durable_before_its_name_and_its_name_before_the_manifest(store, monkeypatch):
    """A crash of the machine must leave neither a name without content nor a manifest without its pieces."""
    steps = []
    monkeypatch.setattr("os.fsync", lambda number: steps.append(Path(f"/proc/self/fd/{number}").readlink()))
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda path, target: (steps.append("rename"), replace(path, target))[1])
    manifest = compute_pieces("numbers", {"k": Recipe(stages.value, {"x": 1})}, store, Manifest(), Execution(workers=1))
    write_manifest(Path(store.folder, "m.parquet"), manifest, artifact="numbers", format="json")
    group = store.path(manifest.entries[0].path).parent
    assert ".aside" in str(steps[0])
    assert steps[1:5] == ["rename", group, group.parent, group.parent.parent]
    assert steps[5:] == [Path(store.folder, ".m.parquet.part"), "rename", Path(store.folder)]
