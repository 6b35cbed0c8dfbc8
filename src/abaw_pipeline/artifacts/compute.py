"""Computes the pieces of a plan, in parallel, each failure a row."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

from abaw_pipeline.artifacts.execution import Execution, cores
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry
from abaw_pipeline.artifacts.plan import Job, Plan, make_plan
from abaw_pipeline.artifacts.progress import Progress
from abaw_pipeline.artifacts.recipe import BlockedError, Key, Recipe, key_text
from abaw_pipeline.artifacts.store import PieceStore, Written
from abaw_pipeline.artifacts.work import Outcome, WorkerDiedError, failed, run_task

_TASKS_A_PROCESS = 16
"""Enough that processes end together, few enough that handing out does not cost."""
_HANDED_OUT = 2
"""Tasks a process that are handed out and not yet done."""

Task = list[Job]


def compute_pieces(
    name: str,
    recipes: Mapping[Key, Recipe],
    store: PieceStore,
    previous: Mapping[Key, Entry],
    execution: Execution,
) -> list[Entry]:
    """Make what is missing and give a manifest row for every key, in the order asked for.

    Raises:
        Exception: with `on_error: raise`, the first failure as it was raised.
    """
    store.sweep()
    plan = make_plan(recipes, store, previous)
    entries = {entry.key: entry for entry in [*plan.skipped, *plan.blocked]}
    for entry in _adopt(plan, store):
        entries[entry.key] = entry
    jobs = {job.fingerprint: job for job in plan.jobs}
    with Progress(name, plan) as progress, closing(_outcomes(plan.jobs, store, execution)) as outcomes:
        for outcome in outcomes:
            if outcome.error is not None and execution.on_error == "raise":
                if outcome.error.__traceback__ is None:  # it came from another process, without one
                    outcome.error.add_note(outcome.traceback)
                raise outcome.error
            job = jobs[outcome.fingerprint]
            for key in job.keys:
                entries[key] = _entry(key, job, outcome)
            progress.advance(job, failed=outcome.error is not None)
    old = {entry.path for entry in plan.skipped}
    store.settle(entry.path for entry in entries.values() if entry.path is not None and entry.path not in old)
    return [entries[key] for key in plan.order]


def _adopt(plan: Plan, store: PieceStore) -> Iterator[Entry]:
    """Rows for pieces that another run has stored; one that cannot be read is made again."""
    for path, job in list(plan.adopted.items()):
        try:
            written = store.adopt(path)
        except Exception:  # noqa: BLE001 - whatever is wrong with the file, the recipe makes it anew
            reason = "the stored file was damaged"
            plan.jobs.append(Job(job.fingerprint, job.recipe, job.keys, job.components, reason))
            del plan.adopted[path]
            continue
        for key in job.keys:
            yield _done(key, job, written, None)


def _outcomes(jobs: list[Job], store: PieceStore, execution: Execution) -> Generator[Outcome, None, None]:
    tasks = _tasks(jobs, execution.processes(len(jobs)))
    processes = execution.processes(len(tasks))
    if processes == 1:
        for task in tasks:
            yield from run_task(task, store, check=False)
        return
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
        generator = parallel(delayed(run_task)(task, store, check=True) for task in tasks)
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


def _tasks(jobs: list[Job], processes: int) -> list[Task]:
    """Group jobs: chunked ones by function and execution, others so that handing out does not cost."""
    tasks: list[Task] = []
    plain = [job for job in jobs if not job.recipe.chunk]
    size = max(1, min(32, len(plain) // (processes * _TASKS_A_PROCESS)))
    tasks.extend(plain[start : start + size] for start in range(0, len(plain), size))
    chunked: dict[tuple[Any, ...], Task] = {}
    for job in jobs:
        if job.recipe.chunk:
            recipe = job.recipe
            same = (recipe.function, recipe.chunk, repr(sorted(recipe.execution.items())))
            chunked.setdefault(same, []).append(job)
    for group in chunked.values():
        size = group[0].recipe.chunk
        tasks.extend(group[start : start + size] for start in range(0, len(group), size))
    return tasks


def _entry(key: Key, job: Job, outcome: Outcome) -> Entry:
    if outcome.written is not None:
        return _done(key, job, outcome.written, outcome.seconds)
    error = outcome.error
    blocker = f"{error.artifact}[{key_text(error.key)}]" if isinstance(error, BlockedError) else None
    return Entry(
        key,
        FAILED,
        job.fingerprint,
        seconds=outcome.seconds,
        components=dict(job.components),
        stage=job.recipe.function.__name__,
        error=type(error).__name__,
        message=str(error),
        traceback=outcome.traceback,
        blocked_by=blocker,
    )


def _done(key: Key, job: Job, written: Written, seconds: float | None) -> Entry:
    return Entry(
        key,
        DONE,
        job.fingerprint,
        path=written.path,
        rows=written.rows,
        bytes=written.bytes,
        sha256=written.sha256,
        seconds=seconds,
        components=dict(job.components),
    )
