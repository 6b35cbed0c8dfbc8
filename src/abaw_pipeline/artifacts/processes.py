"""Work in several processes of one machine, by joblib; a process that dies takes one piece with it, not the run."""

from __future__ import annotations

import functools
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing

from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.work import Outcome, Task, WorkerDiedError, failed, run_in_worker
from abaw_pipeline.threads import cores

_HANDED_OUT = 2
"""Tasks a process that are handed out and not yet done."""


def run_in_processes(tasks: list[Task], store: PieceStore, processes: int) -> Generator[Outcome, None, None]:
    """Outcomes of all tasks, in the order in which they end."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    while tasks:
        ended: set[str] = set()
        try:
            with closing(_parallel(tasks, store, processes)) as outcomes:
                for outcome in outcomes:
                    ended.add(outcome.fingerprint)
                    yield outcome
        except TerminatedWorkerError:
            # whichever killed its process, it is among the first that were handed out and have not ended
            tasks = [task for task in tasks if task[0].fingerprint not in ended]
            handed_out = (_HANDED_OUT + 1) * processes
            for task in tasks[:handed_out]:
                yield from _alone(task, store)
            tasks = tasks[handed_out:]
        else:
            return


def _alone(task: Task, store: PieceStore) -> Iterator[Outcome]:
    """Run a task with no other beside it; a process that dies now dies of this task."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        outcomes = list(_parallel([task], store, 2))
    except TerminatedWorkerError:
        if len(task) > 1:
            for job in task:
                yield from _alone([job], store)
        else:
            message = "the process that computed it died: killed, out of memory, or crashed in native code"
            yield failed(task[0], WorkerDiedError(message))
    else:
        yield from outcomes


def _parallel(tasks: list[Task], store: PieceStore, processes: int) -> Generator[Outcome, None, None]:
    """Outcomes of tasks from spawned workers, as they come.

    Workers live on between artifacts: models and libraries are loaded once a worker.
    """
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky import get_reusable_executor

    threads = max(1, cores() // processes)
    with parallel_config("loky", n_jobs=processes, inner_max_num_threads=threads):
        parallel = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=_HANDED_OUT * processes)
        generator = parallel(delayed(_work)(task, store) for task in tasks)
        try:
            for outcomes in generator:
                yield from outcomes
        finally:
            with warnings.catch_warnings():  # stopped early, at an error: joblib warns of what it cancels
                warnings.simplefilter("ignore", UserWarning)
                generator.close()
            if multiprocessing.parent_process() is not None:
                # a process of Kedro's ParallelRunner cannot end while workers of its own wait for more
                get_reusable_executor().shutdown(wait=True)


def _work(task: Task, store: PieceStore) -> list[Outcome]:
    _leave_with_parent(os.getppid())
    _stay_when_grown()
    return run_in_worker(task, store)


@functools.cache
def _leave_with_parent(parent: int) -> None:
    """End this process soon after the one that started it has been killed: joblib's would wait minutes for more."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()


@functools.cache
def _stay_when_grown() -> None:
    """Keep this process when it grows.

    Where psutil is installed, joblib takes 300 MB more than after a process' first task for a leak, and replaces the
    process. Here that is a model that the second task has loaded; it would be loaded again and again. Worse, joblib
    tells of it by a warning in the thread that everything waits for, and where warnings are errors that is its end.
    """
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False
