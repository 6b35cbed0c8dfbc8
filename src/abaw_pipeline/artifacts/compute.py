"""Computes the pieces of a plan, in parallel, each failure a row."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abaw_pipeline.artifacts.execution import Execution, cores
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry
from abaw_pipeline.artifacts.plan import Job, Plan, make_plan
from abaw_pipeline.artifacts.progress import Progress
from abaw_pipeline.artifacts.recipe import BlockedError, Key, Recipe, key_text, run_chunk
from abaw_pipeline.artifacts.store import PieceStore, Written

_TASKS_A_PROCESS = 16
"""Enough that processes end together, few enough that handing out does not cost."""


@dataclass(frozen=True)
class Outcome:
    """What became of one job: a stored piece or an exception."""

    fingerprint: str
    written: Written | None = None
    seconds: float = 0.0
    error: Exception | None = None
    traceback: str = ""


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
    with Progress(name, plan) as progress:
        for outcome in _outcomes(list(jobs.values()), store, execution):
            if outcome.error is not None and execution.on_error == "raise":
                raise outcome.error
            job = jobs[outcome.fingerprint]
            for key in job.keys:
                entries[key] = _entry(key, job, outcome)
            progress.advance(job, failed=outcome.error is not None)
    return [entries[key] for key in plan.order]


def _adopt(plan: Plan, store: PieceStore) -> Iterator[Entry]:
    """Rows for pieces that another run has stored; one that cannot be read is made again."""
    for path, job in plan.adopted.items():
        try:
            written = store.adopt(path)
        except Exception:  # noqa: BLE001 - whatever is wrong with the file, the recipe makes it anew
            reason = "the stored file was damaged"
            plan.jobs.append(Job(job.fingerprint, job.recipe, job.keys, job.components, reason))
            continue
        for key in job.keys:
            yield _done(key, job, written, None)


def _outcomes(jobs: list[Job], store: PieceStore, execution: Execution) -> Iterator[Outcome]:
    tasks = _tasks(jobs, execution.processes(len(jobs)))
    processes = execution.processes(len(tasks))
    if processes == 1:
        for task in tasks:
            yield from _run_task(task, store)
        return
    from joblib import Parallel, delayed, parallel_config

    threads = max(1, cores() // processes)
    # spawned workers that live on between artifacts: models and libraries are loaded once a worker
    with parallel_config("loky", n_jobs=processes, inner_max_num_threads=threads):
        results = Parallel(return_as="generator_unordered", batch_size=1)(
            delayed(_run_task)(task, store) for task in tasks
        )
        for outcomes in results:
            yield from outcomes


def _tasks(jobs: list[Job], processes: int) -> list[list[Job]]:
    """Group jobs: chunked ones by function and execution, others so that handing out does not cost."""
    tasks: list[list[Job]] = []
    plain = [job for job in jobs if not job.recipe.chunk]
    size = max(1, min(32, len(plain) // (processes * _TASKS_A_PROCESS)))
    tasks.extend(plain[start : start + size] for start in range(0, len(plain), size))
    chunked: dict[tuple[Any, ...], list[Job]] = {}
    for job in jobs:
        if job.recipe.chunk:
            recipe = job.recipe
            same = (recipe.function, recipe.chunk, repr(sorted(recipe.execution.items())))
            chunked.setdefault(same, []).append(job)
    for group in chunked.values():
        size = group[0].recipe.chunk
        tasks.extend(group[start : start + size] for start in range(0, len(group), size))
    return tasks


def _run_task(jobs: Sequence[Job], store: PieceStore) -> list[Outcome]:
    """Runs in a worker: compute and store each job's piece."""
    if len(jobs) > 1 and jobs[0].recipe.chunk:
        return _run_chunk(jobs, store)
    return [_run_one(job, store) for job in jobs]


def _run_one(job: Job, store: PieceStore) -> Outcome:
    started = time.perf_counter()
    try:
        value = job.recipe.compute()
        return _store(job, value, store, started)
    except Exception as error:  # noqa: BLE001 - a stage may raise anything; it becomes a row
        return _failed(job, error, started)


def _run_chunk(jobs: Sequence[Job], store: PieceStore) -> list[Outcome]:
    started = time.perf_counter()
    try:
        values = run_chunk([job.recipe for job in jobs])
    except Exception:  # noqa: BLE001 - one key must not take the others down: each gets a call of its own
        return [_run_one(job, store) for job in jobs]
    share = (time.perf_counter() - started) / len(jobs)
    outcomes = []
    for job, value in zip(jobs, values, strict=True):
        began = time.perf_counter() - share
        if isinstance(value, Exception):
            outcomes.append(_failed(job, value, began))
            continue
        try:
            outcomes.append(_store(job, value, store, began))
        except Exception as error:  # noqa: BLE001 - as above
            outcomes.append(_failed(job, error, began))
    return outcomes


def _store(job: Job, value: Any, store: PieceStore, started: float) -> Outcome:
    written = store.write(job.fingerprint, value)
    return Outcome(job.fingerprint, written, time.perf_counter() - started)


def _failed(job: Job, error: Exception, started: float) -> Outcome:
    trace = "".join(traceback.format_exception(error))
    return Outcome(job.fingerprint, None, time.perf_counter() - started, _portable(error), trace)


def _portable(error: Exception) -> Exception:
    """The exception, or one of like text where it would not survive the way between processes."""
    import pickle

    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, in memory
    except Exception:  # noqa: BLE001 - any failure means the same
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _entry(key: Key, job: Job, outcome: Outcome) -> Entry:
    if outcome.written is not None:
        return _done(key, job, outcome.written, outcome.seconds)
    error = outcome.error
    blocked = isinstance(error, BlockedError)
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
        blocked_by=f"{error.artifact}[{key_text(error.key)}]"
        if isinstance(error, BlockedError) and blocked
        else None,
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
