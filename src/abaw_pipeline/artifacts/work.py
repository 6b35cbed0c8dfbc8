"""What a worker does: it computes the jobs of a task and stores their pieces; an exception is an outcome."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from abaw_pipeline.artifacts.plan import Job
from abaw_pipeline.artifacts.recipe import run_chunk
from abaw_pipeline.artifacts.store import PieceStore, Written
from abaw_pipeline.artifacts.witness import EditedSourceError, edited
from abaw_pipeline.threads import limit_threads

Task = list[Job]
"""Jobs that one worker does in one go: several plain ones, or those that one call of a chunked function serves."""


@dataclass(frozen=True)
class Outcome:
    """What became of one job: a stored piece or an exception."""

    fingerprint: str
    written: Written | None = None
    seconds: float = 0.0
    error: Exception | None = None
    traceback: str = ""


class WorkerDiedError(RuntimeError):
    """A recipe's process ended without a word: out of memory, killed, or crashed in native code."""


class CodeChangedError(RuntimeError):
    """A worker has other code than the process that planned the work: a file was edited in between."""


class ArgumentChangedError(RuntimeError):
    """A recipe's argument was changed in place after the work was planned."""


def run_task(jobs: Sequence[Job], store: PieceStore) -> list[Outcome]:
    """Compute and store each job's piece.

    Args:
        jobs: several plain ones, or those that one call of a chunked function serves.
        store: where the pieces go.
    """
    if len(jobs) > 1 and jobs[0].recipe.chunk:
        return _run_chunk(jobs, store)
    return [_run_one(job, store) for job in jobs]


def run_in_worker(jobs: Sequence[Job], store: PieceStore) -> list[Outcome]:
    """What `run_task` does, in another process than the one that planned the work: it keeps to its share of cores."""
    limit_threads()
    return run_task(jobs, store)


def _check(job: Job) -> None:
    """Make sure, right before the work, that what will run is what the fingerprint speaks of.

    Raises:
        CodeChangedError: this process has other code.
        ArgumentChangedError: an argument is not what it was.
    """
    recipe = job.recipe
    try:
        changed = sorted(recipe.changed())
    except EditedSourceError as error:
        raise CodeChangedError(str(error)) from None
    name = recipe.function.__qualname__
    if any(each.startswith("code") or each in {"libraries", "generation"} for each in changed):
        raise CodeChangedError(f"{name}: its code was edited while the program ran; run it again")
    if changed:
        raise ArgumentChangedError(
            f"{name}: {', '.join(changed)} changed after the work was planned; several recipes may share an argument, "
            "so a function must not change what it is given: let it work on a copy"
        )


def _check_sources() -> None:
    """Make sure, after the work, that nothing it imported late had been edited; CodeChangedError if so."""
    if (source := edited()) is not None:
        raise CodeChangedError(f"{source} was edited between planning and importing it; run the program again")


def failed(job: Job, error: BaseException, started: float | None = None) -> Outcome:
    """The outcome of a job that has raised."""
    seconds = 0.0 if started is None else time.perf_counter() - started
    trace = "".join(traceback.format_exception(error))
    return Outcome(job.fingerprint, None, seconds, _portable(error), trace)


def _run_one(job: Job, store: PieceStore) -> Outcome:
    started = time.perf_counter()
    try:
        _check(job)
        (value,) = run_chunk([job.recipe])
        if isinstance(value, Exception):
            return failed(job, value, started)
        return _store(job, value, store, started)  # a generator works while it is stored
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stage may raise anything; it becomes a row
        return failed(job, error, started)


def _run_chunk(jobs: Sequence[Job], store: PieceStore) -> list[Outcome]:
    started = time.perf_counter()
    try:
        for job in jobs:
            _check(job)
        values = run_chunk([job.recipe for job in jobs])
    except (Exception, SystemExit):  # noqa: BLE001 - one key must not take the others down: each gets its own call
        return [_run_one(job, store) for job in jobs]
    share = (time.perf_counter() - started) / len(jobs)
    outcomes = []
    for job, value in zip(jobs, values, strict=True):
        began = time.perf_counter() - share
        if isinstance(value, Exception):
            outcomes.append(failed(job, value, began))
            continue
        try:
            outcomes.append(_store(job, value, store, began))
        except Exception as error:  # noqa: BLE001 - as above
            outcomes.append(failed(job, error, began))
    return outcomes


def _store(job: Job, value: Any, store: PieceStore, started: float) -> Outcome:
    _check_sources()
    written = store.write(job.fingerprint, value)
    try:
        _check_sources()  # a generator has worked while it was stored
    except CodeChangedError:
        store.path(written.path).unlink(missing_ok=True)
        raise
    return Outcome(job.fingerprint, written, time.perf_counter() - started)


def _portable(error: BaseException) -> Exception:
    """The exception, or one of like text where it would not survive the way between processes."""
    import pickle

    if isinstance(error, Exception):
        try:
            if type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301 - our own bytes, in memory
                return error
        except Exception:  # noqa: BLE001, S110 - any failure means the same: see below
            pass
    return RuntimeError(f"{type(error).__name__}: {error}")
