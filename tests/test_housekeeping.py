"""kedro prune and kedro verify on the real command line, in a small study of a few short sounds."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.conftest import Project, make_project

LOUD = '''
"""The level of a sound. Where HOLD names a file, it waits until that file is there."""

import os
import time
from pathlib import Path
from typing import Literal

import numpy as np

from abaw_pipeline.parts import Part
from abaw_pipeline.types import FeatureSequence, Waveform


class Loud(Part):
    """One number."""

    kind: Literal["loud:Loud"] = "loud:Loud"
    gain: float = 1.0

    def extract(self, sound: Waveform) -> FeatureSequence:
        """Float32 [1, 1]."""
        if os.environ.get("HOLD"):
            Path(os.environ["HOLD"] + ".reached").touch()
            while not Path(os.environ["HOLD"]).exists():
                time.sleep(0.1)
        level = np.float32(self.gain * np.abs(sound.samples).mean())
        return FeatureSequence(np.zeros(1), np.ones(1), np.full((1, 1), level, np.float32))
'''
PARAMETERS = """
study: ${globals:study}
corpora:
  own: {kind: manifest, path: "${corpus_folder:own}/manifest.csv"}
sound:
  extractors:
    loud: {kind: "loud:Loud"}
cross_validation: {protocol: {kind: subject_kfold, k: 2}, folds: all, inner_folds: 2}
systems:
  sound:
    svm: {kind: linear_svm, inputs: [loud]}
fusion:
  methods:
    log_mean: {kind: log_mean}
evaluation: {headline: log_mean}
execution: {workers: 1}
"""
RUN = ("run", "--to-outputs=sound_embeddings")
OTHER = ("--params", "sound.extractors.loud.gain=2")
COUNT = 4


@pytest.fixture
def study(tmp_path: Path) -> Project:
    """Four sounds, and one environment beside the default one."""
    made = make_project(tmp_path / "project")
    made.write("src/loud.py", LOUD)
    made.write("conf/local/parameters.yml", PARAMETERS)
    made.write("conf/others/parameters.yml", PARAMETERS)
    made.write("conf/others/globals.yml", "study: others")
    rows = ["media,label,subject"]
    for number in range(COUNT):
        rows.append(f"{number}.wav,{'anger' if number % 2 else 'sadness'},s{number}")
        path = made.write(f"data/01_raw/own/{number}.wav", "")
        soundfile.write(path, 0.1 * np.sin(np.arange(8000) * 0.1 * (number + 1)).astype(np.float32), 16_000)
    made.write("data/01_raw/own/manifest.csv", "\n".join(rows))
    fewer = made.write("data/01_raw/own/fewer.csv", "\n".join(rows[:-1]))
    assert fewer.is_file()
    return made


def computed(output: str, name: str = "sound_embeddings") -> tuple[int, int, int]:
    found = re.search(name + r": (\d+) computed, (\d+) skipped, (\d+) failed", " ".join(output.split()))
    assert found is not None, output
    return int(found[1]), int(found[2]), int(found[3])


def versions(project: Project, name: str = "04_feature/demo/sound_embeddings") -> list[str]:
    return sorted(each.name for each in (project.folder / "data" / f"{name}.parquet").iterdir())


def pieces(project: Project, store: str = "04_feature/sound_embeddings") -> set[Path]:
    return set((project.folder / "data" / store).glob("??/*"))


def prune(project: Project, *options: str) -> dict:
    text = project.kedro("prune", "--json", "--older-than=0", *options)
    return json.loads(text[text.index("{") :])


def test_what_was_kept_is_found_again_and_what_was_not_is_made_again(study: Project) -> None:
    study.kedro(*RUN)
    first = versions(study, "02_intermediate/demo/vocals")[0]
    fewer = study.folder / "data/01_raw/own/fewer.csv"
    study.kedro(*RUN, "--params", f"sound.extractors.loud.gain=2,corpora.own.path={fewer}")
    assert len(pieces(study)) == COUNT + COUNT - 1
    assert prune(study, "--yes")["files"] == 0
    assert computed(study.kedro(*RUN)) == (0, COUNT, 0), "parameters switched back"
    load = f"--load-versions=vocals:{first}"
    output = study.kedro("run", "--nodes=extract_sound", load, "--params", "sound.extractors.loud.gain=3")
    assert computed(output) == (COUNT, 0, 0), "pieces of an older version are read"

    study.kedro("run", "--env=others", *RUN[1:], *OTHER)
    shown = prune(study, "--keep=1", "--env=local")
    assert not shown["removed"]
    assert len(versions(study)) == 4
    gone = prune(study, "--yes", "--keep=1", "--env=local")
    assert (gone["files"], gone["bytes"]) == (shown["files"], shown["bytes"])
    assert len(versions(study)) == len(versions(study, "03_primary/demo/clips")) == 1
    # gain 3 is the latest; gain 1 is gone; all of gain 2 is the other study's
    assert len(pieces(study)) == 2 * COUNT
    assert computed(study.kedro("run", "--env=others", *RUN[1:], *OTHER)) == (0, COUNT, 0)
    assert computed(study.kedro(*RUN)) == (COUNT, 0, 0)


def test_verify_finds_damage_and_a_run_makes_just_that_again(study: Project) -> None:
    study.kedro(*RUN)
    assert "12 pieces" in study.kedro("verify")
    flipped, cut, gone, _ = sorted(pieces(study))
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-1])
    gone.unlink()
    output = study.kedro("verify", "--all", ok=False)
    for problem, path in (("damaged", flipped), ("damaged", cut), ("missing", gone)):
        assert re.search(rf"{problem}: sound_embeddings\[loud, own/\d\.wav\]: {re.escape(str(path))}", output), output
    assert "3 of 12 pieces" in output
    assert "made again by the next run" in output
    assert not flipped.exists()
    assert computed(study.kedro(*RUN)) == (3, 1, 0)
    study.kedro("verify")
    assert "has a version 'nonsense'" in study.kedro("verify", "--version=nonsense", ok=False)
    shown = next(each for each in prune(study)["stores"] if each["artifact"] == "04_feature/sound_embeddings")
    assert shown["damaged"]["files"] == 2


def test_prune_and_a_run_keep_out_of_each_other_s_way(study: Project) -> None:
    hold = study.folder / "go"
    run = subprocess.Popen(
        [sys.executable, "-m", "kedro", *RUN],
        cwd=study.folder,
        env={**os.environ, "DO_NOT_TRACK": "1", "COLUMNS": "200", "NO_COLOR": "1", "HOLD": str(hold)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 300
        while not Path(f"{hold}.reached").exists():
            assert run.poll() is None, run.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        refused = study.kedro("prune", "--yes", "--older-than=0", ok=False)
        assert f"a run (process {run.pid}) is working on study 'demo'" in refused
        assert "Traceback" not in refused
        assert f"process {run.pid}" in study.kedro("prune"), "looking is allowed, and says so"
    finally:
        hold.touch()
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert computed(output) == (COUNT, 0, 0)
    assert prune(study, "--yes")["files"] == 0
