"""Computes the pieces of a plan, in parallel, each failure a row."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry
from abaw_pipeline.artifacts.plan import Job, Plan, make_plan
from abaw_pipeline.artifacts.progress import Progress
from abaw_pipeline.artifacts.recipe import BlockedError, Key, Recipe, key_text
from abaw_pipeline.artifacts.store import PieceStore, Written
from abaw_pipeline.artifacts.work import Outcome, Task, run_task

_TASKS_A_PROCESS = 16
"""Enough that processes end together, few enough that handing out does not cost."""
_A_CLUSTER = 64
"""Workers for which tasks are cut where nobody knows how many there will be."""


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
    """Outcomes as they come: from this process, from others on this machine, or from a cluster's workers."""
    from abaw_pipeline.artifacts.processes import run_in_processes

    if execution.scheduler:
        from abaw_pipeline.artifacts.cluster import run_on_cluster

        yield from run_on_cluster(_tasks(jobs, _A_CLUSTER), store, execution)
        return
    tasks = _tasks(jobs, execution.processes(len(jobs)))
    processes = execution.processes(len(tasks))
    if processes == 1:
        for task in tasks:
            yield from run_task(task, store, check=False)
    else:
        yield from run_in_processes(tasks, store, processes)


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
