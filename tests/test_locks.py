"""Runs and prunes in processes of their own: neither ever works beside the other."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from abaw_pipeline import locks
from abaw_pipeline.locks import BusyError, alone, lock_study

RUN = """
import sys
from pathlib import Path
from abaw_pipeline.locks import lock_study
lock = lock_study(Path(sys.argv[1]), sys.argv[2])
print("at work", flush=True)
sys.stdin.readline()
"""
PRUNE = """
import sys
from pathlib import Path
from abaw_pipeline.locks import alone
with alone(Path(sys.argv[1])):
    print("at work", flush=True)
    sys.stdin.readline()
"""

Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(tmp_path: Path):
    """Start a process that ends when it is told to."""
    with ExitStack() as stack:

        def begin(script: str, *arguments: str) -> subprocess.Popen:
            process = subprocess.Popen(
                [sys.executable, "-c", script, str(tmp_path), *arguments],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield begin


def says(process: subprocess.Popen) -> str:
    return process.stdout.readline().strip()


def end(process: subprocess.Popen) -> None:
    process.communicate("\n", timeout=60)


def test_a_prune_refuses_while_a_run_is_at_work_and_names_it(tmp_path, start):
    run = start(RUN, "demo")
    assert says(run) == "at work"
    with pytest.raises(BusyError, match=rf"process {run.pid}\) is working on study 'demo'"), alone(tmp_path):
        pytest.fail("it must not get in")
    lock_study(tmp_path, "other", wait=0).release()  # what it took it has given back
    end(run)
    with alone(tmp_path):
        pass


def test_a_prune_may_follow_a_run_that_was_killed(tmp_path, start):
    run = start(RUN, "demo")
    assert says(run) == "at work"
    run.kill()
    run.wait()
    with alone(tmp_path):
        pass


@pytest.mark.parametrize("study", ["known", "never_seen_before"])
def test_a_run_waits_for_a_prune(tmp_path, start, study):
    lock_study(tmp_path, "known").release()
    with alone(tmp_path):
        run = start(RUN, study)
        time.sleep(1)
        if study == "known":
            with pytest.raises(BusyError, match="prune"):
                lock_study(tmp_path, study, wait=0)
        assert run.poll() is None
        began = time.monotonic()
    assert says(run) == "at work"
    assert time.monotonic() >= began
    with pytest.raises(BusyError), alone(tmp_path):
        pass
    end(run)


def test_a_run_does_not_wait_for_ever_and_says_for_whom_it_waited(tmp_path, start, monkeypatch):
    monkeypatch.setattr(locks, "_MOMENT", 0.1)
    prune = start(PRUNE)
    assert says(prune) == "at work"
    with pytest.raises(BusyError, match=rf"kedro prune \(process {prune.pid}\) is at work"):
        lock_study(tmp_path, "demo", wait=0.1)
    with pytest.raises(BusyError, match=rf"another prune \(process {prune.pid}\)"), alone(tmp_path):
        pass
    end(prune)
    lock_study(tmp_path, "demo", wait=0.1).release()


def test_two_runs_of_one_study_are_refused_and_of_two_are_not(tmp_path, start):
    run = start(RUN, "demo")
    assert says(run) == "at work"
    other = lock_study(tmp_path, "other")
    with pytest.raises(BusyError, match=rf"another run \(process {run.pid}\) is working on study 'demo'"):
        lock_study(tmp_path, "demo")
    other.release()
    end(run)


def test_a_study_cannot_have_the_name_of_the_prune_s_lock(tmp_path):
    with pytest.raises(BusyError, match="cannot be a study's name"):
        lock_study(tmp_path, "prune")


def test_a_full_disk_does_not_keep_a_prune_from_making_room(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with alone(tmp_path):
        pass
