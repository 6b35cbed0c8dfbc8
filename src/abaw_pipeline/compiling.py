"""Compiled functions are made by one process at a time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """Hold a lock of this user on this machine while numba compiles something, or finds it in its cache.

    Processes that compile the same functions at once mix up numba's cache files, and whoever loads those crashes
    (numba issue 10128). Workers that start together would do just that.

    Args:
        what: names the lock.
    """
    from filelock import FileLock

    user = os.getuid() if hasattr(os, "getuid") else "user"
    with FileLock(Path(tempfile.gettempdir()) / f"abaw-{what}-{user}.lock"):
        yield
