"""Tasks as bytes for the way to another machine; those that are too large to travel well are told of."""

from __future__ import annotations

import logging
import pickle
from typing import Any

from abaw_pipeline.artifacts.cluster_worker import Probe, run_if_fit
from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.work import Task

log = logging.getLogger(__name__)

LARGE = 2**20
"""Bytes of a packed task from which on it is told of."""
LARGEST = 2**26
"""Bytes beyond which a task is refused: a scheduler keeps every task that is handed out in its memory."""


class TooLargeError(ValueError):
    """A recipe whose arguments hold values where they should hold references."""


class _Call:
    """Unpickling it is the call: a worker that cannot import the task's code fails in the task, not in Dask."""

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return run_if_fit, self._arguments


def pack(task: Task, store: PieceStore, probe: Probe) -> bytes:
    """A task as bytes; `pickle.loads` of them does it and gives its outcomes.

    Raises:
        TooLargeError: arguments that no scheduler should carry.
        TypeError: an argument that cannot be pickled.
    """
    packed = _pickled(_Call(task, store, probe), task[0].recipe)
    if len(packed) > LARGE:
        recipe, name, size = max(_sizes(task), key=lambda each: each[2])
        text = (
            f"{recipe.function.__module__}.{recipe.function.__qualname__}: a task of {len(packed) / 2**20:.1f} MiB "
            f"passes through the scheduler, most of it argument {name!r} ({size / 2**20:.1f} MiB a piece)"
        )
        if len(packed) > LARGEST:
            raise TooLargeError(f"{text}; hand over a reference to a stored piece instead")
        log.warning(text)
    return packed


def _sizes(task: Task) -> list[tuple[Recipe, str, int]]:
    return [
        (job.recipe, name, len(_pickled(value, job.recipe)))
        for job in task
        for name, value in {**job.recipe.arguments, **job.recipe.execution}.items()
    ]


def _pickled(value: Any, recipe: Recipe) -> bytes:
    try:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise TypeError(f"an argument of {recipe.function.__qualname__} cannot be pickled ({error})") from error
