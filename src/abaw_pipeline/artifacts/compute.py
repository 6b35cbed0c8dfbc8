"""Computes the pieces of a plan, in parallel, each failure a row."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.keys import Key, key_text
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry, Manifest
from abaw_pipeline.artifacts.plan import Job, Plan, make_plan
from abaw_pipeline.artifacts.progress import Progress
from abaw_pipeline.artifacts.reach import definitions_behind
from abaw_pipeline.artifacts.reasons import DAMAGED
from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.refs import BlockedError
from abaw_pipeline.artifacts.store import PieceStore, StorageError, Written
from abaw_pipeline.artifacts.work import Outcome, Task, run_task

_TASKS_A_PROCESS = 16
"""Enough that processes end together, few enough that handing out does not cost."""
_A_CLUSTER = 64
"""Workers for which tasks are cut where nobody knows how many there will be."""


def compute_pieces(
    name: str, recipes: Mapping[Key, Recipe], store: PieceStore, previous: Manifest, execution: Execution
) -> Manifest:
    """Make what is missing and give a manifest row for every key, in the order asked for.

    Raises:
        StorageError: pieces cannot be stored.
        Exception: with `on_error: raise`, the first failure as it was raised.
    """
    store.sweep()
    plan = make_plan(recipes, store, previous)
    adopted = _adopt(plan, store)
    entries = {entry.key: entry for entry in [*plan.skipped, *plan.blocked, *adopted]}
    jobs = {job.fingerprint: job for job in plan.jobs}
    if jobs:
        store.prepare()
    with Progress(name, plan) as progress, closing(_outcomes(plan.jobs, store, execution)) as outcomes:
        for outcome in outcomes:
            _stop_where_asked(outcome, execution)
            job = jobs[outcome.fingerprint]
            for key in job.keys:
                entries[key] = _entry(key, job, outcome)
            progress.advance(job, failed=outcome.error is not None)
    old = {entry.path for entry in plan.skipped}
    store.settle(entry.path for entry in entries.values() if entry.path is not None and entry.path not in old)
    return Manifest([entries[key] for key in plan.order], _codes(entries.values()))


def _stop_where_asked(outcome: Outcome, execution: Execution) -> None:
    """Raise what ends the run: any failure if so wished, and a full disk always, as all that follows would be lost."""
    error = outcome.error
    if isinstance(error, StorageError) or (error is not None and execution.on_error == "raise"):
        if error.__traceback__ is None:  # it came from another process, without one
            error.add_note(outcome.traceback)
        raise error


def _codes(entries: Iterable[Entry]) -> dict[str, Mapping[str, str]]:
    """The code behind pieces, definition by definition, to tell later which of them has changed."""
    texts = {text for entry in entries for name, text in entry.components.items() if name.startswith("code")}
    found = {code: definitions_behind(code) for code in sorted(text.partition(" ")[0] for text in texts)}
    return {code: definitions for code, definitions in found.items() if definitions}


def _adopt(plan: Plan, store: PieceStore) -> list[Entry]:
    """Rows for pieces that another run has stored; where no file is whole, the piece is made again."""
    entries: list[Entry] = []
    for job, paths in plan.adopted:
        written = next(filter(None, map(store.adopt, paths)), None)
        if written is None:
            plan.jobs.append(replace(job, reason=DAMAGED))
        else:
            entries.extend(_done(key, job, written, None) for key in job.keys)
    return entries


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
            yield from run_task(task, store)
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
