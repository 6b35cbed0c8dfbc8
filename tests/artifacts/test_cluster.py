"""Work on a Dask cluster: real processes on this machine, killed for real."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.artifacts import cluster_stages, stages
from tests.clusters import CARRIES, Cluster, cluster, counted, until

from abaw_pipeline.artifacts import Recipe, StoredMap, connection
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.connection import ClusterError
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore

MIB = 2**20


@dataclass(frozen=True)
class Two:
    """A scheduler and two workers, each with a nanny that starts a dead one anew; and a way there that counts."""

    made: Cluster
    address: str
    passed: Callable[[], int]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("cluster")
    with (
        cluster(folder, 0, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1") as made,
        counted(made.address) as (address, passed),
    ):
        for _ in range(2):
            made.start_worker(address)
        yield Two(made, address, passed)


@pytest.fixture
def variants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Search paths of workers: with a module as it is here, with the module edited, and with a hollow project."""
    text = "import time\n\ndef run(x):\n    time.sleep(0.1)\n    return x + {}\n"
    files = {"here/variant.py": text.format(1), "edited/variant.py": text.format(2), "hollow/abaw_pipeline.py": ""}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(content, encoding="utf-8")
    rest = [entry for entry in sys.path if entry]
    monkeypatch.syspath_prepend(tmp_path / "here")
    monkeypatch.delitem(sys.modules, "variant", raising=False)
    return {name: os.pathsep.join([str(tmp_path / name), *rest]) for name in ("here", "edited", "hollow")}


def run(recipes: dict, store: PieceStore, scheduler: object = "", **settings: object) -> dict:
    execution = Execution.model_validate({"workers": 1, "scheduler": str(scheduler), "worker_wait_s": 240, **settings})
    return {entry.key: entry for entry in compute_pieces("numbers", recipes, store, Manifest(), execution).entries}


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
        except Exception as error:  # noqa: BLE001 - looked at by the test
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

    assert both(tmp_path / "cluster", two.address) == both(tmp_path / "serial", "")


def test_it_computes_on_the_workers_and_leaves_no_thread_or_connection(two, tmp_path):
    def ours() -> set[threading.Thread]:
        return {each for each in threading.enumerate() if each.name != CARRIES}

    before = ours()
    run(slow(tmp_path / "log", 4, 0.0), json_store(tmp_path / "pieces"), two.address)
    assert str(os.getpid()) not in {process for _, process in lines(tmp_path / "log")}
    assert ours() == before
    port = int(two.address.rpartition(":")[2])
    open_to = [each.raddr.port for each in psutil.Process().net_connections("tcp") if each.status == "ESTABLISHED"]
    assert port not in open_to
    assert not list((tmp_path / "pieces" / ".aside").iterdir()), "the file that workers look for is still there"


def test_a_stop_gives_the_stage_s_own_exception_and_cancels_the_rest(two, tmp_path):
    log = tmp_path / "log"
    recipes = {"bad": Recipe(stages.fail, {"x": 1}), **slow(log, 100)}
    with pytest.raises(stages.StageError) as caught:
        run(recipes, json_store(tmp_path / "pieces"), two.address, on_error="raise")
    assert caught.value.code == 7
    assert "in fail\n" in caught.value.__notes__[0]
    time.sleep(0.5)  # what runs may end
    done = len(lines(log))
    time.sleep(0.5)
    assert len(lines(log)) == done < 50


INTERRUPTED = """
import signal
import sys
from pathlib import Path
from tests.artifacts.test_cluster import json_store, run, slow
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a script's background
run(slow(Path(sys.argv[1]), 500), json_store(Path(sys.argv[2])), sys.argv[3])
"""


def test_an_interrupt_takes_back_what_is_left(two, tmp_path):
    """Ctrl-C: it must end the run, and not leave a cluster at work for nobody."""
    log, path = tmp_path / "log", os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-c", INTERRUPTED, str(log), str(tmp_path / "pieces"), two.address]
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True)
    until(lambda: len(lines(log)) > 4 or child.poll() is not None)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=120)
    assert said.rstrip().endswith("KeyboardInterrupt")
    time.sleep(0.5)  # what runs may end
    done = len(lines(log))
    time.sleep(0.5)
    assert len(lines(log)) == done < 400


def test_a_worker_that_is_killed_loses_nothing(two, tmp_path):
    """The kernel, or a cluster's queue, ends a worker without a word."""
    log, store = tmp_path / "log", json_store(tmp_path / "pieces")
    thread, found = start(lambda: run(slow(log, 40, 0.1), store, two.address))
    until(lambda: len(lines(log)) > 8)
    os.kill(int(lines(log)[-1][1]), signal.SIGKILL)
    thread.join()
    (entries,) = found
    assert {entry.status for entry in entries.values()} == {"done"}
    assert read(store, entries) == {f"k{n}": 10 * n for n in range(40)}
    begun = [int(number) for number, _ in lines(log)]
    assert set(begun) == set(range(40))
    assert len(begun) > 40, "no worker was killed at work"


def test_nothing_large_passes_through_the_scheduler(two, tmp_path):
    """Were pieces sent along instead of references, or results brought back, it would show here.

    Counted is all that client and workers say to the scheduler and hear from it, heartbeats included. What the
    scheduler itself asks of a worker is not, but it asks for results on behalf of the client, to whom they go counted.
    """
    count, steps, width = 8, 2048, 512  # 4 MiB a piece
    store = PieceStore(str(tmp_path / "pieces"), "features")
    before = two.passed()
    arguments = {"steps": steps, "width": width}
    made = {f"k{n}": Recipe(cluster_stages.noise, {**arguments, "seed": n}) for n in range(count)}
    first = run(made, store, two.address)
    upstream = StoredMap("numbers", list(first.values()), store)
    second = run({k: Recipe(cluster_stages.negative, {"sequence": upstream.ref(k)}) for k in made}, store, two.address)
    through = two.passed() - before
    assert {entry.status for entry in [*first.values(), *second.values()]} == {"done"}
    stored = sum(entry.bytes for entry in [*first.values(), *second.values()])
    print(f"{stored:,} bytes stored, {through:,} through the scheduler, {through / (2 * count):,.0f} a task")
    assert stored > 2 * count * 4 * MIB
    assert 2 * count * 500 < through < 2 * count * 16 * 1024


def test_a_recipe_that_kills_its_worker_is_a_row(two, tmp_path):
    """Alone it is told from those that only shared a worker or a task with it."""
    store = json_store(tmp_path / "pieces")
    plain = {f"p{n}": Recipe(stages.value, {"x": n}) for n in range(20)}
    chunked = {f"k{n}": Recipe(stages.chunk_dies_on_odd, {"x": n}, chunk=3) for n in (0, 1, 2, 4, 6, 8)}
    entries = run({**plain, **chunked}, store, two.address)
    assert [key for key, entry in entries.items() if entry.error == "WorkerDiedError"] == ["k1"]
    assert "died" in entries["k1"].message
    assert read(store, entries) == {f"p{n}": n for n in range(20)} | {f"k{n}": n for n in (0, 2, 4, 6, 8)}


def test_workers_that_cannot_do_the_work_are_named_before_it_begins(tmp_path, variants, monkeypatch):
    import variant

    store = json_store(Path("pieces"))  # each process looks for it from where it was started
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    with cluster(tmp_path / "cluster", 0) as made:
        made.start_worker("--no-nanny", "--name", "blind", cwd=elsewhere, PYTHONPATH=variants["here"])
        made.start_worker("--no-nanny", PYTHONPATH=variants["edited"])
        made.start_worker("--no-nanny", PYTHONPATH=variants["hollow"])
        until(lambda: made.log().count("Registered to") == 3)
        with pytest.raises(ClusterError, match="3 of 3 workers cannot do this work") as caught:
            run({"k": Recipe(variant.run, {"x": 1})}, store, made.file)
    told = str(caught.value)
    assert "it does not see the folder pieces" in told
    assert "the code of run is not what it was planned with" in told
    assert "No module named 'abaw_pipeline.artifacts'" in told
    assert told.count("tcp://127.0.0.1:") == 4, "scheduler and three workers"
    assert not store.present()


def test_a_worker_that_joins_later_and_cannot_do_the_work_is_named(tmp_path, variants):
    """Somebody edits a file during a run on a cluster, and a node starts afterwards."""
    import variant

    store = json_store(tmp_path / "pieces")
    with cluster(tmp_path / "cluster", 1, "--no-nanny", PYTHONPATH=variants["here"]) as made:
        recipes = {f"k{n}": Recipe(variant.run, {"x": n}) for n in range(2000)}
        thread, found = start(lambda: run(recipes, store, made.file))
        until(lambda: len(store.present()) > 3)
        made.start_worker("--no-nanny", PYTHONPATH=variants["edited"])
        thread.join()
    assert isinstance(found[0], ClusterError)
    assert "1 of 2 workers" in str(found[0])
    assert "the code of run is not what it was planned with" in str(found[0])
    values = {store.path(path).read_text() for path, _ in store.files()}
    assert values <= {str(n + 1) for n in range(2000)}
    assert len(values) == len(store.present()), "a piece of the other code was stored"


def test_no_worker_is_an_error_that_says_what_to_do(tmp_path):
    with (
        cluster(tmp_path / "cluster", 0) as made,
        pytest.raises(ClusterError, match=r"has had no worker for 0\.1 s.*dask worker tcp://127"),
    ):
        run({"k": Recipe(stages.value, {"x": 1})}, json_store(tmp_path / "pieces"), made.file, worker_wait_s=0.1)


def test_a_scheduler_that_goes_away_is_an_error_and_nothing_is_lost(tmp_path):
    log, store = tmp_path / "log", json_store(tmp_path / "pieces")
    before = set(threading.enumerate())
    with cluster(tmp_path / "cluster", 1, "--no-nanny") as made:
        thread, found = start(lambda: run(slow(log, 100), store, made.file))
        until(lambda: len(store.present()) > 3)
        made.scheduler.kill()
        thread.join()
    assert isinstance(found[0], ClusterError)
    assert "connection to the scheduler was lost" in str(found[0])
    assert set(threading.enumerate()) == before
    assert 3 < len(store.present()) < 100


NOBODY = [
    ("tcp://127.0.0.1:1", "no scheduler answers"),
    ("tcp://127.0.0.1", "Write tcp://host:port"),
    ("tcp://127.0.0.1:port", "Write tcp://host:port"),
    ("127.0.0.1:8786", "no such scheduler file.*begins with tcp://"),
    ("data/scheduler.json", "no such scheduler file"),
    ("pyproject.toml", "this is no scheduler file"),
]


@pytest.mark.parametrize(("scheduler", "told"), NOBODY)
def test_a_scheduler_that_is_not_there_is_an_error_that_says_what_to_do(scheduler, told, tmp_path):
    with pytest.raises(ClusterError, match=told):
        run({"k": Recipe(stages.value, {"x": 1})}, json_store(tmp_path), scheduler)


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH"])
def test_what_is_no_scheduler_is_told_at_once(greeting, tmp_path, monkeypatch):
    """Dask waits for ever for one that is mute."""
    monkeypatch.setattr(connection, "_ANSWER_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as door:
                door.sendall(greeting)
                time.sleep(0.5)

        thread, _ = start(greet)
        with pytest.raises(ClusterError, match=r"no scheduler answers|no Dask scheduler"):
            run(
                {"k": Recipe(stages.value, {"x": 1})},
                json_store(tmp_path),
                f"tcp://127.0.0.1:{server.getsockname()[1]}",
            )
        thread.join()


def test_a_file_of_a_scheduler_that_has_ended_is_named(tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text('{"address": "tcp://127.0.0.1:1"}', encoding="utf-8")
    with pytest.raises(ClusterError, match=r"tcp://127\.0\.0\.1:1 \(of .*scheduler\.json\): no scheduler answers"):
        run({"k": Recipe(stages.value, {"x": 1})}, json_store(tmp_path), file)


def test_the_package_that_is_missing_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"abaw_pipeline\[cluster\]"):
        run({"k": Recipe(stages.value, {"x": 1})}, json_store(tmp_path), "tcp://127.0.0.1:1")


def test_nothing_to_do_asks_no_scheduler(tmp_path):
    assert run({}, json_store(tmp_path), "tcp://127.0.0.1:1") == {}
