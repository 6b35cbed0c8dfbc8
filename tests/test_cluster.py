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


def test_the_page_s_commands_run_a_study_on_a_cluster(small: Project) -> None:
    scheduler, workers, run = commands("On one machine, to try it")
    (small.folder / "data").mkdir()
    with ExitStack() as stack:
        for command in (scheduler, workers):
            stack.enter_context(started(command, small.folder))
        file = small.folder / "data" / "scheduler.json"
        until(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("}"))
        output = " ".join(small.kedro(*run[1:]).split())
    assert "Report: data/08_reporting/ravdess/report.html" in output
    done = re.findall(r"(\w+): (\d+) computed, 0 skipped, 0 failed", output)
    assert {name for name, count in done if int(count)} == {
        *("media", "vocals", "sound_embeddings", "sound_systems", "sound_posteriors")
    }
    # it is the study's run, not one of an environment called cluster
    assert (small.folder / "data" / ".ravdess.lock").exists()
    assert not list(small.folder.glob("data/**/*cluster*"))
    # and what it made counts as made on this machine: no piece is computed again
    again = " ".join(small.kedro("run", "--env=ravdess", "--to-outputs=sound_posteriors").split())
    assert {int(count) for count in re.findall(r"(\d+) computed", again)} == {0}


def test_a_scheduler_that_is_not_there_stops_the_run_without_a_traceback(small: Project) -> None:
    output = small.kedro("run", "--env=ravdess+cluster", "--to-outputs=media", ok=False)
    assert "data/scheduler.json: there is no such scheduler file" in " ".join(output.split())
    assert "Traceback" not in output


def test_a_misspelt_part_is_named_with_the_nearest(project: Project) -> None:
    output = project.kedro("run", "--env=ravdess+clustr", ok=False)
    assert "no study 'clustr'; did you mean 'cluster'?" in output


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
