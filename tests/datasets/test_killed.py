"""A save that is killed at any moment leaves whole pieces alone, and the next run completes it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.datasets import RecipeDataset

COUNT = 30
SCRIPT = """
import sys
from tests.datasets.test_killed import dataset, recipes
if __name__ == "__main__":
    dataset(sys.argv[1], int(sys.argv[2])).save(recipes())
"""


def dataset(folder: str, workers: int = 1) -> RecipeDataset:
    return RecipeDataset(
        filepath=f"{folder}/numbers.parquet",
        pieces={"path": f"{folder}/pieces", "format": "json"},
        execution={"workers": workers},
    )


def recipes() -> RecipeMap:
    return RecipeMap("numbers", {f"k{n}": Recipe(stages.slow, {"x": n, "seconds": 0.02}) for n in range(COUNT)})


def pieces(folder: Path) -> list[Path]:
    return [path for path in folder.glob("pieces/*/*.json") if not path.parent.name.startswith(".")]


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.long), 2])
def test_a_killed_save_resumes(tmp_path, workers):
    path = os.pathsep.join(entry for entry in sys.path if entry)
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(workers)],
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(pieces(tmp_path)) < 3:
        assert child.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()

    left = pieces(tmp_path)
    assert 0 < len(left) < COUNT
    assert not (tmp_path / "numbers.parquet").exists()
    values = {json.loads(path.read_text()) for path in left}
    assert values <= set(range(COUNT))
    made_at = {path: path.stat().st_mtime_ns for path in left}
    (tmp_path / "pieces" / ".aside").mkdir(exist_ok=True)
    host_and_pid = f"{os.uname().nodename}-{child.pid}"
    half = tmp_path / "pieces" / ".aside" / f"{host_and_pid}-00.json"
    half.write_text("[1, ")

    dataset(str(tmp_path)).save(recipes())
    assert dict(dataset(str(tmp_path)).load()) == {f"k{n}": n for n in range(COUNT)}
    assert {path: path.stat().st_mtime_ns for path in left} == made_at, "a whole piece was made again"
    assert not half.exists()
