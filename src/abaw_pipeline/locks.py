"""Who may work on a folder of data: one run a study at a time, and a prune only while no run is at work.

Who starts, run or prune, takes the lock `.prune.lock` first. A run takes its study's lock next, without waiting, and
then gives the first one back. A prune keeps the first one until it is done, and takes the lock of every study that
has one, without waiting. So:

- A run that has begun holds its study's lock: the prune finds it held, and gives up before it has looked at anything.
  The lock's file is there to be found, as it was made before the run gave the first lock back.
- A run that begins later waits for the first lock, whether or not its study had a lock's file when the prune looked.
- Nobody waits while holding a study's lock, so nobody waits for ever.

The system gives a lock back when its process ends, however it ends.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from abaw_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)

PRUNE = "prune"
WAIT = 60.0
"""Seconds that a run waits for a prune to end."""
_MOMENT = 2.0
"""Seconds: far longer than a run holds the first lock when it starts."""


class BusyError(PipelineError):
    """Somebody else is at work on the data."""


def lock_study(data: Path, study: str, wait: float = WAIT) -> BaseFileLock:
    """Take the lock of a study for a run, once no prune is at work; `release` gives it back.

    Args:
        data: the project's folder of data.
        study: its name.
        wait: seconds to wait for a prune to end.

    Raises:
        BusyError: another run works on the study, or a prune does not end.
    """
    if study == PRUNE:
        raise BusyError(f"{PRUNE!r} cannot be a study's name: its lock would be that of kedro prune", where="study")
    data.mkdir(parents=True, exist_ok=True)
    first = _wait_for_prune(data, wait)
    try:
        lock = _take(data, study)
        if lock is None:
            raise BusyError(
                f"another run ({_owner(data, study)}) is working on study {study!r} in {data}",
                hint="Wait for it to end, or run another study or another copy of the project.",
            )
        _sign(data, study)
        return lock
    finally:
        first.release()


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Work on the data of all studies while no run does, and none begins.

    Raises:
        BusyError: a run is at work, or another prune.
    """
    with ExitStack() as held:
        lock = _take(data, PRUNE, _MOMENT)
        if lock is None:
            raise BusyError(f"another prune ({_owner(data, PRUNE)}) is at work in {data}", hint="Wait for it to end.")
        held.callback(lock.release)
        _sign(data, PRUNE)
        held.callback(_owner_file(data, PRUNE).unlink, missing_ok=True)
        for path in sorted(data.glob(".*.lock")):
            study = path.name[1 : -len(".lock")]
            if study == PRUNE:
                continue
            each = _take(data, study)
            if each is None:
                raise BusyError(
                    f"a run ({_owner(data, study)}) is working on study {study!r} in {data}; nothing was removed",
                    hint="Prune again when it has ended.",
                )
            held.callback(each.release)
        yield


def _wait_for_prune(data: Path, wait: float) -> BaseFileLock:
    from filelock import Timeout

    first = _lock(data, PRUNE)
    try:
        first.acquire(timeout=min(wait, _MOMENT))
    except Timeout:
        who = _owner(data, PRUNE)
        log.info("kedro prune (%s) is at work; waiting for it to end", who)
        try:
            first.acquire(timeout=wait)
        except Timeout:
            raise BusyError(
                f"kedro prune ({who}) is at work in {data} and has not ended within {wait:.0f} s",
                hint="Run again when it has.",
            ) from None
    return first


def _take(data: Path, name: str, wait: float = 0) -> BaseFileLock | None:
    """A lock, or None where somebody else holds it."""
    from filelock import Timeout

    lock = _lock(data, name)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        return None
    return lock


def _sign(data: Path, name: str) -> None:
    # who holds a lock is told as a courtesy; a full disk must not keep a prune from making room
    with suppress(OSError):
        _owner_file(data, name).write_text(f"process {os.getpid()}", encoding="utf-8")


def _lock(data: Path, name: str) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(data / f".{name}.lock")


def _owner_file(data: Path, name: str) -> Path:
    return data / f".{name}.owner"


def _owner(data: Path, name: str) -> str:
    try:
        return _owner_file(data, name).read_text(encoding="utf-8").strip() or "unknown process"
    except FileNotFoundError:
        return "unknown process"
