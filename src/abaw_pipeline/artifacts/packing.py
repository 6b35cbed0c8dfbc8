"""Tasks as bytes for the way to another machine; those that are too large to travel well are told of."""

from __future__ import annotations

import logging
import pickle
from typing import Any

from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.work import Task

log = logging.getLogger(__name__)

LARGE = 2**20
"""Bytes of a task's pickled arguments from which on they are told of."""
LARGEST = 2**26
"""Bytes beyond which a task is refused: a scheduler keeps every task that is handed out in its memory."""


class TooLargeError(ValueError):
    """A recipe whose arguments hold values where they should hold references."""


def pack(task: Task, store: PieceStore) -> bytes:
    """A task and its store as bytes.

    Raises:
        TooLargeError: arguments that no scheduler should carry.
        TypeError: an argument that cannot be pickled.
    """
    packed = _pickled((task, store), task[0].recipe)
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
