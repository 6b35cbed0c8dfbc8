"""A Dask cluster of real processes on this machine: a scheduler and workers, ended by their ids."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

WAIT_S = 240.0


CARRIES = "carries what is counted"
"""Threads of `counted`: workers open connections whenever they like."""


def until(what: Callable[[], bool], seconds: float = WAIT_S) -> None:
    """Return once something holds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@dataclass
class Cluster:
    """A scheduler and its workers.

    Attributes:
        folder: where their logs and the scheduler's file lie.
        workers: processes that were started: each is a nanny, whose one child computes.
    """

    folder: Path
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text(encoding="utf-8"))["address"])

    def start_scheduler(self, **variables: str) -> None:
        self.scheduler = self._start(
            "dask_scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file)),
            *("--no-dashboard", "--dashboard-address", "127.0.0.1:0"),
            **variables,
        )

    def start_worker(self, *options: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker and go on at once: it waits for the scheduler's file, unless `options` name an address."""
        where = () if any("://" in option for option in options) else ("--scheduler-file", str(self.file))
        process = self._start(
            "dask_worker",
            *where,
            *("--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"),
            *("--local-directory", str(self.folder), "--memory-limit", "0", "--death-timeout", "240"),
            *options,
            cwd=cwd,
            **variables,
        )
        self.workers.append(process)
        return process

    def log(self) -> str:
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # each leads a group of its own: itself and its child
            process.wait()

    def _start(
        self, module: str, *arguments: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        log = self.folder / f"{module}-{len(list(self.folder.glob('*.log')))}.log"
        with log.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **variables},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                start_new_session=True,
            )


@contextmanager
def cluster(folder: Path, workers: int, *options: str, **variables: str) -> Iterator[Cluster]:
    """A scheduler and workers, each in a process of its own; workers, with these options, may not be ready yet."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Cluster(folder)
    with ExitStack() as stack:
        stack.callback(made.stop)
        made.start_scheduler(**variables)
        for _ in range(workers):
            made.start_worker(*options, **variables)
        until(lambda: made.file.exists() and made.file.read_text(encoding="utf-8").endswith("}"))
        yield made


@contextmanager
def counted(target: str) -> Iterator[tuple[str, Callable[[], int]]]:
    """A way to a scheduler that counts: its address, and how many bytes have gone through it in either direction."""
    host, port = target.removeprefix("tcp://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    passed, threads, ended = [0], list[threading.Thread](), threading.Event()
    lock = threading.Lock()

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(2**16):
                with lock:
                    passed[0] += len(data)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def listen() -> None:
        sockets = list[socket.socket]()
        while not ended.is_set():
            with suppress(TimeoutError):
                near = listener.accept()[0]
                near.settimeout(None)
                far = socket.create_connection((host, int(port)))
                sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threads.append(threading.Thread(target=carry, args=pair, name=CARRIES))
                    threads[-1].start()
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for each in sockets:
            each.close()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}", lambda: passed[0]
    finally:
        ended.set()
        listening.join()
        listener.close()
