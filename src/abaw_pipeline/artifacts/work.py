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


def run_task(jobs: Sequence[Job], store: PieceStore, *, check: bool) -> list[Outcome]:
    """Compute and store each job's piece.

    Args:
        jobs: several plain ones, or those that one call of a chunked function serves.
        store: where the pieces go.
        check: whether this is another process than the one that planned the work: it keeps to its share of the
            cores, and makes sure that it has the code that the fingerprints speak of.
    """
    if check:
        limit_threads()
        changed = [job for job in jobs if not job.recipe.is_current()]
        if changed:
            name = changed[0].recipe.function.__qualname__
            error = CodeChangedError(f"{name}: its code was edited while the program ran; run it again")
            return [failed(job, error) for job in jobs]
    if len(jobs) > 1 and jobs[0].recipe.chunk:
        return _run_chunk(jobs, store)
    return [_run_one(job, store) for job in jobs]


def failed(job: Job, error: BaseException, started: float | None = None) -> Outcome:
    """The outcome of a job that has raised."""
    seconds = 0.0 if started is None else time.perf_counter() - started
    trace = "".join(traceback.format_exception(error))
    return Outcome(job.fingerprint, None, seconds, _portable(error), trace)


def _run_one(job: Job, store: PieceStore) -> Outcome:
    started = time.perf_counter()
    try:
        (value,) = run_chunk([job.recipe])
        if isinstance(value, Exception):
            return failed(job, value, started)
        return _store(job, value, store, started)  # a generator works while it is stored
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stage may raise anything; it becomes a row
        return failed(job, error, started)


def _run_chunk(jobs: Sequence[Job], store: PieceStore) -> list[Outcome]:
    started = time.perf_counter()
    try:
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
    written = store.write(job.fingerprint, value)
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
