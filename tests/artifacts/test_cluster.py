"""Work on a Dask cluster: real processes on this machine, killed for real."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.artifacts import cluster_stages, stages
from tests.clusters import Cluster, cluster, counted, until

from abaw_pipeline.artifacts import Recipe, StoredMap
from abaw_pipeline.artifacts import connection as connection_module
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.connection import ClusterError
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Entry
from abaw_pipeline.artifacts.store import PieceStore

Run = Callable[..., dict[str, Entry]]
MIB = 2**20


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, each with a nanny that starts a dead one anew."""
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder, 2, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1") as made:
        yield made


def run(recipes: dict, store: PieceStore, scheduler: object = "", **settings: object) -> dict:
    execution = Execution.model_validate({"workers": 1, "scheduler": str(scheduler), **settings})
    return {entry.key: entry for entry in compute_pieces("numbers", recipes, store, {}, execution)}


def json_store(folder: Path) -> PieceStore:
    return PieceStore(str(folder), "json")


def read(store: PieceStore, entries: dict) -> dict:
    return dict(StoredMap("numbers", list(entries.values()), store))


def slow(log: Path, count: int, seconds: float = 0.05) -> dict[str, Recipe]:
    execution = {"seconds": seconds, "log": str(log)}
    return {f"k{n}": Recipe(cluster_stages.slow_logged, {"x": n}, execution) for n in range(count)}


def lines(log: Path) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def start(what: Callable[[], object]) -> tuple[threading.Thread, list]:
    """Do something in a thread; the thread, and what will have come of it."""
    found: list[object] = []

    def keep() -> None:
        try:
            found.append(what())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=keep)
    thread.start()
    return thread, found


def test_it_gives_what_a_serial_run_gives(two, tmp_path):
    """Two artifacts, one after the other: plain, failing and chunked recipes, and such that read pieces."""

    def both(folder: Path, scheduler: object) -> list[tuple]:
        store = json_store(folder)
        plain = {f"k{n}": Recipe(stages.fail_if_odd if n % 3 else stages.double, {"x": n}) for n in range(12)}
        chunked = {f"c{n}": Recipe(stages.chunk_marks_odd, {"x": n}, chunk=4) for n in range(10, 20)}
        first = run({**plain, **chunked}, store, scheduler)
        upstream = StoredMap("numbers", list(first.values()), store)
        sums = {key: Recipe(stages.add, {"left": upstream.ref(key), "right": upstream.ref("k0")}) for key in first}
        total = Recipe(stages.total, {"parts": [upstream.ref(key) for key in upstream]})
        second = run({**sums, "total": total}, store, scheduler)
        assert set(read(store, second)) == {*upstream, "total"}
        rows = [*first.values(), *second.values()]
        return [(e.key, e.status, e.fingerprint, e.path, e.sha256, e.error, e.message, e.stage) for e in rows]

    assert both(tmp_path / "cluster", two.file) == both(tmp_path / "serial", "")


def test_it_computes_on_the_workers_and_leaves_no_thread_or_connection(two, tmp_path):
    before = set(threading.enumerate())
    run(slow(tmp_path / "log", 4, 0.0), json_store(tmp_path / "pieces"), two.address)
    assert str(os.getpid()) not in {process for _, process in lines(tmp_path / "log")}
    assert set(threading.enumerate()) == before
    port = int(two.address.rpartition(":")[2])
    open_to = [each.raddr.port for each in psutil.Process().net_connections("tcp") if each.status == "ESTABLISHED"]
    assert port not in open_to
    assert not list((tmp_path / "pieces" / ".aside").iterdir()), "the file that workers look for is still there"


def test_a_stop_gives_the_stage_s_own_exception_and_cancels_the_rest(two, tmp_path):
    log = tmp_path / "log"
    recipes = {"bad": Recipe(stages.fail, {"x": 1}), **slow(log, 100)}
    with pytest.raises(stages.StageError) as caught:
        run(recipes, json_store(tmp_path / "pieces"), two.file, on_error="raise")
    assert caught.value.code == 7
    assert "in fail\n" in caught.value.__notes__[0]
    time.sleep(0.5)  # what runs may end
    done = len(lines(log))
    time.sleep(0.5)
    assert len(lines(log)) == done < 50


def test_a_worker_that_is_killed_loses_nothing(two, tmp_path):
    """The kernel, or a cluster's queue, ends a worker without a word."""
    log, store = tmp_path / "log", json_store(tmp_path / "pieces")
    thread, found = start(lambda: run(slow(log, 40, 0.1), store, two.file))
    until(lambda: len(lines(log)) > 8)
    os.kill(int(lines(log)[-1][1]), signal.SIGKILL)
    thread.join()
    (entries,) = found
    assert {entry.status for entry in entries.values()} == {"done"}
    assert read(store, entries) == {f"k{n}": 10 * n for n in range(40)}
    begun = [int(number) for number, _ in lines(log)]
    assert set(begun) == set(range(40))
    assert len(begun) > 40, "no worker was killed at work"


def test_a_recipe_that_kills_its_worker_is_a_row(two, tmp_path):
    """Alone it is told from those that only shared a worker or a task with it."""
    store = json_store(tmp_path / "pieces")
    plain = {f"p{n}": Recipe(stages.value, {"x": n}) for n in range(20)}
    chunked = {f"k{n}": Recipe(stages.chunk_dies_on_odd, {"x": n}, chunk=3) for n in (0, 1, 2, 4, 6, 8)}
    entries = run({**plain, **chunked}, store, two.file)
    assert [key for key, entry in entries.items() if entry.error == "WorkerDiedError"] == ["k1"]
    assert "died" in entries["k1"].message
    assert read(store, entries) == {f"p{n}": n for n in range(20)} | {f"k{n}": n for n in (0, 2, 4, 6, 8)}


def test_nothing_large_passes_through_the_scheduler(tmp_path):
    """Pieces go from worker to storage to worker: were they sent along, or arguments not references, it would show."""
    tasks, steps, width = 8, 2048, 512  # 4 MiB a piece
    with cluster(tmp_path / "cluster", 0) as made, counted(made.address) as (address, passed):
        made.start_worker(address, "--no-nanny")
        store = PieceStore(str(tmp_path / "pieces"), "features")
        warm = {"warm": Recipe(cluster_stages.noise, {"steps": 1, "width": 1, "seed": 0})}
        run(warm, store, address)  # the worker's registration is not of a task
        before = passed()
        arguments = {"steps": steps, "width": width}
        made_here = {f"k{n}": Recipe(cluster_stages.noise, {**arguments, "seed": n}) for n in range(tasks)}
        first = run(made_here, store, address)
        upstream = StoredMap("numbers", list(first.values()), store)
        read_there = {key: Recipe(cluster_stages.negative, {"sequence": upstream.ref(key)}) for key in upstream}
        second = run(read_there, store, address)
        through = passed() - before
    stored = sum(entry.bytes for entry in [*first.values(), *second.values()])
    assert stored > 2 * tasks * 4 * MIB
    print(f"{stored:,} bytes stored, {through:,} through the scheduler, {through / (2 * tasks):,.0f} a task")
    assert through < 2 * tasks * 16 * 1024
