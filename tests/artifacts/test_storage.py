"""Disks that are full or cannot be written to: a small file system of our own, where this user may mount one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore, StorageError
from abaw_pipeline.systems.storage import FittedFormat
from abaw_pipeline.types import FeatureSequence, Fitted, Waveform

NOISE = np.random.default_rng(0).random(2_000_000, dtype=np.float32)
LARGE = {
    "table": pa.table({"x": NOISE}),
    "features": FeatureSequence(NOISE[:10000] * 1.0, NOISE[:10000] * 1.0, NOISE.reshape(10000, -1)),
    "audio": Waveform(NOISE, 16000),
    "tensors": {"x": NOISE},
    "json": NOISE[:300_000].tolist(),
    "text": "text " * 1_000_000,
    "picture": b"\xff\xd8\xff" + NOISE.tobytes(),
    f"{FittedFormat.__module__}:FittedFormat": Fitted({"classes": []}, {"x": NOISE}),
}


def mount(folder: Path, *options: str) -> bool:
    return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(folder, "-t", "tmpfs", "-o", "size=2m", "tmpfs"):
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", LARGE)
def test_a_full_disk_is_told_whatever_library_writes(small_disk, name):
    """Some libraries lose what does not fit without a word, some raise an error that says nothing of the disk."""
    store = PieceStore(str(small_disk / "pieces"), name)
    with pytest.raises(StorageError, match=r"No space left on device.*run again"):
        store.write("0" * 32, LARGE[name])
    assert not list(store.files())
    assert not list((small_disk / "pieces" / ".aside").iterdir())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_stops_the_run_keeps_what_is_whole_and_the_next_run_goes_on(small_disk, workers):
    store = PieceStore(str(small_disk / "pieces"), "table")
    recipes = {f"k{n}": Recipe(stages.noise, {"seed": n, "rows": 50_000}) for n in range(12)}  # 0.4 MB each
    with pytest.raises(StorageError, match="No space left"):
        compute_pieces("numbers", recipes, store, Manifest(), Execution(workers=workers))
    kept = dict(store.files())
    assert 1 <= len(kept) < 12
    assert all(store.adopt(path) for path in kept)
    assert mount(small_disk, "-o", "remount,size=20m")
    manifest = compute_pieces("numbers", recipes, store, Manifest(), Execution(workers=workers))
    assert [entry.status for entry in manifest.entries] == ["done"] * 12
    assert {entry.path for entry in manifest.entries if entry.seconds is None} == set(kept)


def test_a_read_only_folder_is_told_before_any_work(small_disk, tmp_path):
    store = PieceStore(str(small_disk / "pieces"), "json")
    log = tmp_path / "log"
    recipes = {"k": Recipe(stages.logged, {"x": 1}, execution={"log": str(log)})}
    made = compute_pieces("numbers", recipes, store, Manifest(), Execution(workers=1))
    assert mount(small_disk, "-o", "remount,ro")
    again = compute_pieces("numbers", recipes, store, made, Execution(workers=1))
    assert again.entries == made.entries, "what is there can be used from a disk that is read-only"
    recipes["l"] = Recipe(stages.logged, {"x": 2}, execution={"log": str(log)})
    with pytest.raises(StorageError, match="Read-only file system"):
        compute_pieces("numbers", recipes, store, made, Execution(workers=1))
    assert len(log.read_text().splitlines()) == 1
    assert mount(small_disk, "-o", "remount,rw")
