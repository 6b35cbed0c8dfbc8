"""Work on a cluster: a Dask scheduler deals tasks out to workers on other machines, which share this one's storage.

Tasks carry references and come back as facts of what was stored; pieces go from the workers to the storage and from
there to the workers, never through the scheduler.
"""

from __future__ import annotations

import logging
import pickle
import queue
import time
import uuid
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from abaw_pipeline.artifacts.cluster_worker import Probe, UnfitWorkerError, complaints, lay_out
from abaw_pipeline.artifacts.connection import ClusterError, connect
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.packing import pack
from abaw_pipeline.artifacts.plan import Job
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.work import Outcome, Task, WorkerDiedError, failed

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

_HANDED_OUT = 2
"""Tasks a worker's thread that are handed out and not yet done: one that runs, one that waits its turn there."""
_LOOK_S = 1.0
"""How often workers are counted, in seconds."""
_UNFIT = "All machines need one folder of data under one path, and the same Python, code and library versions."


def run_on_cluster(tasks: list[Task], store: PieceStore, execution: Execution) -> Generator[Outcome, None, None]:
    """Outcomes of all tasks, in the order in which they end.

    Closed early, it takes back what no worker has begun; what runs there ends and is stored.

    Raises:
        ClusterError: no scheduler, no workers, a worker that cannot do the work, or a connection that was lost.
    """
    if not tasks:
        return
    with connect(execution.scheduler) as client, lay_out(store, tasks) as probe, _explained(client):
        crew = _Crew(client, execution)
        crew.gather()
        crew.check(probe)
        yield from _Dispatch(crew, store, probe).run(tasks)


class _Crew:
    """The workers of a scheduler, who come and go."""

    def __init__(self, client: Client, execution: Execution) -> None:
        self.client, self.address = client, client.scheduler.address
        self._patience = execution.worker_wait_s
        self._threads, self._counted = 0, -_LOOK_S
        self._alone_since: float | None = None

    def gather(self) -> None:
        """Return once there is a worker."""
        while not self.threads():
            time.sleep(0.2)

    def threads(self) -> int:
        """Threads of all workers.

        Raises:
            ClusterError: there has been no worker for too long.
        """
        now = time.monotonic()
        if now - self._counted < _LOOK_S:
            return self._threads
        self._counted = now
        self._threads = sum(self.client.nthreads().values())
        if self._threads:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
            log.warning("%s has no workers; waiting for one up to %g s", self.address, self._patience)
        elif now - self._alone_since > self._patience:
            raise ClusterError(
                f"the scheduler has had no worker for {self._patience:g} s",
                where=self.address,
                hint=f"Start workers (dask worker {self.address} --nthreads 1), or wait longer with "
                "execution.worker_wait_s. What is stored is skipped when the run is started again.",
            )
        return self._threads

    def check(self, probe: Probe) -> None:
        """Look at all workers that are there, before anything is handed out.

        Raises:
            ClusterError: one or more of them cannot do the work; says of each why.
        """
        threads = self.client.nthreads()
        answers = self.client.run(complaints, probe, on_error="return")
        unfit = {address: _why(answer) for address, answer in answers.items() if answer and not _has_left(answer)}
        if unfit:
            lines = [f"  {address}: {why}" for address, why in sorted(unfit.items())]
            text = "\n".join([f"{len(unfit)} of {len(answers)} workers cannot do this work:", *lines, _UNFIT])
            raise ClusterError(text, where=self.address)
        several = sum(count > 1 for count in threads.values())
        if several:
            log.warning("%d workers have several threads; one each is safer (dask worker --nthreads 1)", several)


def _why(answer: Any) -> str:
    if isinstance(answer, Exception):  # it failed before our code began
        return f"it cannot run abaw_pipeline as it is here ({answer}); install the project there"
    return "; ".join(answer)


def _has_left(answer: Any) -> bool:
    """Whether a worker went away while it was asked."""
    return isinstance(answer, OSError)


class _Dispatch:
    """Hands tasks out, a few at a time, and takes back what has become of them."""

    def __init__(self, crew: _Crew, store: PieceStore, probe: Probe) -> None:
        self._crew, self._client = crew, crew.client
        self._store, self._probe = store, probe
        self._ended: queue.SimpleQueue[tuple[Future, list[Outcome] | Exception]] = queue.SimpleQueue()

    def run(self, tasks: list[Task]) -> Iterator[Outcome]:
        """Outcomes of tasks; those that keep killing workers are tried again at the end, job by job, each alone."""
        killers: list[Task] = []
        yield from self._work(tasks, killers)
        for job in [job for task in killers for job in task]:
            yield from self._alone(job)

    def _alone(self, job: Job) -> Iterator[Outcome]:
        killers: list[Task] = []
        yield from self._work([[job]], killers)
        if killers:
            message = "every worker that computed it died: killed, out of memory, or crashed in native code"
            yield failed(job, WorkerDiedError(message))

    def _work(self, tasks: list[Task], killers: list[Task]) -> Iterator[Outcome]:
        from distributed import KilledWorker

        waiting, handed = iter(tasks), dict[Any, Task]()
        while self._hand_out(waiting, handed):
            try:
                future, result = self._ended.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            task = handed.pop(future)
            if isinstance(result, KilledWorker):
                killers.append(task)
            elif isinstance(result, OSError | CancelledError):
                raise result
            elif isinstance(result, Exception):
                self._refuse(result)
            else:
                yield from result

    def _refuse(self, error: Exception) -> NoReturn:
        """Say why a worker could not even begin; a recipe's own exception is an outcome and never comes here."""
        self._crew.check(self._probe)  # names all such workers that it finds
        text = str(error) if isinstance(error, UnfitWorkerError) else f"{type(error).__name__}: {error}"
        raise ClusterError(f"a worker cannot do this work: {text}. {_UNFIT}", where=self._crew.address) from error

    def _hand_out(self, waiting: Iterator[Task], handed: dict[Any, Task]) -> bool:
        """Give every worker's thread enough to do; whether anything is handed out and not yet done."""
        limit = max(1, _HANDED_OUT * self._crew.threads())
        while len(handed) < limit and (task := next(waiting, None)) is not None:
            handed[self._submit(task)] = task
        return bool(handed)

    def _submit(self, task: Task) -> Future:
        # a key of its own, so that nothing is ever taken from the scheduler's memory instead of computed
        key = f"{task[0].recipe.function.__name__}-{uuid.uuid4().hex}"
        future = self._client.submit(pickle.loads, pack(task, self._store, self._probe), key=key, pure=False)
        self._client.loop.add_callback(self._follow, future)
        return future

    async def _follow(self, future: Future) -> None:
        """Wait for the end of a task in the connection's own thread, so that one that hangs holds up no other."""
        result: list[Outcome] | Exception
        try:
            result = await self._client.gather(future, asynchronous=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread that waits must hear of it
            result = error
        self._ended.put((future, result))


@contextmanager
def _explained(client: Client) -> Iterator[None]:
    """A lost connection as an error that says what to do."""
    address = client.scheduler.address
    try:
        yield
    except (OSError, CancelledError) as error:
        raise ClusterError(
            "the connection to the scheduler was lost, or it gave up the work",
            where=address,
            hint="See the scheduler's log, start it and its workers again, and run again: what is stored is skipped. "
            f"({type(error).__name__}: {str(error).partition(chr(10))[0]})",
        ) from error
