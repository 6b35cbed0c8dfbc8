"""What runs in a worker of a cluster: it looks whether it may work at all, then does its task."""

from __future__ import annotations

import functools
import os
import pickle
import secrets
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from abaw_pipeline.artifacts.fingerprint import components
from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.witness import EditedSourceError
from abaw_pipeline.artifacts.work import CodeChangedError, Outcome, Task, run_in_worker

PYTHON = "{}.{}".format(*sys.version_info)


class UnfitWorkerError(RuntimeError):
    """A worker that cannot do this work: it sees another folder, or has another Python, code or library version."""


@dataclass(frozen=True)
class Probe:
    """What a worker must find before it is given anything.

    Attributes:
        path: a file in the store's folder.
        token: what the file says.
        python: Python's version, as "3.11".
        functions: pickled pairs of a recipe's function and the parts of its fingerprint that tell of code and
            libraries, one a function; in bytes, so that a worker that cannot import one can say so.
    """

    path: str
    token: str
    python: str
    functions: bytes


@contextmanager
def lay_out(store: PieceStore, tasks: Iterable[Task]) -> Iterator[Probe]:
    """Write the file that workers must find; it is removed at the end.

    Among files of unfinished pieces, and named as they are, so that one that is left behind is swept up as they are.
    """
    recipes = [job.recipe for task in tasks for job in task]
    functions = {recipe.function: _about_code(recipe.components) for recipe in recipes}
    token = secrets.token_hex(8)
    path = Path(store.folder) / ".aside" / f"{socket.gethostname()}-{os.getpid()}-{token}.probe"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(token, encoding="utf-8")
    try:
        yield Probe(str(path), token, PYTHON, pickle.dumps(list(functions.items())))
    finally:
        path.unlink(missing_ok=True)


@functools.lru_cache(maxsize=8)
def complaints(probe: Probe) -> tuple[str, ...]:
    """Why this process cannot do the work; nothing where it can. Looks once."""
    found = [_storage(Path(probe.path), probe.token)]
    if probe.python != PYTHON:
        found.append(f"it runs Python {PYTHON}, the program that plans the work Python {probe.python}")
    else:
        found.extend(_code(probe.functions))
    return tuple(filter(None, found))


def run_if_fit(jobs: Task, store: PieceStore, probe: Probe) -> list[Outcome]:
    """Do a task.

    Raises:
        UnfitWorkerError: this worker must not do it; the message names the worker and says why.
    """
    found = complaints(probe)
    if found:
        raise UnfitWorkerError(f"{_address()}: {'; '.join(found)}")
    outcomes = run_in_worker(jobs, store)
    changed = next((outcome.error for outcome in outcomes if isinstance(outcome.error, CodeChangedError)), None)
    if changed is not None:
        raise UnfitWorkerError(f"{_address()}: {'; '.join(_differences_of(jobs)) or changed}")
    return outcomes


def _differences_of(jobs: Task) -> list[str]:
    """How this process differs from the one that planned the work; nothing where its own files were just edited."""
    try:
        return next(filter(None, (differences(job.recipe) for job in jobs)), [])
    except EditedSourceError:
        return []


def differences(recipe: Recipe) -> list[str]:
    """How this process differs from the one that a recipe was made in."""
    name = recipe.function.__qualname__
    return list(_compare(name, recipe.components, components(recipe.function, recipe.arguments)))


def _compare(name: str, planned: dict[str, str], here: dict[str, str]) -> Iterator[str]:
    for part, there in planned.items():
        ours = here.get(part)
        if part == "libraries" and there != ours:
            yield f"{name} would run with {ours or 'none'}, and was planned with {there or 'none'}"
        elif there != ours:
            yield f"the {part} of {name} is not what it was planned with"


def _about_code(parts: dict[str, str]) -> dict[str, str]:
    """What holds for a function whatever it is given: arguments, and the code of those that are parts, are left out."""
    return {name: parts[name] for name in ("code", "libraries", "generation")}


def _storage(path: Path, token: str) -> str:
    """Whether this machine sees, and may write to, the folder that the pieces are to go to."""
    own = path.with_name(f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}.probe")
    try:
        if path.read_text(encoding="utf-8") != token:
            return f"it sees another folder at {path.parent.parent}"
        own.write_text(token, encoding="utf-8")
        own.unlink()
    except FileNotFoundError:
        return f"it does not see the folder {path.parent.parent}"
    except OSError as error:
        return f"it cannot use the folder {path.parent.parent} ({error.strerror or error})"
    return ""


def _code(functions: bytes) -> Iterator[str]:
    try:
        pairs = pickle.loads(functions)  # noqa: S301 - our own bytes, from memory to memory
    except (ImportError, AttributeError) as error:
        yield f"it cannot import what it is to run ({error})"
        return
    for function, planned in pairs:
        yield from _compare(function.__qualname__, planned, components(function, {}))


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
