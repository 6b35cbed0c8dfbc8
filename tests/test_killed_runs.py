"""Runs that are killed at random moments and started again end with the very bytes of a run that was left alone."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import SMALL_VIDEOS, Project, make_project
from tests.test_command_line import computed

from abaw_pipeline.artifacts.manifest import read_manifest
from abaw_pipeline.artifacts.piece_files import is_whole, parse_name

VOICES = """
demo_corpus:
  path: ${corpus_folder:demo}
  settings: {seed: 2020, videos: null, stills: null, voices: {speakers: 4, takes: 1, lossy: false}}
corpora:
  demo: {kind: manifest, path: "${corpus_folder:demo}/manifest.csv"}
cross_validation:
  protocol: {kind: subject_kfold, k: 2}
  inner_folds: 2
systems:
  sound:
    svm: {kind: linear_svm, inputs: [functionals]}
    sequence: {kind: sequence_network, inputs: [logmel], epochs: 2, width: 8, precision: float32}
fusion:
  methods:
    log_mean: {kind: log_mean}
evaluation:
  resamples: 100
  headline: log_mean
"""
WORKERS = ("--params", "execution.workers=2")
VARIABLES = {"OMP_NUM_THREADS": "1"}
PATIENCE = 300


def start(project: Project) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", *WORKERS],
        cwd=project.folder,
        env={**os.environ, "DO_NOT_TRACK": "1", **VARIABLES},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def files(project: Project) -> list[Path]:
    return [path for path in (project.folder / "data").rglob("*") if path.is_file()]


def pieces(project: Project) -> dict[str, Path]:
    return {path.name: path for path in files(project) if parse_name(path.name) and path.parent.name[0] != "."}


def manifests(project: Project) -> list[Path]:
    study = (path for path in files(project) if "demo" in path.parts and path.suffix == ".parquet")
    return [path for path in study if b"abaw_pipeline.manifest" in path.read_bytes() and path.name[0] != "."]


def results(project: Project) -> dict[str, pd.DataFrame]:
    """Every small table of the latest versions, but for what tells how long things took."""
    found = {}
    for path in sorted(files(project)):
        if path.suffix == ".parquet" and path.parent.parent.name == path.name and path not in manifests(project):
            found[path.name] = pd.read_parquet(path)
    return {name: table for name, table in found.items() if "seconds" not in table.columns}


def children(process: int) -> list[int]:
    """Processes of a session other than its first, joblib's watcher of resources left out."""
    listed = subprocess.run(["ps", "-o", "pid=,args=", "-g", str(process)], capture_output=True, text=True, check=False)
    rows = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, command in rows if int(pid) != process and "popen_loky" in command]


def kill_somebody(run: subprocess.Popen, who: str, chance: random.Random) -> None:
    workers = children(run.pid)
    if who == "worker":  # there may be none at this moment
        for worker in workers[: chance.randint(1, 2)]:
            os.kill(worker, signal.SIGKILL)
    elif who == "parent":
        os.kill(run.pid, signal.SIGKILL)
    else:
        os.killpg(run.pid, signal.SIGKILL)


def disturb(project: Project, total: int, who: str, chance: random.Random) -> int:
    """Run, and kill somebody after a random number of files and a moment more; what the run returned."""
    run = start(project)
    wanted = chance.uniform(len(files(project)), total)
    began = time.monotonic()
    while run.poll() is None and len(files(project)) < wanted:
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.01)
    time.sleep(chance.random() * 0.3)
    if run.poll() is None:
        kill_somebody(run, who, chance)
    code = run.wait(PATIENCE)
    if who != "all":  # nobody may wait for workers whose run is gone
        deadline = time.monotonic() + 60
        while children(run.pid):
            assert time.monotonic() < deadline, "workers live on without their run"
            time.sleep(0.05)
    return code


def check_store(project: Project) -> None:
    """No half piece under a piece's name; whatever a manifest names is there."""
    assert all(is_whole(path) for path in pieces(project).values())
    there = set(pieces(project))
    for path in manifests(project):
        named = {Path(entry.path).name for entry in read_manifest(path).entries if entry.path}
        assert named <= there


def new_project(folder: Path, parameters: str) -> Project:
    made = make_project(folder)
    made.write("conf/local/parameters.yml", parameters)
    return made


def kill_and_compare(tmp_path: Path, parameters: str, kills: int, seed: int) -> None:
    print(f"seed {seed}")
    alone = new_project(tmp_path / "project", parameters)
    alone.kedro("run", *WORKERS, **VARIABLES)
    names, total, tables = set(pieces(alone)), len(files(alone)), results(alone)
    shutil.rmtree(alone.folder)
    disturbed = new_project(alone.folder, parameters)  # in the same place, since tables name media with their paths
    chance = random.Random(seed)
    for number in range(kills):
        who = ("all", "parent", "worker")[number % 3]
        code = disturb(disturbed, total, who, chance)
        assert code == 0 or who != "worker", "a worker that dies takes the run with it"
        check_store(disturbed)
    disturbed.kedro("run", *WORKERS, **VARIABLES)  # refused, were a lock left
    check_store(disturbed)
    assert set(pieces(disturbed)) == names, "names tell content: the same names are the same bytes"
    assert not [path for path in files(disturbed) if path.parent.name == ".aside"]
    here = results(disturbed)
    assert here.keys() == tables.keys()
    for name, table in tables.items():
        pd.testing.assert_frame_equal(here[name], table, check_exact=True, obj=name)
    assert not any(computed(disturbed.kedro("run", *WORKERS, **VARIABLES)).values())


def test_five_kills_of_a_study_of_voices(tmp_path: Path) -> None:
    kill_and_compare(tmp_path, VOICES, kills=5, seed=random.SystemRandom().randrange(1000))


@pytest.mark.long
def test_fifty_kills_of_a_study_of_voices(tmp_path: Path) -> None:
    kill_and_compare(tmp_path, VOICES, kills=50, seed=1)


@pytest.mark.long
def test_kills_of_a_study_of_videos(tmp_path: Path) -> None:
    kill_and_compare(tmp_path, SMALL_VIDEOS, kills=12, seed=2)
