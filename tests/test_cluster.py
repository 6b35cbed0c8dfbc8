"""docs/cluster.md, followed on this machine: a small study under the name that the page runs, on real processes."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from tests.clusters import until
from tests.conftest import PROJECT, Project
from tests.test_kedro_package import TINY

PAGE = (PROJECT / "docs" / "cluster.md").read_text(encoding="utf-8")


def commands(heading: str) -> list[list[str]]:
    """The commands of the first block below a heading, split as a shell does, without comments."""
    block = re.search(rf"^## {heading}$.*?^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None, heading
    return [shlex.split(line, comments=True) for line in block[1].splitlines()]


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[None]:
    """A command that goes on until it is ended, with all that it has started."""
    assert command[0] == "dask"
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with (folder / f"{command[1]}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def small(project: Project) -> Project:
    """A project whose study `ravdess` is small."""
    project.write("conf/ravdess/parameters.yml", TINY)
    return project


def run_page(small: Project, *further: str) -> str:
    """Run the page's commands, the last one with further arguments; what that one has printed, on one line."""
    scheduler, workers, run = commands("On one machine, to try it")
    (small.folder / "data").mkdir(exist_ok=True)
    with ExitStack() as stack:
        for command in (scheduler, workers):
            stack.enter_context(started(command, small.folder))
        file = small.folder / "data" / "scheduler.json"
        until(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("}"))
        return " ".join(small.kedro(*run[1:], *further).split())


def computed(output: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"(\w+): (\d+) computed, \d+ skipped, 0 failed", output)}


def test_the_page_s_commands_run_a_study_on_a_cluster(small: Project) -> None:
    output = small.kedro("run", "--env=ravdess+cluster", "--to-outputs=media", ok=False)
    assert "data/scheduler.json: there is no such scheduler file" in " ".join(output.split())
    assert "Traceback" not in output
    assert computed(run_page(small, "--to-outputs=vocals")) == {"media": 21, "vocals": 21}
    # it is the study's run, not one of an environment called cluster
    assert (small.folder / "data" / ".ravdess.lock").exists()
    assert not list(small.folder.glob("data/**/*cluster*"))
    # and what it made counts as made on this machine: no piece is computed again
    again = " ".join(small.kedro("run", "--env=ravdess", "--to-outputs=vocals").split())
    assert computed(again) == {"media": 0, "vocals": 0}


@pytest.mark.long
def test_a_whole_study_runs_on_a_cluster(small: Project) -> None:
    output = run_page(small)
    assert "Report: data/08_reporting/ravdess/report.html" in output
    done = computed(output)
    assert {*done} >= {"media", "vocals", "sound_embeddings", "sound_systems", "sound_posteriors"}
    assert done["sound_embeddings"] == 21


def test_lineage_is_told_of_a_study_on_a_cluster(project: Project) -> None:
    """Kedro-Viz and other tools read the catalog through the same environment; no scheduler is needed for that."""
    script = """
from kedro_viz.integrations.kedro.data_loader import load_data
from pathlib import Path
catalog, pipelines, *_ = load_data(Path.cwd(), env="ravdess+cluster")
dataset = catalog.get("sound_embeddings")
print("shown", dataset._filepath, dataset._execution.scheduler)
"""
    output = project.python(script)
    file = project.folder / "data" / "scheduler.json"
    assert re.search(rf"shown \S*data/04_feature/ravdess/sound_embeddings\.parquet {re.escape(str(file))}", output)


def test_the_page_s_example_of_slurm_is_code(tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    compile(script, "slurm_study.py", "exec")
    assert "worker_wait_s" in script
